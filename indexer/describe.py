"""What an official document says about itself: kind, number, date, subject, from, to, urgency.

The forms are those of the Prime Minister's Office regulation on correspondence (ระเบียบสำนักนายกรัฐมนตรี
ว่าด้วยงานสารบรรณ พ.ศ. ๒๕๒๖): labels at the start of lines in the head of the first page, the date of
orders and announcements at their end. Labels are compared without tone marks and with one slip allowed,
so that scans are understood too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from archive.errors import Invalid
from archive.model import Field, Kind, Page
from archive.thai import MONTHS, SHORT_MONTHS, arabic_digits, canon, parse_date

HEAD = 16  # lines of text in which labels are looked for
TAIL = 30  # lines at the end in which an order or announcement is dated
CERTAIN, LIKELY, GUESS = 0.97, 0.85, 0.6
SUBJECT_LINES = 4
CENTRED = 500  # 1/10,000 of the page's width that a centred line may be off its middle
NARROW = 0.88  # a centred line is narrower than this share of the widest line

_TONES = re.compile("[่้๊๋์็]")
_RULE = re.compile(r"[-–—_.=*\s]{3,}")
_DATE = re.compile(
    r"(?P<day>\d{1,2})\s*(?:เดือน\s*)?(?P<month>[ก-์.\s]{3,16}?)\s*(?:พ\s?\.?\s?ศ\s?\.?\s*)?(?P<year>2[3-6]\d\d)(?!\d)"
)
_REFERENCE = re.compile(
    r"(?P<office>[ก-ฮ]{1,4}\.?\s?)?(?P<code>\d{1,5}(?:\s?[.,]\s?\d{1,3}){0,3})\s?(?:[/|\\]\s?(?P<circular>ว)?\s?\.?\s?(?P<number>\d{1,6})(?!\d))"
)
_ORDER_NUMBER = re.compile(r"(?P<special>พิเศษ\s?)?(?P<number>\d{1,5})\s?[/|\\]\s?(?P<year>2[3-6]\d\d)(?!\d)")
_PHONE = re.compile(r"\s*(?:โทร(?:ศัพท์|สาร)?|Tel)(?![ก-ฮ]).*$", re.IGNORECASE)
_BODY = re.compile(
    "(ด้วย|ตามที่|เพื่อ|อาศัย|โดยที่|เนื่องจาก|เนื่องด้วย|บัดนี้|จาก|ให้|ขอ|ในการนี้|อนุสนธิ|ตามหนังสือ|๑\\.|1\\.|ข้อ )"
)
_OFFICES = re.compile(
    "(สำนัก|ที่ทำการ|ที่ว่าการ|องค์การ|องค์กร|เทศบาล|ศาลากลาง|กรม|กระทรวง|โรงเรียน|มหาวิทยาลัย|ศูนย์|สถานี|กอง|โรงพยาบาล|วิทยาลัย)"
)

# first words of a title → kind; longer ones first, since some begin alike
_TITLES = (
    ("บันทึกข้อความ", Kind.MEMO),
    ("หนังสือรับรอง", Kind.CERTIFICATE),
    ("รายงานการประชุม", Kind.MINUTES),
    ("แถลงการณ์", Kind.STATEMENT),
    ("ข่าวประชาสัมพันธ์", Kind.NEWS),
    ("ข้อบังคับ", Kind.BYLAW),
    ("ข้อบัญญัติ", Kind.BYLAW),
    ("เทศบัญญัติ", Kind.BYLAW),
    ("ระเบียบ", Kind.RULE),
    ("คำสั่ง", Kind.ORDER),
    ("ประกาศ", Kind.ANNOUNCEMENT),
    ("ข่าว", Kind.NEWS),
    ("บันทึก", Kind.NOTE),
)
_TITLE_LENGTH = 90  # code points; a longer line that begins so is a sentence
_ISSUED = (Kind.ORDER, Kind.ANNOUNCEMENT, Kind.RULE, Kind.BYLAW, Kind.STATEMENT)  # dated at the end
_URGENCIES = ("ด่วนที่สุด", "ด่วนมาก", "ด่วน")


@dataclass(frozen=True, slots=True)
class _Found:
    value: str
    confidence: float


class _Row:
    """A line of text with what comparing needs, and how it lies on the page when that is known."""

    def __init__(self, text: str, left: int | None, right: int | None) -> None:
        self.text = text
        self.left = left
        self.right = right

    @cached_property
    def bare(self) -> str:
        """Without tone marks and spaces."""
        return _bare(self.text)

    @cached_property
    def digits(self) -> str:
        """With Arabic digits."""
        return arabic_digits(self.text)

    @property
    def width(self) -> int:
        return (self.right or 0) - (self.left or 0)

    def starts(self, label: str) -> float:
        """How sure (0–1) the row begins with ``label``, tone marks aside, one slip allowed."""
        wanted = _bare(label)
        if self.bare.startswith(wanted):
            return CERTAIN
        if len(wanted) < 4:
            return 0.0
        near = min(Levenshtein.distance(wanted, self.bare[:size]) for size in _sizes(wanted))
        return LIKELY if near <= (1 if len(wanted) < 9 else 2) else 0.0

    def after(self, label: str) -> str:
        """What follows the label, or its misread form."""
        wanted = _bare(label)
        size = len(wanted)
        if not self.bare.startswith(wanted):
            size = min(_sizes(wanted), key=lambda size: Levenshtein.distance(wanted, self.bare[:size]))
        return _drop(self.text, size)

    def centred(self, widest: int) -> bool:
        if self.left is None or self.right is None:
            return not _BODY.match(self.text)
        return abs((self.left + self.right) / 2 - 5000) <= CENTRED and self.width <= NARROW * widest


def describe(pages: Sequence[Page]) -> dict[str, Field]:
    """Fields by name, each only where it was found.

    ``kind`` is a value of ``Kind``; ``number`` is canonical (``มท 0808.2/ว 123``, ``123/2564``); ``date``
    is ISO; ``urgency`` one of ด่วน, ด่วนมาก, ด่วนที่สุด; ``subject``, ``from`` and ``to`` are as written.
    """
    written = [page for page in pages if page.text.strip()]
    if not written:
        return {}
    head = _rows(written[0])
    document = _Document(head[:HEAD], [row for page in written for row in _rows(page)][-TAIL:])
    sure = written[0].confidence if written[0].confidence is not None else 1.0
    found: dict[str, _Found | None] = {name: read(document) for name, read in _READERS.items()}
    return {
        name: Field(value=field.value, confidence=round(field.confidence * sure, 2))
        for name, field in found.items()
        if field and field.value
    }


class _Document:
    """The head of the first page and the end of the last, and where the labels stand in the head."""

    def __init__(self, head: list[_Row], tail: list[_Row]) -> None:
        self.head = head
        self.tail = tail
        self.widest = max((row.width for row in head), default=0)

    def label(self, label: str) -> tuple[int, float] | None:
        """Place in the head of the first row that begins with ``label``, and how sure that is."""
        for place, row in enumerate(self.head):
            if sure := row.starts(label):
                return place, sure
        return None

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
    def title(self) -> tuple[int, Kind, str, float] | None:
        """Place, kind, label and certainty of the title row."""
        for place, row in enumerate(self.head[:8]):
            for label, kind in _TITLES:
                sure = row.starts(label)
                sentence = len(row.text) > _TITLE_LENGTH or row.bare.startswith(_bare(label + "ณวันที่"))
                if (
                    sure
                    and not sentence
                    and (len(label) > 6 or row.centred(max(self.widest, 1)) or place == 0)
                ):
                    return place, kind, label, sure
        return None

    @cached_property
    def kind(self) -> _Found | None:
        if self.title:
            return _Found(self.title[1].value, self.title[3])
        if self.addressee and (self.subject or _number_row(self)):
            return _Found(Kind.LETTER.value, LIKELY if self.subject and _number_row(self) else GUESS)
        if _number_row(self) and any(row.starts("ถึง") and len(row.text) < 60 for row in self.head):
            return _Found(Kind.STAMPED.value, LIKELY)
        return None


def _bare(text: str) -> str:
    return _TONES.sub("", re.sub(r"\s", "", text))


def _sizes(wanted: str) -> range:
    return range(max(1, len(wanted) - 1), len(wanted) + 2)


def _drop(text: str, count: int) -> str:
    """``text`` without its first ``count`` code points as ``_bare`` counts them."""
    place = 0
    while place < len(text) and (count or _TONES.match(text[place])):
        count -= not (_TONES.match(text[place]) or text[place].isspace())
        place += 1
    return text[place:].strip(" :：.-–")


def _rows(page: Page) -> list[_Row]:
    """The page's lines that hold text, with their left and right ends where the page knows them."""
    rows: list[_Row] = []
    offset = 0
    for text in page.text.split("\n"):
        pieces = [line for line in page.lines if offset <= line.start < offset + max(1, len(text))]
        left = min((piece.edges[0] for piece in pieces), default=None)
        right = max((piece.edges[-1] for piece in pieces), default=None)
        offset += len(text) + 1
        if re.search(r"[ก-๙A-Za-z0-9]", text):
            rows.append(_Row(re.sub(r"[.…_]{3,}", " ", canon(text)).strip(), left, right))
        elif _RULE.fullmatch(text.strip() or "x"):
            rows.append(_Row("---", None, None))
    return rows


