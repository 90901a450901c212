"""What exhibit says when it refuses: one row for each message that no other test provokes. The texts are in `__snapshots__`."""

from __future__ import annotations

import json
import pathlib
import shlex
import subprocess

import pytest

from support import reseal
from support.exhibit import FAILURE, OK, ROOT, TAMPERED, USAGE, Exhibit, complains, says

HEAD = 'organization = "Harborlight Robotics"\n'
QUICK = ("--control", "root-mfa-enabled")


def put(exhibit: Exhibit, files: dict[str, str | bytes]) -> None:
    """These files in the folder; their folders are made."""
    for name, data in files.items():
        path = exhibit.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())


# exhibit.toml: the file behind its first line, and nothing else is wrong


SETTINGS = {
    "scope is no table": "scope = 5",
    "accounts is no list": '[scope]\naccounts = "all"',
    "account is no text": "[scope]\naccounts = [111122223333]",
    "account without id": '[scope]\naccounts = [{ role_arn = "arn:aws:iam::111122223333:role/x" }]',
    "role is no ARN": '[scope]\naccounts = [{ id = "111122223333", role_arn = "x" }]',
    "region is no text": "[scope]\nregions = [5]",
    "categories is no list": '[scope]\ncategories = "security"',
    "gap is no number": '[scope]\nmax_gap_days = "few"',
    "gap is 0": "[scope]\nmax_gap_days = 0",
    "unknown key in collect": "[collect]\nevents = 5",
    "period without name": '[[period]]\ntype = "type-2"\nstart = 2026-01-01\nend = 2026-07-01',
    "unknown key in period": '[[period]]\nname = "H1"\ntype = "type-2"\nstart = 2026-01-01\nend = 2026-07-01\nopen = true',
    "day is a number": '[[period]]\nname = "H1"\ntype = "type-2"\nstart = 2026\nend = 2026-07-01',
    "periods are texts": 'period = ["H1"]',
    "parameters of no control": "[parameters]\nroot-mfa-enabled = 5",
    "parameter is empty": '[parameters.iam-access-key-rotation]\nmax_age_days = 60\nby = " "\nwhy = "b"',
    "list of the wrong kind": '[parameters.sg-admin-ports-closed]\nports = ["ssh"]\nby = "a"\nwhy = "b"',
    "exception of nothing": '[[exception]]\ncontrol = "sg-admin-ports-closed"\nresource = " "\nreason = "x"\napprover = "y"\nexpires = 2027-01-01',
    "unknown key in exception": '[[exception]]\ncontrol = "sg-admin-ports-closed"\nresource = "sg-1"\nreason = "x"\napprover = "y"\nexpires = 2027-01-01\nuntil = 1',
    "two keys": '[custody]\nsigning_key = "a"\nkms_key = "b"\nprincipal = "c"',
    "KMS key is no ARN": '[custody]\nkms_key = "alias/evidence"\nprincipal = "c"',
    "no principal": '[custody]\nsigning_key = "a"',
    "principal with a blank": '[custody]\nsigning_key = "a"\nprincipal = "Ann Lee"',
    "tsa is a text": '[custody]\ntsa = "http://tsa.example.com"',
    "tsa without name": '[custody]\ntsa = [{ url = "http://tsa.example.com" }]',
    "name of a tsa": '[custody]\ntsa = [{ name = "A B", url = "http://tsa.example.com" }]',
    "address of a tsa": '[custody]\ntsa = [{ name = "a", url = "tsa.example.com" }]',
    "two of one name": '[custody]\ntsa = [{ name = "a", url = "http://a.example.com" }, { name = "a", url = "http://b.example.com" }]',
    "unknown key in a tsa": '[custody]\ntsa = [{ name = "a", url = "http://a.example.com", ca = "x" }]',
    "unknown key in custody": '[custody]\nkey = "a"',
}


@pytest.mark.parametrize("what", SETTINGS)
def test_settings(with_locker, what):
    with_locker.config(HEAD + SETTINGS[what] + "\n")
    complains(with_locker.run("test"), USAGE, "exhibit.toml: ", lines=8)


# Pages of the firm's own: a page that is good, and what is replaced in it


PAGE = '''+++
id = "ours"
title = "Ours"
criteria = ["CC6.1"]
practices = []
type = "configuration"
severity = "low"
tables = ["iam_user"]
+++

## Control
Something.

## Test
Somehow.

## Notes
None.

```sql
SELECT account, region, arn AS resource, name, 'pass' AS verdict, 'seen' AS reason, source FROM iam_user
```
'''
QUERY = "FROM iam_user\n"
DAYS = '[parameters.days]\ndefault = 1\ndoc = "D."\n+++\n\n## Control'
FRONT = "+++\n\n## Control"

