"""Metadata of an official document: extracts its kind, number, date, subject, title, from, to, urgency.

The forms are those of the Prime Minister's Office regulation on correspondence (ระเบียบสำนักนายกรัฐมนตรี
ว่าด้วยงานสารบรรณ พ.ศ. ๒๕๒๖): labels at the start of lines in the head of the first page, the date of
orders and announcements at their end. Labels are compared without tone marks and with one slip allowed,
so that scans are understood too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import Levenshtein

from archive.model import PAGE_UNITS, DocumentKind, ExtractedField, Line, Page, TextSource
from archive.privacy import COVER
from archive.thai import arabic_digits, canonical_text
from archive.thai.characters import CONSONANTS, LEADING_VOWELS, LETTERS_AND_SIGNS
from archive.thai.dates import ERA, MONTHS, find_dates_with_month_names

HEAD = 16  # lines of text in which labels are looked for
TAIL = 30  # lines at the end in which a stamped letter is dated
CERTAIN, LIKELY, GUESS = 0.97, 0.85, 0.6
WIDE_GAP = 2.5  # times the height of a line: what a gap within it is wide at least that parts it
A4 = 2**0.5  # height of a page by its width
STAMP_ROWS = 2  # lines of a receiver's stamp above or below one that is known by its words
SUBJECT_LINES = 5
TITLE_LINES = 5
HEADING_AT = 3  # lines at the head in which the title of a form may stand that is not centred
TITLE_ROWS = 8  # lines at the head in which a title begins
CENTRED = 350  # 1/10,000 of the page's width that a centred line may be off the middle of the text
ALIGNED = 100  # 1/10,000 of the page's width that two rows of one column may be off each other
NARROW = 0.95  # a centred line is narrower than this share of the text
FULL = 0.5  # a line that was broken, so that another follows it, fills this share of the text at least

_TONES = re.compile("[่้๊๋์็]")


def _bare(text: str) -> str:
    """Returns the text without tone marks and white space."""
    return _TONES.sub("", re.sub(r"\s", "", text))


def _bare_pattern(words: str) -> re.Pattern[str]:
    """Returns a pattern for bare text, made of words as they are written."""
    return re.compile(_bare(words))


YEARS = range(2400 - ERA, 2600 - ERA)  # C.E.: Buddhist years of four digits that begin with 24 or 25
APART = 10  # years between two dates of one paper from which on one of them is taken for misread

_THAI = re.compile(f"[{LETTERS_AND_SIGNS}]")
_GAP = re.compile(r"\s+|$")
_RULE = re.compile(r"[-–—_.…=*\s]{3,}")
_SPECK = re.compile(r"(?<=\s)[-–—]\s+(?=\()")  # a dash that no office writes before a bracket
_NUMBER_LABEL = re.compile(rf"(?:ด่วน\S*\s+)?ท[ีิึื]?[่้'’`\"]?(?=\s|[{CONSONANTS}]{{1,4}}\s?\d|\d|พิเศษ)\s*")
_REFERENCE = re.compile(
    rf"(?P<office>[{CONSONANTS}]{{1,4}}\.?\s?(?:\([{CONSONANTS}]{{2,5}}\)\s?)?)?"
    r"(?P<code>\d{1,5}(?:\s?[.,]\s?\d{1,3}){0,3})\s?(?:[/|\\]\s?(?P<circular>ว)?\s?\.?\s?(?P<number>\d{1,6})(?![\d\s]*\d|[.,]\s?\d))"
)
_NUMBER_ALONE = re.compile(r"\W*\d{1,5}\s?/\s?2[3-6]\d\d\W*$")
_NOISE = re.compile(rf"^[^{CONSONANTS}{LEADING_VOWELS}]{{1,4}}\s+(?=[{CONSONANTS}])")
_ORDER_NUMBER = re.compile(r"(?P<special>พิเศษ\s?)?(?P<number>\d{1,5})\s?[/|\\]\s?(?P<year>2[3-6]\d\d)(?!\d)")
_ORDER_LABEL = re.compile("(?<!ครั้ง)(?<!ครัง)(?<!ฉบับ)(?<!ชุด)(?<!สมัย)ท[ีิึื]?[่้'’]?\\s*(พิเศษ)?\\s*$")
_PHONE = re.compile(
    rf"\s*(?:\(?(?:โทร(?:ศัพท์|สาร)?|Tel)(?![{CONSONANTS}]).*|\([\d๐-๙][\d๐-๙\s-]{{6,}}\))$", re.IGNORECASE
)
_BODY = re.compile(
    "(ด้วย|ตามที่|เพื่อ|อาศัย|โดยที่|เนื่องจาก|เนื่องด้วย|บัดนี้|จาก|ให้|ขอ|ในการนี้|อนุสนธิ|ตามหนังสือ|๑\\.|1\\.|ข้อ )"
)
_OPENING = _bare_pattern(  # the text of a paper begins; ด้วยวิธี… goes on with a subject
    "ด้วย(?!วิธี|ระบบ|การ|ความ|เงิน|งบ|เครื่อง|ตนเอง|ตัวเอง|กัน|$)|ตามที่(?!ดิน)|ตามหนังสือ|ตาม.*ลงวันที่|โดยที่|อาศัยอำนาจ|"
    r"เนื่องจาก|เนื่องด้วย|บัดนี้|อนุสนธิ|เพื่อให้|เพื่ออนุวัติ|ข้อ\d|\(?\d{1,2}(?:\.\d{1,2})*[.)](?!\d)"
)
_ISSUED_ON = _bare_pattern(r"\W*(?:สั่ง|สัง|ประกาศ|ให้ไว้|ตราไว้)(?:(?!ลง).){0,4}วัน")
_SENTENCE_GOES_ON = re.compile(r"\s*(?:แล้ว|เรื่อง|ถึง|เป็นต้น|นั้น|โดย|ให้|และ|ซึ่ง|ตาม|บัดนี้|จึง|ว่า(?!ที่)|เพื่อ|ได้)")
_SIGNED = re.compile(r"\s*(?:\((?!ฉบับ)|[~|]|นาย|นาง|ว่าที่|พล|พัน|ร้อย|จ่า|สิบ|ดร)")  # behind a date
_ISSUED_ON_MISREAD = _bare_pattern(".{0,12}ณวัน")  # the word before it may be misread
_RECEIVED = _bare_pattern(
    rf"(?:เลข|ลง)?(?:ทะเบียน)?รับ(?:เลข)?(?:ที่|วันที่)\W*(?:\d|$)|(?:เลข|ลง)(?:ทะเบียน)?รับ(?:แล้ว$|[{CONSONANTS}]{{0,2}}\W*(?:\d|$))"
)
"""In a bare row of the stamp with which a receiver registered the paper."""
_STAMP_PART = _bare_pattern(f"{_RECEIVED.pattern}|วันที่|เวลา|ผู้รับ|เลขรับ")
_OF_STAMP = _bare_pattern("วันที่|เวลา")  # begins the other rows of such a stamp
_WITHOUT_DAY = re.compile(rf"(?:{'|'.join(MONTHS)})\s*(?:พ\.?\s?ศ\.?\s*)?2[3-6]\d\d")
_MEETING_BEGINS = _bare_pattern(r"ผู้(?:มา|เข้า|ไม่มา)|ระเบียบวาระ|เริ่มประชุม|เปิดประชุม")
_NO_SUBJECT = _bare_pattern("เรื่อง(?:อื่น|ที่|เพื่อ|ราว|นี้|ดังกล่าว|เดิม|ของ)|เรือ(?:โท|เอก|ตรี|ประมง|หลวง)")
_AFTER_TITLE = _bare_pattern(
    r"(?:เมื่อ)?วันที่|ณห้อง|ณที่|ณศาลา|ณหอ|ผู้(?:มา|เข้า)|เริ่ม|เรียน|เขียนที่|ลำดับ|ที่(?=รายการ)|ส่วนราชการ|ประเภท|สถานที่|ชื่อ|"
    r"เจ้าของ|หน่วยงาน|คำนวณ|โดย$|จัดทำ|เรื่อง|ระเบียบวาระ|ภูมิพล|มหาวชิรา|ให้ไว้|\d|[\WA-Za-z]*$"
)
_PHRASE = re.compile(r"พ\.?\s?ศ|ณ\s|ประจำปี|ครั้งที่|สมัย|ปีงบประมาณ")  # written after a space
_CONTINUED_TITLE = _bare_pattern(r"ว่าด้วย|พ\.?ศ\.?\d|\((?:ฉบับ|แก้ไข|ครั้ง)|ฉบับที่|ประจำ|สำหรับ|สมัย|โครงการ")
_SECTION = re.compile(rf"\d{{1,2}}(?:\.\d{{1,2}})+[{CONSONANTS}{LEADING_VOWELS}]")
_ARTICLE = _bare_pattern(r"ข้อ\d")
_RULE_OPENING = _bare_pattern(r"โดยที่|อาศัยอำนาจ|ข้อ1(?!\d)")
_SENTENCE = re.compile("เป็นการ|เป็นผล|ได้แก่|จะแสดง|ดังภาพ|ดังนี้|[มบ]นี้|คู่มือนี้")
_REFERENCE_IN_TITLE = re.compile(r"\s*(?:ตามประกาศ|ซึ่งประกาศใน).*$")
_OFFICE = (
    "(?:สำนัก|ที่ทำการ|ที่ว่าการ|องค์การ|องค์กร|เทศบาล|ศาลากลาง|จังหวัด|อำเภอ|คณะ|สภา|กรม|กระทรวง|โรงเรียน|"
    "มหาวิทยาลัย|ศูนย์|สถานี|กอง|โรงพยาบาล|วิทยาลัย)"
)
_STATE_ENTERPRISE = "การ(?:ไฟฟ้า|ประปา|เคหะ|ทาง|รถไฟ|ท่า|กีฬา|ท่องเที่ยว|ยาง|นิคม|ปิโตรเลียม)"
_OFFICES = re.compile(_OFFICE)
_WISHING = re.compile(rf"ด้วย\s?(?P<office>{_OFFICE}\S+)\s.*มีความประสงค์")  # as announcements begin
_SENDER = f"(?:{_OFFICE}|{_STATE_ENTERPRISE}|บริษัท|ห้างหุ้นส่วน|ธนาคาร|สหกรณ์|มูลนิธิ|สมาคม|สถาบัน|ศาล(?!า)|วัด|ชุมชน)"
_OFFICE_AT_RIGHT = re.compile(rf"(?<=[\s\d]){_SENDER}")  # of a row that begins with the number
_NO_SENDER = re.compile("อำเภอ|จังหวัด|สำนักงานใหญ่")  # first words of an address below the sender's name
_ISSUERS = re.compile(
    f"{_OFFICE}|{_STATE_ENTERPRISE}|ผู้(?:ว่า|อำนวย|บัญชา|บังคับ|จัดการ|กำกับ|ใหญ่)|นาย|ปลัด|กำนัน|ประธาน|"
    "หัวหน้า|อธิบดี|รัฐ|สถาบัน|บริษัท|ธนาคาร|สหกรณ์|ชุมชน|หน่วย|ฝ่าย|งาน|ศาล|มูลนิธิ|สมาคม|หมู่บ้าน|วัด|ตำบล|เมือง|เขต|ท้องถิ่น|ทะเบียน|กลุ่ม|ราช"
)

_NO_ISSUER = re.compile(r"---|\W*\d|ท[ีิึื]?[่้]?\s*(?:พิเศษ|\d)|ว่าด้วย|พ\s?\.?\s?ศ|\(?ฉบับ|ครั้ง|เรือง|เรีอง")

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
_NO_TITLE = _bare_pattern(  # words that begin as a title does: a prospectus, an agenda, a certificate
    rf"ระเบียบ(?:การ(?!{_STATE_ENTERPRISE[3:]})|วาระ)|ประกาศ(?:นียบัตร|เกียรติ)|บันทึกข้อตกลง|คำสั่งซื้อ"
)
_LAW = _bare_pattern("แก้คำผิด|(?:ร่าง)?(?:พระราช(?:บัญญัติ|กฤษฎีกา|กำหนด)|กฎกระทรวง)")
_HEADINGS = _bare_pattern(  # first words of what has neither a subject nor a kind
    "งบ(?:ทดลอง|แสดง|การเงิน|ประมาณ|รายรับ|กระทบ)|รายงาน(?!ว่า|ตัว)|รายรับ|แผน|ข้อกำหนด|ขอบเขต|รายละเอียด|รายชื่อ|"
    "เอกสาร(?:ประกวด|สอบ|ประมูล|เชิญ|ซื้อ|จ้าง|งบ|ประกอบ|แนบ|หมายเลข)|ราคากลาง|ตาราง|บัญชี|สรุป(?!ว่า|ได้)|คู่มือ|"
    "คำ(?:ร้อง|ขอ|แถลง|กล่าว|รับรอง)|แบบ(?:ฟอร์ม|สำรวจ|สรุป|แสดง|คำ|ประเมิน|รายงาน|เสนอ|สอบถาม|ตอบรับ|ใบ)|"
    "ทะเบียน|นโยบาย|มาตรการ|สัญญา|บันทึก|ระเบียบการ|กำหนดการ|ปฏิทิน|สถิติ|ใบ(?:เสนอ|สั่ง|ลา|สมัคร|แจ้ง|อนุญาต)|"
    "หลักเกณฑ์|แนวทาง|ญัตติ|กระทู้|(?:ร่าง)?พระราช(?:บัญญัติ|กฤษฎีกา|กำหนด)|กฎกระทรวง|โครงการ(?!นี้|ดังกล่าว)|ประกาศ|แก้คำผิด"
)
FEW = 3  # code points: shortest end of a label from which the label is recognised
NOISE_LETTERS = 8  # code points of a row that may be an emblem read as signs
SHORT = 4  # code points: a shorter rest of a row is noise
_TITLE_LENGTH = 90  # code points; a longer line that begins so is a sentence
_ISSUED = (
    DocumentKind.ORDER,
    DocumentKind.ANNOUNCEMENT,
    DocumentKind.RULE,
    DocumentKind.BYLAW,
    DocumentKind.STATEMENT,
)  # dated at the end
_PAPERS = (DocumentKind.LETTER, DocumentKind.MEMO, DocumentKind.STAMPED)  # sent by an office to another
_FORM = _bare_pattern("แบบ|คำร้อง|คำขอ|ใบ|ญัตติ|กระทู้|เขียนที่")  # laid out as a letter, but none
_RADIO = _bare_pattern(  # the heading of a form that states from and to, but is no letter
    r"(?:กระดาษเขียนข่าว|ข้อความ|ข่าว)?วิทยุ(?=$|ในราชการ|ที่|สถ)|โทรสาร(?=$|ในราชการ)|โทรพิมพ์(?=$)"
)
_ADDRESSEE_LABELS = ("ขอประทานกราบทูล", "กราบนมัสการ", "กราบเรียน", "กราบทูล", "นมัสการ", "เรียน")
_AFTER_ADDRESSEE = ("อ้างถึง", "สิ่งที่ส่งมาด้วย")
_FIRST_OF_SEVERAL = re.compile(r"[1๑]\s?[.)]")
ADDRESSEE_LINES = 3
_URGENCIES = ("ด่วนที่สุด", "ด่วนมาก", "ด่วน")
_URGENCY = re.compile("^ด[่]?วน(?:ที[่]?สุด|มาก)?\\s+(?=บัน?ทึก|ที)")


@dataclass(frozen=True, slots=True)
class _Found:
    value: str
    confidence: float


class _Row:
    """A line of text with what comparing needs, and how it lies on the page when that is known."""

    def __init__(
        self,
        text: str,
        left: int | None,
        right: int | None,
        raw: str = "",
        doubts: Sequence[tuple[int, int]] = (),
        *,
        is_recognised: bool = False,
        parts: Sequence[tuple[str, int]] = (),
    ) -> None:
        self.text = text
        self.left = left
        self.right = right
        self.is_recognised = is_recognised
        self.parts = parts or ((self.digits, left or 0),)
        """The texts between the row's wide gaps, with Arabic digits, each with its left end."""
        self._raw = raw  # as on the page; ``doubts`` are stretches of it
        self._doubts = doubts

    def is_doubtful(self, match: re.Match[str], *groups: str) -> bool:
        """Returns True if one of the groups of a match in ``digits`` was probably misread.

        OCR doubts a group, or the letter after it, where it is written by hand, but hardly ever print. Some
        digits of one date or number are Thai and some are Arabic where a part is written by hand.
        """
        if not self.is_recognised:
            return False
        digits = [letter for group in groups for letter in self.text[slice(*match.span(group))]]
        if len({letter.isascii() for letter in digits if letter.isdigit()}) > 1:
            return True
        places = self._places
        spans = [(places[match.start(group)], places[match.end(group) - 1] + 2) for group in groups]
        return any(first < end and begin < last for first, last in spans for begin, end in self._doubts)

    @cached_property
    def _places(self) -> list[int]:
        """Returns where each letter of the text stands in the row as on the page, with its dotted lines."""
        places: list[int] = []
        at = 0
        for letter in self.text:
            found = -1 if letter.isspace() else self._raw.find(letter, at)
            places.append(max(found, at))
            at = places[-1] + (found >= 0)
        return places

    def without_stamp(self, place: int, *, has_label: bool) -> _Row:
        """Returns the row without the parts, but for the first, that are of a stamp right of ``place``.

        These begin as its rows do; in a row with a label any part there is of the stamp.
        """
        of_stamp = [
            at > 0 and left >= place and (has_label or bool(_STAMP_PART.match(_bare(text))))
            for at, (text, left) in enumerate(self.parts)
        ]
        if True not in of_stamp:
            return self
        kept = self.parts[: of_stamp.index(True)]
        length = sum(len(text) for text, _ in kept) + len(kept) - 1
        return _Row(
            self.text[:length],
            self.left,
            place,
            self._raw,
            self._doubts,
            is_recognised=self.is_recognised,
            parts=kept,
        )

    @property
    def has_cells(self) -> bool:
        """Returns True if the row has cells apart from each other, as rows of a table have."""
        return "\t" in self._raw.strip()

    @property
    def first_cell(self) -> str:
        return canonical_text(self._raw.strip().split("\t")[0]) if self.has_cells else self.text

    @cached_property
    def bare(self) -> str:
        """Returns the text of the row with Arabic digits, without tone marks and spaces."""
        return _bare(self.digits)

    @cached_property
    def digits(self) -> str:
        """Returns the text of the row with Arabic digits."""
        return arabic_digits(self.text)

    @property
    def width(self) -> int:
        return (self.right or 0) - (self.left or 0)

    def starts(self, label: str) -> float:
        """Returns the certainty (0–1) that the row begins with ``label``; tone marks are ignored.

        One slip is allowed, two in long labels, where the label stands apart from what follows.
        """
        wanted = _bare(label)
        if self.bare.startswith(wanted):
            return CERTAIN
        apart = any(
            len(_bare(self.text[: gap.start()])) in _sizes(wanted) for gap in _GAP.finditer(self.text)
        )
        if len(wanted) < 4 or not (apart or len(wanted) > 8):
            return 0.0
        near = min(Levenshtein.distance(wanted, self.bare[:size]) for size in _sizes(wanted))
        return LIKELY if near <= (1 if len(wanted) < 9 else 2) else 0.0

    def after(self, label: str) -> str:
        """Returns the text after the label, which may be misread."""
        wanted = _bare(label)
        size = len(wanted)
        if not self.bare.startswith(wanted):
            size = min(_sizes(wanted), key=lambda size: self._unlikeness(wanted, size))
        return _drop(self.text, size)

    def _unlikeness(self, wanted: str, size: int) -> tuple[int, bool, int]:
        """Returns what orders the sizes that a misread label may have: a label mostly ends before a space."""
        is_inside_word = _drop_letters(self.text, size)[:1].strip() != ""
        return Levenshtein.distance(wanted, self.bare[:size]), is_inside_word, abs(size - len(wanted))


