"""Advice for the clerk about the quality of a scan, shown right after the upload."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from archive.errors import gettext_noop
from archive.model import Page, ScanAdvice, TextSource

if TYPE_CHECKING:
    from indexer.extraction.pdf.parser import FileOutline

MESSAGES = {
    "turned": gettext_noop("หน้า %(pages)s กลับหัวหรือตะแคง (แก้ให้แล้ว)"),
    "low-resolution": gettext_noop("หน้า %(pages)s ความละเอียดต่ำ อ่านได้ไม่ครบ ควรสแกนใหม่ที่ 300 dpi"),
    "illegible": gettext_noop("หน้า %(pages)s อ่านได้ไม่ครบ ควรสแกนใหม่ที่ 300 dpi ให้ภาพตรงและคมชัด"),
    "too-small": gettext_noop(
        "หน้า %(pages)s ตัวหนังสือเล็กหรือจางเกินกว่าจะอ่านได้ ควรสแกนใหม่ให้ละเอียดขึ้น หน้าใหญ่ควรแบ่งสแกนเป็นส่วน"
    ),
    "no-text": gettext_noop("หน้า %(pages)s ระบบไม่พบตัวหนังสือ อาจเป็นหน้าว่างหรือมีแต่ภาพ"),
    "embedded-files": gettext_noop("ไฟล์นี้มีไฟล์อื่นแนบอยู่ข้างใน ซึ่งไม่ได้อ่าน กรุณาแนบไฟล์เหล่านั้นแยกต่างหาก"),
    "comments": gettext_noop("ไฟล์นี้มีบันทึกหรือความเห็น (comment) ซึ่งไม่ได้อ่าน แต่ผู้ที่เปิดไฟล์เห็นได้ กรุณาตรวจก่อนเผยแพร่"),
    "dynamic-form": gettext_noop("ไฟล์นี้เป็นแบบฟอร์ม XFA ซึ่งอ่านไม่ได้ กรุณาพิมพ์เป็น PDF (Print to PDF) แล้วแนบใหม่"),
}

LEAST_ACCURACY = 0.90  # share of letters probably right below which a page should be scanned again
LEAST_LINE_HEIGHT = 16
"""Pixels of a line below which the reader lacks detail.

Of lines of 20 and 16.3 pixels (16-point print at 100 and 75 dpi) 1 and 2 % of letters were wrong; of 15.4 (60
dpi) 7 %, of 13 (50 dpi) 18 %, of 10 (40 dpi) 39 %.
"""


def scan_advice(pages: Sequence[Page], outline: FileOutline) -> Iterator[ScanAdvice]:
    """Yields the advice on a file and its pages, the most serious first of each."""
    if outline.is_dynamic_form:
        yield ScanAdvice("dynamic-form")
    if outline.has_embedded_files:
        yield ScanAdvice("embedded-files")
    if outline.has_comments:
        yield ScanAdvice("comments")
    yield from page_advice(pages)


def page_advice(pages: Sequence[Page]) -> Iterator[ScanAdvice]:
    """Yields the advice on these pages of a file, which may be those read so far, the most serious first."""
    seen = [page for page in pages if page.confidence is not None and not page.corrected]
    coarse = [page for page in seen if 0 < page.line_height < LEAST_LINE_HEIGHT]
    finer = [page for page in seen if not 0 < page.line_height < LEAST_LINE_HEIGHT]
    groups = {
        "low-resolution": coarse,
        "illegible": [page for page in finer if page.text and (page.confidence or 0) < LEAST_ACCURACY],
        "too-small": [page for page in seen if not page.text and page.confidence],
        "no-text": [page for page in seen if not page.text and not page.confidence],
        "turned": [page for page in seen if page.turn and page.source is TextSource.OCR],
    }
    for code, group in groups.items():
        if group:
            yield ScanAdvice(code, tuple(page.number for page in group))
