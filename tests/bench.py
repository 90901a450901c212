#!/usr/bin/env python3
"""How fast is exhibit, and how much memory does it take? Figures for the README; nothing is asserted.

    EXHIBIT_BIN=target/release/exhibit python tests/bench.py [--users 500 --groups 500 --buckets 100 --rounds 3]

Collecting is compared with a bare HTTP client that sends the very same requests, as they were
recorded on their way to the emulator, over as many connections; both in turn against the same
emulator, medians of the rounds. The emulator answers one request at a time, so it sets the pace.
"""

from __future__ import annotations

import argparse
import dataclasses
import http.client
import os
import pathlib
import queue
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import zipfile
from dataclasses import dataclass

sys.path.append(str(pathlib.Path(__file__).resolve().parent / "emulator"))

from emulator import fault_proxy  # noqa: E402
from emulator.client import Account, process  # noqa: E402
from seeds import bulk  # noqa: E402
from seeds.build import Builder  # noqa: E402
from support import large_bundle  # noqa: E402
from support.exhibit import ROOT, Exhibit  # noqa: E402

_HOP = ("connection", "content-length", "host")


@dataclass
class Used:
    """What a command took."""

    code: int
    seconds: float
    peak: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"{self.seconds:6.2f} s  {self.peak / 1e6:5.0f} MB"


def measure(exhibit: Exhibit, *arguments: str, **more) -> Used:
    """By way of a small process: Linux counts the memory of whoever forks as that of the child."""
    command = [sys.executable, "-S", "-c", _LAUNCH, str(exhibit.binary), *map(str, arguments)]
    ran = subprocess.run(command, cwd=exhibit.folder, env=exhibit.env(**more), capture_output=True, text=True)
    *err, figures = ran.stderr.splitlines()
    code, seconds, peak = figures.split()
    return Used(int(code), float(seconds), int(peak) * 1024, ran.stdout, "\n".join(err))


_LAUNCH = """
import os, sys, time
begun = time.monotonic()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
sys.stderr.write(f"\\n{os.waitstatus_to_exitcode(status)} {time.monotonic() - begun} {usage.ru_maxrss}\\n")
"""


class Recorder(fault_proxy.Handler):
    """Passes everything on and keeps it."""

    rules = fault_proxy.Rules([])
    requests: list = []
    now, most = 0, 0
    _lock = threading.Lock()

    def _forward(self, body: bytes):
        with self._lock:
            self.requests.append((self.command, self.path, body, {k: v for k, v in self.headers.items() if k.lower() not in _HOP}))
            Recorder.now += 1
            Recorder.most = max(Recorder.most, Recorder.now)
        try:
            return super()._forward(body)
        finally:
            with self._lock:
                Recorder.now -= 1


def bare(endpoint: str, requests: list, connections: int) -> float:
    """Sends the requests again; gives the seconds."""
    todo: queue.SimpleQueue = queue.SimpleQueue()
    for request in requests:
        todo.put(request)
    host = urllib.parse.urlsplit(endpoint).netloc

    def work() -> None:
        connection = http.client.HTTPConnection(host, timeout=120)
        while True:
            try:
                method, path, body, headers = todo.get_nowait()
            except queue.Empty:
                return
            connection.request(method, path, body=body or None, headers=headers)
            connection.getresponse().read()

    begun = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - begun


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, count in (("users", 500), ("groups", 500), ("buckets", 100), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=count)
    parser.add_argument("--large", type=int, default=100_000, metavar="FILES", help="files of the large bundle; 0 for none")
    parser.add_argument("--keep", type=pathlib.Path, metavar="DIR", help="leave lockers and binder here")
    arguments = parser.parse_args()
    binary = pathlib.Path(os.environ.get("EXHIBIT_BIN") or ROOT / "target/release/exhibit").resolve()
    if not binary.is_file():
        parser.error(f"{binary} is not there: build it with `cargo build --release`, or set EXHIBIT_BIN")
    place = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="exhibit-bench-"))
    os.environ["EXHIBIT_REGIONS"] = "us-east-1,eu-west-1"
    try:
        with process("emulator", "-p", "0") as endpoint:
            bench(arguments, binary, place, endpoint)
    finally:
        if not arguments.keep:
            shutil.rmtree(place)
    return 0