def _number_row(document: _Document) -> tuple[str, float] | None:
    """What stands after ``ที่`` above the subject, with Arabic digits."""
    for row in document.above_subject:
        start = re.match(r"(?:ด่วน\S*\s+)?ท[ีิึื]?[่้'’`\"]?(?=\s|[ก-ฮ]{1,4}\s?\d|\d|พิเศษ)\s*", row.digits)
        if start and any(char.isdigit() for char in row.digits):
            return row.digits[start.end() :], CERTAIN if row.text.startswith("ที่") else LIKELY
    return None


def _number(document: _Document) -> _Found | None:
    kind = document.kind.value if document.kind else None
    places = [row.digits for row in document.above_subject]
    if kind in _ISSUED:
        for text in places:
            if (match := _ORDER_NUMBER.search(text)) and re.search(
                "ท[ีิึื]?[่้'’]?\\s*(พิเศษ)?\\s*$", text[: match.start("number")]
            ):
                special = "พิเศษ " if match["special"] else ""
                return _Found(f"{special}{match['number']}/{match['year']}", CERTAIN)
        return None
    row = _number_row(document)
    if not row or not (match := _REFERENCE.match(row[0])):
        return None
    office = (match["office"] or "").strip(". ")
    code = re.sub(r"\s", "", match["code"]).replace(",", ".")
    number = f"ว {match['number']}" if match["circular"] else match["number"]
    return _Found(f"{office} {code}/{number}".strip(), row[1])