def extract_fields(pages: Sequence[Page]) -> dict[str, ExtractedField]:
    """Returns kind, number, date, urgency, subject or title, from and to, as far as they were found.

    ``kind`` is a value of ``DocumentKind``; ``number`` is canonical (``มท 0808.2/ว 123``, ``123/2564``);
    ``date`` is ISO; ``urgency`` one of ด่วน, ด่วนมาก, ด่วนที่สุด; ``subject``, ``title``, ``from`` and ``to``
    are as written. A paper has a ``title`` only where it has no ``subject``. A field that is covered in part
    by a redaction is left out; all are where reading the first page failed, for what follows may be an
    enclosure.
    """
    written = [page for page in pages if page.text.strip()]
    if not written or pages[0].problem:
        return {}
    first = _rows(written[0])
    document = _Document(first, [row for page in written for row in _rows(page)])
    sure = written[0].confidence if written[0].confidence is not None else 1.0
    found: dict[str, _Found | None] = {name: read(document) for name, read in _READERS.items()}
    return {
        name: ExtractedField(value=field.value, confidence=round(field.confidence * sure, 2))
        for name, field in found.items()
        if field and field.value and COVER not in field.value
    }


class _Document:
    """The head of the first page and all rows, and where the labels stand in the head."""

    def __init__(self, first_page: list[_Row], rows: list[_Row]) -> None:
        self.head = _without_receipt_stamp(first_page[:HEAD])
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

    def centred(self, row: _Row) -> bool:
        """Returns True if the row is centred; judged by its words when its position is not known."""
        if row.left is None:
            return not _BODY.match(row.text)
        return self.is_symmetrical(row) and self.is_narrow(row)

    def is_symmetrical(self, row: _Row) -> bool:
        """Returns True if the row's middle is the middle of the text, or its position is not known."""
        if row.left is None or row.right is None:
            return True
        return abs(row.left + row.right - self.left - self.right) / 2 <= CENTRED

    def is_narrow(self, row: _Row) -> bool:
        """Returns True if the row is narrower than the text, or its position is not known."""
        return row.left is None or row.width <= NARROW * (self.right - self.left)

    def is_heading(self, row: _Row) -> bool:
        """Returns True if the row is centred and no row of a table."""
        return self.is_symmetrical(row) and not row.has_cells

    def is_below(self, row: _Row, before: _Row) -> bool:
        """Returns True if the row begins below the beginning of the row before it."""
        if row.left is None or before.left is None:
            return False
        return abs(row.left - before.left) <= ALIGNED

    def full(self, row: _Row) -> bool:
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
        return next(filter(None, map(self.label, reversed(_ADDRESSEE_LABELS))), None)

    @property
    def above_subject(self) -> list[_Row]:
        """Returns the rows above the subject, or above the text of a paper without one."""
        if place := self.subject or self.addressee:
            return self.head[: place[0]]
        opening = next((at for at, row in enumerate(self.head) if at and _OPENING.match(row.bare)), HEAD)
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
            row = _Row(_URGENCY.sub("", _NOISE.sub("", row.text)), row.left, row.right)
            for label, kind in _TITLES:
                sure = row.starts(label)
                sentence = len(row.text) > _TITLE_LENGTH or row.bare.startswith(_bare(label + "ณวันที่"))
                alone = place == 0 and self.is_narrow(row)
                headed = len(label) > 7 or alone or self.centred(row) or _OFFICES.match(row.after(label))
                if sure and not sentence and headed and not self._is_excerpt(kind, row):
                    yield place, kind, label, sure
                    break

    def _is_excerpt(self, kind: DocumentKind, row: _Row) -> bool:
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
            is_apart = at == 0 or self.centred(row) or (at < HEADING_AT and _FORM.match(row.bare))
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
    def dated(self) -> int | None:
        """Returns the position in the tail of the row that is only a date, as in stamped letters."""
        for place in range(len(self.tail) - 1, 0, -1):
            digits = self.tail[place].digits
            found = next(find_dates_with_month_names(digits), None)
            if found and not found.match.start() and len(digits) - found.match.end() < SHORT:
                return place
        return None

    def is_plausible_year(self, year: int) -> bool:
        """Returns True for a year (C.E.) near that of another date of the paper, if there is another.

        A misread digit of a year makes ten years and more, but for the last one.
        """
        others = Counter(
            found.date.year for row in self.rows for found in find_dates_with_month_names(row.digits)
        )
        others[year] -= 1
        years = [other for other, count in others.items() if count > 0]
        return year in YEARS and (not years or min(abs(other - year) for other in years) < APART)

    @cached_property
    def kind(self) -> _Found | None:
        if self.title:
            return _Found(self.title[1].value, self.title[3])
        if (department := self.label("ส่วนราชการ")) and self.subject:
            return _Found(DocumentKind.MEMO.value, min(LIKELY, department[1]))
        is_radio = any(_RADIO.match(row.bare) for row in self.head[:3])
        if is_radio or (self.is_form and not _number_row(self)):
            return None
        if self.addressee and (self.has_subject or _number_row(self)):
            return _Found(DocumentKind.LETTER.value, LIKELY if self.subject and _number_row(self) else GUESS)
        if any(row.text.startswith("ถึง ") and len(row.text) < _TITLE_LENGTH for row in self.head[:5]):
            if _number_row(self):
                return _Found(DocumentKind.STAMPED.value, LIKELY)
            return _Found(DocumentKind.STAMPED.value, GUESS) if self.dated else None
        return None


