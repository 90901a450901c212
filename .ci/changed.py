#!/usr/bin/env python3
"""`make changed`: runs the tests that what you changed since the last commit can break, and says which.

`make test` runs all of them. What no rule below knows asks for all.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTEST = [".venv/bin/python", "-m", "pytest", "-q", "-n", "auto"]
CARGO = ["cargo", "test", "--quiet", "--locked", "--config", "target/sdk/config.toml"]

# What a file belongs to, by the first pattern that fits; None: nothing tests it but `make check`.
PARTS: list[tuple[str, str | None]] = [
    (r"controls/pages/(?:.*/)?(?P<control>[a-z0-9-]+)\.md", "page"),
    (r"docs/controls\.md", "handbook"),
    (r"report/tests/golden/", "golden"),
    (r"cli/tests/cmd/", "said"),
    (r"tests/seeds/controls", "seeds"),
    (r"controls/", "controls"),
    (r"report/|templates/", "report"),
    (r"cli/", "cli"),
    (r"collector/trim/", "trim"),
    (r"tests/emulator/", "emulator"),
    (r"tests/(?P<tests>(cli|services|custody)/test_\w+\.py|(cli|services|custody)/__snapshots__/test_\w+)", "python"),
    (r"[^/]*\.md|docs/|LICENSE|\.github/|fuzz/|deny\.toml|\.gitignore|\.gitattributes|tests/README\.md", None),
]


def changed() -> list[str]:
    git = lambda *words: subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted({*git("diff", "--name-only", "HEAD"), *git("ls-files", "--others", "--exclude-standard")})


def sorted_out(files: list[str]) -> tuple[set[str], set[str], set[str]] | str:
    """The parts, the controls and the test files that changed; or a file that no rule knows."""
    parts, controls, tests = set(), set(), set()
    for file in files:
        for pattern, part in PARTS:
            if found := re.match(pattern, file):
                named = found.groupdict()
                if part == "page":
                    controls.add(named["control"])
                if part == "python":
                    tests.add("tests/" + re.sub(r"__snapshots__/(\w+)", r"\1.py", named["tests"]))
                elif part:
                    parts.add(part)
                break
        else:
            return file
    return parts, controls, tests


def commands(parts: set[str], controls: set[str], tests: set[str]) -> list[tuple[dict[str, str], list[str]]]:
    todo: list[tuple[dict[str, str], list[str]]] = []
    if "controls" in parts:
        todo.append(({}, [*CARGO, "-p", "controls", "-p", "exhibit", "--lib", "--tests"]))
        todo.append(({}, [*PYTEST, "tests/cli/test_pipeline.py", "tests/services"]))
    elif "page" in parts:
        for control in sorted(controls):
            todo.append(({"CONTROL": control}, [*CARGO, "-p", "controls", "--test", "it", "--", "examples", "stock_sqlite"]))
        todo.append(({}, [*CARGO, "-p", "controls", "--test", "it", "--", "catalogue::", "--skip", "stock_sqlite"]))
        todo.append(({}, [*PYTEST, "tests/cli/test_pipeline.py", "tests/services", "-k", " or ".join(sorted(controls)) + " or catalogue"]))
        todo.append(({}, [*CARGO, "-p", "controls", "--test", "it", "--", "handbook::"]))
    elif "seeds" in parts:
        todo.append(({}, [*PYTEST, "tests/cli/test_pipeline.py", "tests/services"]))
    elif "handbook" in parts:
        todo.append(({}, [*CARGO, "-p", "controls", "--test", "it", "--", "handbook::"]))
    if "golden" in parts and "report" not in parts:
        todo.append(({}, [*CARGO, "-p", "report", "--test", "it", "--", "report::"]))
    if "said" in parts and not parts & {"cli", "controls"}:
        todo.append(({}, [*CARGO, "-p", "exhibit", "--test", "it"]))
    if "report" in parts:
        todo.append(({}, [*CARGO, "-p", "report", "--lib", "--tests"]))
        todo.append(({}, [*PYTEST, "tests/custody/test_locker_and_bundle.py", "tests/custody/test_verify_scripts.py", "tests/custody/test_tamper_matrix.py"]))
    if "cli" in parts:
        todo.append(({}, [*CARGO, "-p", "exhibit", "--lib", "--tests"]))
        todo.append(({}, [*PYTEST, "tests/cli", "tests/custody"]))
    if "trim" in parts:
        todo.append(({}, [*CARGO, "-p", "sdk-trim"]))
    if "emulator" in parts:
        todo.append(({}, [*PYTEST, "tests/emulator", "tests/services"]))
    if tests:
        todo.append(({}, [*PYTEST, *sorted(tests)]))
    return todo


def main() -> int:
    files = changed()
    found = sorted_out(files)
    if isinstance(found, str):
        todo: list[tuple[dict[str, str], list[str]]] = [({}, ["make", "test"])]
        print(f"{found}: anything may depend on it")
    else:
        todo = commands(*found)
    if not todo:
        print(f"{len(files)} changed files, none of them tested; `make check` looks at them")
    failed = []
    for environment, command in todo:
        line = " ".join([*(f"{name}={value}" for name, value in environment.items()), *command])
        print("+", line, flush=True)
        ran = subprocess.run(command, cwd=ROOT, env=os.environ | environment).returncode
        if ran not in (0, 5 if "-k" in command else 0):  # 5: no test of that name
            failed.append(line)
    if failed:
        print("\nfailed:", *failed, sep="\n  ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