def _date(document: _Document) -> _Found | None:
    kind = document.kind.value if document.kind else None
    if kind in _ISSUED:
        for row in reversed(document.tail):
            if re.search("ณ\\s*วัน|วันท[ีิึื]?[่้]?\\s*\\d", row.digits) and (date := _date_in(row.digits)):
                return date
        return None
    rows = document.above_subject or document.head[:8]
    for row in rows:
        if "ลงวัน" not in row.text and (date := _date_in(row.digits)):
            return date
    return None


def _date_in(text: str) -> _Found | None:
    for match in _DATE.finditer(text):
        name = match["month"].strip()
        near = process.extractOne(name, MONTHS + SHORT_MONTHS, scorer=fuzz.ratio, score_cutoff=72)
        if near is None:
            continue
        try:
            date = parse_date(f"{match['day']} {near[0]} พ.ศ. {match['year']}")
        except Invalid:
            continue
        return _Found(date.isoformat(), CERTAIN if near[1] == 100 else LIKELY)
    return None


def _subject(document: _Document) -> _Found | None:
    if not document.subject:
        return None
    place, sure = document.subject
    lines = [document.head[place].after("เรื่อง")]
    issued = document.kind is not None and document.kind.value in _ISSUED
    following = document.head[place + 1 : place + SUBJECT_LINES]
    ends = [at for at, row in enumerate(following) if _ends_subject(row)]
    if issued:
        for row in following[: ends[0] if ends else None]:
            if not row.centred(document.widest):
                break
            lines.append(row.text)
    elif ends:
        lines += [row.text for row in following[: ends[0]]]
    return _Found(_joined(lines), sure)


def _ends_subject(row: _Row) -> bool:
    labels = ("เรียน", "กราบเรียน", "อ้างถึง", "สิ่งที่ส่งมาด้วย", "ถึง")
    return row.text == "---" or any(row.starts(label) for label in labels)


def _joined(lines: list[str]) -> str:
    """Lines of running Thai without the breaks between them."""
    text = lines[0]
    for line in lines[1:]:
        thai = re.search("[ก-๎]$", text) and re.match("[ก-๎]", line)
        text += line if thai else f" {line}"
    return re.sub(r"\s+", " ", text).strip()


def _from(document: _Document) -> _Found | None:
    if document.title and document.title[1] in _ISSUED:
        place, _, label, sure = document.title
        issuer = re.sub(r"\s*(ที่\s*[\d๐-๙].*|เรื่อง.*)$", "", document.head[place].after(label))
        return _Found(issuer, sure) if issuer else None
    if part := document.label("ส่วนราชการ"):
        return _Found(_PHONE.sub("", document.head[part[0]].after("ส่วนราชการ")).strip(), part[1])
    for row in document.above_subject:
        match = _REFERENCE.search(row.digits)
        rest = row.text[match.end() :].strip() if match else row.text
        if _OFFICES.match(rest):
            return _Found(rest, LIKELY)
    return None


def _to(document: _Document) -> _Found | None:
    if document.title and document.title[1] in _ISSUED:
        return None
    if document.addressee:
        place, sure = document.addressee
        row = document.head[place]
        label = next(label for label in ("กราบเรียน", "เรียน", "นมัสการ") if row.starts(label))
        return _Found(row.after(label), sure)
    if document.kind and document.kind.value == Kind.STAMPED:
        return next((_Found(row.after("ถึง"), CERTAIN) for row in document.head if row.starts("ถึง")), None)
    return None


def _urgency(document: _Document) -> _Found | None:
    for row in document.above_subject:
        for urgency in _URGENCIES:
            if (sure := row.starts(urgency)) and (
                len(row.bare) <= len(_bare(urgency)) + 2 or "ที่" in row.after(urgency)
            ):
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
