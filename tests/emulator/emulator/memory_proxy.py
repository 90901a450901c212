#!/usr/bin/env python3
"""The fault proxy, but each answer of the emulator is asked for once and then given from memory.

    python -m emulator.memory_proxy --upstream http://127.0.0.1:5000

A run against it takes a fraction of the time, and two runs see the very same account. For accounts
that do not change any more. `DELETE /fault/memory` forgets; the rules are as in fault_proxy.py.
"""

from __future__ import annotations

import argparse
import sys
import urllib.parse

from . import fault_proxy, wire

_CALL = ("host", "x-amz-target", "content-type", "x-amz-account-id")


class Handler(fault_proxy.Handler):
    _memory: dict = {}

    def _forward(self, body: bytes):
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = wire.recognise(self.command, self.path, headers, body)
        key = (self.command, self.path, body, call, *(headers.get(name) for name in _CALL))
        if key not in self._memory:
            answer = super()._forward(body)
            if answer[0] >= 500 or call.operation == "GenerateCredentialReport":  # STARTED comes only once
                return answer
            # Answers of one moment: a Date from memory would look like a clock that is off.
            status, given, content = answer
            self._memory[key] = status, [(k, v) for k, v in given if k.lower() != "date"], content
        return self._memory[key]

    def do_DELETE(self) -> None:
        if self.path == "/fault/memory":
            self._memory.clear()
            return self._give(200, [("Content-Type", "application/json")], b"{}")
        return self._serve()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--upstream", required=True, metavar="URL")
    parser.add_argument("-p", "--port", type=int, default=0)
    arguments = parser.parse_args()
    Handler.rules = fault_proxy.Rules([])
    Handler.upstream = urllib.parse.urlsplit(arguments.upstream).netloc
    return fault_proxy.serve(arguments.port, Handler)


if __name__ == "__main__":
    sys.exit(main())
