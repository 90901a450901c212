"""Checks an unzipped exhibit bundle with Python 3.8 or newer, and nothing else.

    python3 verify_exhibit.py [FOLDER [EARLIER.checkpoint ...]]

FOLDER is the bundle's top folder; by default the one in which this file lies. The other files are
checkpoints of the same locker that you were given earlier: the log must still begin with what they
stand for. One line per check; exit code 0 if all passed, 1 if not. Nothing is written.
"""
import sys
if not sys.flags.isolated:
    del sys.path[0]  # a json.py in the bundle must not stand in for Python's own
import base64, calendar, hashlib, json, os, pathlib, re, stat, time

TOP = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
TAGS, CHECKPOINTS, EVIDENCE = "tagmanifest-sha256.txt", "data/log/checkpoints/", "data/evidence/"
ATTACHMENTS, CLOUDTRAIL = "data/attachments/", "data/cloudtrail/"
NAME = r"(?:[A-Za-z0-9._-]*[A-Za-z0-9_-]/)*[A-Za-z0-9._-]*[A-Za-z0-9_-]"  # plain; no part ends in a dot
VOUCHER = r"(\.[a-z0-9-]+)?\.(sig|tsr)"  # signatures and time stamps are for ssh-keygen and openssl
RUNS = ("run-open", "snapshot", "run-abort")
CHECKED = RUNS + ("manual-evidence", "review", "key-add", "key-revoke", "reconcile")
LATEST, SKEW = 600, 120  # seconds that a time stamp may be after, or before, what it covers
files, entries, texts, failed = {}, [], [], []  # what the checks find out

def check(title, faults):
    """Prints the outcome of one check, and the first of its faults."""
    found = []
    try:
        found.extend(faults)
    except Exception as e:  # what cannot be read or parsed fails its check
        found.append("%s: %s" % (type(e).__name__, e))
    failed.extend([title] if found else [])
    print(("FAIL  " if found else "PASS  ") + ascii(title)[1:-1])
    for fault in found[:20] + ["and %d more" % (len(found) - 20)] * (len(found) > 20):
        print("      " + ascii(fault)[1:-1])

sha256 = lambda data: hashlib.sha256(data).hexdigest()
read = lambda path: pathlib.Path(TOP, path).read_bytes()
is_payload = lambda path: path.startswith("data/")
is_tag = lambda path: not is_payload(path) and not re.fullmatch(re.escape(TAGS) + "(" + VOUCHER + ")?", path)

def tree(folder=""):
    """Takes down digest, size and number of lines of every file. Links are not followed."""
    for item in os.scandir(os.path.join(TOP, folder)):
        path, info = folder + item.name, item.stat(follow_symlinks=False)
        is_link = getattr(info, "st_reparse_tag", 0) in (0xA0000003, 0xA000000C)  # Windows: junction, symbolic link
        if stat.S_ISDIR(info.st_mode) and not is_link:
            yield from tree(path + "/")
        elif not stat.S_ISREG(info.st_mode) or is_link:
            yield path + " is a link, or no plain file"
        else:
            data = read(path)
            files[path] = (sha256(data), len(data), data.count(b"\n"))

def manifest(name, is_about):
    """Every file that the manifest is about is in it, once and with its digest, and nothing else."""
    listed = {}
    for line in read(name).decode("ascii").split("\n")[:-1]:
        if not re.fullmatch("[0-9a-f]{64}  " + NAME, line) or not is_about(line[66:]) or line[66:] in listed:
            yield "no line of this manifest: " + line
        listed[line[66:]] = line[:64]
    for path in sorted(set(listed) | set(filter(is_about, files))):
        if path not in files or path not in listed:
            yield path + (" was added" if path in files else " is missing")
        elif files[path][0] != listed[path]:
            yield path + " was changed"

