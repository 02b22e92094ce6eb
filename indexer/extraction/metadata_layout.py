"""Layout of an official document: where its title, labels, subject and date stand; see ``metadata``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property

from archive.model import PAGE_UNITS, DocumentKind
from archive.thai.characters import CONSONANTS, LEADING_VOWELS
from archive.thai.dates import ERA, find_dates_with_month_names, today
from indexer.extraction.metadata_patterns import (
    ADDRESSEE_LABELS,
    ALIGNED,
    CENTRED,
    CERTAIN,
    GUESS,
    LIKELY,
    NOISE,
    OFFICES,
    OPENING,
    SHORT,
    STATE_ENTERPRISE,
    TITLE_ROWS,
    bare_pattern,
    bare_text,
)
from indexer.extraction.metadata_rows import FieldValue, TextRow, without_receipt_stamp

HEAD = 16  # lines of text in which labels are looked for
TAIL = 30  # lines at the end in which a stamped letter is dated
HEADING_AT = 3  # lines at the head in which the title of a form may stand that is not centred
NARROW = 0.95  # a centred line is narrower than this share of the text
FULL = 0.5  # a line that was broken, so that another follows it, fills this share of the text at least
FIRST_YEAR = 2400 - ERA  # C.E.; papers of before are not read
APART = 10  # years by which a paper that names a later date is taken for misread
_NUMBER_LABEL = re.compile(rf"(?:ด่วน\S*\s+)?ท[ีิึื]?[่้'’`\"]?(?=\s|[{CONSONANTS}]{{1,4}}\s?\d|\d|พิเศษ)\s*")
_BODY = re.compile(
    "(ด้วย|ตามที่|เพื่อ|อาศัย|โดยที่|เนื่องจาก|เนื่องด้วย|บัดนี้|จาก|ให้|ขอ|ในการนี้|อนุสนธิ|ตามหนังสือ|๑\\.|1\\.|ข้อ )"
)
_NO_SUBJECT = bare_pattern("เรื่อง(?:อื่น|ที่|เพื่อ|ราว|นี้|ดังกล่าว|เดิม|ของ)|เรือ(?:โท|เอก|ตรี|ประมง|หลวง)")
_SECTION = re.compile(rf"\d{{1,2}}(?:\.\d{{1,2}})+[{CONSONANTS}{LEADING_VOWELS}]")
_ARTICLE = bare_pattern(r"ข้อ\d")
_RULE_OPENING = bare_pattern(r"โดยที่|อาศัยอำนาจ|ข้อ1(?!\d)")
_SENTENCE = re.compile("เป็นการ|เป็นผล|ได้แก่|จะแสดง|ดังภาพ|ดังนี้|[มบ]นี้|คู่มือนี้")
# first words of a title → kind; longer ones first, since some begin alike
_TITLES = (
    ("บันทึกข้อความ", DocumentKind.MEMO),
    ("หนังสือรับรอง", DocumentKind.CERTIFICATE),
    ("รายงานการประชุม", DocumentKind.MINUTES),
    ("บันทึกการประชุม", DocumentKind.MINUTES),
    ("แถลงการณ์", DocumentKind.STATEMENT),
    ("ข่าวประชาสัมพันธ์", DocumentKind.NEWS),
    ("ข้อบังคับ", DocumentKind.BYLAW),
    ("ข้อบัญญัติ", DocumentKind.BYLAW),
    ("เทศบัญญัติ", DocumentKind.BYLAW),
    ("ระเบียบ", DocumentKind.RULE),
    ("คำสั่ง", DocumentKind.ORDER),
    ("ประกาศ", DocumentKind.ANNOUNCEMENT),
    ("ข่าว", DocumentKind.NEWS),
    ("บันทึก", DocumentKind.NOTE),
)
_NO_TITLE = bare_pattern(  # words that begin as a title does: a prospectus, an agenda, a certificate
    rf"ระเบียบ(?:การ(?!{STATE_ENTERPRISE[3:]})|วาระ)|ประกาศ(?:นียบัตร|เกียรติ)|บันทึกข้อตกลง|คำสั่งซื้อ"
)
_LAW = bare_pattern("แก้คำผิด|(?:ร่าง)?(?:พระราช(?:บัญญัติ|กฤษฎีกา|กำหนด)|กฎกระทรวง)")
_HEADINGS = bare_pattern(  # first words of what has neither a subject nor a kind
    "งบ(?:ทดลอง|แสดง|การเงิน|ประมาณ|รายรับ|กระทบ)|รายงาน(?!ว่า|ตัว)|รายรับ|แผน|ข้อกำหนด|ขอบเขต|รายละเอียด|รายชื่อ|"
    "เอกสาร(?:ประกวด|สอบ|ประมูล|เชิญ|ซื้อ|จ้าง|งบ|ประกอบ|แนบ|หมายเลข)|ราคากลาง|ตาราง|บัญชี|สรุป(?!ว่า|ได้)|คู่มือ|"
    "คำ(?:ร้อง|ขอ|แถลง|กล่าว|รับรอง)|แบบ(?:ฟอร์ม|สำรวจ|สรุป|แสดง|คำ|ประเมิน|รายงาน|เสนอ|สอบถาม|ตอบรับ|ใบ)|"
    "ทะเบียน|นโยบาย|มาตรการ|สัญญา|บันทึก|ระเบียบการ|กำหนดการ|ปฏิทิน|สถิติ|ใบ(?:เสนอ|สั่ง|ลา|สมัคร|แจ้ง|อนุญาต)|"
    "หลักเกณฑ์|แนวทาง|ญัตติ|กระทู้|(?:ร่าง)?พระราช(?:บัญญัติ|กฤษฎีกา|กำหนด)|กฎกระทรวง|โครงการ(?!นี้|ดังกล่าว)|ประกาศ|แก้คำผิด"
)
NOISE_LETTERS = 8  # code points of a row that may be an emblem read as signs
_TITLE_LENGTH = 90  # code points; a longer line that begins so is a sentence
_FORM = bare_pattern("แบบ|คำร้อง|คำขอ|ใบ|ญัตติ|กระทู้|เขียนที่")  # laid out as a letter, but none
_RADIO = bare_pattern(  # the heading of a form that states from and to, but is no letter
    r"(?:กระดาษเขียนข่าว|ข้อความ|ข่าว)?วิทยุ(?=$|ในราชการ|ที่|สถ)|โทรสาร(?=$|ในราชการ)|โทรพิมพ์(?=$)"
)
_URGENCY = re.compile("^ด[่]?วน(?:ที[่]?สุด|มาก)?\\s+(?=บัน?ทึก|ที)")


class DocumentLayout:
    """The head of the first page and all rows, and where the labels stand in the head."""

    def __init__(self, first_page: list[TextRow], rows: list[TextRow]) -> None:
        self.head = without_receipt_stamp(first_page[:HEAD])
        self.is_registered = len(self.head) < len(first_page[:HEAD])  # bears the stamp of a receiver
        self.rows = rows
        self.tail = rows[-TAIL:]
        self.left = min((row.left for row in first_page if row.left is not None), default=0)
        right = max((row.right for row in first_page if row.right is not None), default=0)
        self.right = max(right, PAGE_UNITS - self.left) if right else 0  # the margins are about equal

    def label(self, label: str) -> tuple[int, float] | None:
        """Returns the position in the head of the first row that begins with ``label``, and the certainty."""
        for place, row in enumerate(self.head):
            if sure := row.starts(label):
                return place, sure
        return None

    def is_centred(self, row: TextRow) -> bool:
        """Returns True if the row is centred; judged by its words when its position is not known."""
        if row.left is None:
            return not _BODY.match(row.text)
        return self.is_symmetrical(row) and self.is_narrow(row)

    def is_symmetrical(self, row: TextRow) -> bool:
        """Returns True if the row's middle is the middle of the text, or its position is not known."""
        if row.left is None or row.right is None:
            return True
        return abs(row.left + row.right - self.left - self.right) / 2 <= CENTRED

    def is_narrow(self, row: TextRow) -> bool:
        """Returns True if the row is narrower than the text, or its position is not known."""
        return row.left is None or row.width <= NARROW * (self.right - self.left)

    def is_heading(self, row: TextRow) -> bool:
        """Returns True if the row is centred and no row of a table."""
        return self.is_symmetrical(row) and not row.has_cells

    def is_left_aligned_with(self, row: TextRow, before: TextRow) -> bool:
        """Returns True if both rows begin equally far from the left; False if a position is not known."""
        if row.left is None or before.left is None:
            return False
        return abs(row.left - before.left) <= ALIGNED

    def is_full(self, row: TextRow) -> bool:
        """Returns True if the row is so wide that it may have been broken, or its position is not known."""
        return row.left is None or row.width >= FULL * (self.right - self.left)

    @cached_property
    def subject(self) -> tuple[int, float] | None:
        """Returns the position and certainty of the row that begins with the label เรื่อง."""
        place, sure = self.label("เรื่อง") or (0, 0.0)
        return (place, sure) if sure and not _NO_SUBJECT.match(self.head[place].bare) else None

    @property
    def has_subject(self) -> bool:
        """Returns True if text stands beside the label of the subject or below it, as in no blank form."""
        if self.subject is None:
            return False
        place = self.subject[0]
        is_blank = len(self.head[place].after("เรื่อง")) < SHORT
        return not (is_blank and self.addressee and self.addressee[0] == place + 1)

    @cached_property
    def addressee(self) -> tuple[int, float] | None:
        """Returns the position and certainty of the row that begins with เรียน or the like."""
        return next(filter(None, map(self.label, reversed(ADDRESSEE_LABELS))), None)

    @property
    def above_subject(self) -> list[TextRow]:
        """Returns the rows above the subject, or above the text of a paper without one."""
        if place := self.subject or self.addressee:
            return self.head[: place[0]]
        opening = next((at for at, row in enumerate(self.head) if at and OPENING.match(row.bare)), HEAD)
        return self.head[: min(opening, TITLE_ROWS)]

    @cached_property
    def title(self) -> tuple[int, DocumentKind, str, float] | None:
        """Returns position, kind, label and certainty of the title row; the most certain row is chosen."""
        titles = list(self._titles())
        return max(titles, key=lambda title: title[3]) if titles else None

    def _titles(self) -> Iterator[tuple[int, DocumentKind, str, float]]:
        for place, row in enumerate(self.head[:TITLE_ROWS]):
            if _LAW.match(row.bare) or _SECTION.match(row.bare) or (place and _opens_text(row)):
                break  # its name may begin as a title does: พระราชบัญญัติ ระเบียบบริหารราชการแผ่นดิน
            row = TextRow(_URGENCY.sub("", NOISE.sub("", row.text)), row.left, row.right)
            for label, kind in _TITLES:
                sure = row.starts(label)
                sentence = len(row.text) > _TITLE_LENGTH or row.bare.startswith(bare_text(label + "ณวันที่"))
                alone = place == 0 and self.is_narrow(row)
                headed = len(label) > 7 or alone or self.is_centred(row) or OFFICES.match(row.after(label))
                if sure and not sentence and headed and not self._is_excerpt(kind, row):
                    yield place, kind, label, sure
                    break

    def _is_excerpt(self, kind: DocumentKind, row: TextRow) -> bool:
        """Returns True for a row that names a rule of which only later articles follow, or is no title."""
        is_rule = kind in (DocumentKind.RULE, DocumentKind.BYLAW)
        has_articles = is_rule and any(_ARTICLE.match(each.bare) for each in self.head)
        is_whole = any(_RULE_OPENING.search(each.bare) for each in self.head)
        return bool(_NO_TITLE.match(row.bare)) or (has_articles and not is_whole)

    @cached_property
    def heading(self) -> int | None:
        """Returns the position of the first row of the paper's title."""
        if self.title:
            return self.title[0]
        for at, row in enumerate(self.head[:TITLE_ROWS]):
            if row.left is None and len(row.text) > _TITLE_LENGTH:
                break  # paragraphs of a text without positions
            is_apart = at == 0 or self.is_centred(row) or (at < HEADING_AT and _FORM.match(row.bare))
            if (
                _HEADINGS.match(row.bare)
                and is_apart
                and self.is_narrow(row)
                and not _SENTENCE.search(row.text)
            ):
                return at
        return None

    @property
    def is_form(self) -> bool:
        """Returns True for a form, which is laid out as a letter but is none."""
        return any(_FORM.match(row.bare) for row in self.above_subject)

    @cached_property
    def date_place(self) -> int | None:
        """Returns the position in the tail of the row that is only a date, as in stamped letters."""
        for place in range(len(self.tail) - 1, 0, -1):
            digits = self.tail[place].digits
            found = next(find_dates_with_month_names(digits), None)
            if found and not found.match.start() and len(digits) - found.match.end() < SHORT:
                return place
        return None

    def is_plausible_year(self, year: int) -> bool:
        """Returns True for a year (C.E.) in which a paper with the other dates of this one may be written.

        It may refer to papers of any years before, but not of many years later. A misread digit of a year
        makes ten years and more, but for the last one.
        """
        others = Counter(
            found.date.year for row in self.rows for found in find_dates_with_month_names(row.digits)
        )
        others[year] -= 1
        years = [other for other, count in others.items() if count > 0]
        is_near_another = any(abs(other - year) < APART for other in years)
        is_before = not is_near_another and any(other > year for other in years)
        return FIRST_YEAR <= year <= today().year + 1 and not is_before

    @cached_property
    def kind(self) -> FieldValue | None:
        """Returns the kind of the paper by its title, or by the labels of its head."""
        if self.title:
            return FieldValue(self.title[1].value, self.title[3])
        if (department := self.label("ส่วนราชการ")) and self.subject:
            return FieldValue(DocumentKind.MEMO.value, min(LIKELY, department[1]))
        is_radio = any(_RADIO.match(row.bare) for row in self.head[:3])
        if is_radio or (self.is_form and not number_row(self)):
            return None
        if self.addressee and (self.has_subject or number_row(self)):
            sure = LIKELY if self.subject and number_row(self) else GUESS
            return FieldValue(DocumentKind.LETTER.value, sure)
        if any(row.text.startswith("ถึง ") and len(row.text) < _TITLE_LENGTH for row in self.head[:5]):
            if number_row(self):
                return FieldValue(DocumentKind.STAMPED.value, LIKELY)
            return FieldValue(DocumentKind.STAMPED.value, GUESS) if self.date_place else None
        return None


def number_row(document: DocumentLayout) -> tuple[TextRow, int, float] | None:
    """Returns the row above the subject that begins with ``ที่``, its number's offset, and the certainty."""
    for row in document.above_subject:
        start = _NUMBER_LABEL.match(row.digits)
        if start and any(char.isdigit() for char in row.digits):
            return row, start.end(), CERTAIN if row.text.startswith("ที่") else LIKELY
    return None


def _opens_text(row: TextRow) -> bool:
    """Returns True for the first row of a paper's text, if it is no noise."""
    return len(row.bare) > NOISE_LETTERS and bool(OPENING.match(row.bare))
