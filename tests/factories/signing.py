"""Signs PDFs with a certificate that nobody knows."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, SimpleSigner, sign_pdf

SIGNER = "ปลัดเทศบาลตำบล"


def make_signer(folder: Path) -> SimpleSigner:
    """``SIGNER`` with a key made for the occasion."""
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
    signer = SimpleSigner.load(str(folder / "key.pem"), str(folder / "certificate.pem"))
    assert signer is not None
    return signer


def sign(pdf: bytes, signer: SimpleSigner) -> bytes:
    """The PDF with an invisible signature appended."""
    output = BytesIO()
    with ThreadPoolExecutor(1) as thread:  # it runs an event loop, and a browser's test may have one here
        thread.submit(
            sign_pdf,
            IncrementalPdfFileWriter(BytesIO(pdf)),
            PdfSignatureMetadata(field_name="Signature1"),
            signer=signer,
            output=output,
        ).result()
    return output.getvalue()
