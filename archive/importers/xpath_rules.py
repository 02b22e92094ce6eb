"""Converts saved pages of an older site whose parts are found by XPath: articles, lists, tables of links.

``archive/data/site-joomla.toml`` documents the form of the rule file. One page may hold many announcements.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import SplitResult, parse_qsl

from lxml import html
from lxml.etree import XPath, XPathError

from archive import thai
from archive.addresses import readable_path, split_address
from archive.errors import Invalid
from archive.importers.legacy_site import (
    OldFile,
    OldPage,
    decode_page,
    element_text,
    page_address,
    parse_html,
    parse_view_count,
    url_path_and_query,
)
from archive.model import Draft

PARTS = ("title", "date", "author", "views", "category", "body")
FILE_ENDINGS = frozenset(
    ".pdf .jpg .jpeg .png .tif .tiff .heic .doc .docx .xls .xlsx .ppt .pptx .odt .ods .zip .rar".split()
)
"""Endings of links that are documents, and not pages of the site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class XPathRules:
    """Layout of one site's pages as XPath expressions. ``is_single``: a page is one announcement."""

    item: XPath
    parts: Mapping[str, XPath]
    files: XPath
    date_pattern: re.Pattern[str]
    title_end: re.Pattern[str]
    is_single: bool
    patterns: tuple[str, ...] = ("*.html", "*.htm", "*.php", "*.txt")

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> XPathRules:
        """Returns a rule file's rules; ``KeyError``, ``TypeError``, ``ValueError``, ``re.error`` if bad.

        ``table``: the rule file as it was parsed.
        """
        date_pattern = re.compile(table.get("date_pattern", "(?P<date>.+)"))
        if "date" not in date_pattern.groupindex:
            raise ValueError("date_pattern: (?P<date>…)")
        return cls(
            item=_expression(table, "item", finds_elements=True),
            parts={name: _expression(table, name) for name in PARTS if table.get(name)},
            files=_expression(table, "files", finds_elements=True),
            date_pattern=date_pattern,
            title_end=re.compile(table.get("title_end", r"(?!)")),
            is_single=bool(table.get("single", False)),
        )

    def read_saved_page(self, data: bytes, name: str) -> Sequence[OldPage | Invalid]:  # noqa: ARG002  # a page has a title
        """Returns a page's announcements, or an error for each bad one; ``Invalid`` where it holds none.

        See ``SiteKind``.
        """
        page = decode_page(data)
        tree = parse_html(page)
        address = url_path_and_query(page_address(page, tree))
        found = [self._announcement_or_error(item, address) for item in self.item(tree)]
        if not found:
            raise Invalid("ไม่พบประกาศในหน้านี้ตามกฎของเว็บไซต์ (no announcement on this page)", field="item")
        return found

    def _announcement_or_error(self, item: html.HtmlElement, address: str) -> OldPage | Invalid:
        try:
            return self._announcement(item, address)
        except Invalid as error:
            return error

    def _announcement(self, item: html.HtmlElement, address: str) -> OldPage:
        said = {part: _text(path(item), is_body=part == "body") for part, path in self.parts.items()}
        files = documents_linked(self.files(item))
        title = self.title_end.sub("", said.get("title", "")).strip() or (files[0].label if files else "")
        if not title:
            raise Invalid("ไม่พบชื่อเรื่อง (no title)", field="title")
        dated = self.date_pattern.search(said.get("date", ""))
        if dated is None:
            raise Invalid(f"ไม่พบวันที่ของเรื่อง “{thai.shorten(title, 60)}” (no date)", field="published_on")
        draft = Draft(
            title=title,
            body=said.get("body", ""),
            author=said.get("author", ""),
            category=said.get("category", ""),
            published_on=thai.parse_date(_day(dated["date"])),
            views=parse_view_count(said.get("views", "")),
            old_url=address or None if self.is_single else None,
        )
        return OldPage(draft, files, key="" if self.is_single else _key(draft))


