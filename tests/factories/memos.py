"""Makes official memos as PDF."""

from __future__ import annotations

import datetime as dt
from functools import cache

from archive.model import DocumentKind
from web.sample.documents import SampleDocumentText, make_document


@cache  # setting one takes 0.2 s, mostly for the parts of its fonts
def memo(*paragraphs: str, subject: str = "ขออนุมัติจัดซื้อหลอดไฟ", number: str = "นป 52301/412") -> bytes:
    """Returns a born-digital memo as PDF: its text is in it, and needs no recognition."""
    text = SampleDocumentText(
        kind=DocumentKind.MEMO,
        number=number,
        date=dt.date(2021, 6, 9),
        subject=subject,
        paragraphs=paragraphs,
    )
    return make_document(text)
