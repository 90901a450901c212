#!/usr/bin/env python3
"""A reverse proxy on this machine, in front of the emulator, that makes chosen calls fail.

    python -m emulator.fault_proxy --upstream http://127.0.0.1:5000 -p PORT [--rule RULE]... [--log FILE]

prints `listening on http://127.0.0.1:PORT` when it is ready (`-p 0` picks a free port).

A rule is `SERVICE:OPERATION=KIND[,region=REGION][,times=N][,skip=N][,match=TEXT]`, for example

    s3:GetBucketPolicyStatus=403,match=payroll      ec2:*=throttle,region=eu-west-1
    iam:ListUsers=cut,times=2                       kms:DescribeKey=hang,skip=3,times=1

SERVICE and OPERATION may hold `*`. `match` looks for TEXT in the path, query and body. `skip` lets
that many calls through first, `times` is how often the rule fires (always, if it is not there).
The first rule that fits decides.

Kinds: 403 throttle 503 500 expired (AWS's own codes and wire format, for the service's protocol;
503 is SlowDown for S3), html404 (a web page, as from a wrong endpoint), cut (the true answer with
its full Content-Length, broken off in the middle), hang (no answer until the client gives up or the
rules change), reset (the connection is closed without an answer).

At run time:  GET /fault/rules   the rules and how often each fired, as JSON
              POST /fault/rules  replace them by the lines of the body
              DELETE /fault/rules
FILE gets `service operation region status kind` per request (`-` when no rule fired).
"""

from __future__ import annotations

import argparse
import fnmatch
import http.client
import http.server
import json
import re
import socket
import sys
import threading
import time
import urllib.parse
from dataclasses import dataclass

from . import wire

KINDS = (*wire.KINDS, "html404", "cut", "hang", "reset")
_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length", "proxy-connection")


@dataclass
class Rule:
    text: str
    service: str
    operation: str
    kind: str
    region: str = "*"
    match: str = ""
    times: int | None = None
    skip: int = 0
    seen: int = 0
    fired: int = 0

    @classmethod
    def parse(cls, text: str) -> Rule:
        found = re.fullmatch(r"([\w*-]+):([\w*]+)=(\w+)((?:,\w+=[^,]*)*)", text.strip())
        if not found or found.group(3) not in KINDS:
            raise ValueError(f"not a rule: {text!r} (SERVICE:OPERATION=KIND[,region=][,times=][,skip=][,match=], KIND one of {' '.join(KINDS)})")
        rule = cls(text.strip(), *found.group(1, 2, 3))
        for part in filter(None, found.group(4).split(",")):
            name, _, value = part.partition("=")
            if name not in ("region", "match", "times", "skip"):
                raise ValueError(f"not a part of a rule: {part!r}")
            setattr(rule, name, int(value) if name in ("times", "skip") else value)
        return rule

    def fits(self, call: wire.Call, whole: str) -> bool:
        return (fnmatch.fnmatchcase(call.service, self.service) and fnmatch.fnmatchcase(call.operation, self.operation)
                and fnmatch.fnmatchcase(call.region, self.region) and self.match in whole)


