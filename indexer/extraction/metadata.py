"""Metadata of an official document: extracts its kind, number, date, subject, from, to and urgency.

The forms are those of the Prime Minister's Office regulation on correspondence (ระเบียบสำนักนายกรัฐมนตรี
ว่าด้วยงานสารบรรณ พ.ศ. ๒๕๒๖): labels at the start of lines in the head of the first page, the date of
orders and announcements at their end. Labels are compared without tone marks and with one slip allowed,
so that scans are understood too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import Levenshtein

from archive.model import DocumentKind, Page, ReadField
from archive.thai import arabic_digits, canonical_text
from archive.thai.characters import CONSONANTS, LEADING_VOWELS, LETTERS_AND_SIGNS
from archive.thai.dates import find_dates

HEAD = 16  # lines of text in which labels are looked for
TAIL = 30  # lines at the end in which an order or announcement is dated
CERTAIN, LIKELY, GUESS = 0.97, 0.85, 0.6
SUBJECT_LINES = 4
CENTRED = 350  # 1/10,000 of the page's width that a centred line may be off the middle of the text
NARROW = 0.95  # a centred line is narrower than this share of the text
FULL = 0.5  # a line that was broken, so that another follows it, fills this share of the text at least

_THAI = re.compile(f"[{LETTERS_AND_SIGNS}]")
_TONES = re.compile("[่้๊๋์็]")
_GAP = re.compile(r"\s+|$")
_RULE = re.compile(r"[-–—_.…=*\s]{3,}")
_NUMBER_LABEL = re.compile(rf"(?:ด่วน\S*\s+)?ท[ีิึื]?[่้'’`\"]?(?=\s|[{CONSONANTS}]{{1,4}}\s?\d|\d|พิเศษ)\s*")
_REFERENCE = re.compile(
    rf"(?P<office>[{CONSONANTS}]{{1,4}}\.?\s?)?"
    r"(?P<code>\d{1,5}(?:\s?[.,]\s?\d{1,3}){0,3})\s?(?:[/|\\]\s?(?P<circular>ว)?\s?\.?\s?(?P<number>\d{1,6})(?!\d|[.,]\s?\d))"
)
_ISSUED_ON = re.compile(r"ณ\s*วัน|^(?:ส[ั]?[่]?ง|ประกาศ|ให้ไว้|ตราไว้)\s.{0,4}วัน")
_NUMBER_ALONE = re.compile(r"\W*\d{1,5}\s?/\s?2[3-6]\d\d\W*$")
_NOISE = re.compile(rf"^[^{CONSONANTS}{LEADING_VOWELS}]{{1,4}}\s+(?=[{CONSONANTS}])")
_ORDER_NUMBER = re.compile(r"(?P<special>พิเศษ\s?)?(?P<number>\d{1,5})\s?[/|\\]\s?(?P<year>2[3-6]\d\d)(?!\d)")
_PHONE = re.compile(rf"\s*(?:โทร(?:ศัพท์|สาร)?|Tel)(?![{CONSONANTS}]).*$", re.IGNORECASE)
_BODY = re.compile(
    "(ด้วย|ตามที่|เพื่อ|อาศัย|โดยที่|เนื่องจาก|เนื่องด้วย|บัดนี้|จาก|ให้|ขอ|ในการนี้|อนุสนธิ|ตามหนังสือ|๑\\.|1\\.|ข้อ )"
)
_OFFICE = (
    "(?:สำนัก|ที่ทำการ|ที่ว่าการ|องค์การ|องค์กร|เทศบาล|ศาลากลาง|จังหวัด|อำเภอ|คณะ|สภา|กรม|กระทรวง|โรงเรียน|"
    "มหาวิทยาลัย|ศูนย์|สถานี|กอง|โรงพยาบาล|วิทยาลัย)"
)
_OFFICES = re.compile(_OFFICE)
_OFFICE_AT_RIGHT = re.compile(rf"(?<=\s){_OFFICE}|(?<=\d){_OFFICE}")  # of a row that begins with the number
_ISSUERS = re.compile(
    rf"{_OFFICE}|ผู้|นาย|ปลัด|กำนัน|ประธาน|หัวหน้า|อธิบดี|รัฐ|สถาบัน|บริษัท|ธนาคาร|สหกรณ์|ชุมชน|หน่วย|"
    "ฝ่าย|งาน|การ|ศาล|มูลนิธิ|สมาคม|หมู่บ้าน|วัด|ตำบล|เมือง|เขต|ท้องถิ่น|ทะเบียน|กลุ่ม|ราช"
)

_NO_ISSUER = re.compile(r"---|\W*\d|ท[ีิึื]?[่้]?\s*(?:พิเศษ|\d)|ว่าด้วย|พ\s?\.?\s?ศ|\(?ฉบับ|ครั้ง|เรือง|เรีอง")

# first words of a title → kind; longer ones first, since some begin alike
_TITLES = (
    ("บันทึกข้อความ", DocumentKind.MEMO),
    ("หนังสือรับรอง", DocumentKind.CERTIFICATE),
    ("รายงานการประชุม", DocumentKind.MINUTES),
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
FEW = 3  # code points: shortest end of a label from which the label is recognised
SHORT = 4  # code points: a shorter rest of a row is noise
_TITLE_LENGTH = 90  # code points; a longer line that begins so is a sentence
_ISSUED = (
    DocumentKind.ORDER,
    DocumentKind.ANNOUNCEMENT,
    DocumentKind.RULE,
    DocumentKind.BYLAW,
    DocumentKind.STATEMENT,
)  # dated at the end
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
    ) -> None:
        self.text = text
        self.left = left
        self.right = right
        self._raw = arabic_digits(raw)  # as on the page; ``doubts`` are stretches of it
        self._doubts = doubts

    def is_doubtful(self, match: re.Match[str], group: str) -> bool:
        """Returns True if OCR marked ``group`` of a match in ``digits``, or the letter after, as doubtful.

        OCR doubts handwriting, but hardly ever print.
        """
        start = self._raw.find(match[0])
        if start < 0:
            return False
        first = start + match.start(group) - match.start()
        last = start + match.end(group) - match.start() + 1
        return any(first < end and begin < last for begin, end in self._doubts)

    @cached_property
    def bare(self) -> str:
        """Returns the text of the row without tone marks and spaces."""
        return _bare(self.text)

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
            size = min(_sizes(wanted), key=lambda size: Levenshtein.distance(wanted, self.bare[:size]))
        return _drop(self.text, size)


def extract_fields(pages: Sequence[Page]) -> dict[str, ReadField]:
    """Returns the fields that were found, by name.

    ``kind`` is a value of ``DocumentKind``; ``number`` is canonical (``มท 0808.2/ว 123``, ``123/2564``);
    ``date`` is ISO; ``urgency`` one of ด่วน, ด่วนมาก, ด่วนที่สุด; ``subject``, ``from`` and ``to`` are as written.
    """
    written = [page for page in pages if page.text.strip()]
    if not written:
        return {}
    head = _rows(written[0])
    document = _Document(head[:HEAD], [row for page in written for row in _rows(page)][-TAIL:])
    sure = written[0].confidence if written[0].confidence is not None else 1.0
    found: dict[str, _Found | None] = {name: read(document) for name, read in _READERS.items()}
    return {
        name: ReadField(value=field.value, confidence=round(field.confidence * sure, 2))
        for name, field in found.items()
        if field and field.value
    }


class _Document:
    """The head of the first page and the end of the last, and where the labels stand in the head."""

    def __init__(self, head: list[_Row], tail: list[_Row]) -> None:
        self.head = head
        self.tail = tail
        self.left = min((row.left for row in head if row.left is not None), default=0)
        self.right = max((row.right for row in head if row.right is not None), default=0)

    def label(self, label: str) -> tuple[int, float] | None:
        """Returns the position in the head of the first row that begins with ``label``, and the certainty."""
        for place, row in enumerate(self.head):
            if sure := row.starts(label):
                return place, sure
        return None

    def centred(self, row: _Row) -> bool:
        """Returns True if the row is centred; judged by its words when its position is not known."""
        if row.left is None or row.right is None:
            return not _BODY.match(row.text)
        off = abs(row.left + row.right - self.left - self.right) / 2
        return off <= CENTRED and row.width <= NARROW * (self.right - self.left)

    def full(self, row: _Row) -> bool:
        return row.left is None or row.width >= FULL * (self.right - self.left)

    @cached_property
    def subject(self) -> tuple[int, float] | None:
        return self.label("เรื่อง")

    @cached_property
    def addressee(self) -> tuple[int, float] | None:
        return self.label("เรียน") or self.label("กราบเรียน") or self.label("นมัสการ")

    @property
    def above_subject(self) -> list[_Row]:
        end = (self.subject or self.addressee or (min(len(self.head), 8), 0))[0]
        return self.head[:end]

    @cached_property
    def title(self) -> tuple[int, DocumentKind, str, float] | None:
        """Returns position, kind, label and certainty of the title row; the most certain row is chosen."""
        titles = list(self._titles())
        return max(titles, key=lambda title: title[3]) if titles else None

    def _titles(self) -> Iterator[tuple[int, DocumentKind, str, float]]:
        for place, row in enumerate(self.head[:8]):
            row = _Row(_URGENCY.sub("", _NOISE.sub("", row.text)), row.left, row.right)
            for label, kind in _TITLES:
                sure = row.starts(label)
                sentence = len(row.text) > _TITLE_LENGTH or row.bare.startswith(_bare(label + "ณวันที่"))
                headed = len(label) > 6 or place == 0 or self.centred(row) or _OFFICES.match(row.after(label))
                if sure and not sentence and headed:
                    yield place, kind, label, sure
                    break

    @cached_property
    def dated(self) -> int | None:
        """Returns the position in the tail of the row that is only a date, as in stamped letters."""
        for place in range(len(self.tail) - 1, 0, -1):
            digits = self.tail[place].digits
            found = next(find_dates(digits), None)
            if found and not found.match.start() and len(digits) - found.match.end() < SHORT:
                return place
        return None

    @cached_property
    def kind(self) -> _Found | None:
        if self.title:
            return _Found(self.title[1].value, self.title[3])
        if (department := self.label("ส่วนราชการ")) and self.subject:
            return _Found(DocumentKind.MEMO.value, min(LIKELY, department[1]))
        if self.addressee and (self.subject or _number_row(self)):
            return _Found(DocumentKind.LETTER.value, LIKELY if self.subject and _number_row(self) else GUESS)
        if any(row.text.startswith("ถึง ") and len(row.text) < _TITLE_LENGTH for row in self.head[:5]):
            if _number_row(self):
                return _Found(DocumentKind.STAMPED.value, LIKELY)
            return _Found(DocumentKind.STAMPED.value, GUESS) if self.dated else None
        return None


def _bare(text: str) -> str:
    return _TONES.sub("", re.sub(r"\s", "", text))


def _sizes(wanted: str) -> range:
    return range(max(1, len(wanted) - 1), len(wanted) + 2)


def _drop(text: str, count: int) -> str:
    """Returns ``text`` without its first ``count`` code points; tone marks and spaces do not count."""
    place = 0
    while place < len(text) and (count or _TONES.match(text[place])):
        count -= not (_TONES.match(text[place]) or text[place].isspace())
        place += 1
    return text[place:].lstrip(" \t:：.-–").rstrip(" \t:：-–")


def _rows(page: Page) -> list[_Row]:
    """Returns the page's lines that contain text, with their left and right ends where these are known."""
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
            rows.append(_Row(shown, left, right, text, doubts))
        elif _RULE.fullmatch(text.strip() or "x"):
            rows.append(_Row("---", None, None))
    return rows


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
                re.search("ท[ีิึื]?[่้'’]?\\s*(พิเศษ)?\\s*$", text[: match.start("number")])
                or _NUMBER_ALONE.match(text)
            ):
                special = "พิเศษ " if match["special"] else ""
                return _Found(f"{special}{match['number']}/{match['year']}", CERTAIN)
        return None
    found = _number_row(document)
    if not found:
        return None
    row, start, sure = found
    match = _REFERENCE.match(row.digits, start)
    if not match or row.is_doubtful(match, "code") or row.is_doubtful(match, "number"):
        return None
    office = (match["office"] or "").strip(". ")
    code = re.sub(r"\s", "", match["code"]).replace(",", ".")
    number = f"ว {match['number']}" if match["circular"] else match["number"]
    return _Found(f"{office} {code}/{number}".strip(), sure)


