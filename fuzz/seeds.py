"""Makes the first inputs of the fuzz targets, and fixtures/, with Python, openssl and ssh-keygen alone.

Run in this folder. fixtures/ is kept: the tokens in it are what the target `token` takes as genuine.
"""

import base64, hashlib, io, json, os, pathlib, struct, subprocess, tempfile, zipfile

HERE = pathlib.Path(__file__).parent
DATA = b"exhibit/acme/01234567\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n"


def seed(target, name, content):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def archive(files):
    """A zip as exhibit writes it, up to the digest in its comment, which the target adds."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zipped:
        for name, content in files:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.create_system = 0o100644 << 16, 3
            info.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(info, content)
    return made.getvalue()[:-2] + struct.pack("<H", 71)


def archives():
    seed("archive", "empty", archive([]))
    seed("archive", "one", archive([("a.txt", b"hello")]))
    seed("archive", "folders", archive([("top/bagit.txt", b"BagIt-Version: 1.0\n"), ("top/data/a/b.json", b"{}" * 40), ("top/z", b"")]))
    seed("archive", "twins", archive([("a", b"1"), ("A", b"2"), ("a/b", b"3")]))


def signatures():
    with tempfile.TemporaryDirectory() as folder:
        run = lambda *words, **more: subprocess.run(words, cwd=folder, check=True, capture_output=True, **more).stdout
        for kind, bits in (("ed25519", "256"), ("ecdsa", "256")):
            run("ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", "", "-C", "owner@acme", "-f", kind)
            public = pathlib.Path(folder, kind + ".pub").read_text().split()
            signed = run("ssh-keygen", "-q", "-Y", "sign", "-f", kind, "-n", "evidence-checkpoint@exhibit.v1", input=DATA)
            blob = base64.b64decode(b"".join(l for l in signed.splitlines() if not l.startswith(b"-")))
            seed("signature", f"text-{kind}", b"\0" + signed)
            seed("signature", f"blob-{kind}", b"\1" + blob)
            line = f'owner@acme,*@b.example namespaces="evidence-*@exhibit.v1",valid-after="20250101",valid-before="20260101120000Z" {public[0]} {public[1]} x\n'
            seed("signature", f"list-{kind}", b"\3# signers\n" + line.encode())
            seed("signature", f"line-{kind}", b"\4" + " ".join(public).encode())
            seed("signature", f"key-{kind}", b"\4" + base64.b64decode(public[1]))
    seed("signature", "genuine", bytes([2, 0, 0]))
    seed("signature", "spliced", bytes([2, 40, 4, 0, 0, 0, 5]))


def lines():
    genesis = {"at": "2025-06-30T00:00:00Z", "body": {"organization": "Acme"}, "prev": "0" * 64, "seq": 1, "type": "genesis", "v": 1}
    spell = lambda value: json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    seed("log_line", "genesis", spell(genesis))
    seed("log_line", "run-open", spell(genesis | {"type": "run-open", "seq": 2, "body": {"run": "20250630T000000Z-1a2b3c4d", "plan": {"sources": []}}}))
    exchange = {
        "access_key_id": "AKIAEXAMPLE", "account": "111122223333", "attempt": 1, "aws_date": "Mon, 30 Jun 2025 00:00:00 GMT",
        "body": "bodies/000001.iam.ListUsers.xml", "body_len": 0, "body_sha256": hashlib.sha256().hexdigest(),
        "endpoint": "https://iam.amazonaws.com/", "headers": {"content-type": "text/xml"}, "i": 1, "invocation": "x",
        "method": "POST", "operation": "ListUsers", "outcome": "response", "params": {"MaxItems": "100"},
        "recv_at": "2025-06-30T00:00:00Z", "region": "us-east-1", "request_id": "r", "rtt_ns": 1, "sent_at": "2025-06-30T00:00:00Z",
        "service": "iam", "signed_region": "us-east-1", "status": 200, "transport_error": None,
    }
    seed("log_line", "exchange", spell(exchange))
    seed("canonical", "object", spell({"a": [1, -9007199254740991, None, True, "é\n\u202e\\"], "b": {"c.d-e_f": {}}}))
    seed("canonical", "loose", b'{ "b": 1.0, "a": "\\u0041", "a": 1e3 }')
    seed("checkpoint", "log", b"\n".join(spell(genesis | {"seq": n}) for n in range(1, 8)))


def answers():
    seed("redaction", "variables", b"\0" + b'{"item":[{"variables":{"key":"value \\u00e9"}}],"n":1.5e3}')
    seed("redaction", "properties", b"\1<?xml version='1.0'?><a><!-- x --><ResourceProperties>{}</ResourceProperties><b c='>'/><![CDATA[d]]></a>")
    seed("redaction", "event", b"\3" + json.dumps({"Events": [{"CloudTrailEvent": json.dumps({"a": {"sessionToken": "x"}})}]}).encode())
    seed("redaction", "endpoint", b"\x10<a><Endpoint>https://u:p@h.example/x?y</Endpoint></a>")
    seed("scan", "names", b'{"password":"Corr3ctHorse","clientSecret":"x","token": "ghp_"} AKIAIOSFODNN7EXAMPLE -----BEGIN ')


def tokens():
    with tempfile.TemporaryDirectory() as folder:
        run = lambda command: subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
        write = lambda name, text: pathlib.Path(folder, name).write_bytes(text if isinstance(text, bytes) else text.encode())
        write("data", DATA)
        write("root.cnf", "[req]\ndistinguished_name=d\nprompt=no\nx509_extensions=e\n[d]\nCN=fuzz root\n[e]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n")
        run("openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config root.cnf -days 20000 -keyout root.key -out root.pem")
        for kind, key in (("p256", "ec -pkeyopt ec_paramgen_curve:P-256"), ("rsa", "rsa:2048")):
            write("tsa.cnf", "[req]\ndistinguished_name=d\nprompt=no\n[d]\nCN=fuzz tsa\n[e]\nextendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash\n"
                  "[tsa]\ndefault_tsa=it\n[it]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\nsigner_digest=sha256\ndefault_policy=1.2.3.4.1\ndigests=sha256\naccuracy=secs:1\ntsa_name=yes\n")
            write("serial", "0A")
            run(f"openssl req -new -newkey {key} -nodes -config tsa.cnf -keyout tsa.key -out tsa.csr")
            run("openssl x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -days 20000 -extfile tsa.cnf -extensions e -out tsa.pem")
            run("openssl ts -query -data data -sha256 -cert -out query.tsq")
            run("openssl ts -reply -config tsa.cnf -queryfile query.tsq -out reply.tsr")
            run("openssl ts -reply -in reply.tsr -token_out -out token.der")
            reply = pathlib.Path(folder, "reply.tsr").read_bytes()
            (HERE / "fixtures" / f"{kind}.tsr").write_bytes(reply)
            seed("token", f"{kind}.tsr", reply)
            seed("token", f"{kind}.token", pathlib.Path(folder, "token.der").read_bytes())
        (HERE / "fixtures" / "root.pem").write_bytes(pathlib.Path(folder, "root.pem").read_bytes())
    seed("token", "refused", bytes.fromhex("300a3008020102300006000301ff"))


if __name__ == "__main__":
    os.makedirs(HERE / "fixtures", exist_ok=True)
    archives()
    signatures()
    lines()
    answers()
    tokens()