def _sizes(wanted: str) -> range:
    return range(max(1, len(wanted) - 1), len(wanted) + 2)


def _drop(text: str, count: int) -> str:
    """Returns ``text`` without its first ``count`` code points; tone marks and spaces do not count."""
    return _drop_letters(text, count).lstrip(" \t:：.-–").rstrip(" \t:：-–")


def _drop_letters(text: str, count: int) -> str:
    place = 0
    while place < len(text) and (count or _TONES.match(text[place])):
        count -= not (_TONES.match(text[place]) or text[place].isspace())
        place += 1
    return text[place:]


def _rows(page: Page) -> list[_Row]:
    """Returns the page's lines that contain text, with their left and right ends where these are known.

    In a line that was recognised, a lone dash before a bracket is left out, for it is a speck on the scan.
    """
    rows: list[_Row] = []
    offset = 0
    for text in page.text.split("\n"):
        pieces = [line for line in page.lines if offset <= line.start < offset + max(1, len(text))]
        left = min((piece.edges[0] for piece in pieces), default=None)
        right = max((piece.edges[-1] for piece in pieces), default=None)
        doubts = [
            (doubt.start - offset, doubt.end - offset)
            for doubt in page.doubts
            if offset <= doubt.start < offset + len(text)
        ]
        offset += len(text) + 1
        if re.search(rf"[{LETTERS_AND_SIGNS}๐-๙A-Za-z0-9]", text):
            shown = re.sub(r"[.…_]{3,}", " ", canonical_text(text)).strip()
            recognised = page.source is TextSource.OCR
            shown = _SPECK.sub("", shown) if recognised else shown
            parts = _parts(shown, text, pieces, offset - len(text) - 1)
            rows.append(_Row(shown, left, right, text, doubts, is_recognised=recognised, parts=parts))
        elif _RULE.fullmatch(text.strip() or "x"):
            rows.append(_Row("---", None, None))
    return rows


