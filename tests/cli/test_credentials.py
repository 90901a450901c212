"""Where credentials come from, over files made up here: each kind works, or says its cause and its remedy in one sentence. No network."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import threading

import pytest

from support.exhibit import USAGE, Exhibit, complains

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
QUICK = ("--control", "root-mfa-enabled")
SSO = "sso_account_id = 111122223333\nsso_role_name = audit\n"
SESSION = "[profile audit]\nsso_session = firm\n" + SSO + "[sso-session firm]\nsso_region = us-east-1\nsso_start_url = https://firm.awsapps.com/start\n"

# What is in ~/.aws/config, the environment, and what must be in the sentence.
KINDS = {
    "no such profile": ("[profile audit]\nregion = us-east-1\n[profile prod]\nregion = us-east-1\n", {"AWS_PROFILE": "nosuch"}, ("`nosuch`", "AWS_PROFILE", "audit, prod")),
    "no profiles at all": (None, {"AWS_PROFILE": "nosuch"}, ("`nosuch`", "AWS_PROFILE", "aws configure")),
    "aws login": ("[profile audit]\nlogin_session = arn:aws:iam::111122223333:user/ann\n", {"AWS_PROFILE": "audit"},
                  ("`audit`", "aws login --profile audit", "aws configure export-credentials --profile audit")),
    "aws login below a role": ("[profile base]\nlogin_session = arn:aws:iam::111122223333:user/ann\n"
                               "[profile audit]\nrole_arn = arn:aws:iam::111122223333:role/audit\nsource_profile = base\n", {"AWS_PROFILE": "audit"},
                               ("`base`", "aws login --profile base", "aws configure export-credentials --profile audit")),
    "MFA": ("[profile base]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n"
            "[profile audit]\nrole_arn = arn:aws:iam::111122223333:role/audit\nsource_profile = base\nmfa_serial = arn:aws:iam::111122223333:mfa/ann\n",
            {"AWS_PROFILE": "audit", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, ("mfa_serial = arn:aws:iam::111122223333:mfa/ann", "aws configure export-credentials")),
    "SSO without a token": (SESSION, {"AWS_PROFILE": "audit"}, ("`audit`", "SSO", "aws sso login --profile audit")),
    "SSO of the old kind": ("[profile audit]\nsso_region = us-east-1\nsso_start_url = https://firm.awsapps.com/start\n" + SSO, {"AWS_PROFILE": "audit"},
                            ("`audit`", "SSO", "aws sso login --profile audit")),
    "SSO of the default profile": (SESSION.replace("profile audit", "default"), {}, ("`default`", "aws sso login --profile default")),
    "SSO without a role": ("[profile audit]\nsso_session = firm\n[sso-session firm]\nsso_region = us-east-1\nsso_start_url = https://firm.awsapps.com/start\n",
                           {"AWS_PROFILE": "audit"}, ("`audit`", "sso_account_id", "aws configure sso --profile audit")),
    "process that fails": ("[profile audit]\ncredential_process = sh -c 'echo secret >&2; exit 3'\n", {"AWS_PROFILE": "audit"},
                           ("credential_process", "`audit`", "exit status: 3")),
    "process that says nothing": ("[profile audit]\ncredential_process = true\n", {"AWS_PROFILE": "audit"}, ("credential_process", "`audit`", "JSON")),
    "web identity without a file": ("", {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token", "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/audit"},
                                    ("/nowhere/token", "AWS_WEB_IDENTITY_TOKEN_FILE", "No such file")),
    "web identity without a role": ("", {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token"}, ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN")),
    "web identity of a profile": ("[profile audit]\nweb_identity_token_file = /nowhere/token\nrole_arn = arn:aws:iam::111122223333:role/audit\n",
                                  {"AWS_PROFILE": "audit"}, ("/nowhere/token", "`audit`")),
    "profile without credentials": ("[profile audit]\nregion = us-east-1\n", {"AWS_PROFILE": "audit"}, ("`audit`", "holds no credentials")),
    "half a key in a profile": ("[profile audit]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", {"AWS_PROFILE": "audit"}, ("`audit`", "aws_secret_access_key")),
    "half a key in the environment": ("", {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
    "source that is not there": ("[profile audit]\nrole_arn = arn:aws:iam::111122223333:role/audit\nsource_profile = gone\n", {"AWS_PROFILE": "audit"},
                                 ("`gone`", "source_profile of the profile `audit`")),
    "sources in a circle": ("[profile audit]\nrole_arn = arn:aws:iam::111122223333:role/a\nsource_profile = b\n"
                            "[profile b]\nrole_arn = arn:aws:iam::111122223333:role/b\nsource_profile = audit\n", {"AWS_PROFILE": "audit"}, ("source_profile", "`audit`")),
    "role of nobody": ("[profile audit]\nrole_arn = arn:aws:iam::111122223333:role/audit\n", {"AWS_PROFILE": "audit"}, ("`audit`", "source_profile")),
    "a file that is no file of profiles": ("[profile audit\nregion = us-east-1\n", {"AWS_PROFILE": "audit"}, ("~/.aws/config",)),
}


def environment(folder, config: str | None) -> Exhibit:
    made = Exhibit(folder / "work")
    if config is not None:
        aws = made.folder / "home/.aws"
        aws.mkdir(parents=True)
        (aws / "config").write_text(config)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_no_credentials(tmp_path, binary, kind):
    config, variables, words = KINDS[kind]
    exhibit = environment(tmp_path, config)
    exhibit.binary = binary
    complains(exhibit.run("collect", *QUICK, timeout=30, **variables), USAGE, *words, lines=1)


def test_a_token_of_sso_that_has_run_out(tmp_path, binary):
    exhibit = environment(tmp_path, SESSION)
    exhibit.binary = binary
    cache = exhibit.folder / "home/.aws/sso/cache"
    cache.mkdir(parents=True)
    # Its name is the SHA-1 of the session's.
    token = {"accessToken": "secret", "expiresAt": "2020-01-01T00:00:00Z", "region": "us-east-1", "startUrl": "https://firm.awsapps.com/start"}
    (cache / f"{hashlib.sha1(b'firm').hexdigest()}.json").write_text(json.dumps(token))
    complains(exhibit.run("collect", *QUICK, timeout=30, AWS_PROFILE="audit"), USAGE, "has run out", "aws sso login --profile audit")


# With an endpoint: what AWS refuses


REFUSALS = {
    "a session that has run out": ("ExpiredToken", {}, ("has run out", "AWS_ACCESS_KEY_ID")),
    "beside AWS_PROFILE": ("ExpiredToken", {"AWS_PROFILE": "audit"}, ("goes before AWS_PROFILE `audit`",)),
    "a region to opt into": ("InvalidClientTokenId", {"AWS_REGION": "ap-east-1"}, ("ap-east-1", "opt", "AWS_REGION", "us-east-1")),
    "a key that is not known": ("InvalidClientTokenId", {}, ("does not know the keys", "AWS_ACCESS_KEY_ID")),
    "half a session": ("InvalidClientTokenId", {"AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE"}, ("AWS_SESSION_TOKEN",)),
    "a wrong secret": ("SignatureDoesNotMatch", {}, ("secret access key", "clock")),
}


@contextlib.contextmanager
def refusing(code: str):
    """Something on this machine that answers as STS does when it refuses."""

    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            body = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>The token is not taken.</Message></Error></ErrorResponse>".encode()
            self.send_response(403)
            self.send_header("content-type", "text/xml")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


@pytest.mark.parametrize("kind", REFUSALS)
def test_refused(tmp_path, binary, kind):
    code, variables, words = REFUSALS[kind]
    exhibit = environment(tmp_path, "[profile audit]\nregion = us-east-1\n")
    exhibit.binary = binary
    with refusing(code) as url:
        ran = exhibit.run("collect", *QUICK, AWS_MAX_ATTEMPTS="1", AWS_ENDPOINT_URL=url, **(KEYS | variables))
    ran.err = "".join(line for line in ran.err.splitlines(keepends=True) if not line.startswith("The keys in the environment"))
    complains(ran, USAGE, *words)


def test_a_role_of_a_profile_that_is_refused(tmp_path, binary):
    role = "arn:aws:iam::111122223333:role/audit"
    exhibit = environment(tmp_path, f"[profile audit]\nrole_arn = {role}\nsource_profile = base\n"
                                    "[profile base]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n")
    exhibit.binary = binary
    with refusing("AccessDenied") as url:
        ran = exhibit.run("collect", *QUICK, AWS_MAX_ATTEMPTS="1", AWS_ENDPOINT_URL=url, AWS_PROFILE="audit")
    complains(ran, USAGE, role, "sts:AssumeRole", "AccessDenied", "trust policy")


def test_keys_in_the_environment_go_before_the_profile(exhibit):
    """As for AWS's command line; it is said."""
    aws = exhibit.folder / "home/.aws"
    aws.mkdir(parents=True)
    (aws / "config").write_text("[profile audit]\nregion = us-east-1\n")
    ran = exhibit.run("collect", *QUICK, AWS_PROFILE="audit")
    assert ran.code == 0, ran.err
    assert "AWS_ACCESS_KEY_ID" in ran.err and "`audit`" in ran.err