def _expression(table: Mapping[str, Any], name: str, *, finds_elements: bool = False) -> XPath:
    """Returns the XPath expression of this name in a rule file, tried on a page without content."""
    try:
        expression = XPath(table[name])
        found = expression(html.document_fromstring("<p></p>"))
    except XPathError as error:
        raise ValueError(f"{name}: {error}") from error
    if finds_elements and not isinstance(found, list):
        raise ValueError(f"{name}: {table[name]} finds no elements")
    return expression


def _text(found: object, *, is_body: bool) -> str:
    """Returns the text that an expression found: of its first element, attribute or string."""
    if isinstance(found, list):
        found = found[0] if found else ""
    if isinstance(found, html.HtmlElement):
        return body_text(found) if is_body else " ".join(element_text(found).split())
    return " ".join(str(found).split())


def body_text(element: html.HtmlElement) -> str:
    """Returns the text of an element, a line for each block, with single empty lines between paragraphs."""
    lines = "\n".join(line.strip() for line in element_text(element).splitlines())
    return re.sub(r"\n{2,}", "\n\n", lines).strip()


def _day(text: str) -> str:
    """Returns a date without the time of day that machines write after it (``2021-06-09T10:00:00+07:00``).

    A time that states its zone is told as the day in Thailand: midnight there is the day before in UTC.
    """
    try:
        return thai.day_in_thailand(dt.datetime.fromisoformat(text.strip())).isoformat()
    except ValueError:
        iso = re.match(r"\d{4}-\d\d-\d\d", text.strip())
        return iso[0] if iso else text


def documents_linked(links: Sequence[html.HtmlElement]) -> tuple[OldFile, ...]:
    """Returns the documents that links lead to, each once, with the text of the first link that has one."""
    found: dict[str, OldFile] = {}
    for link in links:
        if (document := _document_link(link)) is not None:
            known = found.get(document.address)
            if known is None or not known.label:
                found[document.address] = document
    return tuple(replace(each, label=each.label or each.filename) for each in found.values())


def _document_link(link: html.HtmlElement) -> OldFile | None:
    """Returns the document that a link or a frame leads to, also on Google Drive; None for a page.

    Its label is the link's text, which may be empty.
    A document is told by the extension of its address, or of a file that is named in its arguments, as
    ``download.php?file=tor.pdf`` does.
    """
    address = _address_behind(str(link.get("href") or link.get("src") or link.get("data") or ""))
    parts = split_address(address)
    named = [readable_path(parts.path), *_values(parts.query)]
    path = next((p for p in map(PurePosixPath, named) if p.suffix.lower() in FILE_ENDINGS), None)
    is_drive = parts.netloc.endswith("drive.google.com")
    if path is None and not is_drive:
        return None
    embedded = link.get("aria-label", "") if is_drive else ""  # as a Google Site says which file it shows
    shown = " ".join((element_text(link) or embedded.removeprefix("Drive, ")).split())
    return OldFile(path.name if path else shown or _drive_key(parts), shown, None, address)


def _drive_key(parts: SplitResult) -> str:
    """Returns what an address on Google Drive calls its file: file/d/KEY/view, open?id=KEY, uc?id=KEY."""
    path = PurePosixPath(parts.path)
    return dict(parse_qsl(parts.query)).get("id") or path.parent.name or path.name


def _address_behind(address: str) -> str:
    """Returns the address that one of Google's leads to: a link to another site, a viewer of documents."""
    parts = split_address(address)
    if parts.netloc in ("www.google.com", "docs.google.com") and parts.path in ("/url", "/viewer", "/gview"):
        behind = [value for name, value in parse_qsl(parts.query) if name in ("q", "url")]
        return behind[0] if behind else address
    return address


def _values(query: str) -> Iterator[str]:
    """Yields the values of the arguments of an address."""
    for argument in query.split("&"):
        yield readable_path(argument.partition("=")[2])


def _key(draft: Draft) -> str:
    """Returns a name for one announcement of a page with many, the same at each import."""
    told = f"{draft.title}\n{draft.published_on.isoformat()}"
    return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()[:16]
