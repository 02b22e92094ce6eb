"""Hits of a query in a text: where its words and phrases stand, and the passage that shows most of them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from itertools import islice

from archive.thai import MONTHS, SHORT_MONTHS
from archive.thai.characters import LEADING_VOWELS, NEVER_INITIAL, characters_of_class
from indexer.analysis.tokenizer import SearchableBytes, searchable_bytes
from indexer.search.highlight_terms import HighlightTerms, highlight_terms
from indexer.search.query.parser import Query
from indexer.search.villages import section_places, village_places
from indexer.search.word_borders import WordBorders

_MOST_HITS = 300  # hits of one phrase or word that are marked in one text
_PHRASE, _WORD, _PART = range(3)  # a candidate hit: anywhere; as a whole word; as a word that people read
_FORMULA = re.compile(
    r"""(?m:^|(?<=\t)) [ ]* (?:เรียน|เรื่อง) (?=\s)
      | จึง (?:ขอ)? (?:เรียน|แจ้ง|ประกาศ)
      | (?:คำสั่ง|สั่ง|ประกาศ|ให้ไว้) (?=\s*ณ\s*วันที่)""",
    re.VERBOSE,
)
"""Words by which each letter and order begins and ends: they tell nothing of what it is about."""
_FORMULA_WORDS = (
    "เรื่อง",
    *("จึง" + ask + verb for ask in ("", "ขอ") for verb in ("เรียน", "แจ้ง", "ประกาศ")),
    "คำสั่ง",
    "ให้ไว้",
)
"""Every word that ``_FORMULA`` matches is one of these or a part of one."""
_GLANCE = 80  # characters of a passage that a telephone shows
_BEHIND_HIT = 24  # characters in which an answer begins that is right behind a hit: ชำระภายในเดือนมิถุนายน
_IN_TITLE = 0.5  # value of a letter of a word that is marked in the title above the passage
_ANSWER_VALUE = 24  # letters of hits that a passage with the kind of answer is worth more
_ANSWER_VALUE_BEHIND_HIT = (
    96  # the same where the answer is right behind a hit: more than the longest official name
)
_DAY = "|".join(map(re.escape, (*MONTHS, *SHORT_MONTHS))) + "|วัน(?:จันทร์|อังคาร|พุธ|พฤหัส|ศุกร์|เสาร์|อาทิตย์)|ทุกวัน"
_HOUR = r"\d[.:]\d\d ?น\."
_ANSWERS = tuple(
    (re.compile(asked), re.compile(answer))
    for asked, answer in (
        ("วันไหน|วันใด|วันสุดท้าย|ถึงไหน", _DAY),
        ("กี่โมง", _HOUR),
        ("เมื่อไ|เมื่อใด|ตอนไหน", f"{_DAY}|{_HOUR}"),
        ("เท่าไ|เท่าใด|กี่บาท|ราคา|ค่า", r"\d ?บาท"),
        (
            "ที่ไหน|ที่ใด|ตรงไหน|แห่งไหน",
            r"(?:^|\s)ณ\s|ได้ที่|ที่ทำการ|สำนักงาน|ที่(?:สำนัก|กอง|งาน|ศูนย์|ศาลา|อาคาร|ห้อง|โรงเรียน|วัด)",
        ),
    )
)
"""Pairs of patterns: a kind of question, and what its answer has."""
_INSEPARABLE = characters_of_class(NEVER_INITIAL)  # marks and vowels that belong to the letter before them
_LEADING = characters_of_class(LEADING_VOWELS)  # they belong to the letter after them


class QueryHits:
    """Hits of a query in a text.

    To check that a candidate hit is a whole word takes time, so each is checked when it is first requested.
    """

    def __init__(self, borders: WordBorders, query: Query) -> None:
        self._borders = borders
        folded, sought = borders.folded, highlight_terms(query, borders.tokenizer)
        letters = searchable_bytes(folded)
        absent = (
            parts
            for whole, parts in sought.parts
            if query.marks_parts_of_absent_words and whole not in letters.data
        )
        by_itself = {*sought.pieces, *(part for parts in absent for part in parts)} - {*sought.segment}
        places = [(*_whole_clusters(folded, *place), _PHRASE) for place in _places(letters, sought.phrases)]
        places += [(*place, _WORD) for place in _places(letters, sought.segment)]
        places += [(*place, _PART) for place in _places(letters, tuple(by_itself))]
        self._answers = [answer for asked, answer in _ANSWERS if asked.search(query.typed)]
        places += [
            (start, end, _WORD)
            for start, end in (_places(letters, sought.beside_answer) if self._answers else ())
            if any(answer.search(folded, end, end + _BEHIND_HIT) for answer in self._answers)
        ]
        places = _outside_formulas(folded, places)
        places += [(*place, _PHRASE) for place in _places_together(letters, sought)]
        places = [place for place in places if not _cuts_number(folded, place[1])]
        self._places = sorted(places)  # start, end, what stands there
        self._checked: dict[tuple[int, int, int], tuple[int, int]] = {}  # empty stretches for no hits
        self._longest = max((end - start for start, end, _ in places), default=0)

    def within(self, start: int, end: int, *, is_clipped: bool = False) -> list[tuple[int, int]]:
        """Returns the hits between two offsets, sorted, without overlaps.

        With ``is_clipped`` also the hits that reach over ``start`` or ``end`` are returned.
        """
        first = bisect_left(self._places, (start - self._longest if is_clipped else start,))
        places = self._places[first : bisect_left(self._places, (end,))]
        if is_clipped:
            found = [self._whole(place) for place in places if place[1] > start]
        else:
            found = [self._whole(place) for place in places if place[1] <= end]
        return _apart(sorted((left, right) for left, right in found if left < right))

    def _whole(self, place: tuple[int, int, int]) -> tuple[int, int]:
        """Returns a candidate hit widened to whole words; an empty stretch where it is none itself."""
        whole = self._checked.get(place)
        if whole is None:
            whole = self._checked[place] = self._widened(*place)
        return whole

    def _widened(self, left: int, right: int, sought: int) -> tuple[int, int]:
        borders, none = self._borders, (left, left)
        if not (sought == _PHRASE or borders.is_word(left, right)):
            is_compound = sought == _WORD and borders.begins_compound(left, right)
            return borders.whole(left, right) if is_compound else none
        whole = borders.whole(left, right)
        return none if sought == _PART and whole != (left, right) else whole

    def densest(self, length: int, in_title: frozenset[str]) -> int | None:
        """Returns the start of the passage of ``length`` characters that shows the most different words.

        Those of its first ``_GLANCE`` characters count twice, those ``in_title`` half, and the kind of answer
        asked for counts more. Returns None if there is no hit.
        """
        best, best_value = None, 0.0
        rough = _apart((left, right) for left, right, _ in self._places)
        most_more = (_ANSWER_VALUE + _ANSWER_VALUE_BEHIND_HIT) * len(self._answers)
        bounds = [value + most_more for value in self._values(rough, length, in_title)]
        for at in sorted(range(len(rough)), key=bounds.__getitem__, reverse=True):
            if bounds[at] <= best_value:
                break  # no later passage can show more, even if all its candidates are whole words
            start = rough[at][0]
            shown = self.within(start, max(start + length, rough[at][1]))
            if not shown:
                continue
            value = self._values(shown, length, in_title)[0] + self._answer_value(*shown[0])
            if value > best_value:
                best, best_value = shown[0][0], value
        return best

    def _values(self, hits: list[tuple[int, int]], length: int, in_title: frozenset[str]) -> list[float]:
        """Returns the value of the passage at each hit."""
        words = [self._borders.folded[start:end] for start, end in hits]
        of_word = {word: len(word) * (_IN_TITLE if word in in_title else 1.0) for word in words}
        pairs = zip(
            _values(words, of_word, hits, length), _values(words, of_word, hits, _GLANCE), strict=True
        )
        return [whole + glance for whole, glance in pairs]

    def _answer_value(self, start: int, end: int) -> float:
        """Returns what answers are worth in the first characters of a passage that begins with a hit."""
        folded = self._borders.folded
        in_passage = sum(1 for each in self._answers if each.search(folded, start, start + _GLANCE))
        behind_hit = sum(1 for each in self._answers if each.search(folded, end, end + _BEHIND_HIT))
        return _ANSWER_VALUE * in_passage + _ANSWER_VALUE_BEHIND_HIT * behind_hit


def _places(letters: SearchableBytes, runs: tuple[bytes, ...]) -> list[tuple[int, int]]:
    """Returns the ``[start, end)`` offsets of the runs in the text that ``letters`` was made of."""
    data = letters.data
    firsts: list[int] = []
    lasts: list[int] = []
    for run in runs:
        at, size = data.find(run), len(run)
        most = len(firsts) + _MOST_HITS
        while at >= 0 and len(firsts) < most:
            firsts.append(at)
            at += size
            lasts.append(at - 1)
            at = data.find(run, at)
    if not firsts:
        return []
    offsets = letters.text_offsets
    return list(zip(offsets[firsts].tolist(), (offsets[lasts] + 1).tolist(), strict=True))


def _places_together(letters: SearchableBytes, sought: HighlightTerms) -> list[tuple[int, int]]:
    """Returns the offsets of synonyms whose words stand close together, word by word, and of villages."""
    found = [
        each.span(word)
        for pattern in sought.together
        for each in islice(pattern.finditer(letters.data), _MOST_HITS)
        for word in range(1, pattern.groups + 1)
    ]
    if sought.village is not None:
        found += village_places(sought.village, letters.data)
    if sought.section is not None:
        found += section_places(sought.section, letters.data)
    offsets = letters.text_offsets
    return [(int(offsets[start]), int(offsets[end - 1]) + 1) for start, end in found]


def _outside_formulas(folded: str, places: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Returns the candidate hits without the single words of a formula: the สั่ง of สั่ง ณ วันที่."""
    words = {folded[start:end] for start, end, sought in places if sought != _PHRASE}
    if not any(word in formula for word in words for formula in _FORMULA_WORDS):
        return places
    formulas = [each.span() for each in _FORMULA.finditer(folded)]
    starts = [start for start, _ in formulas]

    def is_in_formula(start: int, end: int) -> bool:
        number = bisect_right(starts, start) - 1
        return number >= 0 and end <= formulas[number][1]

    return [
        (start, end, sought)
        for start, end, sought in places
        if sought == _PHRASE or not is_in_formula(start, end)
    ]


