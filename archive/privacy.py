"""Finds personal data in a page's text: ID, telephone and account numbers, and data beside names.

Beside a person's name these are e-mail addresses, house addresses, dates of birth and diseases.
Offices break the Personal Data Protection Act (พ.ร.บ. คุ้มครองข้อมูลส่วนบุคคล พ.ศ. ๒๕๖๒) most often with
these data: lists of names with ID numbers, of telephone numbers, of accounts that were paid. A find is a
warning to the person who publishes; a find is never shown to residents.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from itertools import accumulate, product

from rapidfuzz.distance import Levenshtein
from stdnum.th import moa, pin

from archive import validation
from archive.errors import Invalid, PersonalDataFound, gettext_noop
from archive.fields import ANNOUNCEMENT_FIELDS, FieldType
from archive.model import (
    Announcement,
    Attachment,
    LocatedPersonalData,
    PersonalDataSpan,
    ReadingResults,
)
from archive.thai import arabic_digits, word_list
from archive.thai.characters import CONSONANTS, LEADING_VOWELS, LETTERS_AND_SIGNS
from archive.thai.dates import ERA_NAME, MONTH_NAME

RULES = 2
"""Version of the rules that find personal data: raised when they would find more in a page."""

COVER = "█"  # character that stands in a redacted copy's text for each covered piece of a line

NATIONAL_ID, PHONE, BANK_ACCOUNT = "national-id", "phone", "bank-account"
EMAIL, ADDRESS, BIRTH_DATE, HEALTH = "email", "address", "birth-date", "health"

NUMBERS = frozenset({NATIONAL_ID, PHONE, BANK_ACCOUNT})
"""Types of personal data that a few digits in a row tell."""

# Separators allowed between the digits of one number: a gap, a dash, a dot, one line break. The group is
# atomic, so that it matches in one way only: thirteen wide gaps could match in four to the power of thirteen
# ways otherwise.
_GAP = r"(?>[ \t\u00a0\u2009]{0,6}(?:[-–—‐‑.][ \t\u00a0\u2009]{0,3})?(?:\n[ \t]{0,3})?)"
_NOT_BEFORE = r"(?<![\d/,])(?<!\d[.-])"
_NOT_AFTER = r"(?![\d/]|[.,-]\d)"

# Letters that OCR confuses with digits → the digit, inside a number that otherwise is a national ID.
_SLIPS = str.maketrans("OoQIl|", "000111")
_ID_DIGIT = r"[\dOoQIl|]"
_CARD_BREAKS = {1, 5, 10, 12}
_ID = re.compile(
    rf"(?<![\dA-Za-z/,])(?<!\d[.-]){_ID_DIGIT}(?:{_GAP}{_ID_DIGIT}){{12}}(?![\dA-Za-z]|[/.,-]\d)"
)

# OCR loses the end of ประชาชน, or splits it; ประชาสัมพันธ์ and the like are other words.
_CITIZEN = r"ประ[ \t]?ชา(?!สัมพันธ์|คม|ธิปไตย|รัฐ)"
# Words that announce an ID number shortly before it.
_ID_WORDS = re.compile(
    rf"(?:เลข|บัตร|ประจ(?:ำ|ํา|า)[ \t]?ตัว)[^\n]{{0,12}}?{_CITIZEN}|เลข[^\n]{{0,16}}?13[ \t]{{0,2}}หลัก"
    r"|(?i:citizen|national|identi(?:ty|fication)|\bid)[ \t]{0,2}(?i:id|card|no\b|number)"
)
# Heads a column of ID numbers down the whole page. A บัตรประชาชน alone is often only a paper to bring along.
_ID_HEADING = re.compile(
    rf"เลข[^\n]{{0,12}}?{_CITIZEN}|เลข[^\n]{{0,16}}?13[ \t]{{0,2}}หลัก"
    r"|(?i:citizen|national)[ \t]{0,2}(?i:id)"
)

_MOBILE = re.compile(rf"{_NOT_BEFORE}(?:\+66{_GAP}|0{_GAP})[689](?:{_GAP}\d){{8}}{_NOT_AFTER}")
_LANDLINE = re.compile(
    rf"{_NOT_BEFORE}(?:\+66{_GAP}|0{_GAP})(?:2|3[2-9]|4[2-5]|5[3-6]|7[3-7])(?:{_GAP}\d){{6,7}}{_NOT_AFTER}"
)
_CALLS = re.compile(r"(?:โทร|มือถือ|เบอร์|ติดต่อ|[Tt]el|TEL|[Pp]hone|[Mm]obile|[Ff]ax|แฟกซ์|☎)[^\n]{0,40}$")
# The line at the head or foot of a letter or memo in which an office gives its own number. OCR often misreads
# the tone mark of ส่วนราชการ.
_OFFICE = re.compile(
    r"(?:^|\n)[ \t]*(?:(?:ส\S{0,5}ราชการ|สำนัก|กอง|ฝ่าย|งาน|ที่ทำการ|เทศบาล|องค์การบริหาร|อบต|อบจ)[^\n]*"
    r"|(?:โทร|ศัพท์|สาร|[Tt]el|[Ff]ax|[ \t./:])*)$"
)

_ACCOUNT = re.compile(rf"{_NOT_BEFORE}\d(?:{_GAP}\d){{9,14}}{_NOT_AFTER}")
_FEWEST_ACCOUNT_DIGITS = 10  # of a bank account; ``_ACCOUNT`` finds 10 to 15
_GROUPED = r"\d{3}-\d-\d{5}-\d"  # as most Thai banks write an account
_GROUPED_ACCOUNT = re.compile(rf"{_NOT_BEFORE}{_GROUPED}{_NOT_AFTER}")
_LIST_NUMBER = re.compile(r"[ \t]*(\d{1,3})[.)](?!\d)\s*")  # at the beginning of a line
# The number of a list's line whose dot OCR lost, before an account that is whole without it.
_LIST_NUMBER_WITHOUT_DOT = re.compile(rf"(\d{{1,3}})\s+(?={_GROUPED}{_NOT_AFTER})")
_BANKS = re.compile(
    r"(?:เลขที่บัญชี|บัญชีเลขที่|เลขบัญชี|หมายเลขบัญชี|บัญชีเงินฝาก|ธนาคาร|ธ\.?ก\.?ส|ออมทรัพย์|กระแสรายวัน|พร้อมเพย์"
    r"|[Aa]ccount|[Bb]ank|[Aa]/[Cc])[^\n]{0,60}(?:\n[^\n]{0,30})?$"
)
# บัญชี is also a list: บัญชีรายชื่อ, ตามบัญชี, ท้ายบัญชี. After the word alone only digits in one run, or grouped as
# banks do, are an account.
_ACCOUNT_LINE = re.compile(r"(?<!ตาม)(?<!ท้าย)บัญชี[ \t:.]{0,4}(?:\n[ \t]{0,4})?(?:\d{1,3}[.)]?\s{1,4})?$")
_BREAK = r"[-–—‐‑.\s]{1,3}"
_RUN_OR_GROUPS = re.compile(
    rf"{_NOT_BEFORE}(?:\d{{10,15}}|\d{{3}}{_BREAK}\d{_BREAK}\d{{5}}{_BREAK}(?:\d{{3}}{_BREAK})?\d){_NOT_AFTER}"
)
_ACCOUNT_WORD = re.compile(r"บัญชี[^\n]{0,60}(?:\n[^\n]{0,30})?$")

# The title before a person's name; positions such as นายกเทศมนตรี and นายอำเภอ begin with the same letters.
_PERSON = (
    r"(?:นาย(?!ก(?:เทศ|องค์|รัฐ|อบ|สมาคม|สโมสร|[ฯ\s])|อำเภอ|ทะเบียน|ช่าง|จ้าง|แพทย์|ทหาร|ตรวจ)|นาง|น\.ส\."
    rf"|เด็ก(?:ชาย|หญิง)|ด\.[ชญ]\.)[ \t]?[{CONSONANTS}{LEADING_VOWELS}]"
)
_NAME = re.compile(_PERSON)
_THAI_WORD = re.compile(f"[{LETTERS_AND_SIGNS}]{{3,}}")
_FREQUENT = 100  # times in the Thai Textbook Corpus: น้ำ has 5,855, กำแพง 208, the name พิกุล 46
_NAMED = re.compile(rf"{_PERSON}[^\n]*(?:\n[^\n]*){{0,2}}$")
_NAMED_RESIDENT = re.compile(rf"{_PERSON}[^\n]*(?:\n[^\n]*){{0,2}}(?<!จาก)(?<!ถึง)(?<!บริเวณ)(?<!หน้า)(?<!ข้าง)$")
_BORN = re.compile(
    r"(?:วัน[ \t]*/?เดือน[ \t]*/?ปี[ \t]*(?:ที่)?เกิด"
    rf"|{_PERSON}[^\n]*(?:\n[^\n]*)?(?<!เหตุ)เกิด(?:เมื่อ)?[ \t]*(?:วัน\S{{0,8}}ที่)?)[ \t:]{{0,4}}$"
)
# An office, or a position in one, between a person's name and an e-mail address: the address is the office's.
_OF_OFFICE = re.compile(
    r"สำนัก|กอง|ฝ่าย|งาน|ที่ทำการ|เทศบาล|เทศมนตรี|องค์การ|อบต|อบจ|ปลัด|ผู้อำนวยการ|หัวหน้า|โรงเรียน|ศูนย์"
)
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}"
)
_OFFICE_DOMAIN = re.compile(r"\.(?:go|or|ac|mi)\.th$|\.gov$", re.IGNORECASE)
_PLACE = r"(?:หมู่(?:ที่)?|ม\.|ซอย|ซ\.|ถนน|ถ\.|ตำบล|ต\.|แขวง|อำเภอ|อ\.|เขต|จังหวัด|จ\.)[ \t]{0,2}[^\s,;]{1,30}"
_ADDRESS = re.compile(rf"บ้านเลขที่[ \t:]{{0,3}}\d{{1,5}}(?:/\d{{1,4}})?(?:[ \t,]{{0,3}}{_PLACE}){{1,5}}")
_DATE = re.compile(
    rf"(?<!\d)\d{{1,2}}(?:[ \t]*+(?:เดือน)?[ \t]*+{MONTH_NAME}[ \t]*+{ERA_NAME}[ \t]*+|([/.-])\d{{1,2}}\1)"
    r"(?:\d{4}|\d{2})(?!\d)"
)
_DISEASE = re.compile(rf"(?<!ผู้)ป่วย(?:เป็น|ด้วย)โรค[{LETTERS_AND_SIGNS}]{{2,24}}|ติดเชื้อ(?:เอชไอวี|เอดส์|HIV)")

_CONTEXT = 100  # code points before a number that are searched for explaining words

_LONGEST_EXPLANATION = 800  # characters
_FEWEST_LETTERS = 10  # of an explanation; "ทดสอบ", "ok" and the like explain nothing
_FEWEST_DIFFERENT = 5  # letters that differ in an explanation; a key held down has one


class Ground(StrEnum):
    """Legal ground on which an office shows personal data, after the Personal Data Protection Act.

    Section 27 allows disclosure with consent (section 19) or on a ground of section 24.
    """

    LEGAL_DUTY = "legal-duty"
    PUBLIC_TASK = "public-task"
    CONSENT = "consent"
    VITAL_INTEREST = "vital-interest"
    OFFICE_CONTACT = "office-contact"
    NOT_PERSONAL = "not-personal"


GROUNDS: Mapping[Ground, str] = {
    Ground.LEGAL_DUTY: gettext_noop("กฎหมายกำหนดให้ประกาศข้อมูลนี้ (มาตรา 24 (6))"),
    Ground.PUBLIC_TASK: gettext_noop("จำเป็นต่อภารกิจเพื่อประโยชน์สาธารณะหรือการใช้อำนาจรัฐ (มาตรา 24 (4))"),
    Ground.CONSENT: gettext_noop("เจ้าของข้อมูลยินยอมให้เผยแพร่แล้ว (มาตรา 19)"),
    Ground.VITAL_INTEREST: gettext_noop("ป้องกันอันตรายต่อชีวิต ร่างกาย หรือสุขภาพ (มาตรา 24 (2))"),
    Ground.OFFICE_CONTACT: gettext_noop("เป็นข้อมูลติดต่อของหน่วยงาน ไม่ใช่ของส่วนตัว"),
    Ground.NOT_PERSONAL: gettext_noop("ตรวจด้วยตาแล้ว ไม่ใช่ข้อมูลส่วนบุคคล"),
}
"""Ground → its Thai words, with the section of พ.ร.บ. คุ้มครองข้อมูลส่วนบุคคล พ.ศ. 2562."""


def checked_reason(ground: str, explanation: str) -> str:
    """Return a reason's text; ``Invalid`` if short or with personal data; office contact needs no words.

    The text has ground and explanation. An explanation has ten letters, five of them different. The ground
    that it is the office's own contact data needs none, but one that is given is checked. Raises
    ``Invalid`` also for a ground that is not listed.
    """
    if ground not in set(Ground):
        raise Invalid("กรุณาเลือกเหตุที่กฎหมายให้เผยแพร่ได้", field="ground", code="required")
    if ground == Ground.OFFICE_CONTACT and not explanation.strip():
        return GROUNDS[Ground.OFFICE_CONTACT]
    said = validation.checked_required_text(
        explanation, field="reason", field_label=gettext_noop("คำอธิบายเหตุผล"), length=_LONGEST_EXPLANATION
    )
    letters = [letter for letter in said if letter.isalpha()]
    if len(letters) < _FEWEST_LETTERS or len(set(letters)) < _FEWEST_DIFFERENT:
        raise Invalid("กรุณาอธิบายเหตุผลให้ผู้อื่นเข้าใจ เช่น กฎหมายข้อใด หรือใครยินยอมเมื่อใด", field="reason")
    if find_personal_data(said, page=0):
        raise Invalid("กรุณาเขียนเหตุผลโดยไม่ระบุเลขหรือหมายเลขของบุคคล", field="reason", code="personal-data")
    return f"{GROUNDS[Ground(ground)]}: {said}"


def find_personal_data(text: str, page: int) -> tuple[PersonalDataSpan, ...]:
    """Return ID, phone and account numbers in ``text``, and e-mail, homes, births, diseases after a name.

    The finds are in order and without overlaps, with offsets into ``text``. National IDs are recognised by
    their checksum (mod 11), or by words before them whatever the checksum, mobile numbers by their form,
    landlines and bank accounts by their form and a word before them (โทร., เลขที่บัญชี). Digits may be Thai or
    Arabic, and may be separated by spaces, dashes, dots or a line break. The landline that an office gives as
    its own, as every letter does, is not personal data. E-mail addresses, house addresses, dates of birth and
    diseases are found only shortly after a person's name with its title.
    """
    digits = arabic_digits(text)  # has the length of ``text``, so its offsets are those of ``text``
    taken: list[tuple[int, int]] = []
    found: list[PersonalDataSpan] = []
    for type, spans in (
        (NATIONAL_ID, _national_ids(digits)),
        (BANK_ACCOUNT, _without_list_numbers(_explained(_ACCOUNT, _BANKS, digits), digits)),
        (BANK_ACCOUNT, _explained(_RUN_OR_GROUPS, _ACCOUNT_LINE, digits)),
        (BANK_ACCOUNT, _explained(_GROUPED_ACCOUNT, _ACCOUNT_WORD, digits)),
        (PHONE, _matches(_MOBILE, digits)),
        (PHONE, _not_of_office(_explained(_LANDLINE, _CALLS, digits), digits)),
        (EMAIL, _emails(digits)),
        (ADDRESS, _explained(_ADDRESS, _NAMED_RESIDENT, digits)),
        (BIRTH_DATE, _explained(_DATE, _BORN, digits)),
        (HEALTH, _explained(_DISEASE, _NAMED, digits)),
    ):
        for start, end in spans:
            if all(end <= first or start >= last for first, last in taken):
                taken.append((start, end))
                found.append(PersonalDataSpan(type=type, page=page, start=start, end=end))
    return tuple(sorted(found, key=lambda data: data.start))


def find_in_fields(fields: Mapping[str, str]) -> tuple[PersonalDataSpan, ...]:
    """Return the personal data in the texts of these fields, in the fields' order."""
    return tuple(
        replace(data, field=name)
        for name, text in fields.items()
        for data in find_personal_data(text, page=0)
    )