def _parts(shown: str, raw: str, pieces: Sequence[Line], offset: int) -> list[tuple[str, int]]:
    """Returns the parts between wide gaps of a row, which is shown as ``shown``, or none if it is whole.

    ``raw`` begins at ``offset`` of the page's text.
    """
    cut = raw
    lefts = [min((piece.edges[0] for piece in pieces), default=0)]
    for space in reversed(list(re.finditer(r"[ \t]+", raw.rstrip()))):
        start, end = (offset + place for place in space.span())
        for piece in pieces:
            if piece.start < start and end < piece.start + len(piece.edges) - 1:
                edges = piece.edges[start - piece.start], piece.edges[end - piece.start]
                if edges[1] - edges[0] > WIDE_GAP * (piece.bottom - piece.top) * A4:
                    cut = f"{cut[: space.start()]}\n{cut[space.end() :]}"
                    lefts.insert(1, edges[1])
    texts = [
        arabic_digits(re.sub(r"[.…_]{3,}", " ", canonical_text(text)).strip()) for text in cut.split("\n")
    ]
    is_same = len(texts) == len(lefts) and " ".join(texts) == arabic_digits(shown)
    return list(zip(texts, lefts, strict=True)) if is_same else []


def _without_receipt_stamp(head: list[_Row]) -> list[_Row]:
    """Returns the rows without the stamp of an office that received the paper, if it bears one.

    The stamp stands above the paper's own head, or at its right, in one row with it.
    """
    stamped = [
        (at, left) for at, row in enumerate(head) for text, left in row.parts if _RECEIVED.match(_bare(text))
    ]
    if not stamped:
        return head
    rows = range(stamped[0][0] - STAMP_ROWS, stamped[-1][0] + STAMP_ROWS + 1)
    beside = range(rows.start, rows.stop + STAMP_ROWS)  # one at the right spreads over as many of its rows
    left = min(left for _, left in stamped)
    is_at_right = left > PAGE_UNITS // 2
    kept = []
    for at, row in enumerate(head):
        is_below = row.left is None or abs(row.left - left) <= CENTRED
        is_receiver = (
            at == rows.start + STAMP_ROWS - 1 and is_at_right and is_below and _OFFICES.match(row.text)
        )
        is_of_stamp = at in rows and is_below and _OF_STAMP.match(row.bare)
        if _RECEIVED.match(row.bare) or is_of_stamp or is_receiver:
            continue
        has_label = any(row.starts(label) for label in ("เรื่อง", *_ADDRESSEE_LABELS, *_AFTER_ADDRESSEE))
        is_beside = at in beside and is_at_right
        kept.append(row.without_stamp(left - ALIGNED, has_label=has_label) if is_beside else row)
    return kept