def log():
    """Each line names the SHA-256 of the line before it; every run that was opened was closed."""
    *lines, rest = read("data/log/log.jsonl").split(b"\n")
    yield from ["the last line is cut"] if rest else []
    prev, before, running = "0" * 64, "", set()
    for n, line in enumerate(lines, 1):
        entry = json.loads(line)
        if json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() != line:
            yield "line %d is not in canonical form" % n
        if (entry["v"], entry["seq"], entry["prev"]) != (1, n, prev) or entry["at"] < before:
            yield "line %d does not follow the line before it" % n
        if entry["type"] in RUNS:
            (running.add if entry["type"] == "run-open" else running.discard)(entry["body"]["run"])
        prev, before = sha256(line), entry["at"]
        entries.append(entry)
    yield from ("run %s was opened and never closed" % run for run in sorted(running))
    me, genesis = json.loads(read("data/locker.json")), sha256(lines[0])
    if me["genesis"] != genesis or not re.fullmatch("exhibit/[a-z0-9-]+/" + genesis[:8], me["origin"]):
        yield "data/locker.json does not fit line 1"
    texts.extend(roots(me["origin"], lines))

def roots(origin, lines):
    """The checkpoint after each line: origin, number of lines and tree root (RFC 6962, 2.1)."""
    stack = []  # roots of the full trees, the largest first
    for n, line in enumerate(lines, 1):
        node, rest = hashlib.sha256(b"\0" + line).digest(), n
        while rest % 2 == 0:
            node, rest = hashlib.sha256(b"\1" + stack.pop() + node).digest(), rest // 2
        stack.append(node)
        for left in stack[-2::-1]:
            node = hashlib.sha256(b"\1" + left + node).digest()
        yield "%s\n%d\n%s\n" % (origin, n, base64.b64encode(node).decode())

def checkpoints():
    due = {e["seq"] for e in entries[:-1] if e["type"] in CHECKED}
    for path in sorted(p for p in files if p.startswith(CHECKPOINTS)):
        match = re.fullmatch(CHECKPOINTS + r"([0-9]{9})\.checkpoint(" + VOUCHER + ")?", path)
        if not match or not 0 < int(match[1]) <= len(texts):
            yield path + " is about no line of the log"
        elif not match[2]:
            due.discard(int(match[1]))
            if read(path) != texts[int(match[1]) - 1].encode():
                yield path + " does not fit the log"
    yield from ("%s%09d.checkpoint is missing" % (CHECKPOINTS, n) for n in sorted(due))

def vouchers():
    """The log names what vouches for its checkpoints, and a time stamp is of when the newest entry was made.

    Whose signatures and time stamps they are, ssh-keygen and openssl tell: see VERIFY.sh.
    """
    named, excused, last = set(), set(), None
    for entry in entries:
        body = entry["body"]
        if entry["type"] == "run-open" and body.get("previous_token") != last:
            yield "line %d does not name the time stamp before it" % entry["seq"]
        if entry["type"] == "timestamp-failed":  # said at the time, by which a later one is no surprise
            excused.add((body["checkpoint"], body["tsa"]))
        if entry["type"] != "timestamped":
            continue
        for voucher in [v for v in [body["signature"]] if v] + body["tokens"]:
            path = CHECKPOINTS + voucher["file"]
            named.add(path)
            if path not in files or files[path][0] != voucher["sha256"]:
                yield path + " is missing, or not as the log names it"
            elif "tsa" in voucher:
                # genTime is the first of its kind in a token.
                made = calendar.timegm(time.strptime(re.search(rb"\x18[\x0f-\x1f](\d{14})", read(path))[1].decode(), "%Y%m%d%H%M%S"))
                late = made - calendar.timegm(time.strptime(entries[body["checkpoint"] - 1]["at"], "%Y-%m-%dT%H:%M:%SZ"))
                if late < -SKEW or (late > LATEST and (body["checkpoint"], voucher["tsa"]) not in excused):
                    yield "%s is of %d seconds after the newest entry that it covers" % (path, late)
            last = voucher["sha256"] if "tsa" in voucher else last
    yield from (p + " is not named by the log" for p in sorted(files) if re.fullmatch(CHECKPOINTS + ".*" + VOUCHER, p) and p not in named)

def earlier(file):
    given = pathlib.Path(file).read_text("utf-8").splitlines()[:3]
    if given not in [text.splitlines() for text in texts]:
        yield "the log (%d lines) does not begin with the %s lines that this stands for" % (len(texts), given[1])