FIELDS_THAT_RESIDENTS_READ = [
    field.name
    for field in ANNOUNCEMENT_FIELDS
    if field.is_in_form and field.type in (FieldType.LINE, FieldType.TEXT)
]
"""Names of the fields that people write and residents read."""


def find_in_announcement(fields: Mapping[str, object]) -> list[LocatedPersonalData]:
    """Return the personal data in the fields that residents read."""
    return find_new_in_fields({}, _texts_that_residents_read(fields))


def _texts_that_residents_read(fields: Mapping[str, object]) -> dict[str, str]:
    return {name: str(fields[name]) for name in FIELDS_THAT_RESIDENTS_READ if name in fields}


def find_new_in_announcement(
    announcement: Announcement, changes: Mapping[str, object]
) -> list[LocatedPersonalData]:
    """Return the personal data in changed fields that is not in the announcement already."""
    return find_new_in_fields(
        _texts_that_residents_read(asdict(announcement)), _texts_that_residents_read(changes)
    )


def locate_in_attachment(attachment_id: int, finds: Iterable[PersonalDataSpan]) -> list[LocatedPersonalData]:
    """Return the finds with the attachment that they are in."""
    return [LocatedPersonalData(attachment_id, data) for data in finds]


def find_new_in_fields(before: Mapping[str, str], after: Mapping[str, str]) -> list[LocatedPersonalData]:
    """Return the personal data in the texts of fields that none of the texts before the change has."""
    known = {_letters_and_digits(before[data.field], data) for data in find_in_fields(before)}
    return [
        LocatedPersonalData(None, data)
        for data in find_in_fields(after)
        if _letters_and_digits(after[data.field], data) not in known
    ]


