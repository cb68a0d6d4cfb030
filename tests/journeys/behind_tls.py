"""The pages as a centre serves them: behind a proxy that speaks HTTPS, with a certificate of this test's own."""

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

#: A name under a domain that others have names under, too. Browsers look for it on this machine.
HOST = "centre.test.localhost"
SERVE = (
    "from leeward.platform.commands.centre import _serve; import sys; _serve('127.0.0.1', int(sys.argv[1]), workers=1)"
)
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass(slots=True)
class Centre:
    """A running site: where it is, where its own port without HTTPS is, and what browsers have sent so far."""

    address: str
    inner: int
    #: The server's process, whose children answer.
    process: int
    heard: list[tuple[str, str, Message]] = field(default_factory=list)


@contextmanager
def served(folder: Path) -> Iterator[Centre]:
    """A centre (no demonstration) over this run's database, and the proxy before it. Raises TimeoutError."""
    inner = _free_port()
    log = folder / "log"
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(inner)],
        env={**os.environ, "LEEWARD_HTTPS": "yes", "LEEWARD_BEHIND_PROXY": "yes", "LEEWARD_HOSTS": HOST},
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
    )
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), _Proxy)
    centre = Centre(f"https://{HOST}:{proxy.server_port}", inner, server.pid)
    proxy.centre = centre  # type: ignore[attr-defined]
    proxy.daemon_threads = True
    proxy.socket = _context(folder).wrap_socket(proxy.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        _wait_for(inner, log)
        yield centre
    finally:
        proxy.shutdown()
        proxy.server_close()
        server.terminate()
        server.wait(10)


class _Proxy(BaseHTTPRequestHandler):
    """Hands each request on, with what a proxy adds: that it came over HTTPS, and from where."""

    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ssl.SSLError, ConnectionError):
            self.close_connection = True

    def do_GET(self) -> None:
        centre: Centre = self.server.centre  # type: ignore[attr-defined]
        centre.heard.append((self.command, self.path, self.headers))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        headers |= {"X-Forwarded-Proto": "https", "X-Forwarded-For": self.client_address[0]}
        behind = HTTPConnection("127.0.0.1", centre.inner, timeout=20)
        behind.request(self.command, self.path, body, headers)
        answer = behind.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP | {"server", "date"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        behind.close()

    do_POST = do_GET  # noqa: N815  the library's own word

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed between the tests."""


def _context(folder: Path) -> ssl.SSLContext:
    """TLS with a certificate that HOST signed for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    written = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    pem = folder / "server.pem"
    pem.write_bytes(written + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for(port: int, log: Path) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError(log.read_text()[-2000:])
