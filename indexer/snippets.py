"""A text and a query → segments for people: never markup, never cut inside a Thai cluster.

Hits are found as the index finds them: phrases as runs of letters, whatever white space and
punctuation stands between; words only where the text is cut into the same words.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate

import numpy as np
from pythainlp.corpus import thai_stopwords

from indexer.dictionary import Dictionary
from indexer.query import Query
from indexer.tokens import THAI, Segmenter, fold, run

_MOST_HITS = 300  # marked in one text
_LONGEST = 1000  # letters that are cut at a time
_CONTEXT = 30  # characters before the first hit of a passage
_LETTERS = re.compile(f"[{THAI}]{{1,{_LONGEST}}}[ะัาำิ-ฺๅ็-๎]*(?<![เแโใไ])|[^\\W{THAI}]{{1,{_LONGEST}}}")
_THAI = frozenset(map(chr, range(0xE01, 0xE4F)))


@dataclass(frozen=True, slots=True)
class Segment:
    text: str
    hit: bool


def hits(text: str, query: Query) -> list[tuple[int, int]]:
    """Where the query's words stand in a display text: ``[start, end)`` offsets, in order, apart."""
    return _hits(_Borders(fold(text)), query)


def _hits(borders: _Borders, query: Query) -> list[tuple[int, int]]:
    sought = _sought(query)
    folded = borders.folded
    if not folded or not (sought.phrases or sought.words):
        return []
    letters = run(folded)
    kept = letters.kept()
    found = [_whole_clusters(folded, *place) for place in _places(letters.data, sought.phrases, kept)]
    found += (place for place in _places(letters.data, sought.words, kept) if borders.is_word(*place))
    return _apart(found)


def highlight(text: str, query: Query) -> tuple[Segment, ...]:
    """The whole text, cut at its hits."""
    return _segments(text, hits(text, query), 0, len(text))


def snippet(text: str, query: Query, *, length: int = 180) -> tuple[Segment, ...]:
    """The best passage of about ``length`` characters; the start of the text when nothing hits."""
    borders = _Borders(fold(text))
    found = _hits(borders, query)
    context = min(_CONTEXT, length // 4)
    best = _densest(text, found, length - context)
    start = borders.before(max(0, found[best][0] - context)) if found else 0
    end = start + length
    if end >= len(text):  # the end of the text: the passage begins earlier, its last word stays
        start, end = borders.before(max(0, len(text) - length)), len(text)
    else:
        end = borders.before(end)
    if end <= start:  # one word longer than the passage
        end = min(len(text), start + length)
    shown = [(max(left, start), min(right, end)) for left, right in found if left < end and right > start]
    return _segments(text, shown, start, end)


@dataclass(frozen=True, slots=True)
class _Sought:
    """Runs of letters: ``phrases`` count wherever they stand, ``words`` only as whole words."""

    phrases: tuple[bytes, ...]
    words: tuple[bytes, ...]


@lru_cache(maxsize=256)
def _sought(query: Query) -> _Sought:
    phrases: list[str] = []
    words: list[str] = []
    for text, exact in [(chunk.text, chunk.exact) for chunk in query.chunks] + [
        (mark, False) for mark in query.marks
    ]:
        folded = fold(text)
        typed = [folded[token.start : token.end] for token in _segmenter().tokens(text)]
        (phrases if exact or len(typed) > 1 else words).append(text)
        words += [] if exact else typed
    telling = [word for word in words if word not in thai_stopwords() and len(word) > 1]
    return _Sought(_runs(phrases), _runs(telling or words))


def _runs(texts: list[str]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(data for data in (run(fold(text)).data for text in texts) if data))


@cache
def _segmenter() -> Segmenter:
    """Cuts with the built-in words: borders of words in a text that is only shown."""
    return Dictionary().current().segmenter


def _places(
    letters: bytes, runs: tuple[bytes, ...], kept: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> Iterator[tuple[int, int]]:
    """Where in the text the runs stand."""
    firsts: list[int] = []
    lasts: list[int] = []
    for data in runs:
        at, size = letters.find(data), len(data)
        most = len(firsts) + _MOST_HITS
        while at >= 0 and len(firsts) < most:
            firsts.append(at)
            at += size
            lasts.append(at - 1)
            at = letters.find(data, at)
    return zip(kept[firsts].tolist(), (kept[lasts] + 1).tolist(), strict=True)


class _Borders:
    """Where a folded text may be cut between words; each stretch of letters is cut when first asked for."""

    def __init__(self, folded: str) -> None:
        self.folded = folded
        self._stretches: dict[int, list[tuple[int, int]]] = {}  # by where the white space before them ends
        self._cut: dict[int, list[int]] = {}

    def is_word(self, start: int, end: int) -> bool:
        """Whether the text is cut into words right before and right after the place."""
        return self.before(start) == start and self.before(end) == end

    def before(self, place: int) -> int:
        """The last border of a word at or before the place."""
        stretch = self._around(place)
        if stretch is None or place >= stretch[1]:
            return place
        borders = self._cut.get(stretch[0])
        if borders is None:
            borders = self._cut[stretch[0]] = self._borders(*stretch)
        return borders[bisect_right(borders, place) - 1]

    def _around(self, place: int) -> tuple[int, int] | None:
        """The stretch of letters that the place is in, or the last one before it and after white space."""
        first = self.folded.rfind(" ", 0, place) + 1
        stretches = self._stretches.get(first)
        if stretches is None:
            end = self.folded.find(" ", place)
            found = _LETTERS.finditer(self.folded, first, len(self.folded) if end < 0 else end)
            stretches = self._stretches[first] = [stretch.span() for stretch in found]
        number = bisect_left(stretches, (place,)) - 1
        return stretches[number] if number >= 0 else None

    def _borders(self, start: int, end: int) -> list[int]:
        letters = self.folded[start:end]
        words = _segmenter().words(letters) if letters[0] in _THAI else (letters,)
        return list(accumulate(map(len, words), initial=start))


def _whole_clusters(folded: str, start: int, end: int) -> tuple[int, int]:
    """The place with the vowels and marks that cannot be parted from it."""
    while end < len(folded) and folded[end] in "ะัาำิีึืฺุู็่้๊๋์ํ๎ๅ":
        end += 1
    while start > 0 and (folded[start] in "ะัาำิีึืฺุู็่้๊๋์ํ๎ๅ" or folded[start - 1] in "เแโใไ"):
        start -= 1
    return start, end


def _apart(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order; places that touch or overlap become one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _densest(text: str, found: list[tuple[int, int]], length: int) -> int:
    """The hit from which a passage of that length shows the most different words."""
    best, best_value = 0, -1.0
    last = letters = 0
    shown: Counter[str] = Counter()
    words = [text[start:end] for start, end in found]
    for first, (start, _) in enumerate(found):
        while last < len(found) and (last <= first or found[last][1] <= start + length):
            shown[words[last]] += 1
            letters += len(words[last]) * (shown[words[last]] == 1)
            last += 1
        value = letters + 0.01 * (last - first)
        if value > best_value:
            best, best_value = first, value
        shown[words[first]] -= 1
        letters -= len(words[first]) * (shown[words[first]] == 0)
    return best


def _segments(text: str, found: list[tuple[int, int]], start: int, end: int) -> tuple[Segment, ...]:
    segments = []
    at = start
    for left, right in found:
        segments += [Segment(text[at:left], hit=False), Segment(text[left:right], hit=True)]
        at = right
    segments.append(Segment(text[at:end], hit=False))
    return tuple(segment for segment in segments if segment.text)