def _letters_and_digits(text: str, data: PersonalDataSpan) -> str:
    return "".join(filter(str.isalnum, arabic_digits(text[data.start : data.end])))


def refuse_blank_reason(finds: Sequence[LocatedPersonalData], reason: str) -> None:
    """Raise ``PersonalDataFound`` with the finds where the reason to show them is blank.

    It is raised even with no finds to list.
    """
    if not reason.strip():
        raise PersonalDataFound(finds)


def find_personal_data_in_attachment(
    attachment: Attachment, details: ReadingResults
) -> tuple[PersonalDataSpan, ...]:
    """Return the personal data in an attachment's label and filename, with what reading found in the text.

    ``details``: results of the attachment's latest reading.
    """
    names = {"label": attachment.label, "filename": attachment.filename}
    return (*find_in_fields(names), *details.personal_data)


EVERYTHING = "*"
"""Decision that covers every find. Files that were published before decisions were stored have it."""


def type_and_place_key(data: PersonalDataSpan) -> str:
    """Return the text that stands for a find in a stored decision: its type and its field or page.

    Offsets and digits are left out, since the next recognition of the same page may give other ones.
    """
    return f"{data.type}:{data.field or data.page}"


def finds_without_decision(
    finds: Iterable[PersonalDataSpan], decided: Iterable[str]
) -> tuple[PersonalDataSpan, ...]:
    """Return finds that no decision covers; each covers one of its type and place, ``EVERYTHING`` all."""
    left = Counter(decided)
    if left[EVERYTHING]:
        return ()
    uncovered = []
    for data in finds:
        key = type_and_place_key(data)
        if left[key]:
            left[key] -= 1
        else:
            uncovered.append(data)
    return tuple(uncovered)


