"""E-mails through servers that encrypt, with a certificate made here: from the first byte, and by STARTTLS."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from booking.smtp import NotTaken, hand_over, message_of, server_from
from portal import clock
from tests.smtp_stand_in import Post, mail_server

SENDER, HOST = "pj@fictif.example", "lieu@fictif.example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a certificate of this machine, with its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), clock.real(clock.now())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fictif.example")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    return path


@pytest.fixture(params=[True, False], ids=["smtps", "starttls"])
def server(request: pytest.FixtureRequest, certificate: Path) -> Iterator[Post]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with mail_server(context, is_tls=request.param) as one:
        yield one


async def leave(url: str) -> None:
    """Hand one e-mail to a server."""
    at = clock.now()
    mail = message_of(uuid4(), sender=SENDER, recipient=HOST, subject="Demande", body="Une demande.", at=at)
    await hand_over(server_from(url, SENDER), mail, HOST, timeout_s=5)


def signed_in(url: str, *, wrongly: bool = False) -> str:
    """Return the address of a server with an account, whose secret is maybe wrong."""
    return url.replace("://", f"://compte%40fictif:{'faux' if wrongly else 'se%2Fcret'}@")


async def test_an_e_mail_and_its_secret_travel_encrypted(
    server: Post, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    await leave(signed_in(server.url))
    with pytest.raises(NotTaken) as refused:
        await leave(signed_in(server.url, wrongly=True))

    assert refused.value.code == "smtp-535"
    assert (set(server.users), server.was_encrypted) == ({"compte@fictif"}, [True])


async def test_a_server_that_proves_nothing_is_told_nothing(server: Post) -> None:
    with pytest.raises(NotTaken) as refused:
        await leave(signed_in(server.url))

    assert refused.value.code == "smtp-untrusted"
    assert (server.users, server.raw) == ([], [])
