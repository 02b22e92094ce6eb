"""Highlighting: splits a text into segments that a query hits and segments that it does not hit.

The segments are plain text, never markup, and are never cut inside a Thai cluster. Hits are found as the
index finds them: a phrase as a run of letters, whatever white space and punctuation stands between them; a
word only where the tokenizer cuts the text into the same words. The tokenizer's words are shorter than those
that people read: a hit inside a longer word of the dictionary marks all of it (กรรมการ in คณะกรรมการ), and of
a longer word that was typed (คำสั่ง) no part is marked where the text has the whole.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, groupby, islice, pairwise

from archive.thai import MONTHS, SHORT_MONTHS
from archive.thai.characters import (
    ELLIPSIS,
    LEADING_VOWELS,
    LETTERS_AND_SIGNS,
    NEVER_INITIAL,
    WORD_LETTERS,
    characters_of_class,
)
from archive.thai.word_list import thai_stopwords
from indexer.analysis.tokenizer import (
    SearchableBytes,
    Tokenizer,
    fold_text,
    group_into_longest_words,
    letters_of,
    searchable_bytes,
)
from indexer.search.coverage import close_together_pattern
from indexer.search.passages import (
    LINE_OF_PHRASE,
    end_of_letters,
    phrase_end,
    phrase_start,
    with_lines_joined,
)
from indexer.search.query.date_ranges import DateRange
from indexer.search.query.parser import Query, TypedChunk
from indexer.search.query.query_plan import Alternative
from indexer.search.query.question_words import chunks_without_question_words
from indexer.search.villages import (
    find_typed_village,
    section_places,
    village_or_section_words,
    village_places,
)

_MOST_HITS = 300  # hits of one phrase or word that are marked in one text
_LONGEST = 1000  # letters that are segmented into words at a time
_PASSAGE = 180  # characters of a passage
_CONTEXT = 30  # characters shown before the first hit of a passage
_MOST_WIDENED = 12  # letters added to one side of a hit for a whole word; unknown stretches can be far longer
_MIN_COMPOUND_PART = 3  # letters of a word that begins a compound, and of the word after it: น้ำ ป่า
_WORDS_OF_A_PAIR = 2  # words of a piece that is read as one: ราคากลาง
_TOGETHER = 3  # stop words in a row from which on they are marked as a phrase
_ORDINAL = "ที่"  # between a word and its number, as in หมู่ที่ 4
_PHRASE, _WORD, _PART = range(3)  # a candidate hit: anywhere; as a whole word; as a word that people read
_LETTERS = re.compile(
    f"[{WORD_LETTERS}]{{1,{_LONGEST}}}[{NEVER_INITIAL}]*(?<![{LEADING_VOWELS}])"
    f"|[^\\W{WORD_LETTERS}]{{1,{_LONGEST}}}"
)
_RULE = re.compile(r"\s*[.…_\-–—=*]{4,}\s*")  # dotted and drawn lines of a form
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
_PLACE_KINDS = frozenset("บ้าน หมู่บ้าน ชุมชน ตำบล อำเภอ จังหวัด แขวง เขต ซอย วัด หนอง ห้วย คลอง".split())
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
_OF_A_DATE = frozenset("ปี เดือน วัน วันที่ พ.ศ. ค.ศ.".split())  # they stand beside every date


@dataclass(frozen=True, slots=True)
class TextSegment:
    """A stretch of a snippet; ``is_hit`` is True for one that is to be marked."""

    text: str
    is_hit: bool


def find_hits(text: str, query: Query, tokenizer: Tokenizer) -> list[tuple[int, int]]:
    """Returns the query's hits in a display text as ``[start, end)`` offsets, sorted, without overlaps.

    ``tokenizer``, here and elsewhere in this module, is that of the index.
    """
    return _Hits(_Borders(fold_text(text), tokenizer), query).within(0, len(text))


def query_marking_whole_words(texts: Iterable[str], query: Query, tokenizer: Tokenizer) -> Query:
    """Returns the query, marking no part of its longer words (กรรมการ of คณะกรรมการ) if the texts have these.

    A page is shown block by block, and a paper page by page: what one of them lacks, another may have.
    """
    letters = [letters_of(text) for text in texts]
    is_whole = all(any(whole in data for data in letters) for whole, _ in _sought(query, tokenizer).parts)
    return replace(query, marks_parts_of_absent_words=False) if is_whole else query


def highlight(text: str, query: Query, tokenizer: Tokenizer) -> tuple[TextSegment, ...]:
    """Returns the whole text, split into segments at its hits."""
    return _segments(text, find_hits(text, query, tokenizer), 0, len(text))


def snippet(
    text: str, query: Query, tokenizer: Tokenizer, *, length: int = _PASSAGE
) -> tuple[TextSegment, ...]:
    """Returns the best passage of about ``length`` characters; the start of the text if there is no hit."""
    return _passage(text, query, tokenizer, length)[0]


def snippet_with_ellipses(
    text: str, query: Query, tokenizer: Tokenizer, *, length: int = _PASSAGE, title: str = ""
) -> tuple[TextSegment, ...]:
    """Returns the best passage as people read it: without ruling lines, and ``…`` where the text goes on.

    A word that the end of a line of paper cuts in two is shown whole. What is marked in ``title``, which is
    shown above, counts less.
    """
    text = with_lines_joined(text)
    segments, start, end = _passage(text, query, tokenizer, length, title)
    shown = [
        TextSegment(
            (segment.text if segment.is_hit else _RULE.sub(" ", segment.text)).replace(LINE_OF_PHRASE, ""),
            is_hit=segment.is_hit,
        )
        for segment in segments
    ]
    if text[:start].strip():
        shown.insert(0, TextSegment(ELLIPSIS, is_hit=False))
    if text[end:].strip():
        shown.append(TextSegment(ELLIPSIS, is_hit=False))
    return tuple(segment for segment in shown if segment.text)


def split_at_glance(
    segments: tuple[TextSegment, ...], tokenizer: Tokenizer, *, letters: int
) -> tuple[tuple[TextSegment, ...], tuple[TextSegment, ...]]:
    """Returns the first ``letters`` of a passage, or a little less, and the rest of it, which may be empty.

    The first part ends with a phrase or a word, and cuts no hit but one that is longer than all of it.
    """
    text = "".join(segment.text for segment in segments)
    end = end_of_letters(text, letters)
    if not text[end:].strip(f" \n{ELLIPSIS}"):
        return segments, ()
    places = accumulate((len(segment.text) for segment in segments), initial=0)
    hits = [place for place, segment in zip(pairwise(places), segments, strict=True) if segment.is_hit]
    end = min([end, *(start for start, hit_end in hits if 0 < start < end < hit_end)])
    last = max((hit_end for _, hit_end in hits if hit_end <= end), default=0)
    borders = _Borders(fold_text(text), tokenizer)
    end = borders.before_leading_words(phrase_end(text, last, borders.before_longer_word(end)), last)
    end = len(text[:end].rstrip()) or end_of_letters(text, letters)
    shown = [(start, min(hit_end, end)) for start, hit_end in hits if start < end]
    rest = [(max(start, end), hit_end) for start, hit_end in hits if hit_end > end]
    return _segments(text, shown, 0, end), _segments(text, rest, end, len(text))


def first_hit_of_passage(text: str, query: Query, tokenizer: Tokenizer, *, title: str) -> tuple[int, int]:
    """Returns the first hit in the passage of ``snippet_with_ellipses``; an empty stretch without one."""
    found = _Hits(_Borders(fold_text(with_lines_joined(text)), tokenizer), query)
    first = found.densest(_PASSAGE - _CONTEXT, _marked_words(title, query, tokenizer))
    return (0, 0) if first is None else next(iter(found.within(first, len(text))), (first, first))


@lru_cache(maxsize=64)  # the passages of one announcement, its own and those of its pages, have one title
def _marked_words(text: str, query: Query, tokenizer: Tokenizer) -> frozenset[str]:
    folded = fold_text(text)
    return frozenset(folded[start:end] for start, end in find_hits(text, query, tokenizer))


def _passage(
    text: str, query: Query, tokenizer: Tokenizer, length: int, title: str = ""
) -> tuple[tuple[TextSegment, ...], int, int]:
    """Returns the segments of the best passage, its start and its end."""
    borders = _Borders(fold_text(text), tokenizer)
    found = _Hits(borders, query)
    context = min(_CONTEXT, length // 4)
    first = found.densest(length - context, _marked_words(title, query, tokenizer))
    start = 0 if first is None else phrase_start(text, first, borders.before_longer_word(first - context))
    end = start + length
    if end >= len(text):
        end = len(text)  # the last word of the text stays
    else:
        last = max((right for _, right in found.within(start, end)), default=start)
        end = borders.before_leading_words(phrase_end(text, last, borders.before_longer_word(end)), last)
    if end <= start:  # one word longer than the passage
        end = min(len(text), start + length)
    shown = found.within(start, end, is_clipped=True)
    places = [(max(left, start), min(right, end)) for left, right in shown]
    return _segments(text, places, start, end), start, end


@dataclass(frozen=True, slots=True)
class _Sought:
    """Runs of letters to find: ``phrases`` hit anywhere in a text, ``segment`` only as whole words.

    ``pieces`` are the two words of a piece such as ราคากลาง, which hit only as words that people read.
    ``parts`` has the parts of each longer word, which hit only by themselves, in a text without it.
    ``together`` are the words of synonyms, which hit only close together: อาคาร alone is no ก่อสร้างอาคาร.
    ``beside_answer`` has each of these words, which hits alone only before what the query asks: ชำระ of
    ชำระภาษี in ชำระได้ที่ชั้น 1.
    ``village`` is the number of a village, ``section`` that of a section of a law.
    """

    phrases: tuple[bytes, ...]
    segment: tuple[bytes, ...]
    pieces: tuple[bytes, ...]
    parts: tuple[tuple[bytes, tuple[bytes, ...]], ...]
    together: tuple[re.Pattern[bytes], ...]
    beside_answer: tuple[bytes, ...]
    village: bytes | None
    section: bytes | None


@lru_cache(maxsize=256)
def _sought(query: Query, tokenizer: Tokenizer) -> _Sought:
    phrases: list[str] = []
    words: list[str] = []
    pieces: list[str] = []
    parts: dict[str, list[str]] = {}
    chunks = _telling_chunks(query, tokenizer)
    village, may_be_section = find_typed_village(_plain_words(chunks, tokenizer)) or (None, False)
    synonyms = [(text, _words(fold_text(text), tokenizer)) for text in query.extra_highlights]
    single = [text for text, typed in synonyms if len(group_into_longest_words(typed)) == 1]
    for text, exact in (
        *((chunk.text, chunk.is_exact) for chunk in chunks),
        *((text, False) for text in (*query.corrected_words, *single)),
    ):
        typed = _words(fold_text(text), tokenizer)
        (phrases if exact or len(typed) > 1 else words).append(text)
        if not exact:
            joined = group_into_longest_words(typed)
            words_or_pieces = pieces if len(joined) == _WORDS_OF_A_PAIR else words
            words_or_pieces += _with_name([("".join(each), each[0]) for each in joined])
            parts |= {"".join(each): [word for word in each if _telling(word)] for each in joined if each[1:]}
            phrases += _together(typed)
    phrases += _numbered(_plain_words(chunks, tokenizer))
    if any(map(_telling, (*words, *pieces))):
        words, pieces = (list(filter(_telling, each)) for each in (words, pieces))
    names = village_or_section_words(village) if village is not None else frozenset[str]()
    phrases, words, pieces = (
        [each for each in texts if fold_text(each).replace(" ", "") not in names]
        for texts in (phrases, words, pieces)
    )
    of_several = [each for text, each in synonyms if each and text not in single and text not in names]
    return _Sought(
        _runs(phrases),
        _runs(words),
        _runs(pieces),
        tuple((_runs([word])[0], _runs(its)) for word, its in parts.items()),
        tuple(close_together_pattern(Alternative(tuple(each))) for each in of_several),
        _runs([word for each in of_several for word in each if _telling(word)]),
        village.encode() if village is not None else None,
        village.encode() if village is not None and may_be_section else None,
    )


def _telling_chunks(query: Query, tokenizer: Tokenizer) -> list[TypedChunk]:
    """Returns the pieces of a query and their alternatives, without question words and periods."""
    chunks = chunks_without_question_words(query.chunks, tokenizer, should_keep_title_word=query.names_title)
    every = [chunk for first in chunks or query.chunks for chunk in (first, *first.others)]
    return _without_periods(every, query.times)


def _plain_words(chunks: list[TypedChunk], tokenizer: Tokenizer) -> list[str]:
    """Returns the words of the pieces that are neither quoted nor alternatives."""
    texts = [fold_text(chunk.text) for chunk in chunks if not (chunk.is_exact or chunk.others)]
    return [text[token.start : token.end] for text in texts for token in tokenizer.tokens(text)]


def _words(folded: str, tokenizer: Tokenizer) -> list[str]:
    """Returns the words of a piece; a number such as 98/2567 is one, without its parts."""
    words: list[str] = []
    number_end = 0
    for token in tokenizer.tokens(folded):
        if token.start >= number_end:
            words.append(folded[token.start : token.end])
            number_end = token.end if words[-1][0].isdigit() else 0
    return words


def _without_periods(chunks: list[TypedChunk], times: tuple[DateRange, ...]) -> list[TypedChunk]:
    """Returns the pieces without the years and months that narrow the results: all results are of these.

    A day stays, as does a query of nothing else.
    """
    periods = {word for time in times if time.year or time.month for word in time.text.split()}
    rest = [chunk for chunk in chunks if chunk.is_exact or chunk.text not in periods]
    if any(_telling(chunk.text) for chunk in rest):
        return rest
    words = [chunk for chunk in chunks if not chunk.text.isdigit()]  # of งบปี 67 no other 67
    return words if any(_telling(chunk.text) for chunk in words) else chunks


def _with_name(words: list[tuple[str, str]]) -> list[str]:
    """Returns the words; one that begins a place's name (บ้าน in บ้านเนินสะแก) with the beginning of the name.

    Alone it stands in the name of every other place. ``words`` are pairs of a word and its first short word.
    """
    following = [*(first for _, first in words[1:]), ""]
    return [
        word + name if word in _PLACE_KINDS else word
        for (word, _), name in zip(words, following, strict=False)
    ]


def _numbered(tokens: list[str]) -> list[str]:
    """Returns each number of one digit with the word that was typed before it: ชั้น 4, also as ชั้นที่ 4."""
    words = [token for token in tokens if token != _ORDINAL]
    return [
        f"{word}{between}{number}"
        for word, number in pairwise(words)
        if number.isdigit() and len(number) == 1 and _telling(word)
        for between in ("", _ORDINAL)
    ]


def _telling(word: str) -> bool:
    return word not in thai_stopwords() and len(word) > 1 and word not in _OF_A_DATE


def _together(words: list[str]) -> list[str]:
    """Returns each run of at least ``_TOGETHER`` stop words as one phrase, such as การ มี ส่วน ร่วม.

    Each of these words alone says nothing; the run does.
    """
    stretches = [(telling, list(stretch)) for telling, stretch in groupby(words, key=_telling)]
    return ["".join(stretch) for telling, stretch in stretches if not telling and len(stretch) >= _TOGETHER]


def _runs(texts: list[str]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(data for data in (letters_of(text) for text in texts) if data))


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


def _places_together(letters: SearchableBytes, sought: _Sought) -> list[tuple[int, int]]:
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


@lru_cache(maxsize=20_000)
def _joined_lengths(words: tuple[str, ...]) -> tuple[int, ...]:
    """Returns the length of each longer word that ``group_into_longest_words`` makes of the words."""
    return tuple(sum(map(len, group)) for group in group_into_longest_words(words))


class _Borders:
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
        """Returns the last border of words, as people read them, at or before the offset ``place``."""
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
        for number in _NUMBER.finditer(self.folded, max(0, start - _CONTEXT), end + _CONTEXT):
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


class _Hits:
    """Hits of a query in a text.

    To check that a candidate hit is a whole word takes time, so each is checked when it is first requested.
    """

    def __init__(self, borders: _Borders, query: Query) -> None:
        self._borders = borders
        folded, sought = borders.folded, _sought(query, borders.tokenizer)
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


def _cuts_number(folded: str, end: int) -> bool:
    """Returns True if a hit that ends with a digit of a number leaves out its next digits (หมู่ 4 in หมู่ 42)."""
    return (
        folded[end - 1].isdigit()
        and folded[end : end + 1].isdigit()
        and not folded[end - 2 : end - 1].isdigit()
    )


def _whole_clusters(folded: str, start: int, end: int) -> tuple[int, int]:
    """Returns the offsets widened by the vowels and marks that cannot be separated from their letters."""
    while end < len(folded) and folded[end] in "ะัาำิีึืฺุู็่้๊๋์ํ๎ๅ":
        end += 1
    while start > 0 and (folded[start] in "ะัาำิีึืฺุู็่้๊๋์ํ๎ๅ" or folded[start - 1] in "เแโใไ"):
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


def _segments(text: str, found: list[tuple[int, int]], start: int, end: int) -> tuple[TextSegment, ...]:
    segments = []
    at = start
    for left, right in found:
        segments += [TextSegment(text[at:left], is_hit=False), TextSegment(text[left:right], is_hit=True)]
        at = right
    segments.append(TextSegment(text[at:end], is_hit=False))
    return tuple(segment for segment in segments if segment.text)
