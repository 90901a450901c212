"""Events as CloudTrail writes them: shapes of the CloudTrail user guide's record contents and sign-in examples.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
"""

from __future__ import annotations

import copy
import datetime
import json
import uuid

from emulator.client import Account, post

_NAMES = uuid.UUID("5c1d6bb4-0a52-4f6d-8d0c-6f3e5a4b7c21")
IP = "198.51.100.7"


def root(account: str, key: str = "", session: bool = False) -> dict:
    """The root user; `session` as in calls that follow a sign-in."""
    identity: dict = {"type": "Root", "principalId": account, "arn": f"arn:aws:iam::{account}:root", "accountId": account, "accessKeyId": key}
    return identity | (_session("false" if not session else "true") if key else {})


def iam_user(account: str, name: str, key: str = "AKIAIOSFODNN7EXAMPLE") -> dict:
    return {"type": "IAMUser", "principalId": "AIDACKCEVSQ6C2EXAMPLE", "arn": f"arn:aws:iam::{account}:user/{name}", "accountId": account,
            "accessKeyId": key, "userName": name}


def role(account: str, name: str, session: str = "session", key: str = "ASIAIOSFODNN7EXAMPLE") -> dict:
    issuer = {"type": "Role", "principalId": "AROACKCEVSQ6C2EXAMPLE", "arn": f"arn:aws:iam::{account}:role/{name}", "accountId": account, "userName": name}
    return {"type": "AssumedRole", "principalId": f"AROACKCEVSQ6C2EXAMPLE:{session}", "arn": f"arn:aws:sts::{account}:assumed-role/{name.rsplit('/', 1)[-1]}/{session}",
            "accountId": account, "accessKeyId": key} | _session("false", issuer)


def _session(mfa: str, issuer: dict | None = None) -> dict:
    return {"sessionContext": {"sessionIssuer": issuer or {}, "attributes": {"creationDate": "2025-01-15T10:00:00Z", "mfaAuthenticated": mfa}}}


def at(account: Account, days: float = 0, minutes: float = 0) -> str:
    """So long before the emulator's now."""
    return (account.now() - datetime.timedelta(days=days, minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def event(account: Account, source: str, name: str, who: dict, days: float = 1, minutes: float = 0, region: str = "us-east-1",
          request: dict | None = None, response: dict | None = None, **more) -> dict:
    """An event of a call; `more` are members that it has besides or otherwise."""
    when = at(account, days, minutes)
    made = {
        "eventVersion": "1.11", "userIdentity": copy.deepcopy(who), "eventTime": when, "eventSource": f"{source}.amazonaws.com", "eventName": name,
        "awsRegion": region, "sourceIPAddress": IP, "userAgent": "aws-cli/2", "requestParameters": request, "responseElements": response,
        "requestID": "", "eventID": str(uuid.uuid5(_NAMES, f"{account.number} {source} {name} {days} {minutes} {who.get('arn')} {request}")),
        "readOnly": False, "eventType": "AwsApiCall", "managementEvent": True, "recipientAccountId": account.number, "eventCategory": "Management",
    }
    return made | more


def sign_in(account: Account, who: dict, mfa: bool = True, success: bool = True, days: float = 1, minutes: float = 0, **more) -> dict:
    """ConsoleLogin; `who` without a key."""
    data = {"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": "Yes" if mfa else "No"}
    extra = {"eventType": "AwsConsoleSignIn", "additionalEventData": data} | ({} if success else {"errorMessage": "Failed authentication"})
    return event(account, "signin", "ConsoleLogin", who | {"accessKeyId": ""}, days, minutes, response={"ConsoleLogin": "Success" if success else "Failure"}, **(extra | more))


def state(account: Account, *events: dict, region: str | None = None) -> list[str]:
    """Put events into the account's history; gives their ids."""
    where = {"region": region} if region else {}
    post(account.endpoint, "/exhibit/event", json.dumps(list(events)), account=account.number, **where)
    return [made["eventID"] for made in events]