def snapshot(folder, sealed):
    """The log vouches for snapshot.json, that for the lists, and these for the bodies."""
    if not sealed or files.get(folder + "snapshot.json", [0])[0] != sealed["snapshot_json_sha256"]:
        yield "snapshot.json is not the one in the log"
        return
    meta, known = json.loads(read(folder + "snapshot.json")), {}
    lists = {"records/%s.jsonl" % table: says for table, says in meta["records"].items()}
    for name, says in {"exchanges.jsonl": meta["exchanges"], "gaps.jsonl": meta["gaps"], **lists}.items():
        known[folder + name] = (says["sha256"], None, says["count"])
    for exchange in map(json.loads, read(folder + "exchanges.jsonl").splitlines()):
        if exchange["body"]:
            known[folder + exchange["body"]] = (exchange["body_sha256"], exchange["body_len"], None)
    for path, says in known.items():
        if path not in files or any(s not in (None, f) for s, f in zip(says, files[path])):
            yield path + " is missing, or not as written down"
    beside = re.escape(folder) + r"(snapshot\.json|evidence\.db|tests/[^/]+\.sql)"
    unknown = (p for p in files if p.startswith(folder) and p not in known and not re.fullmatch(beside, p))
    yield from (path + " is not part of the snapshot" for path in unknown)

def attachments():
    """The log names every supplied file by its SHA-256."""
    named = {}
    for entry in entries:
        if entry["type"] == "manual-evidence":
            supplied = entry["body"]["files"] + [f for f in [entry["body"]["facts_file"]] if f]
            named.update({"A%d/%d" % (entry["seq"], n): f["sha256"] for n, f in enumerate(supplied, 1)})
    there = {p[len(ATTACHMENTS):].rpartition(".")[0]: p for p in files if p.startswith(ATTACHMENTS)}
    yield from (p + " is not as the log names it" for k, p in sorted(there.items()) if files[p][0] != named.get(k))
    begun = {k.split("/")[0] for k in there}
    yield from (ATTACHMENTS + k + " is missing" for k in sorted(named) if k.split("/")[0] in begun and k not in there)

def between():
    """A bundle has one run, or all whole runs of its period: none between two that are here is left out."""
    whole = [run for run, body in sealed.items() if body["status"] == "complete"]
    here = [n for n, run in enumerate(whole) if run in held]
    yield from ("run %s is missing" % run for run in whole[min(here, default=0) : max(here, default=0)] if run not in held)

def cloudtrail():
    """The log names the result of every reconciliation by its SHA-256."""
    named = {"%s%d.json" % (CLOUDTRAIL, e["seq"]): e["body"]["sha256"] for e in entries if e["type"] == "reconcile"}
    there = (p for p in sorted(files) if p.startswith(CLOUDTRAIL) and p != CLOUDTRAIL + "reconcile.csv")
    yield from (p + " is not as the log names it" for p in there if files[p][0] != named.get(p))

check("folder %s: plain files, no links" % TOP, tree())
check("manifest-sha256.txt: no file in data/ changed, missing or added", manifest("manifest-sha256.txt", is_payload))
check(TAGS + ": the same for all other files", manifest(TAGS, is_tag))
check("log: each line follows from the one before", log())
check("checkpoints: each stands for the log up to it", checkpoints())
check("signatures and time stamps: as the log names them, and of the right time", vouchers())
for file in sys.argv[2:]:
    check("earlier checkpoint %s: the log still begins so" % file, earlier(file))
if any(p.startswith(ATTACHMENTS) for p in files):
    check("attachments: every file is one that the log names", attachments())
if any(p.startswith(CLOUDTRAIL) for p in files):
    check("cloudtrail: every result is one that the log names", cloudtrail())
sealed = {e["body"]["run"]: e["body"] for e in entries if e["type"] == "snapshot"}
held = sorted({p.split("/")[2] for p in files if p.startswith(EVIDENCE)})
if held:
    check("log: every run between the first and the last here is here", between())
for run in held:
    check("snapshot %s: every list and body is as sealed" % run, snapshot(EVIDENCE + run + "/", sealed.get(run)))
print("NOTE  %d of %d snapshots in the log are in this bundle" % (len(set(held) & set(sealed)), len(sealed)))
print("NOTE  only a checkpoint that you were given earlier, or by another way, rules out that all was made anew;")
print("      the newest is: " + ascii(" ".join(texts[-1].split()) if texts else "none")[1:-1])
print("NOTE  SHA-256 of %s, to compare: %s" % (TAGS, files.get(TAGS, ["none"])[0]))
print("FAIL  %d checks failed" % len(failed) if failed else "PASS  all checks passed")
sys.exit(bool(failed))