def _number_row(document: _Document) -> tuple[_Row, int, float] | None:
    """Returns the row above the subject that begins with ``ที่``, its number's offset, and the certainty."""
    for row in document.above_subject:
        start = _NUMBER_LABEL.match(row.digits)
        if start and any(char.isdigit() for char in row.digits):
            return row, start.end(), CERTAIN if row.text.startswith("ที่") else LIKELY
    return None


def _number(document: _Document) -> _Found | None:
    kind = document.kind.value if document.kind else None
    places = [row.digits for row in document.above_subject]
    if kind in _ISSUED:
        for text in places:
            if (match := _ORDER_NUMBER.search(text)) and (
                _ORDER_LABEL.search(text[: match.start("number")]) or _NUMBER_ALONE.match(text)
            ):
                special = "พิเศษ " if match["special"] else ""
                return _Found(f"{special}{match['number']}/{match['year']}", CERTAIN)
        return None
    found = _number_row(document)
    if not found:
        return None
    row, start, sure = found
    match = _REFERENCE.match(row.digits, start)
    if not match or row.is_doubtful(match, "code", "number"):
        return None
    office = (match["office"] or "").strip(". ")
    code = re.sub(r"\s", "", match["code"]).replace(",", ".")
    number = f"ว {match['number']}" if match["circular"] else match["number"]
    return _Found(f"{office} {code}/{number}".strip(), sure)


