"""Word borders of a text, as the index cuts it and as people read it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import accumulate

from archive.thai import MONTHS, SHORT_MONTHS
from archive.thai.characters import (
    LEADING_VOWELS,
    LETTERS_AND_SIGNS,
    NEVER_INITIAL,
    WORD_LETTERS,
    characters_of_class,
)
from indexer.analysis.tokenizer import Tokenizer, group_into_longest_words

_LONGEST = 1000  # letters that are segmented into words at a time
_MOST_WIDENED = 12  # letters added to one side of a hit for a whole word; unknown stretches can be far longer
_MIN_COMPOUND_PART = 3  # letters of a word that begins a compound, and of the word after it: น้ำ ป่า
_NEAR_HIT = 30  # characters on both sides of a hit in which the number stands that it is a part of
_LETTERS = re.compile(
    f"[{WORD_LETTERS}]{{1,{_LONGEST}}}[{NEVER_INITIAL}]*(?<![{LEADING_VOWELS}])"
    f"|[^\\W{WORD_LETTERS}]{{1,{_LONGEST}}}"
)
_THAI = characters_of_class(LETTERS_AND_SIGNS)
_NUMBER = re.compile(r"\d+(?:[./:,-]\d+)+")
_AMOUNT = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+")
_YEAR = re.compile(r"25\d\d")
_LEADING_NUMBER = re.compile(r"(?<![\d/])\d[\d,.–-]*$")
_COUNTED = re.compile(
    r"\s*(?:บาท|ล้าน|เมตร|กิโล|ตาราง|ไร่|ลิตร|คน|ราย|ตัว|ต้น|หลัง|เครื่อง|คัน|ชุด|ชุมชน|ครัวเรือน|แห่ง|อัตรา|งวด|ครั้ง|ฉบับ|ชั่วโมง|นาที|น\.|วัน|เดือน|ปี|"
    + "|".join(map(re.escape, (*MONTHS, *SHORT_MONTHS)))
    + ")"
)  # what stays with its number
_LEADING_SIGN = re.compile(
    r"[พค]\.(?:\s?ศ\.)?$|(?:^|\s)\(?\d{1,2}[.)]$|วันที่\s?\d{1,2}$"
)  # of a year, of an item, of a month
_LONGEST_LEAD = 40  # letters; a number that goes on and on would be looked at from each of its digits
_LEADING_WORDS = frozenset(
    """ระหว่าง ตั้งแต่ ภายใน ใน เมื่อ ณ วันที่ วัน เดือน เวลา ปี เลขที่ ที่ ฉบับที่ ครั้งที่ หมู่ หมู่ที่ ร้อยละ ละ จำนวน เป็นเงิน
    และ หรือ กับ ของ โดย เพื่อ จาก ถึง ให้ ซึ่ง แก่ ต่อ ตาม เป็น ว่า คือ เช่น ได้แก่ จะ ไม่ การ ความ ผู้ เรื่อง
    กว้าง ยาว หนา กว่า ริม เรียน หนึ่ง สอง สาม สี่ ห้า ประจำปี""".split()
)  # that lead to what follows: no passage ends with them


class WordBorders:
    """Word boundaries of a folded text. A stretch of letters is segmented when it is first needed."""

    def __init__(self, folded: str, tokenizer: Tokenizer) -> None:
        self.folded = folded
        self.tokenizer = tokenizer
        self._stretches: dict[int, list[tuple[int, int]]] = {}  # by where the white space before them ends
        self._cut: dict[int, list[int]] = {}
        self._longer: dict[int, list[int]] = {}  # the borders of the longer words among these

    def is_word(self, start: int, end: int) -> bool:
        """Returns True if word boundaries lie exactly at ``start`` and at ``end``."""
        return self.before(start) == start and self.before(end) == end

    def begins_compound(self, start: int, end: int) -> bool:
        """Returns True for a word that another one follows inside a word of the dictionary: น้ำ in น้ำป่า."""
        stretch = self._around(end)
        if end - start < _MIN_COMPOUND_PART or stretch is None or self.before(start) != start:
            return False
        borders = self._borders(*stretch)
        rest = self.folded[end : borders[min(bisect_right(borders, end), len(borders) - 1)]]
        return len(rest) >= _MIN_COMPOUND_PART and self.tokenizer.is_known_word(rest)

    def before(self, place: int) -> int:
        """Returns the last word boundary at or before the offset ``place``."""
        stretch = self._around(place)
        if stretch is None or place >= stretch[1]:
            return place
        borders = self._borders(*stretch)
        return borders[bisect_right(borders, place) - 1]

    def before_longer_word(self, place: int) -> int:
        """Returns where the longest word at ``place`` begins; if far off, where its last part does."""
        if place <= 0 or place >= len(self.folded):
            return max(place, 0)
        left, right = self._longer_word(place)
        return left if place - left <= _MOST_WIDENED or right == place else self.before(place)

    def before_leading_words(self, end: int, least: int) -> int:
        """Returns the end of a passage before words that only lead to what follows: ระหว่าง, วันที่, พ.ศ., 1,250.

        No more is left out than the text behind ``least``.
        """
        while end > least:
            shown = self.folded[:end].rstrip()
            near = max(0, len(shown) - _LONGEST_LEAD)
            lead = _LEADING_NUMBER.search(shown, near) if _COUNTED.match(self.folded, len(shown)) else None
            lead = lead or _LEADING_SIGN.search(shown, near)
            start = lead.start() if lead else self._longer_word(len(shown) - 1)[0]
            if start <= least or not (lead or shown[start:] in _LEADING_WORDS):
                break
            end = start
        return end

    def whole(self, start: int, end: int) -> tuple[int, int]:
        """Returns the offsets of a hit widened to whole words, as people read them, and to whole numbers."""
        if self.folded[start].isdigit():
            return self._whole_number(start, end)
        left, right = self._longer_word(start)[0], self._longer_word(end - 1)[1]
        return (
            left if start - left <= _MOST_WIDENED else start,
            right if right - end <= _MOST_WIDENED else end,
        )

    def _whole_number(self, start: int, end: int) -> tuple[int, int]:
        """Returns the number of which ``[start, end)`` is a part; an empty stretch for the year in it.

        A part of an amount (98 of 98,948, 15 of 0.15) is no number: the stretch is empty too. The baht of one
        without satang (495,000 of 495,000.00) are the same amount.
        """
        for number in _NUMBER.finditer(self.folded, max(0, start - _NEAR_HIT), end + _NEAR_HIT):
            if number.start() <= start and end <= number.end() and number.group() != self.folded[start:end]:
                if _AMOUNT.fullmatch(number.group()):
                    rest = self.folded[end : number.end()]
                    is_same = start == number.start() and rest.startswith(".") and not rest.strip(".0")
                    return number.span() if is_same else (start, start)
                is_calendar_or_fiscal_year = start > number.start() and _YEAR.fullmatch(
                    self.folded, start, end
                )
                return (start, start) if is_calendar_or_fiscal_year else number.span()
        return start, end

    def _longer_word(self, place: int) -> tuple[int, int]:
        """Returns the longest word of the dictionary in which the letter at ``place`` stands."""
        stretch = self._around(place + 1)
        if stretch is None or place >= stretch[1]:
            return place, place + 1
        borders = self._longer.get(stretch[0])
        if borders is None:
            lengths = _joined_lengths(self._words(*stretch))
            borders = self._longer[stretch[0]] = list(accumulate(lengths, initial=stretch[0]))
        number = bisect_right(borders, place)
        return borders[number - 1], borders[number]

    def _around(self, place: int) -> tuple[int, int] | None:
        """Returns the last stretch of letters that begins before the offset ``place``.

        Only stretches after the last white space before ``place`` count; None if there is none.
        """
        first = self.folded.rfind(" ", 0, place) + 1
        stretches = self._stretches.get(first)
        if stretches is None:
            end = self.folded.find(" ", place)
            found = _LETTERS.finditer(self.folded, first, len(self.folded) if end < 0 else end)
            stretches = self._stretches[first] = [stretch.span() for stretch in found]
        number = bisect_left(stretches, (place,)) - 1
        return stretches[number] if number >= 0 else None

    def _borders(self, start: int, end: int) -> list[int]:
        borders = self._cut.get(start)
        if borders is None:
            borders = self._cut[start] = list(accumulate(map(len, self._words(start, end)), initial=start))
        return borders

    def _words(self, start: int, end: int) -> tuple[str, ...]:
        letters = self.folded[start:end]
        return self.tokenizer.segment(letters) if letters[0] in _THAI else (letters,)


@lru_cache(maxsize=20_000)
def _joined_lengths(words: tuple[str, ...]) -> tuple[int, ...]:
    """Returns the length of each longer word that ``group_into_longest_words`` makes of the words."""
    return tuple(sum(map(len, group)) for group in group_into_longest_words(words))
