"""Metadata of an official document: extracts its kind, number, date, subject, title, from, to, urgency.

The forms are those of the Prime Minister's Office regulation on correspondence (ระเบียบสำนักนายกรัฐมนตรี
ว่าด้วยงานสารบรรณ พ.ศ. ๒๕๒๖): labels at the start of lines in the head of the first page, the date of
orders and announcements at their end. Labels are compared without tone marks and with one slip allowed,
so that scans are understood too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from archive.model import DocumentKind, ExtractedField, Page
from archive.privacy import COVER
from archive.thai.characters import CONSONANTS, LETTERS_AND_SIGNS
from archive.thai.dates import MONTHS, find_dates_with_month_names
from indexer.extraction.metadata_layout import DocumentLayout, number_row
from indexer.extraction.metadata_patterns import (
    ADDRESSEE_LABELS,
    AFTER_ADDRESSEE,
    ALIGNED,
    CERTAIN,
    GUESS,
    LIKELY,
    NOISE,
    OFFICE,
    OPENING,
    SHORT,
    STATE_ENTERPRISE,
    TITLE_ROWS,
    bare_pattern,
    bare_text,
)
from indexer.extraction.metadata_rows import FieldValue, TextRow, rows_of_page

SUBJECT_LINES = 5
TITLE_LINES = 5
_THAI = re.compile(f"[{LETTERS_AND_SIGNS}]")
_REFERENCE = re.compile(
    rf"(?P<office>[{CONSONANTS}]{{1,4}}\.?\s?(?:\([{CONSONANTS}]{{2,5}}\)\s?)?)?"
    rf"(?P<code>\d{{1,6}}(?:\s?[.,]\s?\d{{1,3}}){{0,3}}(?:\s?\.?\s?\([{CONSONANTS}]{{1,5}}\))?)\s?[/|\\]\s?"
    rf"(?:(?P<circular>ว)\s?\.?\s?|(?P<series>[{CONSONANTS}]{{1,2}}\.)\s?)?"
    r"(?P<number>\d{1,6})(?![\d\s]*\d|[.,]\s?\d)"
)
_NUMBER_ALONE = re.compile(r"\W*\d{1,5}\s?/\s?2[3-6]\d\d\W*$")
_ORDER_NUMBER = re.compile(r"(?P<special>พิเศษ\s?)?(?P<number>\d{1,5})\s?[/|\\]\s?(?P<year>2[3-6]\d\d)(?!\d)")
_ORDER_LABEL = re.compile("(?<!ครั้ง)(?<!ครัง)(?<!ฉบับ)(?<!ชุด)(?<!สมัย)ท[ีิึื]?[่้'’]?\\s*(พิเศษ)?\\s*$")
_PHONE = re.compile(
    rf"\s*(?:\(?(?:โทร(?:ศัพท์|สาร)?|Tel)(?![{CONSONANTS}]).*|\([\d๐-๙][\d๐-๙\s-]{{6,}}\))$", re.IGNORECASE
)
_ISSUED_ON = bare_pattern(r"\W*(?:สั่ง|สัง|ประกาศ|ให้ไว้|ตราไว้)(?:(?!ลง|เมื่อ|ผล|ราย).){0,4}วัน")
_SENTENCE_GOES_ON = re.compile(r"\s*(?:แล้ว|เรื่อง|ถึง|เป็นต้น|นั้น|โดย|ให้|และ|ซึ่ง|ตาม|บัดนี้|จึง|ว่า(?!ที่)|เพื่อ|ได้)")
_SIGNED = re.compile(  # behind a date
    r"\s*(?:\((?!ฉบับ)|[~|]|นาย|นาง|ว่าที่|พล|พัน|ร้อย(?!ละ)|จ่า(?!ย)|สิบ|ดร)(?!.{40}|.*(?:นั้น|แล้ว|ตำแหน่ง|จึง))"
)
_SENTENCE_ENDS = re.compile(  # in the row below a date; นันทนา is a name
    rf"\W*(?:นั้น|นัน(?![{CONSONANTS}]))|เร[ืี]่?อง.*นั้?น$"
)
_ISSUED_ON_MISREAD = bare_pattern(".{0,12}ณวัน")  # the word before it may be misread
_WITHOUT_DAY = re.compile(rf"(?:{'|'.join(MONTHS)})\s*(?:พ\.?\s?ศ\.?\s*)?2[3-6]\d\d")
_MEETING_BEGINS = bare_pattern(r"ผู้(?:มา|เข้า|ไม่มา)|ระเบียบวาระ|เริ่มประชุม|เปิดประชุม")
_AFTER_TITLE = bare_pattern(
    r"(?:เมื่อ)?วัน(?:ที่|จันทร์|อังคาร|พุธ|พฤหัส|ศุกร์|เสาร์|อาทิตย์)|ณห้อง|ณที่|ณศาลา|ณหอ|ผู้(?:มา|เข้า)|เริ่ม|เรียน|"
    r"เขียนที่|ลำดับ|ที่(?=รายการ)|ส่วนราชการ|ประเภท|สถานที่|ชื่อ|เจ้าของ|หน่วยงาน|คำนวณ|โดย$|จัดทำ|เรื่อง|ระเบียบวาระ|หนังสือ(?:ฉบับ)?นี้|ข้าพเจ้า|ขอรับรอง|ภูมิพล|มหาวชิรา|ให้ไว้|\d|[\WA-Za-z]*$"
)
_PHRASE = re.compile(r"พ\.?\s?ศ|ณ\s|ประจำปี|ครั้งที่|สมัย|ปีงบประมาณ")  # written after a space
_CONTINUED_TITLE = bare_pattern(r"ว่าด้วย|พ\.?ศ\.?\d|\((?:ฉบับ|แก้ไข|ครั้ง)|ฉบับที่|ประจำ|สำหรับ|สมัย|โครงการ")
_REFERENCE_IN_TITLE = re.compile(r"\s*(?:ตามประกาศ|ซึ่งประกาศใน).*$")
_WISHING = re.compile(rf"ด้วย\s?(?P<office>{OFFICE}\S+)\s.*มีความประสงค์")  # as announcements begin
_SENDER = (
    f"(?:{OFFICE}|{STATE_ENTERPRISE}|มณฑลทหาร|กองทัพ|ค่าย|บริษัท|ห้างหุ้นส่วน|ธนาคาร|สหกรณ์|มูลนิธิ|สมาคม|สถาบัน|"
    "ศาล(?!า)|วัด|ชุมชน)"
)
_SENDERS = re.compile(_SENDER)
_OFFICE_AT_RIGHT = re.compile(rf"(?<=[\s\d]){_SENDER}")  # of a row that begins with the number
_PLACES = re.compile("ค่าย|วัด|ชุมชน")  # senders, or a part of a sender's address
_NUMBER_WITHOUT_OFFICE = bare_pattern(rf"ที่(?!.*[{LETTERS_AND_SIGNS}]{{8}})")
_NUMBER_BEHIND = re.compile(rf"\s+ที่\s*(?={_REFERENCE.pattern})")
_NO_DEPARTMENT = re.compile("ที่|ต่าง|อื่น")  # behind the word for a department in a sentence
_TAX_NUMBER = re.compile(  # behind a firm's name; not กองบริการผู้เสียภาษี
    r"\s*\(?\s*(?:เลข\S*\s*(?:ผู้)?เสียภาษี|(?:ผู้)?เสียภาษี\S*\s*[0-9๐-๙]).*$"
)
_NO_SENDER = re.compile("อำเภอ|จังหวัด|สำนักงานใหญ่")  # first words of an address below the sender's name
_ISSUERS = re.compile(
    f"{OFFICE}|{STATE_ENTERPRISE}|ผู้(?:ว่า|อำนวย|บัญชา|บังคับ|จัดการ|กำกับ|ใหญ่)|นาย|ปลัด|กำนัน|ประธาน|"
    "หัวหน้า|อธิบดี|รัฐ|สถาบัน|บริษัท|ธนาคาร|สหกรณ์|ชุมชน|หน่วย|ฝ่าย|งาน|ศาล|มูลนิธิ|สมาคม|หมู่บ้าน|วัด|ตำบล|เมือง|เขต|ท้องถิ่น|ทะเบียน|กลุ่ม|ราช|มณฑล|ค่าย"
)
_NO_ISSUER = re.compile(
    r"---|\W*\d|ท[ีิึื]?[่้]?\s*(?:พิเศษ|\d)|ว่าด้วย|พ\s?\.?\s?ศ|\(?ฉบับ|ครั้ง|เรือง|เรีอง|ประกาศ|สอบราคา|ประกวด|ประมูล|"
    "ยกเลิก|รับสมัคร|ราย|ผล|ผู้ชนะ|เชิญ|แผน|ราคา|กำหนด|แต่งตั้ง|โครงการ"
)
_NUMBER_OF_ISSUED = r"(?<=\s)ที่\s*(?:พิเศษ\s*)?[\d๐-๙]|ที่\s*(?:พิเศษ\s*)?[\d๐-๙]+\s?[/|\\]"
_BEHIND_ISSUER = re.compile(rf"\s*(?:{_NUMBER_OF_ISSUED}|เรื่อง|ว่าด้วย).*$")
_BEHIND_ISSUER_OF_ORDER = re.compile(  # orders have a number, so it is none of the office's name
    rf"\s*(?:{_NUMBER_OF_ISSUED}|ที่\s*[\d๐-๙]+(?=\s*เรื่อง)|เรื่อง|ว่าด้วย).*$"
)
FEW = 3  # code points: shortest end of a label from which the label is recognised
_ISSUED = (
    DocumentKind.ORDER,
    DocumentKind.ANNOUNCEMENT,
    DocumentKind.RULE,
    DocumentKind.BYLAW,
    DocumentKind.STATEMENT,
)  # dated at the end
_PAPERS = (DocumentKind.LETTER, DocumentKind.MEMO, DocumentKind.STAMPED)  # sent by an office to another
_FIRST_OF_SEVERAL = re.compile(r"[1๑]\s?[.)]")
ADDRESSEE_LINES = 3
_URGENCIES = ("ด่วนที่สุด", "ด่วนมาก", "ด่วน")


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
    first = rows_of_page(written[0])
    document = DocumentLayout(first, [row for page in written for row in rows_of_page(page)])
    confidence = written[0].confidence
    sure = 1.0 if written[0].corrected or confidence is None else confidence
    found: dict[str, FieldValue | None] = {name: read(document) for name, read in _READERS.items()}
    return {
        name: ExtractedField(value=field.value, confidence=round(field.confidence * sure, 2))
        for name, field in found.items()
        if field and field.value and COVER not in field.value
    }


def _number(document: DocumentLayout) -> FieldValue | None:
    kind = document.kind.value if document.kind else None
    places = [row.digits for row in document.above_subject]
    if kind in _ISSUED:
        for text in places:
            if (match := _ORDER_NUMBER.search(text)) and (
                _ORDER_LABEL.search(text[: match.start("number")]) or _NUMBER_ALONE.match(text)
            ):
                special = "พิเศษ " if match["special"] else ""
                return FieldValue(f"{special}{match['number']}/{match['year']}", CERTAIN)
        return None
    found = number_row(document)
    if not found:
        return None
    row, start, sure = found
    match = _REFERENCE.match(row.digits, start)
    if not match or row.is_doubtful(match, "code", "number"):
        return None
    office = (match["office"] or "").strip(". ")
    code = re.sub(r"\s", "", match["code"]).replace(",", ".")
    number = f"ว {match['number']}" if match["circular"] else f"{match['series'] or ''}{match['number']}"
    return FieldValue(f"{office} {code}/{number}".strip(), sure)


def _date(document: DocumentLayout) -> FieldValue | None:
    kind = document.kind.value if document.kind else None
    if kind in _ISSUED:
        return _date_of_issue(document)
    if kind == DocumentKind.STAMPED and document.date_place is not None:
        return _date_in(document.tail[document.date_place], document)
    if kind is None:
        return None  # a text that is no letter mentions dates, but has none
    rows = document.above_subject or document.head[:TITLE_ROWS]
    if kind == DocumentKind.MINUTES:
        begins = next((at for at, row in enumerate(rows) if _MEETING_BEGINS.match(row.bare)), None)
        dated = [row for row in rows[:begins] if "วัน" in row.bare or document.is_centred(row)]
        return next(filter(None, (_date_in(row, document) for row in dated)), None)
    if kind in _PAPERS:
        return _date_of_letter(document, rows)
    for row in rows:
        if "ลงวัน" not in row.text and (date := _date_in(row, document)):
            return date
    return None


def _date_of_letter(document: DocumentLayout, rows: Sequence[TextRow]) -> FieldValue | None:
    """Returns the date beside a memo's number, or else the last one above the subject.

    Above it may stand the stamp of an office that received the paper. A date that is written by hand or was
    not read whole is none: no other takes its place.
    """
    number = number_row(document)
    if number and _is_dated(number[0]):
        return _date_in(number[0], document)
    dated = [row for row in rows if _is_dated(row) and "ลงวัน" not in row.text]
    if not dated:
        return None
    return _date_in(dated[-1] if document.subject else dated[0], document)


def _is_dated(row: TextRow) -> bool:
    """Returns True if a date stands in the row, also one whose day could not be read."""
    return bool(next(find_dates_with_month_names(row.digits), None) or _WITHOUT_DAY.search(row.digits))


def _date_of_issue(document: DocumentLayout) -> FieldValue | None:
    """Returns the date in the row ประกาศ ณ วันที่ or the like, the first one: annexes have their own.

    The date may stand in the row below. A row that goes on after the date is a sentence on another paper.
    """
    rows = document.rows
    below = [*rows[1:], None]
    following = [
        (row, next_row) if _is_dated(row) or next_row is None else (next_row, after_next)
        for row, next_row, after_next in zip(rows, below, [*below[1:], None], strict=True)
        if _ISSUED_ON.match(row.bare)
    ]
    issued = [row for row, after in following if after is None or not _SENTENCE_ENDS.match(after.text)]
    issued += [row for row in reversed(document.tail) if _ISSUED_ON_MISREAD.match(row.bare)]
    places = (
        next((row for row in issued if is_last(row)), None) for is_last in (_is_date_last, _may_be_dated)
    )
    place = next(filter(None, places), None)
    return _date_in(place, document) if place else None


def _is_date_last(row: TextRow) -> bool:
    """Returns True if nothing stands behind the row's date, or but noise or a signature."""
    rest = _behind_date(row)
    return (len(rest) <= SHORT and _may_be_dated(row)) or bool(_SIGNED.match(rest))