def _cuts_number(folded: str, end: int) -> bool:
    """Returns True if a hit that ends with a digit of a number leaves out its next digits (หมู่ 4 in หมู่ 42)."""
    return (
        folded[end - 1].isdigit()
        and folded[end : end + 1].isdigit()
        and not folded[end - 2 : end - 1].isdigit()
    )


def _whole_clusters(folded: str, start: int, end: int) -> tuple[int, int]:
    """Returns the offsets widened by the vowels and marks that cannot be separated from their letters."""
    while end < len(folded) and folded[end] in _INSEPARABLE:
        end += 1
    while start > 0 and (folded[start] in _INSEPARABLE or folded[start - 1] in _LEADING):
        start -= 1
    return start, end


def _apart(found: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Returns the sorted offsets with touching and overlapping ones joined into one."""
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _values(
    words: list[str], of_word: Mapping[str, float], found: list[tuple[int, int]], length: int
) -> list[float]:
    """Returns for each hit the value of a passage of ``length`` characters that begins at the hit.

    The value is that of the different words shown, plus 0.01 for each hit shown.
    """
    values = []
    last, letters = 0, 0.0
    shown = dict.fromkeys(words, 0)
    for first, (start, _) in enumerate(found):
        while last < len(found) and (last <= first or found[last][1] <= start + length):
            word = words[last]
            letters += 0 if shown[word] else of_word[word]
            shown[word] += 1
            last += 1
        values.append(letters + 0.01 * (last - first))
        word = words[first]
        shown[word] -= 1
        letters -= 0 if shown[word] else of_word[word]
    return values
