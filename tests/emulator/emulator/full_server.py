#!/usr/bin/env python3
"""An AWS that answers every operation in full (`full.py`).

    python -m emulator.full_server -p 0

prints `listening on http://127.0.0.1:PORT`. `POST /spelling/NAME` says how it writes from now on (`full.SPELLINGS`); `GET /asked` has the
operations that were asked since, `service:Operation` a line.
"""

from __future__ import annotations

import argparse
import http.server
import re
import sys
import urllib.parse

from . import full, wire
from .fault_proxy import Server

# Who asks and where: without an answer there is no run.
_KNOWN = {("sts", "GetCallerIdentity"), ("account", "ListRegions")}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    spelling = full.SPELLINGS["plain"]
    asked: set[str] = set()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        if path.startswith("/spelling/"):
            type(self).spelling = full.SPELLINGS[path.rsplit("/", 1)[-1]]
            self.asked.clear()
            return self._give(200, [], b"{}")
        if path == "/asked":
            return self._give(200, [], "".join(f"{one}\n" for one in sorted(self.asked)).encode())
        call = wire.recognise(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.asked.add(f"{call.service}:{call.operation}")
        spelling = self.spelling if (call.service, call.operation) not in _KNOWN else full.SPELLINGS["plain"]
        asked = {"bucket": urllib.parse.unquote(path.split("/")[1])} if call.service == "s3" and len(path) > 1 else {}
        self._give(*full.answer(call.service, call.operation, spelling, call.cbor, asked), chunked=spelling.chunked)

    def _give(self, status: int, headers: list[tuple[str, str]], content: bytes, chunked: bool = False) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, re.sub(r"[^ -~]", "?", value))
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            size = max(1, len(content) // 7)
            for at in range(0, len(content), size):
                piece = content[at : at + size]
                self.wfile.write(f"{len(piece):X};a=b\r\n".encode() + piece + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve

    def log_message(self, *args) -> None:
        """Nothing is logged."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-p", "--port", type=int, default=0, help="0 picks a free one")
    with Server(("127.0.0.1", parser.parse_args().port), Handler) as server:
        print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
