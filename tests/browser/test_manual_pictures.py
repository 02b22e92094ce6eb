"""Takes the pictures of manual and README, so that they show pages, and the sheet to print, as they are.

SCREENSHOTS=docs/manual/pictures python -m pytest tests/browser/test_manual_pictures.py
"""

from __future__ import annotations

import datetime as dt
import io
import os
from pathlib import Path

import pikepdf
import pypdfium2
import zxingcpp
from PIL import Image
from playwright.sync_api import Page

from archive.disclosure import fiscal_year
from archive.model import Draft, ReadingStatus, Role
from archive.thai import BANGKOK
from indexer.extraction.separators import split_at_separators
from tests.browser import site as sites
from tests.browser.conftest import Visit, sign_in, wait_until
from tests.browser.pages import open_page
from tests.browser.site import ACTOR, PASSWORD, RunningSite, order
from web.accounts.passwords import hash_password

_SMALLEST_CODE = 300  # pixels at 100 dpi, 8 cm on paper: a crooked, noisy scan still reads it

_SEEN_PICTURES_ARE_THERE = """
[...document.images].every(
  image => image.complete || !image.offsetParent || image.getBoundingClientRect().top > innerHeight
)
"""


def test_the_pages_that_manual_and_readme_show_are_there(
    site: RunningSite, visit: Visit, staff: Visit
) -> None:
    paper = site.attachments[0]
    resident = visit(width=1000)
    for name, address, shown in (
        ("home", "/", site.centre.title),
        ("search", "/search?q=ศูนย์", site.centre.title),
        ("document", f"/announcements/{site.centre.id}/attachments/{paper.id}?q=ศูนย์", paper.label),
        ("sign-in", "/sign-in", "รหัสผ่าน"),
    ):
        open_page(resident, address, 200)
        assert shown in resident.locator("main").inner_text(), address
        keep_picture(resident, name)
    site.services.people.accounts.add("สมศรี", hash_password(PASSWORD), Role.STAFF)
    clerk, officer = visit(width=1000), staff(width=1000)
    sign_in(clerk, "สมศรี")
    for page, name, address, shown in (
        (clerk, "worklist", "/staff", "งานทั้งหมด"),
        (clerk, "draft", f"/staff/announcements/{_draft(site)}", "บันทึกและตรวจก่อนเผยแพร่"),
        (
            clerk,
            "disclosure",
            "/staff/disclosure",
            f"ปีงบประมาณ {fiscal_year(dt.datetime.now(BANGKOK).date())}",
        ),
        (officer, "health", "/staff/health", "สถานะระบบ"),
    ):
        open_page(page, address, 200)
        assert shown in page.locator("main").inner_text(), address
        keep_picture(page, name)


def _draft(site: RunningSite) -> int:
    """Make a draft without a title, let its document be read, and return its number."""
    services = site.services
    untitled = Draft(title="", published_on=dt.date(2021, 6, 9))
    draft = services.commands.announcements.create(untitled, actor=ACTOR, may_lack_title=True)
    document = order("31/2564", "แต่งตั้งคณะกรรมการจัดงานลอยกระทง", "ให้กรรมการประชุมภายในเดือนตุลาคม")
    services.commands.attachments.attach(
        draft.id, io.BytesIO(document), filename="scan_0031.pdf", actor=ACTOR
    )

    def is_read() -> bool:
        (attachment,) = services.attachments.by_announcement([draft.id])[draft.id]
        return attachment.status is ReadingStatus.READY

    sites.wait_until(is_read, "the draft was read")
    return draft.id


def keep_picture(page: Page, name: str) -> None:
    """Keep the part of the page that is seen first, in the folder that ``SCREENSHOTS`` names, if it does."""
    if folder := os.environ.get("SCREENSHOTS"):
        wait_until(page, _SEEN_PICTURES_ARE_THERE)
        _save(Image.open(io.BytesIO(page.screenshot())), Path(folder) / f"{name}.png")


def _save(picture: Image.Image, path: Path) -> None:
    """Save with 256 colours: a screen has few, and the manual's pages travel to phones."""
    picture.convert("RGB").quantize(256).save(path, optimize=True)


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
        _save(picture, Path(folder) / "separator.png")