def bench(arguments, binary: pathlib.Path, place: pathlib.Path, endpoint: str) -> None:
    account = Account(endpoint)
    made = bulk.seed(Builder(account), arguments.users, arguments.groups, arguments.buckets)
    print(f"{binary}: " + ", ".join(f"{n} {what.replace('_', ' ')}" for what, n in made.items()))
    run = Exhibit(place / "work", account, endpoint, binary)

    Recorder.upstream = urllib.parse.urlsplit(endpoint).netloc
    with fault_proxy.Server(("127.0.0.1", 0), Recorder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        warm = measure(run, "collect", "--locker", "warm", AWS_ENDPOINT_URL=f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()
    if warm.code:
        sys.exit(f"collect ended with {warm.code}: {warm.err}{warm.out}")
    collected, plain = [], []
    for n in range(arguments.rounds):
        collected.append(measure(run, "collect", "--locker", f"locker-{n}"))
        plain.append(bare(endpoint, Recorder.requests, Recorder.most))
    ours, theirs = statistics.median(c.seconds for c in collected), statistics.median(plain)
    print(f"collect            {ours:6.2f} s  {max(c.peak for c in collected) / 1e6:5.0f} MB   {len(Recorder.requests)} requests, {Recorder.most} connections")
    print(f"bare HTTP client   {theirs:6.2f} s")
    print(f"ratio              {ours / theirs:6.2f}      (target: at most 1.3)")

    locker = ("--locker", f"locker-{arguments.rounds - 1}")
    print(f"test               {best(run, arguments.rounds, 'test', *locker)}   (target: under 2 s)")
    rounds = [measure(run, "bind", *locker, "--out", f"binder-{n}") for n in range(arguments.rounds)]
    bound = min(rounds, key=lambda used: used.seconds)
    out = place / f"work/binder-{arguments.rounds - 1}"
    pdf, bundle = out / "binder.pdf", out / "bundle.zip"
    if pdf.is_file():
        pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf.read_bytes())) or pages_by_tool(pdf)
        sizes = f"{pages} pages, binder {pdf.stat().st_size / 1e6:.1f} MB, bundle {bundle.stat().st_size / 1e6:.1f} MB"
        print(f"bind               {bound}   {sizes} (target: under 5 s)")
        print(f"verify bundle      {best(run, arguments.rounds, 'verify', bundle)}")
    else:
        print(f"bind               made no binder: exit {bound.code} {bound.err.strip()}")
    print(f"verify locker      {best(run, arguments.rounds, 'verify', *locker)}")
    replayed = measure(run, "reperform", locker[1])
    if replayed.code == 2:
        print(f"reperform          skipped: {replayed.err.splitlines()[0] if replayed.err else 'no such verb'}")
    else:
        print(f"reperform          {best(run, arguments.rounds, 'reperform', locker[1])}   (target: under 1 s and 150 MB)")
    if bundle.is_file() and arguments.large:
        large(run, bundle, place / "large.zip", arguments.large)


def large(run: Exhibit, bundle: pathlib.Path, made: pathlib.Path, files: int) -> None:
    """A bundle of many files and 40 kB each is verified on one thread, and on all, and compared with what openssl hashes on one."""
    large_bundle.enlarge(bundle, made, files, files * 40_000)
    with zipfile.ZipFile(made) as archive:
        hashed = made.stat().st_size + sum(one.file_size for one in archive.infolist())
    print(f"large bundle       {files:,} files, {made.stat().st_size / 1e9:.2f} GB; with what is in them, {hashed / 1e9:.2f} GB to hash")
    peer = openssl()
    alone = run.binary.parent / "examples/check_digest"
    if alone.is_file() and peer:
        used = best(dataclasses.replace(run, binary=alone), 3, made)
        if used.code:
            sys.exit(f"{alone} ended with {used.code}: {used.err}")
        rate = made.stat().st_size / used.seconds
        print(f"hash one thread    {used}   {rate / 1e9:.2f} GB/s, {rate / peer:.2f} × openssl on one core (target: 0.8)")
    for threads in ("1", None):
        used = min((measure(run, "verify", made, RAYON_NUM_THREADS=threads) for _ in range(3)), key=lambda used: used.seconds)
        if used.code:
            sys.exit(f"verify ended with {used.code}: {used.out[:2000]}")
        ratio = f", {hashed / used.seconds / peer:.2f} × openssl on one core" if peer else ""
        what = "one thread " if threads else "all threads"
        print(f"verify {what} {used}   {hashed / used.seconds / 1e9:.2f} GB/s{ratio} (target: under 200 MB)")
    made.unlink()


def openssl() -> float:
    """Bytes per second that `openssl speed sha256` hashes on one core; 0 without openssl."""
    if not shutil.which("openssl"):
        return 0
    ran = subprocess.run(["openssl", "speed", "-seconds", "3", "-bytes", "16384", "sha256"], capture_output=True, text=True)
    return float(ran.stdout.split()[-1].removesuffix("k")) * 1000


def best(run: Exhibit, rounds: int, *command) -> Used:
    return min((measure(run, *command) for _ in range(rounds)), key=lambda used: used.seconds)


def pages_by_tool(pdf: pathlib.Path) -> int:
    """The page objects may be in compressed streams."""
    if not shutil.which("pdfinfo"):
        return 0
    text = subprocess.run(["pdfinfo", str(pdf)], capture_output=True, text=True).stdout
    return int(re.search(r"^Pages:\s+(\d+)", text, re.M).group(1))


if __name__ == "__main__":
    sys.exit(main())
