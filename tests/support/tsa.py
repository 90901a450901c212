"""A time-stamp authority for tests: `openssl ts` behind HTTP, with a root made on the fly."""

from __future__ import annotations

import contextlib
import http.server
import pathlib
import re
import subprocess
import threading

CONFIG = """
[tsa]
default_tsa = tsa1
[tsa1]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/ca.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
tsa_name = yes
"""


def openssl(*arguments: str, data: bytes | None = None, cwd=None) -> bytes:
    return subprocess.run(["openssl", *map(str, arguments)], input=data, cwd=cwd, check=True, capture_output=True).stdout


class Authority:
    """A root, a time-stamp certificate below it, and answers to queries. `down` makes it refuse."""

    def __init__(self, folder: pathlib.Path, name: str = "test"):
        folder.mkdir(parents=True)
        self.folder, self.name, self.down, self.asked = folder, name, False, 0
        self._lock = threading.Lock()
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/O=Test/CN={name} root",
                "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/O=Test/CN={name} time stamps",
                "-keyout", folder / "tsa.key", "-out", folder / "tsa.csr")
        (folder / "extensions").write_text("basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n")
        openssl("x509", "-req", "-in", folder / "tsa.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial", "-days", "20",
                "-extfile", folder / "extensions", "-out", folder / "tsa.pem")
        (folder / "serial").write_text("01\n")
        (folder / "openssl.cnf").write_text(CONFIG.format(folder=folder))

    @property
    def ca(self) -> pathlib.Path:
        return self.folder / "ca.pem"

    def answer(self, query: bytes) -> bytes:
        with self._lock:
            (self.folder / "query.tsq").write_bytes(query)
            return openssl("ts", "-reply", "-config", self.folder / "openssl.cnf", "-queryfile", self.folder / "query.tsq")

    def stamp(self, data: bytes) -> bytes:
        """A response for the data, as an honest owner would get it now."""
        (self.folder / "data").write_bytes(data)
        return self.answer(openssl("ts", "-query", "-data", self.folder / "data", "-sha256", "-cert"))

    @contextlib.contextmanager
    def serve(self):
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                authority.asked += 1
                query = self.rfile.read(int(self.headers["content-length"]))
                if authority.down or self.headers["content-type"] != "application/timestamp-query" or self.path != "/tsr":
                    self.send_error(503)
                    return
                answer = authority.answer(query)
                self.send_response(200)
                self.send_header("content-type", "application/timestamp-reply")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/tsr"
        finally:
            server.shutdown()
            server.server_close()


def verifies(data: pathlib.Path, token: pathlib.Path, ca: pathlib.Path) -> bool:
    """By `openssl ts -verify` itself."""
    ran = subprocess.run(["openssl", "ts", "-verify", "-data", str(data), "-in", str(token), "-CAfile", str(ca)], capture_output=True, text=True)
    return ran.returncode == 0 and "Verification: OK" in ran.stdout + ran.stderr


def time_of(token: pathlib.Path) -> str:
    """As `openssl ts -reply -text` prints it."""
    return re.search(r"Time stamp: (.*)", openssl("ts", "-reply", "-in", token, "-text").decode())[1]


def signed(data: pathlib.Path, signature: pathlib.Path, signers: pathlib.Path, who: str, namespace: str, when: str | None = None) -> bool:
    """By `ssh-keygen -Y verify` itself."""
    options = ["-O", f"verify-time={when}"] if when else []
    with data.open("rb") as text:
        ran = subprocess.run(["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", who, "-n", namespace, "-s", str(signature), *options], stdin=text,
                             capture_output=True)
    return ran.returncode == 0
