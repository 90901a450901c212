#!/usr/bin/env python3
"""Record the sample locker again: the true collector against the emulated account, at the sample's dates.

    python samples/record.py [--exhibit target/release/exhibit] [--only tiny|demo|everything|full]

writes samples/locker/ (Harborlight Robotics, a snapshot a month for half a year) and samples/tiny/
(an account with next to nothing in it), samples/everything/ (an account in which every operation is asked), samples/full/ (each operation's full answer, by which the stack is measured; it has
today's date and needs no libfaketime), and damages copies of the latter (samples/damage.py). It
needs the Python environment of the tests and libfaketime (Debian: apt install faketime). Emulator,
fault proxy and exhibit run under one false clock, which this program moves from month to month. AWS's
ids are the same in each recording; run ids, request ids and fractions of seconds are not.
"""

from __future__ import annotations

import argparse
import calendar
import contextlib
import glob
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

SAMPLES = pathlib.Path(__file__).resolve().parent
TESTS = SAMPLES.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "emulator")]

import damage  # noqa: E402
from emulator.client import ACCESS_KEY, SECRET, Account, post, process  # noqa: E402
from seeds import demo, everything  # noqa: E402
from seeds.build import Builder  # noqa: E402

PORT = 5790  # of the endpoint that the recordings name

# What changes the account, and when the snapshot after it was taken (UTC). The last one is the day
# after the second period: with it the locker knows that the period is over.
MONTHS = (
    ("before", "2026-01-12 08:00:00"),
    ("february", "2026-02-09 08:00:00"),
    ("march", "2026-03-09 08:00:00"),
    ("april", "2026-04-07 08:00:00"),
    ("may", "2026-05-05 08:00:00"),
    ("june", "2026-06-02 08:00:00"),
    ("july", "2026-07-01 08:00:00"),
)
# Refused in that month, by a policy that was rolled back: kms-key-rotation cannot be tested then.
REFUSED = {"february": "kms:GetKeyRotationStatus=403,region=eu-west-1"}
TINY_REGIONS = "us-east-1"
TINY_DATE = "2026-01-12 08:00:00"


