"""Reads the text of Office files, page by page. To be called in a sandbox child only.

A page of a text document ends where its program last broke the page; a document without such marks is one
page. Each sheet of a spreadsheet is a page. What is in the file but not on its pages (hidden sheets, comments
of a text, deleted text that is still kept) follows as hidden pages: whoever downloads the file can read it.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from archive import thai
from indexer.extraction.office.text_pages import MAX_CHARACTERS, PageAssembler, TextPage, as_text_pages
from indexer.extraction.reading_errors import UnreadableFile
from indexer.lazy_import import lazy_import

if TYPE_CHECKING:
    import python_calamine as calamine
    from lxml import etree
else:
    calamine = lazy_import("python_calamine")
    etree = lazy_import("lxml.etree")

MAX_PARTS = 10_000  # files in a package; a document of 400 pictures has some 500
MAX_UNPACKED = 256 << 20  # bytes of all parts together; the largest real file looked at had 40 MB

_ENCRYPTED = 0x1  # flag of an encrypted part (ZIP specification, 4.4.4)
_DEFAULT_NAME = re.compile(r"(?:sheet|แผ่น|แผ่นงาน|ชีต)\s*\d+", re.IGNORECASE)


def read_docx(path: Path) -> tuple[TextPage, ...]:
    """Returns a Word document's pages, then unprinted text, in a sandbox child; ``UnreadableFile`` if bad."""
    with _opened_package(path) as package:
        pages, hidden = PageAssembler(), PageAssembler()
        for pattern in (r"header\d*", r"document\d*", r"(?:footer\d*|footnotes|endnotes)"):
            for part in _matching_parts(package, rf"word/{pattern}\.xml"):
                _add_docx_text(part, pages, hidden)
        for part in _matching_parts(package, r"word/comments\.xml"):
            _add_docx_text(part, hidden, hidden)
    return as_text_pages(pages.finished(), hidden.finished())


def read_odt(path: Path) -> tuple[TextPage, ...]:
    """Returns an ODT's pages, then its unprinted text, in a sandbox child; ``UnreadableFile`` if bad."""
    with _opened_package(path) as package:
        pages, hidden = PageAssembler(), PageAssembler()
        for part in _matching_parts(package, r"(?:styles|content)\.xml"):
            for each in part.iter("{*}master-styles", "{*}body"):
                _add_odt_text(each, pages, hidden)
    return as_text_pages(pages.finished(), hidden.finished())


def read_spreadsheet(path: Path) -> tuple[TextPage, ...]:
    """Returns the sheets, hidden ones last, in a sandbox child only; ``UnreadableFile`` if bad."""
    if zipfile.is_zipfile(path):
        with _opened_package(path):
            pass
    pages, hidden = [], []
    left = MAX_CHARACTERS
    try:
        with calamine.CalamineWorkbook.from_path(path) as book:
            for sheet in book.sheets_metadata:
                if sheet.typ is not calamine.SheetTypeEnum.WorkSheet:
                    continue
                text = _sheet_text(sheet.name, book.get_sheet_by_name(sheet.name), left)
                left -= len(text)
                if sheet.visible is calamine.SheetVisibleEnum.Visible:
                    pages.append(text)
                else:
                    hidden.append(text)
    except calamine.PasswordError as error:
        raise UnreadableFile("password") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise UnreadableFile("damaged") from error
    return as_text_pages(pages, hidden)


def _sheet_text(name: str, sheet: calamine.CalamineSheet, most: int) -> str:
    """Returns the rows of a sheet as lines, with its name as the first line; "" for an empty sheet.

    Raises ``UnreadableFile`` beyond ``most`` characters.
    """
    lines: list[str] = []
    for row in sheet.iter_rows():
        line = "\t".join(filter(None, map(_cell_text, row)))
        most -= len(line) + 1
        if most < 0:
            raise UnreadableFile("office-too-big")
        if line:
            lines.append(line)
    if lines and not _DEFAULT_NAME.fullmatch(name.strip()):
        lines.insert(0, name)
    return "\n".join(lines)