def expand_decision_on_everything(attachment: Attachment) -> tuple[str, ...]:
    """Return an attachment's decisions, with ``EVERYTHING`` replaced by one for each find known at the time.

    The other types in an attachment's names were not looked for then.
    """
    if EVERYTHING not in attachment.decided:
        return attachment.decided
    finds = find_personal_data_in_attachment(attachment, attachment.details)
    return tuple(type_and_place_key(data) for data in finds if not data.field or data.type in NUMBERS)


MOST_TYPED_ANEW = 2
"""Letters that a correction changes in data about the same person; one more or less is two.

Of a number every digit counts: with another digit it is somebody else's.
"""


def data_taken_out(place: str | int, before: str, after: str) -> tuple[str, ...]:
    """Return type and place of each piece of personal data that a person's edit took out of a text.

    Each piece in the text after stands for one before, of the same type: for the same data, else, unless they
    are ``NUMBERS``, for data in which at most ``MOST_TYPED_ANEW`` letters were corrected, the most alike
    first. ``place``: the text's field, or the number of its page.
    """
    left = _types_and_values(after)
    gone = []
    for data in _types_and_values(before):
        if data in left:
            left.remove(data)
        else:
            gone.append(data)
    alike = sorted(
        (_distance(before[1], after[1]), old, new)
        for (old, before), (new, after) in product(enumerate(gone), enumerate(left))
        if before[0] == after[0]
        and before[0] not in NUMBERS
        and _distance(before[1], after[1]) <= MOST_TYPED_ANEW
    )
    kept, taken = set[int](), set[int]()
    for _apart, old, new in alike:
        if old not in kept and new not in taken:
            kept.add(old)
            taken.add(new)
    return tuple(f"{type}:{place}" for old, (type, _value) in enumerate(gone) if old not in kept)


