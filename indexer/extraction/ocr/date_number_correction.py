"""Written forms of official Thai: corrects signs where the form of a date or an address leaves no doubt.

Words cannot correct digits. These forms can: a day stands between วันที่ and the name of a month, and the
digits of one date are all Thai or all Arabic. Every rule changes a text only where it breaks the form.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from archive.thai.characters import CONSONANTS, LETTERS_AND_SIGNS

_MONTHS = "มกราคม|กุมภาพันธ์|มีนาคม|เมษายน|พฤษภาคม|มิถุนายน|กรกฎาคม|สิงหาคม|กันยายน|ตุลาคม|พฤศจิกายน|ธันวาคม"
_LIKE_NINE = "ธร5"  # what ๙ of older typefaces is read as; no other Thai digit looks like these


def mend_dates_and_numbers(text: str) -> str:
    """Returns the text with misread signs in dates, gazette references and addresses corrected."""
    for pattern, mended in _RULES:
        text = pattern.sub(mended, text)
    return text


_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # a day in a date with Thai digits: วันที่ ธ มิถุนายน ๒๕๔๗
    (re.compile(rf"(วันที่ ?[๐-๓]?)[{_LIKE_NINE}]( ?(?:{_MONTHS}) ?(?:พ\.ศ\. ?)?๒[๐-๙]{{3}})"), r"\1๙\2"),
    # a part of the Royal Gazette is a number and one of four letters: ตอนพิเศษ ๖๔-ง
    (re.compile(rf"(ตอน(?:ที่|พิเศษ)? ?[0-9๐-๙]+) ?[-.·:] ?([กขคง])(?![{LETTERS_AND_SIGNS}])"), r"\1 \2"),
    # a postal code of Bangkok follows the abbreviation of its name: กหม.10300
    (re.compile(rf"ก ?[{CONSONANTS}า] ?ม(\.? ?10[0-9]{{3}})(?![0-9])"), r"กทม\1"),
)