PAGES = {
    "title is empty": ('"Ours"', '" "'),
    "section is empty": ("Somehow.", ""),
    "section twice": ("## Notes\n", "## Test\nAgain.\n\n## Notes\n"),
    "id with capitals": ('"ours"', '"Ours"'),
    "no criterion": ('["CC6.1"]', "[]"),
    "unknown type": ('"configuration"', '"config"'),
    "table that is always there": ('["iam_user"]', '["iam_user", "gap"]'),
    "hint that is a table": ('["iam_user"]', '["iam_user"]\nhints = ["iam_user"]'),
    "table not read": ('["iam_user"]', '["iam_user", "iam_role"]'),
    "after nobody": ('["iam_user"]', '["iam_user"]\nafter = ["root-mfa-enable"]'),
    "after and no verdict read": ('["iam_user"]', '["iam_user"]\nafter = ["root-mfa-enabled"]'),
    "verdicts without after": (QUERY, "FROM iam_user WHERE EXISTS (SELECT 1 FROM control_verdict)\n"),
    "parameter not used": (FRONT, DAYS),
    "parameter without doc": (FRONT, DAYS.replace('"D."', '""')),
    "parameter without default": (FRONT, DAYS.replace("default = 1\n", "")),
    "parameter is a date": (FRONT, DAYS.replace("default = 1\n", "default = 2026-01-01\n")),
    "parameter of a reserved name": (FRONT, DAYS.replace("days", "as_of")),
    "default that is no choice": (FRONT, DAYS.replace("default = 1\n", 'default = "a"\nchoices = ["b"]\n')),
    "kind that does not fit": (FRONT, DAYS.replace("default = 1\n", 'default = 1\nkind = "string"\n')),
    "observe without": ('severity = "low"', 'severity = "low"\nobserve_without = "days"'),
    "tables for nothing": (FRONT, '[tables_for.days]\nx = ["iam_role"]\n' + FRONT),
    "tables for no choice": (FRONT, '[tables_for.who]\nx = ["iam_role"]\n[parameters.who]\ndefault = "a"\nchoices = ["a"]\ndoc = "D."\n' + FRONT),
    "name of a query": ('severity = "low"\ntables = ["iam_user"]\n', 'severity = "low"\nquery = "users.sql"\ntables = ["iam_user"]\n', "```sql"),
    "no shared query": ('severity = "low"\ntables = ["iam_user"]\n', 'severity = "low"\nquery = "users"\ntables = ["iam_user"]\n', "```sql"),
    "verdicts of a control not named": ('tables = ["iam_user"]', 'tables = ["iam_user"]\nafter = ["root-mfa-hardware"]', "FROM iam_user",
                                        "FROM iam_user WHERE EXISTS (SELECT 1 FROM control_verdict WHERE control = 'root-mfa-enabled')"),
    "after itself": ('tables = ["iam_user"]', 'tables = ["iam_user"]\nafter = ["ours"]', "FROM iam_user", "FROM iam_user WHERE EXISTS (SELECT 1 FROM control_verdict)"),
    "kind of fact": (FRONT, '[facts.Note]\ndoc = "D."\nsubject = "S."\nrequired = []\n' + FRONT),
    "fact without doc": (FRONT, '[facts.note]\ndoc = ""\nsubject = "S."\nrequired = []\n' + FRONT),
    "field of a reserved name": (FRONT, '[facts.note]\ndoc = "D."\nsubject = "S."\nrequired = ["account"]\n' + FRONT),
    "facts not read": (FRONT, '[facts.note]\ndoc = "D."\nsubject = "S."\nrequired = []\n' + FRONT),
    "records read": (QUERY, "FROM iam_user WHERE EXISTS (SELECT 1 FROM attachment)\n"),
    "query of another page": ('severity = "low"', 'severity = "low"\nquery = "users"'),
    "TOML in the text": ("Somehow.", "Somehow.\n\n```toml\na = 1\n```"),
    "now": (QUERY, "FROM iam_user WHERE created_at > date('now')\n"),
    "random": (QUERY, "FROM iam_user WHERE random() > 0\n"),
    "full join": (QUERY, "FROM iam_user FULL OUTER JOIN gap ON 1\n"),
    "placeholder": (QUERY, "FROM iam_user WHERE name = ?1\n"),
    "comment not closed": (QUERY, "FROM iam_user /*\n"),
    "schema": (QUERY, "FROM iam_user WHERE EXISTS (SELECT 1 FROM sqlite_schema)\n"),
    "pragma": (QUERY, "FROM iam_user WHERE EXISTS (SELECT cid FROM pragma_table_info('gap'))\n"),
}
# The query runs, and what it gives is no answer.
ANSWERS = {
    "twice": (QUERY, "FROM iam_user UNION ALL SELECT account, region, arn, name, 'pass', 'seen', source FROM iam_user\n"),
    "number for a name": ("'seen' AS reason", "5 AS reason"),
    "endless": (QUERY, "FROM iam_user WHERE (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n) > 0\n"),
}