def _cell_text(value: object) -> str:
    if isinstance(value, dt.datetime):
        return f"{thai.format_date(value.date())} {value:%H:%M}"
    if isinstance(value, dt.date):
        return thai.format_date(value)
    if isinstance(value, dt.time):
        return f"{value:%H:%M}"
    if isinstance(value, float):
        return f"{value:.15g}"  # as many digits as Excel keeps
    return re.sub(r"\s+", " ", str(value)).strip()


@contextmanager
def _opened_package(path: Path) -> Iterator[zipfile.ZipFile]:
    """Opens an Office document as ZIP. Raises ``UnreadableFile``: damaged, password, office-too-big."""
    try:
        package = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableFile("damaged") from error
    with package:
        parts = package.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise UnreadableFile("office-too-big")
        if any(part.flag_bits & _ENCRYPTED for part in parts):
            raise UnreadableFile("password")
        if b"encryption-data" in _content(package, "META-INF/manifest.xml"):  # OpenDocument
            raise UnreadableFile("password")
        yield package


def _matching_parts(package: zipfile.ZipFile, pattern: str) -> Iterator[etree._Element]:
    """Yields the parsed parts of a package whose names match. Raises ``UnreadableFile`` for invalid XML."""
    for name in package.namelist():
        if re.fullmatch(pattern, name):
            yield _parse(_content(package, name))


def _content(package: zipfile.ZipFile, name: str) -> bytes:
    """Returns the content of a part; nothing for a part that is not there."""
    try:
        with package.open(name) as part:
            content = part.read(MAX_UNPACKED + 1)
    except KeyError:
        return b""
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError) as error:
        raise UnreadableFile("damaged") from error
    if len(content) > MAX_UNPACKED:
        raise UnreadableFile("office-too-big")
    return content


def _parse(content: bytes) -> etree._Element:
    """Parses XML without entities, which Office files never declare. Raises ``UnreadableFile``."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableFile("damaged") from error
    if root.getroottree().docinfo.doctype:
        raise UnreadableFile("damaged")
    return root


_DOCX_CHARACTERS = {"tab": "\t", "cr": "\n", "noBreakHyphen": "-"}


def _add_docx_text(root: etree._Element, pages: PageAssembler, hidden: PageAssembler) -> None:
    """Adds the text of a part of a Word document to ``pages``, and its deleted text to ``hidden``."""
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        name = _local_name(element)
        if event == "start":
            if name == "Fallback":  # the same text again, for older programs
                walker.skip_subtree()
            elif name == "lastRenderedPageBreak" or (name == "br" and _attribute(element, "type") == "page"):
                pages.break_page()
            elif name == "br":
                pages.add("\n")
            elif name == "t":
                pages.add(element.text or "")
            elif name == "delText":
                hidden.add(element.text or "")
            else:
                pages.add(_DOCX_CHARACTERS.get(name, ""))
        elif name == "p":
            pages.add("\n")


_ODT_CHARACTERS = {"tab": "\t", "line-break": "\n"}


def _add_odt_text(root: etree._Element, pages: PageAssembler, hidden: PageAssembler) -> None:
    """Adds the text below an element to ``pages``, and its comments and deleted text to ``hidden``."""
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        name = _local_name(element)
        if event == "start":
            if name in {"tracked-changes", "annotation"}:
                hidden.add("".join(element.itertext()) + "\n")
                walker.skip_subtree()
                continue
            if name == "soft-page-break":
                pages.break_page()
            elif name == "s":
                pages.add(" ")
            else:
                pages.add(_ODT_CHARACTERS.get(name, "") + (element.text or ""))
        else:
            pages.add("\n" if name in {"p", "h"} else "")
            if element is not root:
                pages.add(element.tail or "")


def _local_name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _attribute(element: etree._Element, name: str) -> str | None:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), None)
