"""The web server: clock, control endpoints, regions that are off, access log; all else goes to moto."""

from __future__ import annotations

import collections
import http.server
import io
import random
import re
import sys
import threading
import traceback
import urllib.parse
import uuid

from moto.iam.models import get_account_id_from
from moto.moto_api._internal import mock_random
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from . import clock, control, lawful, paging, recorded, stated, wire  # noqa: F401  (paging extends moto)
from .services import (  # noqa: F401  (they extend moto)
    account, application_autoscaling, autoscaling, cloudtrail, cloudtrail_events, cloudwatch, ec2, eventbridge,
    iam, inspector2, kms, logs, s3, s3_roots, s3control, secretsmanager, sns,
)
from .state import STATE

_EXHIBIT = re.compile(r"\baws-sdk-rust/")
_WARM = ("iam", "ec2", "s3", "s3control", "kms", "cloudtrail", "sts", "account")


def _headers(environ: dict) -> dict[str, str]:
    found = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    return found | {"content-type": environ.get("CONTENT_TYPE", "")}


class Emulator:
    """A WSGI application."""

    def __init__(self, log_file: str | None = None, seed: str | None = None):
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.port = 0
        self._log = open(log_file, "a", encoding="utf-8", buffering=1) if log_file else None
        self._lock = threading.Lock()
        self._seed = seed
        self._calls: collections.Counter[str] = collections.Counter()
        self._choose_ids("start")

    def _choose_ids(self, call: str) -> None:
        """The ids made by a call follow from how many of its kind came before, so reads in between do not change them."""
        if self._seed is not None:
            with self._lock:
                self._calls[call] += 1
                for source in (mock_random, random):
                    source.seed(f"{self._seed} {call} {self._calls[call]}")

    def warm(self) -> None:
        """Load the services that every run needs, so that the first request is not slow."""
        for service in _WARM:
            self.moto.app_instances[service] = create_backend_app(service)

    def __call__(self, environ: dict, start_response):
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(body)
        path = environ.get("PATH_INFO", "")
        if path.startswith("/exhibit/"):
            status, answer = control.answer(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), body)
            return self._give(start_response, status, [("Content-Type", "application/json")], answer)
        call = wire.recognise(environ["REQUEST_METHOD"], environ["RAW_URI"], _headers(environ), body)
        if _EXHIBIT.search(environ.get("HTTP_USER_AGENT", "")):
            stated.hold_to_the_model(call, environ, body)

        given: list[bytes] = []
        recording = recorded.wanted(call, environ, body)

        def started(status: str, headers: list, *rest):
            if call.service in ("s3", "s3control"):
                request = str(uuid.uuid4()).replace("-", "")[:16].upper()
                headers = [*headers, ("x-amz-request-id", request), ("x-amz-id-2", request * 4)]
            if recording:
                headers = recorded.record(call, environ, body, status, headers, recording)
            self._note(call, status[:3])
            if given and (call.service, call.operation) in s3_roots.ROOTS:
                headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
                headers.append(("Content-Length", str(len(given[0]))))
            return start_response(status, headers, *rest)

        if call.region in account.REGIONS and call.region not in STATE.enabled:
            return self._give(started, *wire.error(call, "region-disabled"))
        if cloudwatch.PATH.match(path):
            return self._give(started, *cloudwatch.answer(call.operation, body, call.region, call.access_key, self.port))
        if stated.any_for(call) and (told := stated.answer(call, get_account_id_from(call.access_key), environ, body)):
            return self._give(started, *told)
        given.append(b"")
        self._choose_ids(f"{call.service} {call.operation} {call.region}")
        with clock.offset(environ.get(clock.HEADER)):
            if (call.service, call.operation) not in s3_roots.ROOTS:
                return list(self.moto(environ, started))
            head: list = []
            answer = b"".join(self.moto(environ, lambda status, headers, *rest: head.append((status, headers))))
            given[0] = s3_roots.renamed(call.service, call.operation, answer)
            started(*head[0])
            return given

    @staticmethod
    def _give(start_response, status: int, headers: list[tuple[str, str]], body: bytes) -> list[bytes]:
        start_response(f"{status} -", [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def _note(self, call: wire.Call, status: str) -> None:
        if self._log:
            with self._lock:
                self._log.write(f"{call.service} {call.operation} {call.region} {status}\n")


class _Handler(http.server.BaseHTTPRequestHandler):
    """HTTP/1.1 with connections kept open, which werkzeug's own server does not do."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    application: Emulator

    def handle_expect_100(self) -> bool:
        """S3 clients wait for this line before they send a body."""
        answered = super().handle_expect_100()
        self.wfile.flush()
        return answered

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        environ = {
            "REQUEST_METHOD": self.command, "SCRIPT_NAME": "", "PATH_INFO": urllib.parse.unquote(path, "latin-1"), "QUERY_STRING": query,
            "RAW_URI": self.path, "REQUEST_URI": self.path, "SERVER_NAME": "127.0.0.1", "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)), "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            environ.setdefault("HTTP_" + name.upper().replace("-", "_"), value)
        answered: list = []
        try:
            content = b"".join(self.application(environ, lambda status, headers, *rest: answered.append((status, headers))))
            status, headers = answered[-1]
        except Exception:
            traceback.print_exc()
            status, headers, content = "500 Internal Server Error", [("Content-Type", "text/html")], b"<!doctype html>\n<h1>500: see the emulator's stderr</h1>\n"
        self.send_response(int(status[:3]))
        for name, value in headers:
            if name.lower() not in ("content-length", "server", "date", "connection"):
                self.send_header(name, value)
        bodiless = self.command == "HEAD" or status[:3] in ("204", "304")
        if not bodiless:
            self.send_header("Content-Length", str(len(content)))
        elif self.command == "HEAD":
            self.send_header("Content-Length", dict(headers).get("Content-Length", "0"))
        self.end_headers()
        if not bodiless:
            self.wfile.write(content)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _serve

    def version_string(self) -> str:
        return "AmazonS3"

    def log_message(self, *args) -> None:
        """The access log is ours."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def serve(port: int, log_file: str | None, seed: str | None = None) -> None:
    """Serve on 127.0.0.1 until interrupted; port 0 picks a free one."""
    _Handler.application = emulator = Emulator(log_file, seed)
    emulator.warm()
    with _Server(("127.0.0.1", port), _Handler) as server:
        emulator.port = server.server_address[1]
        print(f"listening on http://127.0.0.1:{emulator.port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
