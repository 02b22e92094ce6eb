"""Citations: finds the documents that a text says it cancels, amends or replaces.

The forms are those of Thai official writing: ``ให้ยกเลิกคำสั่งเทศบาลตำบล… ที่ 5/2560 ลงวันที่ 3 มกราคม 2560``,
``แก้ไขเพิ่มเติมระเบียบ… พ.ศ. 2550``, ``ยกเลิกความในข้อ 4 แห่ง…`` (an amendment), ``ตามประกาศ… เรื่อง … นั้น
บัดนี้จึงขอยกเลิกประกาศดังกล่าว``, and ``ให้ใช้คำสั่งนี้แทน`` after any of them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from archive.model import DocumentKind, RelationKind
from archive.thai import ERA, arabic_digits, canonical_text
from archive.thai.dates import WrittenDate, find_dates_with_month_names

_REACH = 400  # characters after the verb in which the cited documents stand: a list of several has as many
_REACH_BACK = (
    500  # characters before the verb, where the text cites a document and then cancels "the said" one
)
_MOST_CITATIONS = 20  # citations of one text; a repealing bylaw lists about ten

_KINDS = {
    "คำสั่ง": DocumentKind.ORDER,
    "ประกาศ": DocumentKind.ANNOUNCEMENT,
    "ระเบียบ": DocumentKind.RULE,
    "ข้อบังคับ": DocumentKind.BYLAW,
    "เทศบัญญัติ": DocumentKind.BYLAW,
    "ข้อบัญญัติ": DocumentKind.BYLAW,
}
_DOCUMENT = re.compile(rf"(?:{'|'.join(_KINDS)})(?!\s*ณ|นี้)")  # not "ประกาศ ณ วันที่", nor the text itself
_VERB = re.compile(
    r"(?P<cancel>(?<!ไม่)ยกเลิก)(?P<part>ความใน|ข้อความ|ข้อ\s|ข้อ\d|วรรค|บางส่วน)?|(?P<amend>แก้ไขเพิ่มเติม)"
)
_SAID = re.compile("ดังกล่าว|ข้างต้น|เดิม|นี้เสีย")
_INSTEAD = re.compile(r"(?:ให้)?ใช้.{0,60}?แทน")
_NUMBER = re.compile(r"(?:ที่|เลขที่)\s*(?:พิเศษ\s*)?(\d{1,5})\s*/\s*(2[3-6]\d\d)(?!\d)")
_DATED = re.compile(r"ลง\s*วันที่\s*$")
_SUBJECT = re.compile(
    r"(?:เรื่อง|ว่าด้วย)\s*(.{4,120}?)(?=\s+(?:ลงวันที่|พ\.?\s?ศ\.?|ที่\s*\d|นั้น|และ|ฉบับ|ประกาศ ณ)|[,;(]|$)"
)
_YEAR = re.compile(r"พ\.?\s?ศ\.?\s*(2[3-6]\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedRelation:
    """A document that a text says it cancels, amends or replaces.

    At least the number, the date, or both subject and year are known.
    """

    relation: RelationKind
    kind: DocumentKind
    number: str  # ``5/2560``; "" when the text gives none
    dated: dt.date | None
    subject: str  # words after เรื่อง or ว่าด้วย; "" when the text gives none
    year: int | None  # C.E., of a rule or bylaw that is known by its year

    @property
    def search_text(self) -> str:
        """Return what the document is searched by: its number, else its date (ISO), else its subject."""
        return self.number or (self.dated.isoformat() if self.dated else self.subject)


def find_stated_relations(text: str) -> list[StatedRelation]:
    """Return at most 20 documents that a text says it cancels, amends or replaces, in order, each once.

    Left out is one that the text names without a number or a date, and without subject and year.
    """
    plain = re.sub(r"\s+", " ", arabic_digits(canonical_text(text)))
    found: dict[tuple[object, ...], StatedRelation] = {}
    verbs = [*_VERB.finditer(plain)]
    starts = [*(verb.start() for verb in verbs), len(plain)]
    for place, verb in enumerate(verbs, start=1):
        after = plain[verb.end() : min(starts[place], verb.end() + _REACH)]
        is_part = verb["amend"] or verb["part"]
        relation = RelationKind.AMENDS if is_part else RelationKind.CANCELS
        if relation is RelationKind.CANCELS and _INSTEAD.search(after):
            relation = RelationKind.REPLACES
        cited = [*_documents(after, relation)]
        if not cited and _SAID.search(after[:60]):
            cited = [*_documents(plain[max(0, verb.start() - _REACH_BACK) : verb.start()], relation)]
        for each in cited:
            found.setdefault((each.kind, each.number, each.dated, each.subject, each.year), each)
    return [*found.values()][:_MOST_CITATIONS]


def _documents(text: str, relation: RelationKind) -> Iterator[StatedRelation]:
    """Yield the documents that a stretch of text names, each from its kind to the next kind."""
    named = [*_DOCUMENT.finditer(text)]
    for word, (start, end) in zip(
        named, pairwise([*(each.start() for each in named), len(text)]), strict=True
    ):
        said = text[start:end]
        number, subject, year = _NUMBER.search(said), _SUBJECT.search(said), _YEAR.search(said)
        dated = next((each.date for each in find_dates_with_month_names(said) if _is_dating(each)), None)
        if number or dated or (subject and year):
            yield StatedRelation(
                relation=relation,
                kind=_KINDS[word[0]],
                number=f"{int(number[1])}/{number[2]}" if number else "",
                dated=dated,
                subject=subject[1].strip() if subject else "",
                year=int(year[1]) - ERA if year and not number and not dated else None,
            )


def _is_dating(found: WrittenDate) -> bool:
    """Return True for a date after ลงวันที่, all of which is certain."""
    return not found.is_misread and _DATED.search(found.match.string[: found.match.start()]) is not None


def mentions_document_number(text: str, number: str) -> bool:
    """Return True when a text names the document number ``5/2560``, in Thai or Arabic digits."""
    serial, year = number.split("/")
    return re.search(rf"(?<!\d)0*{serial}\s*/\s*{year}(?!\d)", arabic_digits(text)) is not None
