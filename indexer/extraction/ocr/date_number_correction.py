"""Written forms of official Thai: corrects signs where a form leaves no doubt, and finds malformed numbers.

Words cannot correct digits. These forms can where only one is possible: a day stands between วันที่ and
a month, and no number has a Latin O or l in it. Every rule changes text only where it breaks the form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from archive.thai import arabic_digits
from archive.thai.characters import CONSONANTS, LETTERS_AND_SIGNS
from archive.thai.dates import MONTHS, SHORT_MONTHS

MAX_DAY = 31  # of any month
_MONTHS = "|".join(MONTHS)
_ANY_MONTH = "|".join((*MONTHS, *map(re.escape, SHORT_MONTHS)))
_DIGIT = "[0-9๐-๙]"
_LIKE_NINE = "ธร"  # what ๙ of older typefaces is read as; no other Thai digit looks like these
_DIGITS_LIKE_NINE = "568"  # and the Arabic digits that it is read as, where all others are Thai
_PART = "(?:ที่|พิเศษ)?"  # of an issue of the Royal Gazette
_LIKE_ZERO, _LIKE_ONE = "Oo", "lI"  # letters that stand for these digits inside a number
_MONEY = re.compile("บาท|เงิน|ราคา|รวม|฿")


def correct_fixed_forms(text: str) -> str:
    """Returns the text with misread dates, amounts, numbers, gazette parts, postal codes and แแ corrected."""
    for pattern, mended in _RULES:
        text = pattern.sub(mended, text)
    return (_SATANG if _MONEY.search(text) else _NO_SATANG).sub(r"\1.\2", text)


def malformed_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yields start and end of the numbers of a recognised line in which a digit was probably misread.

    The digits of an amount stand in threes between commas; a number has only Thai digits or only Arabic ones.
    See ``_malformed_dates`` for dates and ``_malformed_document_numbers`` for those of letters and orders.
    """
    yield from _malformed_dates(text)
    yield from _malformed_document_numbers(text)
    for match in _AMOUNT.finditer(text):
        sizes = [len(group) for group in match[0].split(",")[1:]]
        if 3 in sizes and set(sizes) != {3}:
            yield match.span()
    for match in _NUMBER.finditer(text):
        if not match[0].isascii() and _ARABIC.search(match[0]):
            yield match.span()