def _may_be_dated(row: TextRow) -> bool:
    """Returns True if no sentence goes on behind the row's date."""
    return not _SENTENCE_GOES_ON.match(_behind_date(row))


def _behind_date(row: TextRow) -> str:
    ends = [found.match.end() for found in find_dates_with_month_names(row.digits)]
    return row.digits[ends[-1] :] if ends else ""


def _date_in(row: TextRow, document: DocumentLayout) -> FieldValue | None:
    for date, match, is_month_or_year_misread in find_dates_with_month_names(row.digits):
        is_misread = row.is_recognised and not document.is_plausible_year(date.year)
        if not (is_misread or row.is_doubtful(match, "day", "year")):
            return FieldValue(date.isoformat(), LIKELY if is_month_or_year_misread else CERTAIN)
    return None


def _subject(document: DocumentLayout) -> FieldValue | None:
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
            goes_on = document.is_full(before) and document.is_centred(row)
        else:
            is_aligned = before is not first and document.is_left_aligned_with(row, before)
            goes_on = document.is_symmetrical(row) or is_aligned
        if not (is_closed or goes_on):
            break
        lines.append(row.text)
        before = row
    return _subject_of(lines, sure)


def _subject_of(lines: list[str], sure: float) -> FieldValue | None:
    """Returns the lines as a subject; None for a form's empty line, below which stands its English."""
    text = _joined(lines)
    return FieldValue(text, sure) if max(len(lines[0]), len(_THAI.findall(text))) >= SHORT else None