def _date(document: _Document) -> _Found | None:
    kind = document.kind.value if document.kind else None
    if kind in _ISSUED:
        issued = next((row for row in reversed(document.tail) if _ISSUED_ON.search(row.digits)), None)
        return _date_in(issued) if issued else None
    if kind == DocumentKind.STAMPED and document.dated is not None:
        return _date_in(document.tail[document.dated])
    if kind is None:
        return None  # a text that is no letter mentions dates, but has none
    rows = document.above_subject or document.head[:8]
    for row in rows:
        if "ลงวัน" not in row.text and (date := _date_in(row)):
            return date
    return None


def _date_in(row: _Row) -> _Found | None:
    for date, match, is_exact in find_dates(row.digits):
        if not (row.is_doubtful(match, "day") or row.is_doubtful(match, "year")):
            return _Found(date.isoformat(), CERTAIN if is_exact else LIKELY)
    return None


def _subject(document: _Document) -> _Found | None:
    if not document.subject:
        return None
    place, sure = document.subject
    first = document.head[place]
    lines = [first.after("เรื่อง")]
    issued = document.kind is not None and document.kind.value in _ISSUED
    following = document.head[place + 1 : place + SUBJECT_LINES]
    end = next((at for at, row in enumerate(following) if _ends_subject(row)), None)
    if end is None and not issued:
        return _Found(_joined(lines), sure)
    before = first
    for row in following[:end]:
        if issued and not (document.full(before) and document.centred(row)):
            break
        lines.append(row.text)
        before = row
    return _Found(_joined(lines), sure)