def page(exhibit: Exhibit, *row: str) -> None:
    """The page with replacements: old, new, old, new … An old without a new is where the page ends."""
    text = PAGE
    for n in range(0, len(row), 2):
        assert text.count(row[n]) == 1, "the row replaces what is not there"
        text = text.replace(*row[n : n + 2]) if row[n + 1 :] else text.partition(row[n])[0]
    put(exhibit, {"pages/ours.md": text, "exhibit.toml": HEAD + 'controls_dir = "pages"\n'})


@pytest.mark.parametrize("what", PAGES)
def test_pages(with_locker, what):
    page(with_locker, *PAGES[what])
    complains(with_locker.run("test"), USAGE, "ours.md: ", lines=6)


@pytest.mark.parametrize("what", ANSWERS)
def test_answers_of_a_page(with_locker, what):
    page(with_locker, *ANSWERS[what])
    complains(with_locker.run("test", "--control", "ours"), FAILURE, "ours.md: ")


# A template of the firm's own that gives no binder


BINDERS = {
    "no element": "<p>x",
    "wrong end": "<p>x</h1>",
    "inside another": "<p><h1>x</h1></p>",
    "attribute": '<p colour="red">x</p>',
    "class": '<p class="huge">x</p>',
    "bare <": "<p>1 < 2</p>",
    "bare &": "<p>AT&T</p>",
    "text outside": "x",
    "id twice": '<h1 id="a">x</h1><h1 id="a">y</h1>',
    "points nowhere": '<p><a href="#nowhere">x</a></p>',
    "nested too deep": "<p>" + "<b>" * 200 + "x" + "</b>" * 200 + "</p>",
}


@pytest.mark.parametrize("what", BINDERS)
def test_binders(with_locker, what):
    put(with_locker, {"exhibit.toml": HEAD + 'templates_dir = "templates"\n', "templates/binder.html": BINDERS[what]})
    ran = with_locker.run("bind", "--format", "json")
    complains(ran, FAILURE, "binder")


# The command line, and the files that it names


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
CUSTODY = HEAD + '[custody]\nprincipal = "owner@acme"\nsigning_key = "key"\n'
KMS = HEAD + '[custody]\nprincipal = "owner@acme"\nkms_key = "arn:aws:kms:eu-central-1:111122223333:key/1234"\n'
RECORD = "--owner o --performed 2026-01-02 --period-from 2026-01-01 --period-to 2026-01-01 --performer p --reviewer r --statement s"
TEMPLATES = HEAD + 'templates_dir = "templates"\n'

