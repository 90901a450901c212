"""Start the emulator or a proxy for a test, and talk to them."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

import boto3
import botocore.credentials
from botocore.config import Config

_PROJECT = pathlib.Path(__file__).resolve().parents[1]
ACCESS_KEY = "AKIAEXHIBITEXAMPLE01"
SECRET = os.environ.get("EXHIBIT_TEST_SECRET", "exhibit-test-secret-not-a-real-one")


@contextlib.contextmanager
def process(module: str, *arguments: str, **environment: str):
    """Run `emulator` or a module of it until the end of the block; gives the URL that it prints. Keywords go into its environment."""
    path = os.pathsep.join(filter(None, (str(_PROJECT), os.environ.get("PYTHONPATH"))))
    command, more = [sys.executable, "-P", "-m", module, *arguments], {"PYTHONPATH": path} | environment
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | more) as child:
        try:
            line = child.stdout.readline()
            if "http://" not in line:
                raise RuntimeError(f"{module} did not start")
            yield line.split()[-1]
        finally:
            child.terminate()


def post(endpoint: str, path: str, data: str = "", **parameters) -> dict:
    """POST to a control endpoint; an answer that is not 200 raises with its text."""
    request = urllib.request.Request(f"{endpoint}{path}?{urllib.parse.urlencode(parameters)}", method="POST", data=data.encode())
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        raise RuntimeError(f"{path}: {refused.read().decode()}") from None


def _without_account_in_host(request, **_) -> None:
    request.url = re.sub(r"//\d{12}\.", "//", request.url)


_session = boto3.Session()  # one for all accounts: it keeps the parsed service models
_clients: dict = {}
_making = threading.Lock()  # boto3 makes clients one at a time only
_call = threading.local()  # whose request it is, and when it comes


class _Caller(botocore.credentials.Credentials):
    """The credentials of the account that is calling: making a client takes longer than most calls, so accounts share them."""

    def __init__(self):
        super().__init__("none", "none")

    def get_frozen_credentials(self):
        return _call.key


def _add_clock(request, **_) -> None:
    if days := getattr(_call, "days", 0):
        request.headers["X-Exhibit-Clock-Offset-Days"] = str(days)


class _Client:
    """A boto3 client of one account, whose requests come some days from now (negative: ago)."""

    def __init__(self, client, key, days: float):
        self._client, self._key, self._days = client, key, days

    def __getattr__(self, name: str):
        found = getattr(self._client, name)
        _call.key = self._key
        if not callable(found):
            return found

        def call(*arguments, **parameters):
            _call.key, _call.days = self._key, self._days
            try:
                return found(*arguments, **parameters)
            finally:
                _call.days = 0

        return call


class Account:
    """boto3 clients of one account, by default the one that belongs to unknown access keys."""

    def __init__(self, endpoint: str, access_key: str = ACCESS_KEY, secret: str = SECRET, token: str | None = None, number: str = "123456789012"):
        self.endpoint, self.number = endpoint, number
        self._key = {"aws_access_key_id": access_key, "aws_secret_access_key": secret, "aws_session_token": token}

    def client(self, service: str, region: str = "us-east-1", days: float = 0, **config):
        """A boto3 client; with `days` its requests come that many days from now (negative: ago)."""
        name = (self.endpoint, service, region, tuple(config.items()))
        with _making:
            if name not in _clients:
                config.setdefault("retries", {"total_max_attempts": 1})
                made = _session.client(service, region_name=region, endpoint_url=self.endpoint, config=Config(**config), **self._key)
                made._request_signer._credentials = _Caller()
                made.meta.events.register("before-sign.*", _add_clock)
                if service == "s3control":  # the SDK puts the account id before the host, which is an IP address here
                    made.meta.events.register("before-sign.*", _without_account_in_host)
                _clients[name] = made
        key = botocore.credentials.ReadOnlyCredentials(*self._key.values())
        return _Client(_clients[name], key, days)

    def control(self, path: str, **parameters) -> dict:
        """A control endpoint of the emulator, for this account."""
        if path in ("root", "user", "trail", "kms-rotation", "record", "events", "forget-events"):
            parameters.setdefault("account", self.number)
        return post(self.endpoint, f"/exhibit/{path}", **parameters)

    def answers(self, service: str, operation: str, output: dict | None = None, error: dict | None = None, region: str | None = None, **params) -> None:
        """State what AWS answers: `output` as boto3 gives it, or an `error` (code, message, status); see stated.py."""
        stated = {"service": service, "operation": operation, "output": output, "error": error, "region": region, "account": self.number, "params": params}
        post(self.endpoint, "/exhibit/answer", json.dumps(stated, default=lambda moment: moment.isoformat().replace("+00:00", "Z")))

    def now(self) -> datetime.datetime:
        """The emulator's time, which need not be that of this process."""
        with urllib.request.urlopen(f"{self.endpoint}/exhibit/state", timeout=60) as answer:
            return datetime.datetime.fromisoformat(json.load(answer)["now"])

    def remove_bucket(self, name: str, region: str) -> None:
        """With all that is in it."""
        s3 = self.client("s3", region)
        listed = s3.list_object_versions(Bucket=name)
        for version in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
        s3.delete_bucket(Bucket=name)

    def other(self, number: str) -> Account:
        """Another account, by assuming a role in it."""
        key = self.client("sts").assume_role(RoleArn=f"arn:aws:iam::{number}:role/auditor", RoleSessionName="exhibit")["Credentials"]
        return Account(self.endpoint, key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"], number)
