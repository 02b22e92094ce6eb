"""Converts saved pages of an older municipal web site into drafts with their attachments.

A rule file describes the layout of a site. ``archive/data/site.toml`` is the default rule file and documents
the format. This module contains nothing about a particular site.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Protocol

from lxml import html
from lxml.etree import ParserError

from archive import thai
from archive.addresses import readable_path, split_address
from archive.errors import Invalid
from archive.model import Draft

# Block elements, which begin a new line; all other elements are inline.
_BLOCKS = frozenset(
    "address article blockquote body dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr li"
    " main nav ol p pre section table tbody td tfoot th thead tr ul".split()
)
# Characters of a line in which a byline may stand: an author's name and a date need some 150. The pattern
# has two open gaps, so a line of n characters costs up to n³; a whole page may be one line.
_BYLINE_LENGTH = 500
_SKIPPED = frozenset(("script", "style", "noscript", "head"))
_SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d+\)(\S+)\s*-->")
_THAI_LETTER = re.compile("[ก-๛]")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRules:
    """Patterns of one site's pages: byline, attachment link, end of text, addresses, names of files."""

    byline: re.Pattern[str]
    attachment: re.Pattern[str]
    end: re.Pattern[str]
    file_time: str
    old_url: str
    patterns: tuple[str, ...] = ("*.html", "*.htm", "*.txt")

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> SiteRules:
        """Returns the rules of a parsed rule file. Raises ``KeyError``, ``ValueError`` or ``re.error``."""
        return cls(
            byline=_pattern(table, "byline", {"author", "date", "views"}),
            attachment=_pattern(table, "attachment", {"label", "file"}),
            end=_pattern(table, "end", set()),
            file_time=str(table.get("file_time", "")),
            old_url=str(table.get("old_url", "")),
        )

    def read_saved_page(self, data: bytes, name: str) -> Sequence[OldPage | Invalid]:
        """Returns the one announcement of a saved page. Raises ``Invalid`` as ``parse_page`` does."""
        return [parse_page(decode_page(data), name=name, rules=self)]


@dataclass(frozen=True, slots=True)
class OldFile:
    """An attachment that an old page lists. ``stored_at`` is read from the file's name (Thai time).

    ``address`` is the link to it; "" when only its name is known.
    """

    filename: str
    label: str
    stored_at: dt.datetime | None
    address: str = ""


@dataclass(frozen=True, slots=True)
class OldPage:
    """One announcement of a saved page. ``key`` names it among several of the page; "" for the only one."""

    draft: Draft
    files: tuple[OldFile, ...]
    key: str = ""


class SiteKind(Protocol):
    """A kind of older site: which files are its pages, and what they hold."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """Patterns of the names of saved pages."""

    def read_saved_page(self, data: bytes, name: str) -> Sequence[OldPage | Invalid]:
        """Return a saved page's announcements, or an error for each bad one; ``Invalid`` where it holds none.

        ``name``: the page's file name without extension.
        """


_NUMBER = re.compile(r"[\d,]+")
_MOST_VIEW_DIGITS = 10  # digits; up to ten thousand million readers, within the archive's own limit


def decode_page(data: bytes) -> str:
    """Decode a saved page as UTF-8 or UTF-16, else as the Thai encoding it declares, or windows-874.

    Windows-874 is the superset of TIS-620 that Thai Windows wrote. Bytes that fit no letter are replaced. A
    page is in UTF-8 if at least as many of its letters are Thai in it as do not fit.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    text = data.decode("utf-8-sig", errors="replace")
    if text.count("\ufffd") <= len(_THAI_LETTER.findall(text)):
        return text
    declared = _CHARSET.search(data[:2048])
    name = declared.group(1).decode("ascii").lower() if declared else "windows-874"
    return data.decode(_THAI_ENCODINGS.get(name, "cp874"), errors="replace")


_THAI_ENCODINGS = {"iso-8859-11": "iso8859_11", "windows-874": "cp874", "tis-620": "cp874"}


def parse_page(page: str, *, name: str, rules: SiteRules) -> OldPage:
    """Parse a page of HTML or text; ``name``, its file's, stands in the old address if it states none.

    ``name`` is without extension. Raises ``Invalid`` for a page without byline or title, or with an invalid
    date.
    """
    text, address = _flatten(page) if _is_html(page) else (page, "")
    lines = text.splitlines()
    at, byline = _find_byline(lines, rules)
    title = next((_squeeze(line) for line in reversed(lines[:at]) if line.strip()), "")
    if not title:
        raise Invalid("ไม่พบชื่อเรื่องเหนือบรรทัดชื่อผู้ประกาศ (no title)", field="title")
    body, attached = _split_body(lines[at + 1 :], rules)
    draft = Draft(
        title=title,
        body=body,
        author=byline["author"].strip(),
        published_on=thai.parse_date(byline["date"]),
        views=parse_view_count(byline["views"]),
        old_url=url_path_and_query(address) or (rules.old_url.format(name=name) or None),
    )
    return OldPage(draft, tuple(_old_file(match, rules) for match in attached))


