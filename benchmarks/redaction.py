"""Benchmark of redacted copies: seconds for lists of people with ID and telephone numbers on every page.

    python -m benchmarks.redaction [PAGES…]            # by default 9 and 36

The lists are scans. A PDF with its text inside took as long.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archive import privacy
from archive.errors import PrakatError
from archive.model import Attachment, DocumentKind, Draft, Page, TextSource
from benchmarks.corpus import argument_parser
from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.redaction import PAGES_AT_ONCE, Boxes, boxes_of_finds
from web.bootstrap import Services, build_services
from web.sample.documents import SampleDocumentText, make_document
from web.sample.scans import ScanLook, make_scan
from web.settings import Settings

_PEOPLE = 12  # on a page


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("pages", type=int, nargs="*", default=[9, 36])
    options = parser.parse_args()
    for count in options.pages:
        with_text = make_list(count)
        scan = make_scan(with_text, ScanLook(skew=0), seed=3)
        with tempfile.TemporaryDirectory() as folder:
            cover(build_services(Settings(data=Path(folder))), scan, [*pages_of(with_text)])


def make_list(count: int) -> bytes:
    """Returns a list of people that has at least ``count`` pages."""
    people = [
        f"{number}. นายสมชาย รักดี เลขประจำตัวประชาชน {_id_number(number)} โทร. 08 1{number:03} 5678"
        for number in range(1, count * _PEOPLE)
    ]
    return make_document(
        SampleDocumentText(
            kind=DocumentKind.ANNOUNCEMENT,
            number="1/2569",
            date=dt.date(2026, 1, 5),
            subject="รายชื่อผู้มีสิทธิ",
            paragraphs=people,
        )
    )


def _id_number(number: int) -> str:
    digits = f"1101700{number:05}"
    check = (11 - sum((13 - place) * int(digit) for place, digit in enumerate(digits)) % 11) % 10
    return f"{digits}{check}"


def pages_of(data: bytes) -> Iterator[Page]:
    """Yields the pages of a PDF as its text has them."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(data)
        file.flush()
        with EmbeddedTextDocument(Path(file.name)) as document:
            for number in range(1, document.outline.page_count + 1):
                read = document.read_page(number)
                yield Page(
                    attachment_id=0,
                    number=number,
                    text=read.text,
                    raw=read.text,
                    source=TextSource.EMBEDDED,
                    confidence=None,
                    lines=read.lines,
                )


def cover(services: Services, data: bytes, read: list[Page]) -> None:
    """Cover all that is found, and print how long each step took."""
    made = services.commands.announcements.create(
        Draft(title="list", published_on=dt.date(2026, 1, 5)), actor="benchmark"
    )
    attachment: Attachment
    attachment, _ = services.commands.attachments.attach(
        made.id, io.BytesIO(data), filename="list.pdf", actor="benchmark"
    )
    boxes: Boxes = {
        page.number: [
            area
            for find in privacy.find_personal_data(page.text, page.number)
            for area in boxes_of_finds(page, [(find.start, find.end)])
        ]
        for page in read
    }
    took: dict[str, float] = {}

    @contextmanager
    def timed(step: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            took[step] = time.perf_counter() - began

    outcome, numbers = "proved", [page.number for page in read]
    try:
        with timed("read again"):
            parts = [numbers[at : at + PAGES_AT_ONCE] for at in range(0, len(numbers), PAGES_AT_ONCE)]
            known = [
                services.redactor.read_pictures_again(attachment, read, boxes, boxes, part) for part in parts
            ]
        services.redactor.make_redacted_copy(attachment, read, boxes, read_again=known, timed_step=timed)
    except PrakatError as error:
        outcome = error.code
    steps = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in took.items())
    total = sum(took.values())
    print(
        f"{len(read)} pages, {sum(map(len, boxes.values()))} boxes: {total:.1f} s ({steps});"
        f" {outcome}; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
