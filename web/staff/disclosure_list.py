"""The list of items to disclose of a fiscal year as a table, which staff edit in a spreadsheet."""

from __future__ import annotations

import codecs
import csv
import io
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from archive.disclosure import DisclosureItem, DisclosureRule, Period, checked_item, is_equal_except_key
from archive.errors import Invalid, TooLarge
from web.spreadsheet import csv_lines

COLUMNS = ("key", "section", "number", "title", "period", "keywords", "used", "version")
MOST_BYTES = 1 << 20  # of a table; one of fifty items has some 10 KB

_MOST_ROWS = 500  # of a table; the Act and OIT ask for some fifty
_VERSION = re.compile(r"v(\d{1,18})")
_NUMBER_IN_BRACKETS = re.compile(r"-(\d+)")
"""Form into which spreadsheets turn ``(1)``: they take brackets for a negative number."""


def items_as_csv(items: Iterable[DisclosureItem], version: int) -> str:
    """Returns the items as CSV with a mark by which spreadsheets know that the text is UTF-8.

    ``version``: id of the last change of any list, by which ``version_of_csv`` tells how old the table is.
    """
    rows = (
        (
            item.key,
            item.section.value,
            item.number,
            item.title,
            item.period.value,
            "; ".join(item.keywords),
            "no" if item.is_hidden else "yes",
            f"v{version}",
        )
        for item in items
    )
    return "".join(csv_lines(COLUMNS, rows))


def version_of_csv(content: bytes) -> int | None:
    """Returns the version that a table was downloaded with; None where no row has one."""
    cells = (row.get("version", "").strip() for _number, row in _numbered_rows(_decoded(content)))
    return min((int(found[1]) for cell in cells if (found := _VERSION.fullmatch(cell))), default=None)


def merge_items_with_csv(content: bytes, listed: Sequence[DisclosureItem]) -> list[DisclosureItem]:
    """Returns a table's items, and as hidden those it lacks; raises ``Invalid`` at the first wrong row.

    ``listed``: the known items; a row without a key that has the values of one of them is that item.
    ``Invalid`` has the number of the row. Raises ``TooLarge`` too.
    """
    if len(content) > MOST_BYTES:
        raise TooLarge("ตารางใหญ่เกินไป กรุณาใช้ไฟล์ที่ดาวน์โหลดจากหน้านี้")
    read: dict[str, DisclosureItem] = {}
    for number, row in _numbered_rows(_decoded(content)):
        item = _item(row, number)
        if not row.get("key", "").strip():
            item = next((each for each in listed if is_equal_except_key(item, each)), item)
        if item.key in read:
            raise Invalid("แถวที่ %(row)s ซ้ำกับแถวก่อน", field="list", row=number)
        if len(read) >= _MOST_ROWS:
            raise Invalid("ตารางมีรายการได้ไม่เกิน %(most)s แถว", field="list", most=_MOST_ROWS)
        read[item.key] = item
    if not read:
        raise Invalid("ตารางไม่มีรายการ กรุณาตรวจไฟล์แล้วส่งอีกครั้ง", field="list")
    return [*read.values(), *(replace(each, is_hidden=True) for each in listed if each.key not in read)]


def _numbered_rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yields each row after the first with its number; raises ``Invalid`` where none can be read."""
    reader = csv.DictReader(io.StringIO(text, newline=None), restval="")
    number = 0
    try:
        if not {"key", "section", "title", "period"} <= set(reader.fieldnames or ()):
            raise Invalid("ไม่ใช่ตารางรายการ กรุณาดาวน์โหลดตารางจากหน้านี้ แก้แล้วส่งกลับเป็น CSV", field="list")
        number = 1
        for number, row in enumerate(reader, start=2):
            yield number, row
    except csv.Error as error:
        raise Invalid(
            "อ่านแถวที่ %(row)s ไม่ได้ กรุณาตรวจว่าเครื่องหมายคำพูดในแถวนั้นครบคู่", field="list", row=number + 1
        ) from error


def _decoded(content: bytes) -> str:
    """Returns the text of a table, also of one in UTF-16 or in the character set of a Thai Windows."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp874", errors="replace")


def _item(row: dict[str, str], number: int) -> DisclosureItem:
    given = {name: row.get(name, "").strip().removeprefix("'") for name in COLUMNS}
    section, period = given["section"], given["period"]
    if section not in set(DisclosureRule) or period not in set(Period):
        raise Invalid(
            "แถวที่ %(row)s: section ใช้ %(sections)s และ period ใช้ %(periods)s",
            field="list",
            row=number,
            sections=" · ".join(DisclosureRule),
            periods=" · ".join(Period),
        )
    return checked_item(
        DisclosureItem(
            key=given["key"] or f"own-{secrets.token_hex(4)}",
            section=DisclosureRule(section),
            number=_NUMBER_IN_BRACKETS.sub(r"(\1)", given["number"]),
            title=given["title"],
            period=Period(period),
            keywords=tuple(filter(None, map(str.strip, re.split("[;,]", given["keywords"])))),
            is_hidden=given["used"].lower() in ("no", "0", "false"),
        )
    )