def parse_view_count(text: str) -> int:
    """Return the first number of a text, 0 where there is none; ``Invalid`` for more than ten digits.

    It is the count of an old page's readers, in Thai or Arabic digits, with or without commas.
    """
    number = _NUMBER.search(text)
    digits = thai.arabic_digits(number[0]).replace(",", "") if number else ""
    if len(digits) > _MOST_VIEW_DIGITS:
        raise Invalid("จำนวนผู้อ่านมากเกินกว่าจะเป็นไปได้ (view count is too large)", field="views")
    return int(digits or 0)


def _pattern(table: Mapping[str, Any], key: str, groups: set[str]) -> re.Pattern[str]:
    pattern = re.compile(str(table[key]))
    if missing := groups - pattern.groupindex.keys():
        raise ValueError(f"{key}: no group {', '.join(sorted(missing))}")
    return pattern


def _squeeze(line: str) -> str:
    return " ".join(line.split())


def _is_html(page: str) -> bool:
    return re.search(r"<(!doctype|html|body|div|table|p)\b", page[:4096], re.IGNORECASE) is not None


def parse_html(page: str) -> html.HtmlElement:
    """Return the root element of a saved page. Raises ``Invalid`` for an empty one."""
    try:
        return html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", page))
    except (ParserError, ValueError) as error:
        raise Invalid("หน้าเว็บว่างเปล่า (empty page)") from error


def page_address(page: str, tree: html.HtmlElement) -> str:
    """Returns the address that a saved page says it has; "" for none."""
    if saved_from := _SAVED_FROM.search(page):
        return saved_from.group(1)
    links = tree.xpath("//link[@rel='canonical']/@href | //meta[@property='og:url']/@content")
    return str(links[0]) if links else ""


def element_text(element: html.HtmlElement) -> str:
    """Returns the text of an element; each block element is a line."""
    parts: list[str] = []
    _write(element, parts, marks_files=False)
    tail = _one_line(element.tail)
    return "".join(parts).removesuffix(tail) if tail else "".join(parts)


def _flatten(page: str) -> tuple[str, str]:
    """Return the page's text and its address.

    Each block element is a line of the text. Links to files are followed by ``[file name]``.
    """
    tree = parse_html(page)
    parts: list[str] = []
    _write(tree, parts, marks_files=True)
    return "".join(parts), page_address(page, tree)


def _write(element: html.HtmlElement, parts: list[str], *, marks_files: bool) -> None:
    if not isinstance(element.tag, str) or element.tag in _SKIPPED:
        parts.append(_one_line(element.tail))
        return
    block = element.tag in _BLOCKS
    if block or element.tag == "br":
        parts.append("\n")
    start = len(parts)
    parts.append(element.text or "" if element.tag == "pre" else _one_line(element.text))
    for child in element:
        _write(child, parts, marks_files=marks_files)
    if element.tag == "a" and marks_files:
        parts.append(_file_mark(element.get("href", ""), "".join(parts[start:])))
    if block:
        parts.append("\n")
    parts.append(_one_line(element.tail))


def _one_line(text: str | None) -> str:
    """Replace runs of white space, with line breaks, by one space, as HTML does."""
    return re.sub(r"[ \t\r\n]+", " ", text or "")


def _file_mark(href: str, shown: str) -> str:
    name = PurePosixPath(readable_path(split_address(href).path)).name
    wanted = "." in name and not name.lower().endswith((".php", ".html", ".htm", ".asp", ".aspx"))
    return f" [{name}]" if wanted and name not in shown else ""


def _find_byline(lines: list[str], rules: SiteRules) -> tuple[int, dict[str, str]]:
    for at, line in enumerate(lines):
        if match := rules.byline.search(_squeeze(line)[:_BYLINE_LENGTH]):
            return at, match.groupdict("")
    raise Invalid(
        "ไม่พบบรรทัด By / เมื่อ / อ่าน ถ้าเป็นเว็บไซต์ชนิดอื่น ระบุ --rules (no byline; another kind of site: --rules)",
        field="byline",
    )


def _split_body(lines: list[str], rules: SiteRules) -> tuple[str, list[re.Match[str]]]:
    body: list[str] = []
    attached: list[re.Match[str]] = []
    for line in lines:
        squeezed = _squeeze(line)
        if rules.end.search(squeezed):
            break
        if match := rules.attachment.search(squeezed):
            attached.append(match)
        elif squeezed or (body and body[-1]):  # one empty line is enough between paragraphs
            body.append(line.strip())
    return "\n".join(body).strip(), attached


def url_path_and_query(address: str) -> str:
    """Return path and query of an http(s) address as they stand; "" for any other, also a relative one."""
    parts = split_address(address)
    if parts.scheme not in ("http", "https"):
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _old_file(match: re.Match[str], rules: SiteRules) -> OldFile:
    told = match.groupdict("")
    filename = PurePosixPath(told["file"].strip().replace("\\", "/")).name
    stored_at = None
    if rules.file_time:
        try:
            named = f"{PurePosixPath(filename).stem} +0700"  # all of Thailand has one time zone
            stored_at = dt.datetime.strptime(named, f"{rules.file_time} %z")
        except ValueError:
            stored_at = None  # the file's name holds no time: a person chose it
    return OldFile(filename, told["label"].strip() or filename, stored_at)