def _ends_subject(row: TextRow) -> bool:
    labels = (*ADDRESSEE_LABELS, *AFTER_ADDRESSEE)
    is_label = row.text.startswith("ถึง ") or any(row.starts(label) for label in labels)
    return is_label or row.text == "---" or bool(OPENING.match(row.bare))


def _title(document: DocumentLayout) -> FieldValue | None:
    """Returns the title of a paper that states no subject, such as ระเบียบ…ว่าด้วย… or งบทดลอง ณ วันที่ …."""
    kind = document.kind.value if document.kind else None
    place = document.heading
    if place is None or kind in _PAPERS or _subject(document):
        return None
    first, *following = document.head[place : place + TITLE_LINES]
    end = next((at for at, row in enumerate(following) if _ends_title(row)), None)
    is_closed = end is not None and (following[end].text == "---" or bool(OPENING.match(following[end].bare)))
    lines = [NOISE.sub("", first.first_cell)]
    for row in following[:end]:
        is_wide = is_closed and document.is_symmetrical(row)
        if not (is_wide or document.is_centred(row) or _CONTINUED_TITLE.match(row.bare)):
            break
        lines.append(row.text)
    return FieldValue(_REFERENCE_IN_TITLE.sub("", _joined(lines)), LIKELY)


def _ends_title(row: TextRow) -> bool:
    is_other = row.text == "---" or row.has_cells
    return is_other or bool(OPENING.match(row.bare) or _AFTER_TITLE.match(row.bare))


