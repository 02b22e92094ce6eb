"""Highlighting: splits a text into segments that a query hits and segments that it does not hit.

The segments are plain text, never markup, and are never cut inside a Thai cluster. Hits are found as the
index finds them: a phrase as a run of letters, whatever white space and punctuation stands between them; a
word only where the tokenizer cuts the text into the same words. The tokenizer's words are shorter than those
that people read: a hit inside a longer word of the dictionary marks all of it (กรรมการ in คณะกรรมการ), and of
a longer word that was typed (คำสั่ง) no part is marked where the text has the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, pairwise

from archive.thai.characters import ELLIPSIS
from indexer.analysis.tokenizer import Tokenizer, fold_text, letters_of
from indexer.search.highlight_terms import highlight_terms
from indexer.search.passages import (
    LINE_OF_PHRASE,
    end_of_letters,
    phrase_end,
    phrase_start,
    with_lines_joined,
)
from indexer.search.query.parser import Query
from indexer.search.query_hits import QueryHits
from indexer.search.word_borders import WordBorders

_PASSAGE = 180  # characters of a passage
_CONTEXT = 30  # characters shown before the first hit of a passage
_RULE = re.compile(r"\s*[.…_\-–—=*]{4,}\s*")  # dotted and drawn lines of a form


@dataclass(frozen=True, slots=True)
class TextSegment:
    """A stretch of a snippet; ``is_hit`` is True for one that is to be marked."""

    text: str
    is_hit: bool


def find_hits(text: str, query: Query, tokenizer: Tokenizer) -> list[tuple[int, int]]:
    """Returns the query's hits in a display text as ``[start, end)`` offsets, sorted, without overlaps.

    ``tokenizer``, here and elsewhere in this module, is that of the index.
    """
    return QueryHits(WordBorders(fold_text(text), tokenizer), query).within(0, len(text))


def query_marking_whole_words(texts: Iterable[str], query: Query, tokenizer: Tokenizer) -> Query:
    """Returns the query, marking no part of its longer words (กรรมการ of คณะกรรมการ) if the texts have these.

    A page is shown block by block, and a paper page by page: what one of them lacks, another may have.
    """
    letters = [letters_of(text) for text in texts]
    is_whole = all(
        any(whole in data for data in letters) for whole, _ in highlight_terms(query, tokenizer).parts
    )
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
    borders = WordBorders(fold_text(text), tokenizer)
    end = borders.before_leading_words(phrase_end(text, last, borders.before_longer_word(end)), last)
    end = len(text[:end].rstrip()) or end_of_letters(text, letters)
    shown = [(start, min(hit_end, end)) for start, hit_end in hits if start < end]
    rest = [(max(start, end), hit_end) for start, hit_end in hits if hit_end > end]
    return _segments(text, shown, 0, end), _segments(text, rest, end, len(text))


def first_hit_of_passage(text: str, query: Query, tokenizer: Tokenizer, *, title: str) -> tuple[int, int]:
    """Returns the first hit in the passage of ``snippet_with_ellipses``; an empty stretch without one."""
    found = QueryHits(WordBorders(fold_text(with_lines_joined(text)), tokenizer), query)
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
    borders = WordBorders(fold_text(text), tokenizer)
    found = QueryHits(borders, query)
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


def _segments(text: str, found: list[tuple[int, int]], start: int, end: int) -> tuple[TextSegment, ...]:
    segments = []
    at = start
    for left, right in found:
        segments += [TextSegment(text[at:left], is_hit=False), TextSegment(text[left:right], is_hit=True)]
        at = right
    segments.append(TextSegment(text[at:end], is_hit=False))
    return tuple(segment for segment in segments if segment.text)