COMMANDS: dict[str, tuple[str, dict[str, str | bytes]]] = {
    "key init: KMS": ("key init", {"exhibit.toml": KMS}),
    "key init: other file": ("key init other", {"exhibit.toml": CUSTODY}),
    "key init: none configured": ("key init", {"exhibit.toml": HEAD}),
    "key init: public key is there": ("key init", {"exhibit.toml": CUSTODY, "key.pub": KEY}),
    "key add: none configured": ("key add", {"exhibit.toml": HEAD}),
    "key add: not there": ("key add nobody.pub --principal a", {}),
    "key add: no key": ("key add key.pub --principal a", {"key.pub": "ssh-ed25519 AAAA"}),
    "key add: no text": ("key add key.pub --principal a", {"key.pub": b"\xff\xfe"}),
    "key add: RSA": ("key add key.pub --principal a", {"key.pub": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAwEAAQ=="}),
    "key add: no principal": ("key add key.pub", {"key.pub": KEY}),
    "key add: principal with a blank": ("key add key.pub --principal 'Ann Lee'", {"key.pub": KEY}),
    "key add: configured one is not there": ("key add", {"exhibit.toml": CUSTODY}),
    "key add: configured one is open to all": ("key add", {"exhibit.toml": CUSTODY, "key": "x"}),
    "key add: configured one is no key": ("key add", {"exhibit.toml": CUSTODY.replace('"key"', '"secret/key"'), "secret/key": "x"}),
    "key revoke: no reason": ("key revoke SHA256:x --reason ' '", {}),
    "key list: no locker": ("key list --locker nowhere", {}),
    "attach: facts no text": (f"attach root-password-vaulted {RECORD} --facts facts.toml", {"facts.toml": b"\xff\xfe"}),
    "attach: facts nobody takes": (f"attach ours file {RECORD} --facts facts.toml",
                                   {"file": "x", "facts.toml": "[[a]]\nsubject = 'A'", "exhibit.toml": HEAD + 'controls_dir = "pages"\n',
                                    "pages/ours.md": PAGE.replace('"configuration"', '"configuration + manual"')}),
    "attach: subject is empty": (f"attach root-password-vaulted file {RECORD} --facts facts.toml", {"file": "x", "facts.toml": "[[vault]]\nsubject = ' '"}),
    "attach: account of a fact": (f"attach root-password-vaulted file {RECORD} --facts facts.toml",
                                  {"file": "x", "facts.toml": "[[vault]]\nsubject = 'a'\naccount = '12'\nproduct = 'b'"}),
    "attach: title is empty": (f"attach root-password-vaulted file {RECORD} --title ' '", {"file": "x"}),
    "attach: source is empty": (f"attach root-password-vaulted file {RECORD} --source-system ''", {"file": "x"}),
    "attach: comment is empty": (f"attach root-password-vaulted file {RECORD} --comment ''", {"file": "x"}),
    "attach: below a file": (f"attach root-password-vaulted file/below {RECORD}", {"file": "x"}),
    "review: no locker": ("review root-password-vaulted --reviewer r --comment c --locker nowhere", {}),
    "review: no period": ("review --period H1 --reviewer r --comment c", {"exhibit.toml": HEAD}),
    "test: no period": ("test --period H1", {"exhibit.toml": HEAD}),
    "test: locker with --config not there": ("test --config below/exhibit.toml", {}),
    "verify: signers not there": ("verify --signers nobody", {}),
    "verify: signers no text": ("verify --signers signers", {"signers": b"\xff\xfe"}),
    "verify: signers without key": ("verify --signers signers", {"signers": "# who\nann@acme\n"}),
    "verify: signers with an unknown option": ("verify --signers signers", {"signers": f'ann@acme color="red" {KEY}\n'}),
    "verify: signers with a bad date": ("verify --signers signers", {"signers": f'ann@acme valid-after="soon" {KEY}\n'}),
    "verify: signers with an open quote": ("verify --signers signers", {"signers": f'ann@acme namespaces="git {KEY}\n'}),
    "verify: signers with a bad key": ("verify --signers signers", {"signers": "ann@acme ssh-ed25519 AAAA\n"}),
    "verify: signers with an authority": ("verify --signers signers", {"signers": f"ann@acme cert-authority {KEY}\n"}),
    "verify: roots not there": ("verify --tsa-ca nobody.pem", {}),
    "verify: roots no PEM": ("verify --tsa-ca ca.pem", {"ca.pem": "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"}),
    "verify: checkpoint not there": ("verify --checkpoint nobody", {}),
    "diff: neither": ("diff nothing", {}),
    "controls: criterion": ("controls --criterion CC66.1", {}),
    "controls: practice": ("controls --practice XX-1", {}),
    "controls: type": ("controls --type config", {}),
    "controls show: unknown": ("controls show root-mfa-enable", {}),
    "controls new: id": ("controls new Ours", {}),
    "controls new: taken": ("controls new root-mfa-enabled", {}),
    "controls new: no folder": ("controls new ours", {"exhibit.toml": HEAD}),
    "bind: one control": ("bind --control root-mfa-enabled", {}),
    "bind: against nothing": ("bind --against nothing", {}),
    "bind: no templates": ("bind", {"exhibit.toml": TEMPLATES}),
    "bind: template of no name": ("bind", {"exhibit.toml": TEMPLATES, "templates/mine.html": "x"}),
    "bind: template with a fault": ("bind", {"exhibit.toml": TEMPLATES, "templates/index.html": "<p>\n{{ organization"}),
    "bind: template of what is not there": ("bind", {"exhibit.toml": TEMPLATES, "templates/index.html": "<p>\n{{ nothing.at_all }}"}),
    "bind: templates that are no text": ("bind", {"exhibit.toml": TEMPLATES, "templates/index.html": b"\xff\xfe"}),
    "bind: binder of other elements": ("bind", {"exhibit.toml": TEMPLATES, "templates/binder.html": "<p>\n<blink>x</blink>"}),
    "reperform: no locker": ("reperform nowhere", {}),
    "reperform: no zip": ("reperform file", {"file": "text"}),
    "reperform: two folders": ("reperform bundle.zip", {"bundle.zip": reseal.zipped({"a/data/x": b"x", "b/data/x": b"x"})}),
    "reperform: no log": ("reperform bundle.zip", {"bundle.zip": reseal.zipped({"a/data/x": b"x"})}),
    "reperform: no snapshot": ("reperform --snapshot 2020", {}),
    "reperform --live: no snapshot": ("reperform --live --snapshot 2020", {}),
    "reconcile: no snapshot": ("reconcile --snapshot 2020", {}),
    "reconcile: no period": ("reconcile --period H1", {"exhibit.toml": HEAD}),
    "reconcile: no file": ("reconcile --cloudtrail nowhere.json", {}),
    "reconcile: no key": ("reconcile --cloudtrail logs --public-key key.pem", {"logs/x.json": '{"Records":[]}', "key.pem": "x"}),
    "reconcile: no such key": ("reconcile --cloudtrail logs --public-key key.pem", {"logs/x.json": '{"Records":[]}'}),
    "reconcile: one name, two files": ("reconcile --cloudtrail a --cloudtrail b", {"a/x.json": '{"Records":[]}', "b/x.json": '{"Records":[ ]}'}),
    "policy: unknown control": ("policy --control root-mfa-enable", {}),
    "demo: no place": ("demo --out /proc/none", {}),
}


@pytest.mark.parametrize("what", COMMANDS)
def test_commands(with_locker, what):
    command, files = COMMANDS[what]
    put(with_locker, files)
    if (with_locker.folder / "secret").exists():
        (with_locker.folder / "secret/key").chmod(0o600)
    before = len(with_locker.log())
    ran = with_locker.run(*shlex.split(command))
    complains(ran, ran.code, lines=8)
    assert ran.code in (USAGE, FAILURE, TAMPERED) and len(with_locker.log()) == before


@pytest.mark.parametrize("command", ["test --period a --snapshot b", "verify --principal a", "reconcile --public-key a", "reperform --sample 5", "reperform --live --sample 0",
                                     "key", "key revoke SHA256:x", "controls show", "diff a b c", "review x", "test --color blue"])
def test_usage(exhibit, command):
    says(exhibit.run(*command.split()), USAGE, "sage: " if command == "key" else "error: ")


# What takes more than files


def test_an_attachment_that_is_too_large(with_locker):
    with open(with_locker.folder / "large", "wb") as file:
        file.truncate((256 << 20) + 1)
    complains(with_locker.run("attach", "root-password-vaulted", "large", *RECORD.split()), USAGE, "256 MiB")


def test_a_key_that_is_logged_already(with_locker):
    put(with_locker, {"key.pub": KEY})
    assert with_locker.run("key", "add", "key.pub", "--principal", "a").code == OK
    complains(with_locker.run("key", "add", "key.pub", "--principal", "a"), USAGE, "in the log already")


def test_a_key_with_a_passphrase(with_locker):
    with_locker.config(CUSTODY)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret words", "-f", with_locker.folder / "key"], check=True)
    complains(with_locker.run("key", "add"), USAGE, "encrypted")


def test_a_key_file_that_is_a_folder(with_locker):
    with_locker.config(CUSTODY)
    (with_locker.folder / "key").mkdir(mode=0o700)
    complains(with_locker.run("key", "add"), USAGE, "key")


def test_a_key_where_no_folder_can_be_made(with_locker):
    with_locker.config(CUSTODY.replace('"key"', '"/proc/none/key"'))
    complains(with_locker.run("key", "init"), FAILURE, "/proc/none")


def test_the_beginning_of_two_snapshots(with_locker):
    with_locker.collect(*QUICK)
    complains(with_locker.run("test", "--snapshot", "2"), USAGE, "2 snapshots")


def test_a_snapshot_alone_is_not_signed(with_locker):
    put(with_locker, {"signers": f"ann@acme {KEY}\n"})
    complains(with_locker.run("verify", with_locker.snapshots()[0], "--signers", "signers"), USAGE, "a snapshot alone")


def test_a_first_page_makes_its_folder(with_locker):
    put(with_locker, {"exhibit.toml": HEAD + 'controls_dir = "pages"\n'})
    assert with_locker.run("controls", "new", "ours").code == OK
    assert "ours" in with_locker.test("--control", "ours")


def test_a_page_that_is_there_already(with_locker):
    put(with_locker, {"exhibit.toml": HEAD + 'controls_dir = "pages"\n'})
    (with_locker.folder / "pages/ours.md").mkdir(parents=True)  # a file would be a page, and refused before
    complains(with_locker.run("controls", "new", "ours"), USAGE, "exists already")


def test_a_key_that_was_not_logged(with_locker):
    with_locker.config(CUSTODY)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", with_locker.folder / "key"], check=True)
    says(with_locker.run("collect", *QUICK), FAILURE, "NOT SIGNED")


def test_two_queries_of_one_name(with_locker):
    first = sorted((ROOT / "controls/pages/shared").glob("*.sql"))[0].name
    put(with_locker, {"exhibit.toml": HEAD + 'controls_dir = "pages"\n', "pages/ours.md": PAGE, f"pages/shared/{first}": "SELECT 1"})
    complains(with_locker.run("test"), USAGE, first, varies={first.removesuffix(".sql"): "<query>"})


def test_a_role_that_may_not_be_taken(with_locker, faults):
    with_locker.config(HEAD + '[scope]\naccounts = [{ id = "111122223333", role_arn = "arn:aws:iam::111122223333:role/x" }]\n')
    with faults("sts:AssumeRole=403"):
        ran = with_locker.run("collect", *QUICK, AWS_MAX_ATTEMPTS="1")
    complains(ran, ran.code, "arn:aws:iam::111122223333:role/x", "sts:AssumeRole")


# Damage that only whoever knows the format can do


def entry(number: int, **changes):
    """Entry of this number, written anew as exhibit would, and nothing else."""

    def damage(locker: pathlib.Path) -> None:
        path = locker / f"log/{number:09}.json"
        changed = json.loads(path.read_text()) | changes
        path.write_text(json.dumps(changed, sort_keys=True, separators=(",", ":")) + "\n")

    return damage


def resealed(**body):
    """The snapshot's entry with another body, and a log that has always said so."""

    def damage(locker: pathlib.Path) -> None:
        def change(entries: list[dict]) -> list[dict]:
            snapshot, = (e for e in entries if e["type"] == "snapshot")
            snapshot["body"] = {name: value for name, value in (snapshot["body"] | body).items() if value is not None}
            return entries

        reseal.log(locker, change)

    return damage


def described(**changes):
    def damage(locker: pathlib.Path) -> None:
        path = locker / "locker.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes, sort_keys=True, separators=(",", ":")) + "\n")

    return damage


DAMAGE = {
    "number": entry(2, seq=3),
    "previous": entry(3, prev="0" * 64),
    "version": entry(2, v=9),
    "time": entry(2, at="yesterday"),
    "type": entry(2, type="party"),
    "key": entry(2, more=1),
    "fraction": entry(2, body={"a": 1.5}),
    "last entry": lambda locker: sorted((locker / "log").glob("*.json"))[-1].write_bytes(b"{}\n"),
    "not canonical": lambda locker: (locker / "log/000000002.json").write_text((locker / "log/000000002.json").read_text().replace(":", ": ", 1)),
    "two lines": lambda locker: (locker / "log/000000002.json").write_text((locker / "log/000000002.json").read_text() * 2),
    "no log": lambda locker: [path.unlink() for path in (locker / "log").iterdir()],
    "first entry missing": lambda locker: (locker / "log/000000001.json").unlink(),
    "checkpoint": lambda locker: [path.write_text("x\n") for path in (locker / "checkpoints").iterdir()],
    "locker.json: format": described(format="photos/1"),
    "locker.json: key": described(more=1),
    "locker.json: not canonical": lambda locker: (locker / "locker.json").write_text((locker / "locker.json").read_text().replace(":", ": ", 1)),
    "locker.json: no text": lambda locker: (locker / "locker.json").write_bytes(b"\xff\xfe\n"),
    "snapshot without a run": resealed(run=None),
    "snapshot without a digest": resealed(sha256="x"),
    "snapshot elsewhere": resealed(file="../outside.zip"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage(with_locker, what):
    for path in with_locker.locker.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    DAMAGE[what](with_locker.locker)
    complains(with_locker.run("test"), TAMPERED, "exhibit verify")