class Clock:
    """The clock of the processes started with `environment`: the true one, moved."""

    def __init__(self, folder: pathlib.Path):
        library = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        if not library:
            raise SystemExit("libfaketime is not here: apt install faketime")
        self._file = folder / "clock"
        self.set(MONTHS[0][1])
        # The monotonic clock stays true, so that waiting works while the other one moves.
        self.environment = {"LD_PRELOAD": library[0], "FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}

    def set(self, moment: str, before: float = 0) -> None:
        """`before`: as many seconds earlier."""
        wanted = calendar.timegm(time.strptime(moment, "%Y-%m-%d %H:%M:%S")) - before
        scratch = self._file.with_suffix(".new")
        scratch.write_text(f"{wanted - time.time():+.3f}\n", encoding="ascii")
        scratch.replace(self._file)


@contextlib.contextmanager
def account(clock: Clock, regions: str = ""):
    """An empty emulated account behind the fault proxy, both with the ids of always."""
    with process("emulator", "-p", "0", "--seed", "harborlight", **clock.environment, EXHIBIT_REGIONS=regions) as emulator:
        with process("emulator.fault_proxy", "--upstream", emulator, "-p", str(PORT), **clock.environment) as endpoint:
            yield Account(endpoint)


def collect(exhibit: pathlib.Path, clock: Clock, aws: Account, locker: pathlib.Path, config: pathlib.Path, role: str | None = None,
            control: str | None = None) -> list[str]:
    """One snapshot. The secrets that must not be in it."""
    key = {"AccessKeyId": ACCESS_KEY, "SecretAccessKey": SECRET, "SessionToken": ""}
    if role:
        key = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="exhibit")["Credentials"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(locker.parent), "AWS_ENDPOINT_URL": aws.endpoint, "AWS_REGION": "us-east-1",
                   "AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    if key["SessionToken"]:
        environment["AWS_SESSION_TOKEN"] = key["SessionToken"]
    command = [str(exhibit), "--quiet", "--locker", str(locker), "--config", str(config), "collect", *(["--control", control] if control else [])]
    ran = subprocess.run(command, env=environment | clock.environment, cwd=locker.parent, text=True, capture_output=True, timeout=600)
    if ran.returncode not in (0, 3):  # 3: with gaps
        raise SystemExit(f"exhibit collect ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}")
    return [secret for secret in (key["SecretAccessKey"], key["SessionToken"]) if secret]


def record_demo(exhibit: pathlib.Path, clock: Clock, locker: pathlib.Path) -> list[str]:
    secrets = []
    with account(clock) as aws:
        builder = Builder(aws)
        for state, moment in MONTHS:
            clock.set(moment, before=1200)
            made = demo.STATES[state](builder)
            post(aws.endpoint, "/fault/rules", REFUSED.get(state, ""))
            clock.set(moment)
            secrets += collect(exhibit, clock, aws, locker, SAMPLES / "exhibit.toml", made["collector"])
            post(aws.endpoint, "/fault/rules")
            print(f"{moment[:10]}  {state}", flush=True)
    return secrets


def record_tiny(exhibit: pathlib.Path, clock: Clock, locker: pathlib.Path) -> list[str]:
    config = locker.parent / "tiny.toml"
    config.write_text('organization = "Tiny (sample)"\n', encoding="utf-8")
    with account(clock, TINY_REGIONS) as aws:
        clock.set(TINY_DATE, before=1200)
        Builder(aws).user("sample.person", 30)
        clock.set(TINY_DATE)
        return collect(exhibit, clock, aws, locker, config, control="iam-password-policy")


def record_everything(exhibit: pathlib.Path, clock: Clock, locker: pathlib.Path) -> list[str]:
    """An account in its good state for every control: each operation is asked, each control has something to judge."""
    with account(clock, "us-east-1,eu-west-1") as aws:
        clock.set(TINY_DATE, before=1200)
        builder = Builder(aws)
        everything.seed(builder)
        config = SAMPLES / "everything" / "exhibit.toml"
        config.parent.mkdir(exist_ok=True)
        config.write_text(f'# Written by samples/record.py: what the good states of the controls need.\n\norganization = "Everything (sample)"\n\n{builder.settings}', encoding="utf-8")
        clock.set(TINY_DATE)
        return collect(exhibit, clock, aws, locker, config)


def record_full(exhibit: pathlib.Path, locker: pathlib.Path) -> None:
    """Every operation's full answer (`tests/emulator/emulator/full.py`)."""
    with process("emulator.full_server", "-p", "0") as endpoint:
        environment = {"PATH": os.environ["PATH"], "HOME": str(locker.parent), "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1",
                       "AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
        subprocess.run([str(exhibit), "--quiet", "--locker", str(locker), "collect"], env=environment, cwd=locker.parent, check=True, timeout=600)


def keep(made: pathlib.Path, target: str) -> None:
    shutil.rmtree(SAMPLES / target, ignore_errors=True)
    # What belongs to a running collector is not part of the sample.
    shutil.copytree(made, SAMPLES / target, ignore=shutil.ignore_patterns("lock", "salts", "spool", "tmp"))
    readable(SAMPLES / target)


def readable(folder: pathlib.Path) -> None:
    """By everybody, as git will have it."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def check(locker: pathlib.Path, secrets: list[str]) -> None:
    """Nothing of this machine and no secret may be in the recording."""
    names = {name for name in (os.uname().nodename, f"{pathlib.Path.home()}/", str(SAMPLES.parent), str(locker.parent)) if len(name) > 4 and name != "localhost"}
    for file, content in damage.contents(locker):
        for word in [*secrets, *names]:
            if word.encode() in content:
                raise SystemExit(f"{file} has in it what may not be recorded: {word if word in names else 'a secret'}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exhibit", type=pathlib.Path, metavar="FILE",
                        default=os.environ.get("EXHIBIT_BIN") or SAMPLES.parent / "target/release/exhibit", help="or the environment variable EXHIBIT_BIN")
    parser.add_argument("--only", choices=["demo", "everything", "full", "tiny"])
    arguments = parser.parse_args()
    if not arguments.exhibit.is_file():
        parser.error(f"{arguments.exhibit} is not there: build it first")
    with tempfile.TemporaryDirectory(prefix="sample-") as folder:
        if arguments.only in (None, "full"):
            made = pathlib.Path(folder) / "full"
            record_full(arguments.exhibit.resolve(), made)
            check(made, [SECRET])
            keep(made, "full")
        if arguments.only == "full":
            return 0
        clock = Clock(pathlib.Path(folder))
        for name, record, target in (
            ("demo", record_demo, "locker"), ("everything", record_everything, "everything/locker"), ("tiny", record_tiny, "tiny"),
        ):
            if arguments.only in (None, name):
                made = pathlib.Path(folder) / target
                made.parent.mkdir(exist_ok=True)
                check(made, record(arguments.exhibit.resolve(), clock, made))
                keep(made, target)
        damage.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
