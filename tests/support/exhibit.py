"""Run the exhibit binary as a user would, in a folder and an environment of its own."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import time
import zipfile
from dataclasses import dataclass, field

from emulator.client import Account

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("EXHIBIT_BIN") or ROOT / "target/debug/exhibit").resolve()
OK, FAILURE, USAGE, INCOMPLETE, TAMPERED, DEVIATIONS = 0, 1, 2, 3, 4, 10

# What no user may ever be shown: Rust's panics, backtraces and debug prints of values.
_DEBUG = re.compile(r"panicked|RUST_BACKTRACE|stack backtrace|unwrap\(\)|Os \{|Some\(|Err\(|\w+Error \{|\w+ \{ \w+: |DispatchFailure|ConnectorError|0x[0-9a-f]{8}")


@dataclass
class Ran:
    """One finished command."""

    code: int
    out: str
    err: str
    seconds: float = 0.0

    def json(self):
        return json.loads(self.out)


@dataclass
class Exhibit:
    """A folder to run in. `account` gives credentials; without one there are none."""

    folder: pathlib.Path
    account: Account | None = None
    endpoint: str | None = None
    binary: pathlib.Path = BINARY
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def locker(self) -> pathlib.Path:
        return self.folder / "locker"

    def env(self, **more: str | None) -> dict[str, str]:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
               "NO_PROXY": "*", "LANG": "C.UTF-8", "RUST_BACKTRACE": "0"}
        if self.endpoint:
            env["AWS_ENDPOINT_URL"] = self.endpoint
        if self.account:
            env |= credentials(self.account)
        for name, value in (self.environment | more).items():
            env.pop(name, None) if value is None else env.__setitem__(name, value)
        return env

    def start(self, *arguments: str, **more) -> subprocess.Popen:
        return subprocess.Popen([str(self.binary), *map(str, arguments)], cwd=self.folder, env=self.env(**more), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments: str, timeout: float = 300, **more) -> Ran:
        """Upper-case keywords go into the environment; None takes a variable out. What comes out never looks like a crash."""
        begun = time.monotonic()
        child = self.start(*arguments, **more)
        try:
            out, err = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            raise AssertionError(f"exhibit {' '.join(map(str, arguments))} did not end within {timeout} s") from None
        ran = Ran(child.returncode, out.decode(), err.decode(), time.monotonic() - begun)
        assert ran.code >= 0, f"ended by signal {signal.Signals(-ran.code).name}: {ran.err}"
        assert ran.code != 101 and not _DEBUG.search(ran.err), f"not for a person: {ran.err}"
        return ran

    def config(self, text: str, name: str = "exhibit.toml") -> pathlib.Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def collect(self, *arguments: str, code: int = OK, **more) -> dict:
        ran = self.run("collect", "--format", "json", *arguments, **more)
        assert ran.code in (OK, INCOMPLETE), f"exit {ran.code}\n{ran.err}"
        told = ran.json()
        assert ran.code == code, f"exit {ran.code}, not {code}\n{told['gaps']}"
        return told

    def attach(self, control: str, facts: str) -> None:
        """A record with a file and these facts (TOML)."""
        file, stated, today = self.folder / "record.txt", self.folder / "facts.toml", f"{datetime.date.today()}"
        file.write_text("as it was done")
        stated.write_text(facts)
        ran = self.run("attach", control, file, "--facts", stated, "--owner", "Head of infrastructure", "--performed", today, "--period-from", "2020-01-01",
                       "--period-to", today, "--performer", "Pat Performer", "--reviewer", "Robin Reviewer", "--statement", "It was done.")
        assert ran.code == OK, ran.err

    def test(self, *arguments: str) -> dict[str, dict]:
        """The controls by id."""
        ran = self.run("test", "--format", "json", *arguments)
        assert ran.code in (OK, INCOMPLETE, DEVIATIONS), ran.err
        document = ran.json()
        assert document["schema"] == "exhibit.test/1"
        found = {control["id"]: control for control in document["controls"]}
        worst = OK
        if any(c["verdict"] == "fail" and not c["observe"] for c in found.values()):
            worst = DEVIATIONS
        if any(c["verdict"] == "not-tested" or c["incomplete"] for c in found.values()):
            worst = INCOMPLETE
        assert ran.code == worst, f"exit {ran.code}, but the verdicts say {worst}"
        for control in found.values():
            check_counts(control)
        return found

    def same_in_other_partitions(self, *controls: str) -> None:
        """The newest snapshot, read again as it were in GovCloud, China, the Sovereign Cloud and an unknown partition, is judged the same."""
        tool = BINARY.parent / "examples" / "in_other_partitions"
        assert tool.is_file(), f"{tool} is not there: `make lint` builds it"
        ran = subprocess.run([tool, self.folder, *controls], capture_output=True, text=True, timeout=300)
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def verify(self, *path, code: int = OK) -> dict:
        ran = self.run("verify", "--format", "json", *path)
        assert ran.code == code, f"exit {ran.code}, not {code}\n{ran.err}\n{ran.out}"
        return ran.json()

    def log(self) -> list[dict]:
        """The locker's log as it is on disk."""
        return [json.loads(path.read_text()) for path in sorted((self.locker / "log").glob("*.json"))]

    def snapshots(self) -> list[pathlib.Path]:
        # By time, not by name: two runs of one second differ in the random part of their names only.
        return sorted((self.locker / "snapshots").glob("*.zip"), key=lambda path: (path.stat().st_mtime_ns, path.name))

    def exchanges(self) -> list[dict]:
        """Those of the newest snapshot."""
        with zipfile.ZipFile(self.snapshots()[-1]) as archive:
            return [json.loads(line) for line in archive.read("exchanges.jsonl").splitlines()]


