"""A disk that is full, a disk that fails, a process that dies, a pipe that is closed: the locker stays sound, and says so."""

from __future__ import annotations

import contextlib
import random
import shutil
import subprocess
import time

import bagit
import pytest

from support.exhibit import DEVIATIONS, FAILURE, INCOMPLETE, OK, Exhibit, Ran, complains

SMALL = ("--control", "root-mfa-enabled")
KILLS = 40

# Fails the fsync of the number in FSYNC_FAILS with EIO, and says so in the file FSYNC_LOG.
SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
static int calls;
int fsync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    const char *number = getenv("FSYNC_FAILS"), *log = getenv("FSYNC_LOG");
    if (number && ++calls == atoi(number)) {
        int file = open(log, O_CREAT | O_WRONLY | O_APPEND, 0600);
        if (file >= 0) { write(file, "failed\\n", 7); close(file); }
        errno = EIO;
        return -1;
    }
    return real(fd);
}
"""


def closed(exhibit) -> None:
    """Taken up again: every run has an end, nothing is left over, all is sound."""
    exhibit.collect(*SMALL)
    runs = [e["body"]["run"] for e in exhibit.log() if e["type"] == "run-open"]
    ends = [e["body"]["run"] for e in exhibit.log() if e["type"] in ("snapshot", "run-abort")]
    assert sorted(runs) == sorted(ends)
    assert not list((exhibit.locker / "spool").iterdir()) and not list((exhibit.locker / "tmp").iterdir())
    exhibit.verify()


def test_killed_at_forty_random_moments(exhibit):
    """A run is short, so most kills hit its writing; what was in the log stays in the log."""
    chance, known = random.Random(4), []
    begun = time.monotonic()
    exhibit.collect(*SMALL)
    usual = time.monotonic() - begun
    for _ in range(KILLS):
        child = exhibit.start("collect", *SMALL)
        time.sleep(chance.uniform(0, usual))
        child.kill()
        child.communicate()
        exhibit.verify()
        log = exhibit.log()
        assert log[: len(known)] == known, "an entry that was there is gone, or another"
        known = log
    closed(exhibit)


@contextlib.contextmanager
def mounted(path, size: int):
    """A file system in memory of so many bytes."""
    path.mkdir(parents=True, exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.mark.parametrize("size", [4096 * n for n in (8, 12, 16, 24, 32)])
def test_a_full_disk(exhibit, size):
    """One message, exit 1; what is there is sound. With more room the next run takes it up."""
    roomy = exhibit.folder / "roomy"
    with mounted(exhibit.locker.parent / "small", size):
        small = Exhibit(exhibit.locker.parent / "small", exhibit.account, exhibit.endpoint, exhibit.binary)
        told = []
        for _ in range(20):
            ran = small.run("collect", *SMALL)
            told.append(ran.code)
            if ran.code not in (OK, INCOMPLETE):
                break
        assert ran.code == FAILURE, told
        complains(ran, FAILURE, "No space left on device", snapshot=False)  # in the file that happens to be too large
        if (small.locker / "locker.json").exists():
            small.verify()
        shutil.copytree(small.locker, roomy / "locker")
    again = Exhibit(roomy, exhibit.account, exhibit.endpoint, exhibit.binary)
    closed(again)


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shim")
    if not shutil.which("cc"):
        pytest.skip("no C compiler here")
    (folder / "shim.c").write_text(SHIM)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "shim.so", folder / "shim.c", "-ldl"], check=True, capture_output=True)
    return folder / "shim.so"


def test_a_sync_that_fails(exhibit, shim):
    """Whichever sync fails: one message, exit 1, a locker that verifies and that the next run takes up."""
    number = 0
    while True:
        number += 1
        log = exhibit.folder / f"failed-{number}"
        ran = exhibit.run("collect", *SMALL, LD_PRELOAD=str(shim), FSYNC_FAILS=str(number), FSYNC_LOG=str(log))
        if not log.exists():
            break
        # What became of the run before may be told first. Not a snapshot: every sync has its file, and there are as many as there are answers.
        *_, last = ran.err.splitlines()
        assert ran.code == FAILURE and last.startswith("exhibit: ") and "Input/output error" in last and not ran.out, (ran.code, ran.err)
        assert ran.err.count("exhibit: ") == 1, ran.err
        if (exhibit.locker / "locker.json").exists():
            exhibit.verify()
    assert ran.code in (OK, INCOMPLETE) and number > 15, number
    closed(exhibit)


def test_a_result_that_cannot_be_printed(with_locker):
    """Whoever reads the result has gone, or its disk is full: no panic, and the exit code tells."""
    for command in (["status"], ["status", "--format", "json"], ["verify"], ["test", "--format", "json"]):
        with open("/dev/full", "w") as full:
            ran = subprocess.run([with_locker.binary, *command], cwd=with_locker.folder, env=with_locker.env(), stdout=full, stderr=subprocess.PIPE, text=True)
        complains(Ran(ran.returncode, "", ran.stderr), FAILURE, "No space left")


def test_bagit_accepts_the_bundle(collected, tmp_path):
    """The Library of Congress's bagit.py, which does not know exhibit."""
    ran = collected.run("bind", "--out", tmp_path / "out")
    assert ran.code in (OK, INCOMPLETE, DEVIATIONS), ran.err
    shutil.unpack_archive(tmp_path / "out/bundle.zip", tmp_path / "bag")
    top, = (tmp_path / "bag").iterdir()
    bag = bagit.Bag(str(top))
    bag.validate()
    assert set(bag.algorithms) == {"sha256"} and bag.has_oxum() and len(list(bag.payload_files())) > 50
    victim = next((top / "data").rglob("*.jsonl"))
    victim.write_bytes(victim.read_bytes() + b"\n")
    with pytest.raises(bagit.BagValidationError):
        bag.validate()
