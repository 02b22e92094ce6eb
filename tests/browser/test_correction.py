"""The correction desk with the keyboard alone, and with the mouse."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from archive.model import DocumentKind, Draft, LowConfidenceSpan, Page
from tests.browser.conftest import DESK, PHONE, Visit, click, shoot
from tests.browser.site import ACTOR, RunningSite, wait_until
from web.sample.documents import SampleDocumentText, make_document

WORDS = {"สารสัม": ("สารส้ม", "สารสม"), "ตากว่า": (), "เทศบาล": ()}


@pytest.fixture
def doubted(site: RunningSite) -> Page:
    """A page with three doubtful words: two misread ones with likely readings, and one that is right."""
    records, commands = site.services.records, site.services.commands
    made = commands.announcements.create(Draft(title="ตรวจคำ", published_on=dt.date(2021, 6, 9)), actor=ACTOR)
    paper = SampleDocumentText(
        kind=DocumentKind.MEMO,
        number="นป 1/1",
        date=dt.date(2021, 6, 9),
        subject="ตรวจคำ",
        paragraphs=["ราคา สารส้ม", "ราคา ต่ำกว่า เกณฑ์", "ของ เทศบาล นี้"],
    )
    attachment, _ = commands.attachments.attach(
        made.id, io.BytesIO(make_document(paper)), filename="a.pdf", actor=ACTOR
    )
    wait_until(lambda: records.attachments.get(attachment.id).status == "ready", "it was read")
    read = records.pages.get(attachment.id, 1)
    text = read.text.replace("สารส้ม", "สารสัม").replace("ต่ำกว่า", "ตากว่า")
    spans = tuple(
        LowConfidenceSpan(at, at + len(word), 0.4, readings)
        for word, readings in WORDS.items()
        for at in [text.rindex(word)]
    )
    shown = replace(read, text=text, doubts=spans)
    records.pages.save(shown)
    return shown


WIDENED = """() => {
  const marked = document.querySelector(".under:has(mark)"), plain = marked.cloneNode();
  const width = (part) => {
    const text = document.createRange();
    text.selectNodeContents(part);
    return text.getBoundingClientRect().width;
  };
  plain.textContent = marked.textContent;
  marked.after(plain);
  const wider = width(marked) - width(plain);
  plain.remove();
  return wider;
}"""


def test_a_page_is_corrected_with_few_keys(staff: Visit, site: RunningSite, doubted: Page) -> None:
    page = staff()
    page.goto(f"/staff/attachments/{doubted.attachment_id}/pages/1")
    left = page.locator("[data-left]")
    expect(left).to_contain_text("3")
    assert abs(page.evaluate(WIDENED)) < 0.5  # pixels: the highlights lie under their words
    shoot(page, "staff-correction-1280")
    expect(page.locator(".choices button").nth(1)).to_have_text("Alt+1 ใส่ “สารส้ม”")
    page.keyboard.press("Alt+1")  # the first doubtful word is selected already
    expect(left).to_contain_text("2")
    page.keyboard.press("Control+z")  # takes the word back
    expect(left).to_contain_text("3")
    page.keyboard.press("Alt+1")
    page.keyboard.press("ArrowLeft")
    page.keyboard.insert_text("ตา")  # before the second one, beginning as it does: that one stays in doubt
    expect(left).to_contain_text("2")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # past the second one …
    page.keyboard.press("Enter")  # … and the third is right, so the desk goes back to the second
    expect(left).to_contain_text("1")
    page.keyboard.press("Enter")  # the last one: the focus goes to the button that saves
    expect(left).to_contain_text("0")
    page.keyboard.press("Control+z")
    expect(left).to_contain_text("1")
    page.keyboard.insert_text("ต่ำกว่า")  # typing replaces the selected word
    expect(left).to_contain_text("0")
    page.locator("#desk [name=next]").focus()  # where the focus goes once nothing is in doubt
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/staff/review")
    kept = site.services.pages.get(doubted.attachment_id, 1)
    assert "ราคา สารส้ม\nราคา ต่ำกว่า เกณฑ์" in kept.text
    assert kept.lines


def test_words_are_chosen_with_the_mouse(staff: Visit, site: RunningSite, doubted: Page) -> None:
    page = staff()
    page.goto(f"/staff/attachments/{doubted.attachment_id}/pages/1")
    box = page.locator("rect.doubt").first
    click(box)  # on the picture
    click(page.locator(".choices button").nth(1))
    expect(page.locator("[data-left]")).to_contain_text("2")
    lines = page.locator("[data-lines] textarea")
    below = lines.nth(7).bounding_box()  # under the words that are offered for a line above
    assert below
    page.mouse.dblclick(below["x"] + 20, below["y"] + below["height"] / 2, delay=30)
    assert lines.nth(7).evaluate("field => document.activeElement === field && field.selectionEnd > 0")
    page.set_viewport_size({"width": PHONE, "height": 844})  # the picture is a strip above the text
    page.locator("[data-lines] textarea").last.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    page.locator("[data-zoom-by='1']").dispatch_event("click")  # a click of Playwright's would scroll first
    assert page.evaluate("scrollY") == before
    assert page.locator(".looking .paper").evaluate("one => one.clientWidth > one.parentElement.clientWidth")
    page.set_viewport_size({"width": DESK, "height": 900})
    click(page.get_by_role("button", name="บันทึกหน้านี้"))
    expect(page.locator(".notice.good")).to_be_visible()
    assert "สารส้ม" in site.services.pages.get(doubted.attachment_id, 1).text
    page.locator(".version summary").first.click()
    expect(page.locator(".version .removed").first).to_contain_text("สารสัม")
    page.get_by_role("button", name="กลับไปใช้ข้อความนี้").first.click()
    expect(page.locator(".notice.good")).to_be_visible()
    kept = site.services.pages.get(doubted.attachment_id, 1)
    assert "สารสัม" in kept.text
    assert (kept.doubts, kept.corrected) == (doubted.doubts, False)  # as before the correction