_BLANK_INSIDE_BRACKETS = re.compile(r"(?<=\() | (?=\))")  # as recognition reads ( ฉบับที่ 8 )


def _joined(lines: list[str]) -> str:
    """Returns the lines joined into one text; Thai lines are joined without a space, but for a new phrase."""
    text = lines[0]
    for line in lines[1:]:
        thai = _THAI.match(text[-1:]) and _THAI.match(line) and not _PHRASE.match(line)
        text += line if thai else f" {line}"
    return _BLANK_INSIDE_BRACKETS.sub("", re.sub(r"\s+", " ", text)).strip()


def _from(document: DocumentLayout) -> FieldValue | None:
    """Returns the sender or issuer, without the tax number that firms write behind their name."""
    found = _sender_or_issuer(document)
    name = _TAX_NUMBER.sub("", found.value) if found else ""
    return replace(found, value=name) if found and name else None


def _sender_or_issuer(document: DocumentLayout) -> FieldValue | None:
    if document.title and document.title[1] in _ISSUED:
        return _issuer(document, document.title)
    if document.kind is None or document.kind.value not in _PAPERS:
        return None  # a text that is no letter names offices, but is from none
    if document.kind.value == DocumentKind.STAMPED:
        place = document.date_place or 0
        above = reversed(document.tail[max(0, place - 2) : place])
        return next((FieldValue(row.text, LIKELY) for row in above if _ISSUERS.match(row.text)), None)
    return _department(document) or _office_at_right(document)


