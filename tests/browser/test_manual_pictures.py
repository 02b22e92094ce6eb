"""Takes the pictures of the manual, so that they show the pages, and the sheet to print, as they are:

SCREENSHOTS=docs/manual/pictures python -m pytest tests/browser/test_manual_pictures.py
"""

from __future__ import annotations

import os
from pathlib import Path

import pikepdf
import pypdfium2
import zxingcpp
from playwright.sync_api import Page

from indexer.extraction.separators import split_at_separators
from tests.browser.conftest import Visit, wait_until
from tests.browser.site import Site, order

_SMALLEST_CODE = 300  # pixels at 100 dpi, 8 cm on paper: a crooked, noisy scan still reads it

_SEEN_PICTURES_ARE_THERE = """
[...document.images].every(image => image.complete || image.getBoundingClientRect().top > innerHeight)
"""


def test_the_pages_that_the_manual_shows_are_there(site: Site, visit: Visit, staff: Visit) -> None:
    paper = site.attachments[0]
    resident = visit(width=1000)
    for name, address in (
        ("search", "/search?q=ศูนย์"),
        ("document", f"/announcements/{site.centre.id}/attachments/{paper.id}?q=ศูนย์"),
        ("sign-in", "/sign-in"),
    ):
        resident.goto(address)
        assert resident.locator("main").inner_text()
        keep_picture(resident, name)
    clerk = staff(width=1000)
    for name, address in (
        ("worklist", "/staff"),
        ("draft", f"/staff/announcements/{site.centre.id}"),
        ("disclosure", "/staff/disclosure/2569"),
        ("health", "/staff/health"),
    ):
        answer = clerk.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        keep_picture(clerk, name)


def keep_picture(page: Page, name: str) -> None:
    """Keep the part of the page that is seen first, in the folder that ``SCREENSHOTS`` names, if it does."""
    if folder := os.environ.get("SCREENSHOTS"):
        wait_until(page, _SEEN_PICTURES_ARE_THERE)
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_printed_separator_sheet_is_one_page_that_parts_a_stack(staff: Visit, tmp_path: Path) -> None:
    page = staff()
    page.goto("/staff/separator")
    printed, document = tmp_path / "sheet.pdf", tmp_path / "order.pdf"
    page.pdf(path=printed, format="A4")
    document.write_bytes(order("7/2566", "แยกกอง", "เรื่องหนึ่ง"))
    stack = tmp_path / "stack.pdf"
    with pikepdf.new() as pdf:
        for path in (document, printed, document):
            pdf.pages.extend(pikepdf.open(path).pages)
        pages = len(pdf.pages)
        pdf.save(stack)
    assert pages == 3
    assert split_at_separators(stack, tmp_path) == 2
    with pypdfium2.PdfDocument(printed) as sheet:
        picture = sheet[0].render(scale=100 / 72).to_pil()
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.position.top_right.x - code.position.top_left.x > _SMALLEST_CODE
    if folder := os.environ.get("SCREENSHOTS"):
        picture.save(Path(folder) / "separator.png")
