"""Takes the pictures of manual and README, and holds that they show the pages, and the sheet, as they are.

Beside each picture lie the words of the page that it shows; a page that says something else fails here until
its picture is taken anew, and its words with it:

SCREENSHOTS=docs/manual/pictures python -m pytest tests/browser/test_manual_pictures.py
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageDraw
from playwright.sync_api import Page

from archive.disclosure import fiscal_year
from archive.model import Draft, ReadingStatus, Role
from archive.thai import BANGKOK
from archive.thai.dates import MONTHS, SHORT_MONTHS
from indexer.extraction.separators import split_at_separators
from indexer.scrub import read_scrub_record
from tests.browser import site as sites
from tests.browser.conftest import Visit, sign_in, wait_until
from tests.browser.pages import open_page
from tests.browser.site import ACTOR, PASSWORD, RunningSite, order
from tests.operation.archives import run
from web.accounts.passwords import hash_password

_SMALLEST_CODE = 300  # pixels at 100 dpi, 8 cm on paper: a crooked, noisy scan still reads it

_SEEN_PICTURES_ARE_THERE = """
[...document.images].every(
  image => image.complete || !image.offsetParent || image.getBoundingClientRect().top > innerHeight
)
"""

PICTURES = Path(__file__).parents[2] / "docs" / "manual" / "pictures"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """An archive that no other test changes, after a night."""
    data = tmp_path_factory.mktemp("pictured")
    with sites.running(data) as site, tempfile.TemporaryDirectory(prefix="prakat-backups-") as backups:
        assert run(data, "nightly", backups).exit_code == 0
        sites.wait_until(
            lambda: bool(read_scrub_record(data).files_finished_at), "the originals were verified"
        )
        yield site


def test_the_pictures_of_manual_and_readme_show_the_pages_as_they_are(
    site: RunningSite, visit: Visit
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
    clerk, officer = visit(width=1000), visit(width=1000)
    sign_in(clerk, "สมศรี")
    sign_in(officer)
    for page, name, address, shown in (
        (clerk, "worklist", "/staff", "งานทั้งหมด"),
        (clerk, "draft", f"/staff/announcements/{_draft(site)}", "บันทึกและตรวจก่อนเผยแพร่"),
        (
            clerk,
            "disclosure",
            "/staff/disclosure",
            f"ปีงบประมาณ {fiscal_year(dt.datetime.now(BANGKOK).date())}",
        ),
        (officer, "health", "/staff/health", "ทุกอย่างทำงานปกติ"),
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
    """Compare the page with its picture by their words, or take it anew, where ``SCREENSHOTS`` is set."""
    compare_or_keep_words(page, name)
    if folder := os.environ.get("SCREENSHOTS"):
        wait_until(page, _SEEN_PICTURES_ARE_THERE)
        _save(Image.open(io.BytesIO(page.screenshot())), Path(folder) / f"{name}.png")


def compare_or_keep_words(page: Page, name: str) -> None:
    """Compare the words of the page with those beside its picture, or keep them, as ``SCREENSHOTS`` says.

    Each line counts once. What differs from day to day is left out.
    """
    lines = (" ".join(_CHANGING.sub("…", line).split()) for line in page.inner_text("body").splitlines())
    words = "\n".join(dict.fromkeys(line for line in lines if re.search(r"[^\W…]", line))) + "\n"
    if folder := os.environ.get("SCREENSHOTS"):
        (Path(folder) / f"{name}.txt").write_text(words, encoding="utf-8")
    else:
        assert words == (PICTURES / f"{name}.txt").read_text(encoding="utf-8"), f"take {name}.png anew"


_MONTH = "|".join(re.escape(each) for each in (*MONTHS, *SHORT_MONTHS))
_NOT_THERE = "^(?:ยังไม่มี|ยังไม่ถึงกำหนด)$"  # of what is to be disclosed by a certain month
_CHANGING = re.compile(rf"{_MONTH}|{_NOT_THERE}|/\S*prakat-backups\S*|\d[\d.,:]*")


def _save(picture: Image.Image, path: Path) -> None:
    """Save with 256 colours: a screen has few, and the manual's pages travel to phones."""
    picture.convert("RGB").quantize(256).save(path, optimize=True)


def test_a_printed_separator_sheet_is_one_page_that_parts_a_stack(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    sign_in(page)
    page.goto("/staff/separator")
    compare_or_keep_words(page, "separator")
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
    codes = sorted(zxingcpp.read_barcodes(picture), key=lambda code: code.position.top_left.x)
    assert len(codes) == 2
    assert codes[0].position.top_right.x < codes[1].position.top_left.x  # side by side
    for code in codes:
        assert code.position.top_right.x - code.position.top_left.x > _SMALLEST_CODE
    spoilt = picture.copy()  # a pen across one code, white streaks of the printer through the other
    left, right = (code.position for code in codes)
    pen = ImageDraw.Draw(spoilt)
    pen.line((left.top_left.x, left.top_left.y, left.bottom_right.x, left.bottom_right.y), fill=0, width=12)
    for share in (0.25, 0.5, 0.7):
        x = right.top_left.x + share * (right.top_right.x - right.top_left.x)
        pen.line((x, 0, x, spoilt.height), fill="white", width=5)
    spoilt.save(tmp_path / "spoilt.pdf", resolution=100)
    with pikepdf.new() as pdf:
        for path in (document, tmp_path / "spoilt.pdf", document):
            pdf.pages.extend(pikepdf.open(path).pages)
        pdf.save(stack)
    assert split_at_separators(stack, tmp_path) == 2
    if folder := os.environ.get("SCREENSHOTS"):
        _save(picture, Path(folder) / "separator.png")