def _types_and_values(text: str) -> list[tuple[str, str]]:
    return [(data.type, _letters_and_digits(text, data)) for data in find_personal_data(text, page=0)]


def _distance(one: str, other: str) -> int:
    """Return how far apart two values are; more than ``MOST_TYPED_ANEW`` is not counted out."""
    return Levenshtein.distance(one, other, weights=(2, 2, 1), score_cutoff=MOST_TYPED_ANEW)


def without_taken_out_keys(keys: Iterable[str], taken_out: Iterable[str]) -> tuple[str, ...]:
    """Return ``keys`` (type and place of data) less one for each of ``taken_out``, the first of equal ones.

    So no decision covers other data of the same type that is typed there. Of two of a type and place of which
    one was decided, nobody knows which: its decision goes with whichever is taken out, and the other is asked
    about again.
    """
    left = [*keys]
    for key in taken_out:
        if key in left:
            left.remove(key)
    return tuple(left)


def decisions_after_relabeling(attachment: Attachment, label: str) -> tuple[str, ...]:
    """Return an attachment's decisions without those about data that another label no longer has."""
    taken_out = data_taken_out("label", attachment.label, label)
    return without_taken_out_keys(expand_decision_on_everything(attachment), taken_out)


def undecided_finds(attachment: Attachment) -> tuple[PersonalDataSpan, ...]:
    """Return the finds in an attachment that nobody has decided to show."""
    return finds_without_decision(
        find_personal_data_in_attachment(attachment, attachment.details), attachment.decided
    )


