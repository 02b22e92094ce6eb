"""Lines of Thai on a phone never break inside a word, and the text stays unchanged."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from importlib.resources import files

import pytest
from playwright.sync_api import Page
from pythainlp.tokenize import word_tokenize

from archive.model import Announcement, Draft
from archive.thai.characters import WORD_LETTERS
from tests.browser.conftest import PHONE, Visit
from tests.browser.pages import public_pages
from tests.browser.site import ACTOR, RunningSite, wait_until

LINES = """() => {
  const lines = new Map(), range = document.createRange();
  const isInline = (part) => /^(inline|contents)$/.test(getComputedStyle(part).display);
  const block = (part) => (isInline(part) ? block(part.parentElement) : part);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    const parent = node.parentElement;
    if (!parent.checkVisibility() || parent.closest("script, style, option, .hidden-label, .skip")) continue;
    if (!lines.has(block(parent))) lines.set(block(parent), { text: "", starts: [], last: null });
    const line = lines.get(block(parent));
    for (let at = 0; at < node.length; at++) {
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      const [box] = range.getClientRects();
      if (!box || !box.width) continue; // a mark, or white space at the end of a line
      const isBelow = line.last && box.left < line.last.left && box.top > line.last.top + 3;
      if (isBelow) line.starts.push(line.text.length + at);
      line.last = box;
    }
    line.text += node.data;
  }
  return [...lines.values()].map(({ text, starts }) => ({ text, starts }));
}"""
"""The texts of all blocks that are seen, with the offsets at which their lines begin."""


@pytest.fixture(scope="module")
def long(site: RunningSite) -> Announcement:
    """An announcement with the texts of all the sample's announcements."""
    sample = tomllib.loads((files("web.sample") / "announcements.toml").read_text(encoding="utf-8"))
    told = sample["announcement"]
    draft = Draft(
        title=told[0]["title"],
        body="\n".join(f"{each['title']}\n{each.get('body', '')}" for each in told),
        published_on=dt.date(2011, 1, 1),
    )
    made = site.services.commands.announcements.create(draft, actor=ACTOR)
    site.services.commands.publication.publish(made.id, actor=ACTOR)
    services = site.services
    wait_until(lambda: services.index.position() >= services.history.last_change(), "it was indexed")
    return made


def test_lines_break_between_words(visit: Visit, site: RunningSite, long: Announcement) -> None:
    page = visit(width=PHONE)
    pages = (
        *public_pages(site),
        f"/announcements/{long.id}",
        "/privacy",
        "/accessibility",
        "/help/residents",
    )
    document = f"/announcements/{site.centre.id}/attachments/{site.attachments[0].id}?q=ศูนย์"
    breaks, inside = 0, []
    for path in (*pages, document):
        page.goto(path)
        page.evaluate("document.fonts.ready")
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        for line in page.evaluate(LINES):
            breaks += len(line["starts"])
            inside += [_around(line["text"], at) for at in line["starts"] if _parts_a_word(line["text"], at)]
    assert breaks > 200
    assert inside == []


def test_the_text_is_what_was_written(visit: Visit, long: Announcement) -> None:
    page = visit(width=PHONE)
    page.goto(f"/announcements/{long.id}")
    paragraph = max(long.body.split("\n"), key=len)
    copied = page.evaluate(
        """text => {
          const told = [...document.querySelectorAll(".body p, .body li")];
          getSelection().selectAllChildren(told.find((each) => each.textContent === text));
          return getSelection().toString();
        }""",
        paragraph,
    )
    assert copied == paragraph
    page.evaluate("getSelection().removeAllRanges()")
    assert page.evaluate("text => window.find(text)", paragraph[5:60])
    assert _headings(page) == [long.title]


def _headings(page: Page) -> list[str]:
    """First-level headings as a screen reader hears them."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    return [
        node["name"]["value"]
        for node in tree["nodes"]
        if not node["ignored"]
        and node["role"]["value"] == "heading"
        and any(each["name"] == "level" and each["value"]["value"] == 1 for each in node["properties"])
    ]


def _parts_a_word(text: str, at: int) -> bool:
    """Returns True when what is around ``at`` is more words in two parts than in one, by maximal matching.

    Where they are as many, either may be meant: กรรมการ|ประชุม and not กรรม|การประชุม, which matching takes.
    """
    if not re.match(f"[{WORD_LETTERS}]{{2}}", text[at - 1 : at + 1]):
        return False
    run = next(found for found in re.finditer(f"[{WORD_LETTERS}]+", text) if found.start() < at < found.end())
    if text[:at].endswith("หนอง") and text[at:].startswith("ปลาดุก"):  # the place's name, in no dictionary
        return True
    whole, *parts = (
        len(word_tokenize(letters, engine="newmm"))
        for letters in (run.group(), text[run.start() : at], text[at : run.end()])
    )
    return sum(parts) > whole


def _around(text: str, at: int) -> str:
    return f"{text[max(at - 12, 0) : at]}|{text[at : at + 12]}"
