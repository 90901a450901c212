#!/usr/bin/env python3
"""Fill the emulator with an account. Prints what was made, as JSON. In tests/:

    python -m seeds demo before --endpoint URL      the sample company
    python -m seeds demo after --endpoint URL       half a year on: on top of `before`
    python -m seeds demo february --endpoint URL    one step of that half year (march, april, may, june, july)
    python -m seeds bulk --users 500 --groups 500 --buckets 100 --endpoint URL
    python -m seeds control CONTROL_ID good|bad --endpoint URL
    python -m seeds list                            the control ids and what fails in their bad state

`--endpoint` may be left to AWS_ENDPOINT_URL. Credentials are fixed test ones (AKIAEXHIBITEXAMPLE01,
its secret from EXHIBIT_TEST_SECRET) and mean nothing outside of the emulator; nothing is read from
the AWS configuration of the machine. A state expects an empty emulator; `--reset` empties it first.
"""

import argparse
import json
import os
import pathlib
import sys
import urllib.parse

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "emulator"))

from emulator.client import Account, post  # noqa: E402
from seeds import bulk, controls, demo  # noqa: E402
from seeds.build import Builder  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(prog="seeds", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--endpoint", default=os.environ.get("AWS_ENDPOINT_URL"), metavar="URL")
    common.add_argument("--reset", action="store_true", help="empty the emulator first")
    actions = parser.add_subparsers(dest="action", required=True)
    one = actions.add_parser("demo", parents=[common])
    one.add_argument("state", choices=[*demo.STATES, "after"])
    one = actions.add_parser("bulk", parents=[common])
    for name, count in (("users", 500), ("groups", 500), ("buckets", 100)):
        one.add_argument(f"--{name}", type=int, default=count)
    one = actions.add_parser("control", parents=[common])
    one.add_argument("control", choices=sorted(controls.CONTROLS), metavar="CONTROL_ID")
    one.add_argument("state", choices=["good", "bad"])
    actions.add_parser("list")
    arguments = parser.parse_args()
    if arguments.action == "list":
        print(json.dumps([{"control": control, "failing": controls.FAILING[control]} for control in controls.CONTROLS], indent=1))
        return 0
    if urllib.parse.urlsplit(arguments.endpoint or "").hostname not in ("127.0.0.1", "localhost", "::1"):
        parser.error("--endpoint: the address of an emulator on this machine")
    if arguments.reset:
        post(arguments.endpoint, "/exhibit/reset")
    builder = Builder(Account(arguments.endpoint))
    if arguments.action == "demo":
        made = (demo.STATES | {"after": demo.after})[arguments.state](builder)
    elif arguments.action == "bulk":
        made = bulk.seed(builder, arguments.users, arguments.groups, arguments.buckets)
    else:
        made = controls.seed(builder, arguments.control, arguments.state)
    print(json.dumps(made, indent=1, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