def _malformed_document_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yields start and end of what cannot stand so in the number of a letter, an order or a meeting.

    Such a number has no letter between its digits, a dot before the division's digits and no letter but ว
    before a circular's own number; behind the slash of an order or a meeting stands a year, 2400 to 2599, or
    its last two digits.
    """
    for pattern in (_CIRCULAR, _LETTER_IN_NUMBER, _LETTER_IN_THAI_NUMBER, _NO_CIRCULAR, _NO_DOT):
        yield from (match.span() for match in pattern.finditer(text))
    for match in _NUMBER_OF_YEAR.finditer(text):
        if not _YEAR_OF_NUMBER.fullmatch(arabic_digits(match["year"])):
            yield match.span("year")


def _malformed_dates(text: str) -> Iterator[tuple[int, int]]:
    """Yields start and end of years and days that cannot be so.

    A year after พ.ศ. or a month has four digits, 2400 to 2599; a day before a month is at most 31; a day and
    its year have only Thai digits or only Arabic ones.
    """
    for match in _YEAR.finditer(text):
        if not _BUDDHIST_YEAR.fullmatch(arabic_digits(match["year"])):
            yield match.span("year")
    for match in _DAY.finditer(text):
        if not 1 <= int(arabic_digits(match["day"])) <= MAX_DAY:
            yield match.span("day")
    for match in _DATE.finditer(text):
        if match["day"].isascii() != match["year"].isascii():
            yield match.span("day")


_BUDDHIST_YEAR = re.compile("2[45][0-9]{2}")
_YEAR = re.compile(
    rf"(?:พ\. ?ศ\.|{_ANY_MONTH}) ?(?:พ\. ?ศ\. ?)?(?P<year>{_DIGIT}{{3,6}})(?!{_DIGIT}|[.,]{_DIGIT})"
)
_DAY = re.compile(rf"(?<!{_DIGIT})(?P<day>{_DIGIT}{{1,3}}) ?(?:เดือน ?)?(?:{_ANY_MONTH})")
_DATE = re.compile(
    rf"(?<!{_DIGIT})(?P<day>{_DIGIT}{{1,2}}) ?(?:เดือน ?)?(?:{_ANY_MONTH}) ?(?:พ\.ศ\. ?)?"
    rf"(?P<year>{_DIGIT}{{4}})"
)
_CIRCULAR = re.compile(rf"(?<={_DIGIT}/)ว ?[{CONSONANTS}]{_DIGIT}+")
_LETTER_IN_NUMBER = re.compile(rf"(?<![A-Za-z0-9])[0-9]+[{_LIKE_ZERO}{_LIKE_ONE}]+[0-9]+(?![A-Za-z])")
_LETTER_IN_THAI_NUMBER = re.compile(
    # ๐๘ธ๘.๒/ว๓๐๗: one letter within the digits before or behind a dot or a slash, but ว behind one
    rf"[๐-๙]+[{CONSONANTS}A-Za-z][๐-๙]*(?=[./][๐-๙])|(?<=[๐-๙][./])(?!ว[๐-๙])[๐-๙]*[{CONSONANTS}A-Za-z][๐-๙]+"
)
_NO_CIRCULAR = re.compile(rf"(?<={_DIGIT}/)[าำจงร](?= ?{_DIGIT})")  # what ว is misread as
_NO_DOT = re.compile(rf"(?<!{_DIGIT}){_DIGIT}{{4}}[,:;]{_DIGIT}{{1,3}}(?=/)")
_NUMBER_OF_YEAR = re.compile(
    rf"(?:คำสั่ง[{LETTERS_AND_SIGNS}]* ?ที่|ครั้งที่) ?{_DIGIT}+ ?/ ?(?P<year>{_DIGIT}+)(?![{CONSONANTS}])"
)
_YEAR_OF_NUMBER = re.compile("2[45][0-9]{2}|[0-9]{2}")
_AMOUNT = re.compile(rf"(?<![0-9๐-๙,.]){_DIGIT}{{1,3}}(?:,{_DIGIT}+)+")
_NUMBER = re.compile(f"{_DIGIT}+")
_ARABIC = re.compile("[0-9]")
_DIGITS_OF_LETTERS = str.maketrans("OolI", "0011")
# the last two digits of an amount of money are satang: 1,937,57 บาท; so are two zeros behind any number
_THREES = rf"(?<![0-9๐-๙,.])({_DIGIT}{{1,3}}(?:,{_DIGIT}{{3}})+)"
_SATANG = re.compile(rf"{_THREES},({_DIGIT}{{2}})(?![0-9๐-๙,.])")
_NO_SATANG = re.compile(rf"{_THREES},(00|๐๐)(?![0-9๐-๙,.])")
_DOT_FOR_COMMA = re.compile(
    r"(?<![0-9.,])([1-9][0-9]{0,2})\.([0-9]{3})\.([0-9]{2})(?![0-9]|[.,][0-9])"
    r"|(?<![๐-๙.,])([๑-๙][๐-๙]{0,2})\.([๐-๙]{3})\.([๐-๙]{2})(?![๐-๙]|[.,][๐-๙])"
)
_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # a day in a date with Thai digits: วันที่ ธ มิถุนายน ๒๕๔๗
    (re.compile(rf"(วันที่ ?[๐-๓]?)[{_LIKE_NINE}]( ?(?:{_MONTHS}) ?(?:พ\.ศ\. ?)?๒[๐-๙]{{3}})"), r"\1๙\2"),
    # the heading of the Royal Gazette is printed in Thai digits alone: ตอนพิเศษ ๖๔ ง วันที่ 5 มิถุนายน ๒๕๔๗
    (
        re.compile(
            rf"((?:ตอน{_PART} ?[๐-๙]+ ?[-.·:]? ?[กขคง] .*วันที่|ราชกิจจานุเบกษา) ?[๐-๓]?)"
            rf"[{_DIGITS_LIKE_NINE}]( ?(?:{_MONTHS}) ?(?:พ\.ศ\. ?)?๒[๐-๙]{{3}})"
        ),
        r"\1๙\2",
    ),
    # เล่ม ๑๒๒ ตอนพิเศษ ๑๑8 ง ราชกิจจานุเบกษา
    (
        re.compile(
            rf"(ตอน{_PART} ?[๐-๙]*)[{_DIGITS_LIKE_NINE}]"
            "(?=[๐-๙]* ?[-.·:]? ?[กขคง] ?(?:ราชกิจจานุเบกษา|หน้า ?[๐-๙]))"
        ),
        r"\1๙",
    ),
    # a part of the Royal Gazette is a number and one of four letters: ตอนพิเศษ ๖๔-ง
    (re.compile(rf"(ตอน{_PART} ?[0-9๐-๙]+) ?[-.·:] ?([กขคง])(?![{LETTERS_AND_SIGNS}])"), r"\1 \2"),
    # a number of letters and orders has no O and no l: 08O8.2
    (_LETTER_IN_NUMBER, lambda match: match[0].translate(_DIGITS_OF_LETTERS)),
    # an amount with satang has a comma before its three digits: 125.789.76
    (_DOT_FOR_COMMA, lambda match: "{},{}.{}".format(*filter(None, match.groups()))),
    # vowels written before their consonant never stand side by side: สำคัญแแสดง
    (re.compile("แ[แเ]|เแ"), "แ"),
    # in an address the abbreviation of Bangkok's name stands before its postal code: กหม.10300
    (
        re.compile(rf"((?:เขต|แขวง|ถนน|ถ\.|ซอย|ซ\.).*)ก ?[{CONSONANTS}า] ?ม(\.? ?10[0-9]{{3}})(?![0-9])"),
        r"\1กทม\2",
    ),
)