def _date(document: _Document) -> _Found | None:
    kind = document.kind.value if document.kind else None
    if kind in _ISSUED:
        return _date_of_issue(document)
    if kind == DocumentKind.STAMPED and document.dated is not None:
        return _date_in(document.tail[document.dated], document)
    if kind is None:
        return None  # a text that is no letter mentions dates, but has none
    rows = document.above_subject or document.head[:TITLE_ROWS]
    if kind == DocumentKind.MINUTES:
        begins = next((at for at, row in enumerate(rows) if _MEETING_BEGINS.match(row.bare)), None)
        dated = [row for row in rows[:begins] if "วัน" in row.bare or document.centred(row)]
        return next(filter(None, (_date_in(row, document) for row in dated)), None)
    if kind in _PAPERS:
        return _date_of_letter(document, rows)
    for row in rows:
        if "ลงวัน" not in row.text and (date := _date_in(row, document)):
            return date
    return None


def _date_of_letter(document: _Document, rows: Sequence[_Row]) -> _Found | None:
    """Returns the date beside a memo's number, or else the last one above the subject.

    Above it may stand the stamp of an office that received the paper. A date that is written by hand or was
    not read whole is none: no other takes its place.
    """
    number = _number_row(document)
    if number and _is_dated(number[0]):
        return _date_in(number[0], document)
    dated = [row for row in rows if _is_dated(row) and "ลงวัน" not in row.text]
    if not dated:
        return None
    return _date_in(dated[-1] if document.subject else dated[0], document)


