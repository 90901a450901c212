#!/usr/bin/env python3
"""An AWS account on this machine: moto plus what it lacks for the calls that exhibit makes.

    python -m emulator -p PORT [--log FILE] [--seed TEXT]

prints `listening on http://127.0.0.1:PORT` when it is ready. `-p 0` picks a free port; it listens
on the loopback interface only. Point AWS_ENDPOINT_URL at it. FILE gets one line per request:
`service operation region status`. With TEXT the ids that AWS would choose (sg-…, AKIA…, key ids) are
the same whenever the same calls come in the same order.

A request with the header `X-Exhibit-Clock-Offset-Days: -200` is served as if it came 200 days
ago, so users, keys and buckets can be old. The access key decides the account: one that was made
in an account (sts:AssumeRole, iam:CreateAccessKey) belongs to it, any other to 123456789012.

Control endpoints. POST, parameters in the query, JSON answers, an unknown parameter is refused.
`account=` (default 123456789012) where an account matters.

  /exhibit/regions?enabled=us-east-1,eu-west-1
        the others become not-opted-in (EC2) or DISABLED (account) and refuse calls, as AWS does.
        Empty: the 17 default regions. At start: the environment variable EXHIBIT_REGIONS.
  /exhibit/page-size?n=2&quirk=empty|repeat
        no page is longer than n (0: AWS's own sizes). empty: an empty page with a token before
        each page. repeat: the token never changes, the list never ends.
  /exhibit/root?mfa=none|virtual|hardware&password=1&access_keys=0&inactive_access_keys=0&last_used_days=400
  /exhibit/user?name=NAME&password_last_used_days=N&password_last_changed_days=N
        &access_key_1_last_used_days=N&access_key_1_last_used_service=s3&access_key_1_last_used_region=us-east-1
        (access_key_2_… alike)
  /exhibit/credential-report?columns=22|23&quote=1|0&root=new|old&cache_hours=4&pending=2
        23: with additional_credentials_info. quote=0: names with a comma unquoted. old: root's
        password columns say not_supported. cache_hours: how long GenerateCredentialReport gives
        the report it has. pending: how many times it says INPROGRESS.
  /exhibit/trail?name=NAME&region=us-east-1&delivery_hours_ago=0.1&digest_hours_ago=0.5&delivery_error=CODE&digest_error=CODE
        (an empty error clears it)
  /exhibit/kms-rotation?region=us-east-1&key=ID&days_ago=100&type=ON_DEMAND|AUTOMATIC
        adds a rotation to the key's history
  /exhibit/s3?new_bucket_defaults=1|0&region_redirect=1|0
        0: new buckets are as before April 2023; 0: buckets answer in every region
  /exhibit/answer
        the body, as JSON, is an answer for an operation: {"service", "operation", "output": as boto3
        gives it} or "error": {"code", "message", "status"}; only for "region", "account" and "params"
        (top-level request parameters) where given. The latest that fits is given, in AWS's wire format
  /exhibit/event?region=us-east-1
        the body, as JSON, is an event as CloudTrail writes it, or a list of them; LookupEvents finds it in
        the region named, else in its awsRegion
  /exhibit/record?on=1|0
        from now on every request for the account is an event of its history, with the request id of its answer
  /exhibit/events
        gives all events of the account as a list; /exhibit/forget-events forgets them
  /exhibit/reset
        forgets everything; moto grows with each reset, so a new process is better
  GET /exhibit/state, /exhibit/health
        what is set, and `now`, the emulator's time

What each extension does is in services/, one file per service.
"""

import argparse
import os
import sys

# moto reads these when it is imported.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
os.environ["MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS"] = "false"
for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"):
    os.environ.pop(name, None)


def main() -> None:
    parser = argparse.ArgumentParser(prog="emulator", description=__doc__.splitlines()[0])
    parser.add_argument("-p", "--port", type=int, default=5000, help="0 picks a free one")
    parser.add_argument("--log", metavar="FILE", help="one line per request: service operation region status")
    parser.add_argument("--seed", metavar="TEXT", help="make ids repeat from run to run")
    arguments = parser.parse_args()
    from emulator import clock  # noqa: F401  before any other part of moto
    from emulator.server import serve

    return serve(arguments.port, arguments.log, arguments.seed)


if __name__ == "__main__":
    sys.exit(main())
