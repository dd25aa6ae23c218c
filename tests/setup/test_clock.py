"""A computer whose clock is wrong: certificates of real servers, judged by uv and by the client."""

import datetime
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from finetune_studio.setup import faults, fetch
from finetune_studio.setup.uv import environment
from tests.setup.conftest import UV

pytest.importorskip("cryptography", reason="needs_cryptography: it is not installed")


def certificate(path, first, last):
    """A key and a certificate for this machine, valid between these days from now."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now + datetime.timedelta(days=first))
        .not_valid_after(now + datetime.timedelta(days=last))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return path


class Handler(BaseHTTPRequestHandler):
    """Answers nothing: no one comes past the certificate."""

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Starts a server whose certificate is trusted; returns its address."""
    started = []

    def start(first, last):
        path = certificate(tmp_path / "certificate.pem", first, last)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        for name in ("SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        made.socket = context.wrap_socket(made.socket, server_side=True)
        made.handle_error = lambda *_: None
        threading.Thread(target=made.serve_forever, daemon=True).start()
        started.append(made)
        return f"https://localhost:{made.server_port}"

    yield start
    for each in started:
        each.shutdown()
        each.server_close()


DAYS = {"the clock is late": (300, 600), "the clock is early": (-600, -300)}


@pytest.mark.parametrize("days", DAYS.values(), ids=DAYS.keys())
def test_a_wrong_clock_is_named_by_the_downloads(server, days):
    address = server(*days)
    with fetch.client() as http, pytest.raises(Exception, match="CERTIFICATE") as caught:
        http.head(address)
    assert str(fetch.failure(caught.value, "a file")) == str(faults.wrong_clock())


@pytest.mark.parametrize("days", DAYS.values(), ids=DAYS.keys())
def test_a_wrong_clock_is_named_by_uv(server, days, tmp_path):
    if UV is None:
        pytest.skip("needs_uv: uv is not installed")
    command = [UV, "pip", "install", "--target", tmp_path / "target", "--no-progress", "peft",
               "--index-url", f"{server(*days)}/simple"]  # fmt: skip
    done = subprocess.run(command, env=environment(tmp_path / "cache"), capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode
    assert str(faults.of_words(done.stderr)) == str(faults.wrong_clock())


def test_a_certificate_that_nobody_knows_is_another_matter(server, monkeypatch):
    address = server(-1, 300)
    monkeypatch.delenv("SSL_CERT_FILE")
    with fetch.client() as http, pytest.raises(Exception, match="CERTIFICATE") as caught:
        http.head(address)
    assert str(fetch.failure(caught.value, "a file")) == str(faults.unknown_certificate())