def _is_dated(row: _Row) -> bool:
    """Returns True if a date stands in the row, also one whose day could not be read."""
    return bool(next(find_dates_with_month_names(row.digits), None) or _WITHOUT_DAY.search(row.digits))


def _date_of_issue(document: _Document) -> _Found | None:
    """Returns the date in the row ประกาศ ณ วันที่ or the like, the first one: annexes have their own.

    The date may stand in the row below. A row that goes on after the date is a sentence on another paper.
    """
    rows = document.rows
    below = [*rows[1:], None]
    issued = [
        row if _is_dated(row) or after is None else after
        for row, after in zip(rows, below, strict=True)
        if _ISSUED_ON.match(row.bare)
    ]
    issued += [row for row in reversed(document.tail) if _ISSUED_ON_MISREAD.match(row.bare)]
    places = (
        next((row for row in issued if is_last(row)), None) for is_last in (_is_date_last, _may_be_dated)
    )
    place = next(filter(None, places), None)
    return _date_in(place, document) if place else None


def _is_date_last(row: _Row) -> bool:
    """Returns True if nothing stands behind the row's date, or but noise or a signature."""
    rest = _behind_date(row)
    return (len(rest) <= SHORT and _may_be_dated(row)) or bool(_SIGNED.match(rest))


def _may_be_dated(row: _Row) -> bool:
    """Returns True if no sentence goes on behind the row's date."""
    return not _SENTENCE_GOES_ON.match(_behind_date(row))


def _behind_date(row: _Row) -> str:
    ends = [found.match.end() for found in find_dates_with_month_names(row.digits)]
    return row.digits[ends[-1] :] if ends else ""


def _date_in(row: _Row, document: _Document) -> _Found | None:
    for date, match, is_month_or_year_misread in find_dates_with_month_names(row.digits):
        is_misread = row.is_recognised and not document.is_plausible_year(date.year)
        if not (is_misread or row.is_doubtful(match, "day", "year")):
            return _Found(date.isoformat(), LIKELY if is_month_or_year_misread else CERTAIN)
    return None


def _subject(document: _Document) -> _Found | None:
    if not document.subject:
        return None
    place, sure = document.subject
    first = document.head[place]
    if not (document.title or document.addressee or document.is_heading(first)):
        return None  # a column of a table, or a paragraph
    lines = [first.after("เรื่อง")]
    following = document.head[place + 1 : place + SUBJECT_LINES]
    end = next((at for at, row in enumerate(following) if _ends_subject(row)), None)
    is_paper = document.kind is not None and document.kind.value in _PAPERS
    if end is None and is_paper:
        return _subject_of(lines, sure)
    is_closed = end is not None and (is_paper or following[end].text == "---")
    before = first
    for row in following[:end]:
        if end is None:
            goes_on = document.full(before) and document.centred(row)
        else:
            is_below = before is not first and document.is_below(row, before)
            goes_on = document.is_symmetrical(row) or is_below
        if not (is_closed or goes_on):
            break
        lines.append(row.text)
        before = row
    return _subject_of(lines, sure)


def _subject_of(lines: list[str], sure: float) -> _Found | None:
    """Returns the lines as a subject; None for a form's empty line, below which stands its English."""
    text = _joined(lines)
    return _Found(text, sure) if max(len(lines[0]), len(_THAI.findall(text))) >= SHORT else None


def _opens_text(row: _Row) -> bool:
    """Returns True for the first row of a paper's text, if it is no noise."""
    return len(row.bare) > NOISE_LETTERS and bool(_OPENING.match(row.bare))


def _ends_subject(row: _Row) -> bool:
    labels = (*_ADDRESSEE_LABELS, *_AFTER_ADDRESSEE)
    is_label = row.text.startswith("ถึง ") or any(row.starts(label) for label in labels)
    return is_label or row.text == "---" or bool(_OPENING.match(row.bare))


def _title(document: _Document) -> _Found | None:
    """Returns the title of a paper that states no subject, such as ระเบียบ…ว่าด้วย… or งบทดลอง ณ วันที่ …."""
    kind = document.kind.value if document.kind else None
    place = document.heading
    if place is None or kind in _PAPERS or _subject(document):
        return None
    first, *following = document.head[place : place + TITLE_LINES]
    end = next((at for at, row in enumerate(following) if _ends_title(row)), None)
    is_closed = end is not None and (
        following[end].text == "---" or bool(_OPENING.match(following[end].bare))
    )
    lines = [_NOISE.sub("", first.first_cell)]
    for row in following[:end]:
        is_wide = is_closed and document.is_symmetrical(row)
        if not (is_wide or document.centred(row) or _CONTINUED_TITLE.match(row.bare)):
            break
        lines.append(row.text)
    return _Found(_REFERENCE_IN_TITLE.sub("", _joined(lines)), LIKELY)