class Rules:
    """The rules in force; many threads ask."""

    def __init__(self, texts: list[str]):
        self._lock = threading.Lock()
        self.changed = threading.Event()
        self._rules: list[Rule] = []
        self.replace(texts)

    def replace(self, texts: list[str]) -> None:
        rules = [Rule.parse(text) for text in texts]
        with self._lock:
            self._rules = rules
            self.changed.set()
            self.changed = threading.Event()

    def kind(self, call: wire.Call, whole: str) -> str | None:
        with self._lock:
            for rule in self._rules:
                if not rule.fits(call, whole):
                    continue
                rule.seen += 1
                if rule.seen > rule.skip and (rule.times is None or rule.fired < rule.times):
                    rule.fired += 1
                    return rule.kind
        return None

    def show(self) -> list[dict]:
        with self._lock:
            return [{"rule": rule.text, "seen": rule.seen, "fired": rule.fired} for rule in self._rules]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    upstream: str
    rules: Rules
    log = None
    _log_lock = threading.Lock()

    def handle_expect_100(self) -> bool:
        """S3 clients wait for this line before they send a body."""
        answered = super().handle_expect_100()
        self.wfile.flush()
        return answered

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        if path == "/fault/rules":
            return self._control(body)
        if path.startswith(("/exhibit/", "/moto-api/")):
            return self._give(*self._forward(body))
        call = wire.recognise(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        whole = urllib.parse.unquote_plus(self.path) + "\n" + urllib.parse.unquote_plus(body.decode("utf-8", "replace"))
        kind = self.rules.kind(call, whole)
        if kind == "hang":
            self._note(call, "-", kind)
            return self._hang()
        if kind == "reset":
            self._note(call, "-", kind)
            return self._close()
        if kind == "html404":
            status, headers, content = 404, [("Content-Type", "text/html; charset=utf-8")], b"<!doctype html>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
        elif kind in wire.KINDS:
            status, headers, content = wire.error(call, kind)
        else:
            status, headers, content = self._forward(body)
        self._note(call, status, kind or "-")
        self._give(status, headers, content, cut=kind == "cut")

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Ask the upstream as the client asked, Host and signature included."""
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        for attempt in (1, 2):
            if not hasattr(self, "_upstream"):
                self._upstream = http.client.HTTPConnection(self.upstream, timeout=300)
            try:
                self._upstream.request(self.command, self.path, body=body if body or self.command in ("POST", "PUT") else None, headers=headers)
                answer = self._upstream.getresponse()
                return answer.status, [(k, v) for k, v in answer.getheaders() if k.lower() not in _HOP], answer.read()
            except (http.client.HTTPException, OSError):
                self._upstream.close()
                del self._upstream
                if attempt == 2:
                    return 502, [("Content-Type", "text/plain")], b"the upstream does not answer\n"
        raise AssertionError

    def _give(self, status: int, headers: list[tuple[str, str]], content: bytes, cut: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if "date" not in {name.lower() for name, _ in headers}:
            self.send_header("Date", self.date_time_string())
        if status not in (204, 304):
            self.send_header("Content-Length", str(max(len(content), 2) if cut else len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if cut else content)
        self.wfile.flush()
        if cut:
            self._close()

    def _close(self) -> None:
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _hang(self) -> None:
        """Say nothing until the client hangs up or the rules change."""
        changed = self.rules.changed
        self.connection.settimeout(0.2)
        while not changed.is_set():
            try:
                if not self.connection.recv(1, socket.MSG_PEEK):
                    break
                time.sleep(0.2)
            except TimeoutError:
                continue
            except OSError:
                break
        self._close()

    def _control(self, body: bytes) -> None:
        status, answer = 200, None
        try:
            if self.command == "POST":
                self.rules.replace([line for line in body.decode().splitlines() if line.strip()])
            elif self.command == "DELETE":
                self.rules.replace([])
        except ValueError as refused:
            status, answer = 400, {"error": str(refused)}
        self._give(status, [("Content-Type", "application/json")], json.dumps(answer or {"rules": self.rules.show()}).encode())

    def _note(self, call: wire.Call, status: int | str, kind: str) -> None:
        if self.log:
            with self._log_lock:
                self.log.write(f"{call.service} {call.operation} {call.region} {status} {kind}\n")

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _serve

    def log_message(self, *args) -> None:
        """The log is ours."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def serve(port: int, handler: type[Handler]) -> int:
    """Serve on 127.0.0.1 until interrupted; port 0 picks a free one."""
    with Server(("127.0.0.1", port), handler) as server:
        print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upstream", required=True, metavar="URL")
    parser.add_argument("-p", "--port", type=int, default=5001, help="0 picks a free one")
    parser.add_argument("--rule", action="append", default=[], metavar="RULE")
    parser.add_argument("--log", metavar="FILE")
    arguments = parser.parse_args()
    try:
        Handler.rules = Rules(arguments.rule)
    except ValueError as refused:
        parser.error(str(refused))
    Handler.upstream = urllib.parse.urlsplit(arguments.upstream).netloc
    Handler.log = open(arguments.log, "a", encoding="utf-8", buffering=1) if arguments.log else None
    return serve(arguments.port, Handler)


if __name__ == "__main__":
    sys.exit(main())
