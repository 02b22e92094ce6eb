"""Digital signatures (PAdES) in a PDF: who, when, and whether the signed bytes are unchanged.

Runs in a sandbox child. No network: revocation lists are not fetched.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

from archive.model import Signature

if TYPE_CHECKING:
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
    from pyhanko.sign.validation.status import PdfSignatureStatus

_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[")
_CHUNK = 1024 * 1024  # bytes read at a time

logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # what it finds wrong is in its answer


def may_be_signed(path: Path) -> bool:
    """Returns True if the file contains a byte range, which marks a signature and is never compressed."""
    before = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if _BYTE_RANGE.search(before + chunk):
                return True
            before = chunk[-32:]
    return False


def find_signatures(path: Path) -> tuple[Signature, ...]:
    """Returns a PDF's signatures, none trusted; raises pyHanko's errors; call it in a sandbox child only.

    They are in signing order, intact or not. None is trusted, as no root is known: a root is a certificate
    whose signers are trusted.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader  # half a second; few documents are signed

    with path.open("rb") as file:
        reader = PdfFileReader(file, strict=False)
        return tuple(_judge(embedded) for embedded in reader.embedded_regular_signatures)


def _judge(embedded: EmbeddedPdfSignature) -> Signature:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    certificate = embedded.signer_cert
    name = "" if certificate is None else str(certificate.subject.native.get("common_name", ""))
    context = ValidationContext(trust_roots=[], allow_fetching=False)
    try:
        status: PdfSignatureStatus | None = validate_pdf_signature(embedded, context)
    except Exception:  # noqa: BLE001 - a signature that cannot be checked is not intact
        status = None
    return Signature(
        signer=name or (certificate.subject.human_friendly if certificate is not None else ""),
        signed_at=embedded.self_reported_timestamp,
        intact=status is not None and status.intact and status.valid and _covers_what_is_shown(status),
        trusted=status is not None and status.trusted,
    )


def _covers_what_is_shown(status: PdfSignatureStatus) -> bool:
    """Returns True if the whole file was signed, or only changes that the signature allows came after."""
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    return whole or bool(status.docmdp_ok)