_FEWEST_DIGITS_OF_PERSON = 9  # a landline has nine digits; numbers of documents have fewer


def names_person(text: str) -> bool:
    """Return True for a text with a person's name after its title, or of a given and a family name alone.

    Names that stand without a title among other words are not told from these.
    """
    return bool(_NAME.search(text)) or _is_name_without_title(text)


def _is_name_without_title(text: str) -> bool:
    """Return True for two words, a known given name and a known family name or one that no dictionary has.

    A given name that is a frequent word, such as น้ำ, counts as one only before a known family name that is no
    word, and a family name that is a word, such as ใจดี, only if known and behind a rare given name. Of 276
    two-word queries of the benchmarks, 14 names and two torn sentences were taken for names.
    """
    words = text.split()
    if len(words) != 2 or not all(map(_THAI_WORD.fullmatch, words)):
        return False
    given, family = words
    if given not in word_list.thai_given_names():
        return False
    is_rare = word_list.thai_word_frequencies().get(given, 0) < _FREQUENT
    is_known, is_word = family in word_list.thai_family_names(), family in word_list.thai_words()
    return (is_known and is_rare) or (not is_word and (is_known or is_rare))


def may_name_person(query: str) -> bool:
    """Return True for a query that names a person, or has as many digits as a person's number has.

    See ``names_person``. Such numbers are telephone, identity and account numbers.
    """
    return names_person(query) or sum(map(str.isdigit, query)) >= _FEWEST_DIGITS_OF_PERSON