def _ends_subject(row: _Row) -> bool:
    labels = ("เรียน", "กราบเรียน", "อ้างถึง", "สิ่งที่ส่งมาด้วย")
    return row.text == "---" or row.text.startswith("ถึง ") or any(row.starts(label) for label in labels)


def _joined(lines: list[str]) -> str:
    """Returns the lines joined into one text; Thai lines are joined without a space."""
    text = lines[0]
    for line in lines[1:]:
        thai = _THAI.match(text[-1:]) and _THAI.match(line)
        text += line if thai else f" {line}"
    return re.sub(r"\s+", " ", text).strip()


def _from(document: _Document) -> _Found | None:
    if document.title and document.title[1] in _ISSUED:
        return _issuer(document, document.title)
    if document.kind is None:
        return None  # a text that is no letter names offices, but is from none
    if document.kind.value == DocumentKind.STAMPED:
        return _Found(document.tail[document.dated - 1].text, LIKELY) if document.dated else None
    return _department(document) or _office_at_right(document)


def _issuer(document: _Document, title: tuple[int, DocumentKind, str, float]) -> _Found | None:
    """Returns the office that the title of an order or an announcement names."""
    place, _, label, sure = title
    named = [document.head[place].after(label)]
    for row in document.head[place + 1 : place + 3]:
        if not document.centred(row) or _NO_ISSUER.match(row.digits) or row.starts("เรื่อง"):
            break
        named.append(row.text)
    issuer = re.sub(r"\s*(ที่\s*(?:พิเศษ\s*)?[\d๐-๙].*|เรื่อง.*)$", "", _joined(named))
    return _Found(issuer, sure) if _ISSUERS.match(issuer) else None


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
    for row in document.above_subject:
        number = row.text.startswith("ที่") or _REFERENCE.search(row.digits)
        office = _OFFICE_AT_RIGHT.search(row.text) if number else _OFFICES.match(row.text)
        if office:
            return _Found(row.text[office.start() :].strip(), LIKELY)
    return None


def _to(document: _Document) -> _Found | None:
    if document.title and document.title[1] in _ISSUED:
        return None
    if document.addressee:
        place, sure = document.addressee
        row = document.head[place]
        label = next(label for label in ("กราบเรียน", "เรียน", "นมัสการ") if row.starts(label))
        return _Found(row.after(label), sure)
    if document.kind and document.kind.value == DocumentKind.STAMPED:
        return next((_Found(row.after("ถึง"), CERTAIN) for row in document.head if row.starts("ถึง")), None)
    return None


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
    "from": _from,
    "to": _to,
    "urgency": _urgency,
}
