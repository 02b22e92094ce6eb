"""A digital signature is found, its signer named, and a change after signing noticed."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, SimpleSigner, sign_pdf

from indexer.extract import Document
from tests.indexer.documents import shaped

SIGNER = "ปลัดเทศบาลตำบล"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> SimpleSigner:
    folder = tmp_path_factory.mktemp("keys")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SIGNER)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.KeyUsage(True, True, *[False] * 7), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return SimpleSigner.load(str(folder / "key.pem"), str(folder / "certificate.pem"))


@pytest.fixture
def signed(tmp_path: Path, signer: SimpleSigner) -> Path:
    plain = shaped(tmp_path / "plain.pdf", [["คำสั่งเทศบาล"]])
    output = BytesIO()
    sign_pdf(
        IncrementalPdfFileWriter(BytesIO(plain.read_bytes())),
        PdfSignatureMetadata(field_name="Signature1"),
        signer=signer,
        output=output,
    )
    path = tmp_path / "signed.pdf"
    path.write_bytes(output.getvalue())
    return path


def test_a_signature_is_found(signed: Path) -> None:
    before = signed.read_bytes()
    with Document(signed) as document:
        (found,) = document.outline.signatures
        assert document.read_page(1).text == "คำสั่งเทศบาล"
    assert found.signer == SIGNER
    assert found.intact
    assert not found.trusted
    assert found.signed_at is not None
    assert abs(found.signed_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)
    assert signed.read_bytes() == before


def test_a_change_after_signing_is_noticed(signed: Path) -> None:
    content = bytearray(signed.read_bytes())
    at = content.index(b"/MediaBox")
    content[at + 12 : at + 13] = b"1"
    signed.write_bytes(content)
    with Document(signed) as document:
        assert not document.outline.signatures[0].intact


def test_an_unsigned_file_has_none(tmp_path: Path) -> None:
    with Document(shaped(tmp_path / "plain.pdf", [["คำสั่งเทศบาล"]])) as document:
        assert document.outline.signatures == ()