def _issuer(document: DocumentLayout, title: tuple[int, DocumentKind, str, float]) -> FieldValue | None:
    """Returns the office that the title of an order or an announcement names."""
    place, kind, label, sure = title
    named = [document.head[place].after(label)]
    for row in document.head[place + 1 : place + 3]:
        if not document.is_centred(row) or _NO_ISSUER.match(row.digits) or row.starts("เรื่อง"):
            break
        named.append(row.text)
    behind = _BEHIND_ISSUER_OF_ORDER if kind == DocumentKind.ORDER else _BEHIND_ISSUER
    issuer = behind.sub("", _joined(named))
    if _ISSUERS.match(issuer):
        return FieldValue(issuer, sure)
    wishing = filter(None, (_WISHING.match(row.text) for row in document.head))
    return next((FieldValue(match["office"], GUESS) for match in wishing), None)


def _department(document: DocumentLayout) -> FieldValue | None:
    """Returns the department after its label in a memo; the label ส่วนราชการ may have been read in part."""
    for label, rows in (("ส่วนราชการ", document.head), ("ส่วนงาน", document.above_subject)):
        for row in rows:
            sure, rest = row.starts(label), row.after(label)
            if sure and not _NO_DEPARTMENT.match(rest):
                return FieldValue(_PHONE.sub("", rest).strip(), sure)
    for row in document.above_subject:
        label, _, rest = row.text.partition(" ")
        if len(label) >= FEW and bare_text("ส่วนราชการ").endswith(bare_text(label)):
            return FieldValue(_PHONE.sub("", rest).strip(), GUESS)
    return None