def _national_ids(digits: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of thirteen digits whose last is the checksum, or that words call an ID number.

    A match may begin at any position. At most two letters are taken for misread digits. A digit that was
    misread or mistyped makes a checksum wrong, and the number tells its owner all the same. A number that
    begins with 0 and has a right checksum is that of a company or an office.
    """
    heading = _ID_HEADING.search(digits)
    place = 0
    while match := _ID.search(digits, place):
        start, written = match.start(), match[0].translate(_SLIPS)
        slips = sum(first != second for first, second in zip(match[0], written, strict=True))
        is_named = bool(_ID_WORDS.search(digits[max(0, start - _CONTEXT) : start])) or (
            heading is not None and heading.end() <= start and _written_as_on_card(written)
        )
        number = re.sub(r"\D", "", written)
        is_of_company = number.startswith("0") and moa.is_valid(number)
        is_id = (is_named and not is_of_company) or pin.is_valid(number)
        if slips <= 2 and _grouped_as_id(written) and is_id:
            yield match.span()
            place = match.end()
        else:
            place = match.start() + 1


def _grouped_as_id(written: str) -> bool:
    """Return True when digits are grouped as on an ID card, or stand each alone.

    The groups of an ID card are 1-4-5-2-1; one more break, or fewer breaks, are accepted. Columns of years,
    of page numbers or of small sums are grouped otherwise.
    """
    lengths = [len(group) for group in re.findall(r"\d+", written)]
    breaks = set(accumulate(lengths[:-1]))
    return len(breaks - _CARD_BREAKS) <= 1 or len(lengths) == 13


def _written_as_on_card(written: str) -> bool:
    """Return True for the groups of an ID card, or none, on one line."""
    lengths = [len(group) for group in re.findall(r"\d+", written)]
    return "\n" not in written and set(accumulate(lengths[:-1])) in ({*_CARD_BREAKS}, set())


def _matches(pattern: re.Pattern[str], digits: str) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(digits):
        yield match.span()


def _explained(number: re.Pattern[str], words: re.Pattern[str], digits: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of numbers that follow a matching word within ``_CONTEXT`` code points."""
    for match in number.finditer(digits):
        if words.search(digits[max(0, match.start() - _CONTEXT) : match.start()]):
            yield match.span()


def _without_list_numbers(spans: Iterator[tuple[int, int]], digits: str) -> Iterator[tuple[int, int]]:
    """Yield the spans without the number of a list's line before or after them, where an account is left."""
    for start, end in spans:
        line = digits.rfind("\n", 0, start) + 1
        before = _LIST_NUMBER.match(digits, line) or _LIST_NUMBER_WITHOUT_DOT.match(digits, start)
        if before and before.start(1) == start and _has_account(digits[before.end() : end]):
            start = before.end()
        last_line = digits.rfind("\n", start, end) + 1
        after = (
            _LIST_NUMBER.match(digits, last_line) or _LIST_NUMBER_WITHOUT_DOT.match(digits, last_line)
            if last_line
            else None
        )
        if after and after.end(1) == end and _has_account(digits[start : last_line - 1]):
            end = start + len(digits[start : last_line - 1].rstrip())
        yield start, end


def _has_account(written: str) -> bool:
    return sum(map(str.isdigit, written)) >= _FEWEST_ACCOUNT_DIGITS


def _emails(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of e-mail addresses of people: those shortly after a name, but no office's."""
    for start, end in _explained(_EMAIL, _NAMED, text):
        named = _NAMED.search(text[max(0, start - _CONTEXT) : start])
        if named and not _OF_OFFICE.search(named[0]) and not _OFFICE_DOMAIN.search(text[start:end]):
            yield start, end


def _not_of_office(spans: Iterator[tuple[int, int]], digits: str) -> Iterator[tuple[int, int]]:
    for start, end in spans:
        if not _OFFICE.search(digits[max(0, start - _CONTEXT) : start]):
            yield start, end