def credentials(account: Account) -> dict[str, str]:
    key = account._key
    env = {"AWS_ACCESS_KEY_ID": key["aws_access_key_id"], "AWS_SECRET_ACCESS_KEY": key["aws_secret_access_key"]}
    return env | ({"AWS_SESSION_TOKEN": key["aws_session_token"]} if key["aws_session_token"] else {})


def check_counts(control: dict) -> None:
    """The population adds up, and is what is listed."""
    counts, resources = control["counts"], control["resources"]
    for verdict in ("pass", "fail", "na", "unknown", "accepted"):
        assert counts[verdict] == sum(r["verdict"] == verdict for r in resources), (control["id"], verdict)
    assert counts["population"] == len(resources), control["id"]
    assert counts["tested"] == counts["population"] - counts["na"], control["id"]


def verdicts(control: dict) -> list[tuple]:
    """What a control says of each resource."""
    return sorted((r["account"], r["region"], r["resource"], r["name"], r["verdict"]) for r in control["resources"])


def failing(control: dict) -> set[str]:
    return {r["resource"] for r in control["resources"] if r["verdict"] == "fail"}


def sound(control: str, before: dict, now: dict) -> None:
    """Who sees less may know less; he must not know otherwise."""
    was = {(r["region"], r["resource"]): r["verdict"] for r in before["resources"]}
    named = {(r["name"], r["verdict"]) for r in before["resources"]}
    for row in now["resources"]:
        old = was.get((row["region"], row["resource"]))
        if "#access_key_" in row["resource"] and old is None:  # the report has no key ids: a key is called otherwise
            assert row["verdict"] == "unknown" or (row["name"], row["verdict"]) in named, row
            continue
        # What belongs to a thing that was not seen does not apply; the control says that it is not tested.
        assert row["verdict"] in ("unknown", "na") or old in (row["verdict"], None), f"{control}: {row['resource']} was {old}, is {row['verdict']}: {row['reason']}"
        # Something that was not there before cannot be judged either: only a name for what was not seen.
        assert old is not None or row["verdict"] in ("unknown", "na"), f"{control}: new {row}"


# What differs from run to run in a message, and how it is called in the snapshots. Texts of the operating system stay as they are.
_VARIES = [(re.compile(pattern), name) for pattern, name in (
    (r"(?<=127\.0\.0\.1:)\d{4,5}\b", "<port>"),
    (r"\b\d{8}T\d{6}Z-[0-9a-f]{8}\b", "<run>"),
    (r"(?<!such as )\b\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z?", "<time>"),
    (r"\b6\d{11}\b", "<account>"),  # those that the tests make; the sample company is one of them
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>"),
    (r"\b[0-9a-f]{32,}\b", "<digest>"),
    (r"\bSHA256:[A-Za-z0-9+/]{43}", "<fingerprint>"),
)]
_reviewed = None


@contextlib.contextmanager
def reviewing(snapshot, temporary: pathlib.Path):
    """For the while, `says` and `complains` compare with these snapshots. All temporary folders lie below `temporary`."""
    global _reviewed
    _reviewed = snapshot, temporary
    try:
        yield
    finally:
        _reviewed = None


def repeatable(text: str, temporary: pathlib.Path) -> str:
    """The text as it would be in another run: a test's own folder, and whatever else varies, by a name.

    Dates stay: those of today are named by the test, which alone can tell them from those that it wrote down (`says(…, varies=)`).
    """
    text = re.sub(re.escape(f"{temporary}/") + r"[^/\s:;,`']+", "<folder>", text)
    for pattern, name in _VARIES:
        text = pattern.sub(name, text)
    return text


def says(ran: Ran, code: int, *words: str, varies: dict[str, str] | None = None, snapshot: bool = True) -> None:
    """These words on stderr, with the exit code; both as they were reviewed, in `__snapshots__`.

    `varies` names what only this test knows to vary: `{today: "<today>"}`. `snapshot=False` is for what is not the same each time.
    """
    assert ran.code == code, f"exit {ran.code}, not {code}\n{ran.err}\n{ran.out[:500]}"
    for word in words:
        assert word in ran.err, f"{word!r} is not in: {ran.err}"
    if snapshot:
        assert _reviewed, "only within a test are there snapshots"
        reviewed, temporary = _reviewed
        text = repeatable(ran.err, temporary)
        for value, name in (varies or {}).items():
            text = text.replace(value, name)
        assert reviewed == (ran.code, text)


def complains(ran: Ran, code: int, *words: str, lines: int = 1, varies: dict[str, str] | None = None, snapshot: bool = True) -> None:
    """`says`, and: exactly one message on stderr, of so many lines at most; nothing on stdout."""
    assert ran.code == code, f"exit {ran.code}, not {code}\n{ran.err}\n{ran.out[:500]}"
    said = [line for line in ran.err.splitlines() if line.strip()]
    assert ran.err.startswith("exhibit: ") and ran.err.count("exhibit: ") == 1, ran.err
    assert len(said) <= lines and sum(map(len, said)) < 900, f"one message, please: {ran.err}"
    assert not ran.out, ran.out
    says(ran, code, *words, varies=varies, snapshot=snapshot)


def children_peak() -> int:
    """Greatest memory of any child so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