def _office_at_right(document: DocumentLayout) -> FieldValue | None:
    """Returns the office at the right of a letter's head, in the row of its number or in its own row."""
    rows = document.above_subject
    numbered = number_row(document)
    if numbered:  # what stands above it may be of an office that received the letter
        place = rows.index(numbered[0])
        rows = rows[place:] if document.is_registered else [*rows[place:], *rows[:place]]
    for at, row in enumerate(rows):
        own = _SENDERS.match(row.text)
        number = not own and (row.text.startswith("ที่") or _REFERENCE.search(row.digits))
        office = _OFFICE_AT_RIGHT.search(row.text) if number else own
        if not office or (own and _NO_SENDER.match(row.text)):
            continue
        if own and _PLACES.match(row.text) and at and not _NUMBER_WITHOUT_OFFICE.match(rows[at - 1].bare):
            continue  # in the address of a sender of another sort
        behind = _NUMBER_BEHIND.search(row.digits, office.start())
        written = row.text[office.start() : behind.start() if behind else None]
        return FieldValue(_PHONE.sub("", written).strip(), LIKELY)
    return None


def _to(document: DocumentLayout) -> FieldValue | None:
    if document.kind is None or document.kind.value not in _PAPERS:
        return None
    if document.addressee:
        place, sure = document.addressee
        row = document.head[place]
        label = next(label for label in ADDRESSEE_LABELS if row.starts(label))
        lines = [row.after(label), *_rest_of_addressee(document, place)]
        return None if _FIRST_OF_SEVERAL.match(lines[0]) else FieldValue(_joined(lines), sure)
    if document.kind.value == DocumentKind.STAMPED:
        return next((FieldValue(row.after("ถึง"), CERTAIN) for row in document.head if row.starts("ถึง")), None)
    return None


def _rest_of_addressee(document: DocumentLayout, place: int) -> list[str]:
    """Returns the rows below the addressee's first that stand right of the label, until what follows."""
    label, *following = document.head[place : place + ADDRESSEE_LINES + 1]
    for at, row in enumerate(following):
        if OPENING.match(row.bare):
            break
        if any(row.starts(each) for each in AFTER_ADDRESSEE):
            return [each.text for each in following[:at]]
        if label.left is not None and row.left is not None and row.left <= label.left + ALIGNED:
            break
    return []


def _urgency(document: DocumentLayout) -> FieldValue | None:
    for row in document.above_subject:
        for urgency in _URGENCIES:
            sure = row.starts(urgency)
            rest = row.after(urgency) if sure else ""
            if sure and (len(rest) <= SHORT or re.match("ที|บัน?ทึก", rest)):
                return FieldValue(urgency, sure)
    return None


_READERS: dict[str, Callable[[DocumentLayout], FieldValue | None]] = {
    "kind": lambda document: document.kind,
    "number": _number,
    "date": _date,
    "subject": _subject,
    "title": _title,
    "from": _from,
    "to": _to,
    "urgency": _urgency,
}
