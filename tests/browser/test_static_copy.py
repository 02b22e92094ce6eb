"""A copy of the public side, opened from a disk as a person with a USB stick does."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.factories.archives import read
from tests.factories.memos import memo
from tests.operation.archives import run
from tests.web.conftest import open_site
from web.settings import LOCAL_ADDRESS

TYPE_ON = """([sent, typed]) => {
  const box = document.querySelector("[data-copy-search] input");
  box.value = sent;
  box.form.requestSubmit();
  box.value = typed; // before the page is told of its new address
}"""


FIRST_TITLES = (
    ("ค่าขยะ", "อัตราค่าธรรมเนียมเก็บและขนมูลฝอย"),  # by the words that mean the same
    ("น้ำประปา มูลฝอย", "อัตราค่าธรรมเนียมเก็บและขนมูลฝอย"),  # over the end of a line
    ("รับสมัครลูกจ้าง", "รับสมัครพนักงานจ้าง"),  # none has all words
    ("จ้างพนักงาน", "รับสมัครพนักงานจ้าง"),  # in any order
    ("เผาขยะได้ไหมครับ", "ห้ามเผาในที่โล่งแจ้ง"),  # no record has the words that only ask
    ("computer", "ซื้อเครื่องคอมพิวเตอร์"),  # another spelling of a loanword
    ("Garbage fee", "อัตราค่าธรรมเนียมเก็บและขนมูลฝอย"),  # English words lead to Thai ones
    ("ยา", "ขอรับของที่สถานีอนามัย"),  # a word, not letters of longer ones
)
"""The typed words, and the title of the first result."""


def _copy(folder: Path) -> Path:
    """Makes an archive and its static copy, and returns the copy's first page."""
    site = open_site(folder / "data")
    made = site.announcement("ซ่อมถังประปาบ้านดอนมะกอก", body="ปี ๒๕๖๔ <b>ไม่หนา</b>")
    site.announcement("รับสมัครพนักงานจ้าง")
    site.announcement("อัตราค่าธรรมเนียมเก็บและขนมูลฝอย", body="น้ำ ประปา")
    site.announcement("ห้ามเผาในที่โล่งแจ้ง", body="ห้ามเผาขยะ ลดฝุ่นละออง")
    site.announcement("ซื้อเครื่องคอมพิวเตอร์", body="พยาบาลนำไปใช้ได้ยาวนานกว่าเดิม")
    site.announcement("ขอรับของที่สถานีอนามัย", body="ยา")
    site.attach(made.id, memo("ให้ซ่อม"), "บันทึก.pdf")
    read(site.services, "งบประมาณ ๑๒๓,๐๐๐ บาท", pages=1)
    assert run(folder / "data", "export-site", str(folder / "usb")).exit_code == 0
    return folder / "usb" / "index.html"


def test_a_copy_is_searched_and_read_from_a_disk(browser: Browser, tmp_path: Path) -> None:
    first = _copy(tmp_path)
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(first.as_uri())
    box, results = page.get_by_role("searchbox"), page.locator("[data-copy-results] li")
    box.fill("123,000 บาท")
    box.press("Enter")
    expect(page.get_by_role("status")).to_have_text("พบ 1 เรื่อง")
    expect(results.locator("mark")).to_have_text("๑๒๓,๐๐๐ บาท")
    box.fill("ไม่หนา 2564")
    page.get_by_role("button", name="ค้นหา").click()
    expect(results).to_contain_text("<b>ไม่หนา</b>")
    for typed, title in FIRST_TITLES:
        box.fill(typed)
        box.press("Enter")
        expect(results.get_by_role("link").first).to_have_text(title)
    box.fill("ค่าขยะ")
    box.press("Enter")
    box.fill("ยา")
    box.press("Enter")  # while the search before may still run
    expect(results.get_by_role("link").first).to_have_text("ขอรับของที่สถานีอนามัย")
    page.evaluate(TYPE_ON, ["ค่าขยะ", "ทุเรียน"])
    expect(results.get_by_role("link").first).to_have_text("อัตราค่าธรรมเนียมเก็บและขนมูลฝอย")
    expect(box).to_have_value("ทุเรียน")
    box.fill("ทุเรียนกวน")
    box.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("ลองพิมพ์ให้สั้นลง")
    expect(page.get_by_role("link", name="พ.ศ.").first).to_be_visible()
    box.fill("ถังประปา")
    box.press("Enter")
    results.get_by_role("link").click()
    page.get_by_text("ข้อความในเอกสาร 1 หน้า").click()
    expect(page.get_by_text("งบประมาณ ๑๒๓,๐๐๐ บาท")).to_be_visible()
    expect(page.locator(f"a[href^='{LOCAL_ADDRESS}']")).to_have_count(0)  # it leads nowhere from a stick
    page.go_back()
    expect(box).to_have_value("ถังประปา")
    expect(results).to_have_count(1)
    assert errors == []
    page.close()