def _ends_title(row: _Row) -> bool:
    is_other = row.text == "---" or row.has_cells
    return is_other or bool(_OPENING.match(row.bare) or _AFTER_TITLE.match(row.bare))


def _joined(lines: list[str]) -> str:
    """Returns the lines joined into one text; Thai lines are joined without a space, but for a new phrase."""
    text = lines[0]
    for line in lines[1:]:
        thai = _THAI.match(text[-1:]) and _THAI.match(line) and not _PHRASE.match(line)
        text += line if thai else f" {line}"
    return re.sub(r"\s+", " ", text).strip()


def _from(document: _Document) -> _Found | None:
    if document.title and document.title[1] in _ISSUED:
        return _issuer(document, document.title)
    if document.kind is None or document.kind.value not in _PAPERS:
        return None  # a text that is no letter names offices, but is from none
    if document.kind.value == DocumentKind.STAMPED:
        above = document.tail[max(0, document.dated - 2) : document.dated] if document.dated else []
        return next((_Found(row.text, LIKELY) for row in reversed(above) if _ISSUERS.match(row.text)), None)
    return _department(document) or _office_at_right(document)


def _issuer(document: _Document, title: tuple[int, DocumentKind, str, float]) -> _Found | None:
    """Returns the office that the title of an order or an announcement names."""
    place, _, label, sure = title
    named = [document.head[place].after(label)]
    for row in document.head[place + 1 : place + 3]:
        if not document.centred(row) or _NO_ISSUER.match(row.digits) or row.starts("เรื่อง"):
            break
        named.append(row.text)
    issuer = re.sub(r"\s*(ที่\s*(?:พิเศษ\s*)?[\d๐-๙].*|เรื่อง.*|ว่าด้วย.*)$", "", _joined(named))
    if _ISSUERS.match(issuer):
        return _Found(issuer, sure)
    wishing = filter(None, (_WISHING.match(row.text) for row in document.head))
    return next((_Found(match["office"], GUESS) for match in wishing), None)


def _department(document: _Document) -> _Found | None:
    """Returns the department after the label ส่วนราชการ of a memo; the label may have been read in part."""
    if part := document.label("ส่วนราชการ"):
        return _Found(_PHONE.sub("", document.head[part[0]].after("ส่วนราชการ")).strip(), part[1])
    for row in document.above_subject:
        label, _, rest = row.text.partition(" ")
        if len(label) >= FEW and _bare("ส่วนราชการ").endswith(_bare(label)):
            return _Found(_PHONE.sub("", rest).strip(), GUESS)
    return None


def _office_at_right(document: _Document) -> _Found | None:
    """Returns the office at the right of a letter's head, in the row of its number or in its own row."""
    rows = document.above_subject
    numbered = _number_row(document)
    if numbered:  # what stands above it may be of an office that received the letter
        place = rows.index(numbered[0])
        rows = rows[place:] if document.is_registered else [*rows[place:], *rows[:place]]
    for row in rows:
        number = row.text.startswith("ที่") or _REFERENCE.search(row.digits)
        office = _OFFICE_AT_RIGHT.search(row.text) if number else _OFFICES.match(row.text)
        if office and (number or not _NO_SENDER.match(row.text)):
            return _Found(_PHONE.sub("", row.text[office.start() :]).strip(), LIKELY)
    return None


def _to(document: _Document) -> _Found | None:
    if document.kind is None or document.kind.value not in _PAPERS:
        return None
    if document.addressee:
        place, sure = document.addressee
        row = document.head[place]
        label = next(label for label in _ADDRESSEE_LABELS if row.starts(label))
        lines = [row.after(label), *_rest_of_addressee(document, place)]
        return None if _FIRST_OF_SEVERAL.match(lines[0]) else _Found(_joined(lines), sure)
    if document.kind.value == DocumentKind.STAMPED:
        return next((_Found(row.after("ถึง"), CERTAIN) for row in document.head if row.starts("ถึง")), None)
    return None


def _rest_of_addressee(document: _Document, place: int) -> list[str]:
    """Returns the rows below the addressee's first that stand right of the label, until what follows."""
    label, *following = document.head[place : place + ADDRESSEE_LINES + 1]
    for at, row in enumerate(following):
        if any(row.starts(each) for each in _AFTER_ADDRESSEE):
            return [each.text for each in following[:at]]
        if label.left is not None and row.left is not None and row.left <= label.left + ALIGNED:
            break
    return []


def _urgency(document: _Document) -> _Found | None:
    for row in document.above_subject:
        for urgency in _URGENCIES:
            sure = row.starts(urgency)
            rest = row.after(urgency) if sure else ""
            if sure and (len(rest) <= SHORT or re.match("ที|บัน?ทึก", rest)):
                return _Found(urgency, sure)
    return None


_READERS: dict[str, Callable[[_Document], _Found | None]] = {
    "kind": lambda document: document.kind,
    "number": _number,
    "date": _date,
    "subject": _subject,
    "title": _title,
    "from": _from,
    "to": _to,
    "urgency": _urgency,
}
