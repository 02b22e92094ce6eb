"""What was meant where the archive has nothing as it was typed: misspelt pieces read anew."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from indexer.analysis.dictionary import Lexicon
from indexer.analysis.spelling_index import SpellingCandidate, spelling_candidates
from indexer.analysis.tokenizer import THAI, searchable_bytes
from indexer.search.bm25f import clause_mask, documents_with_all
from indexer.search.index_reader import MIN_WORD_FREQUENCY, IndexReader
from indexer.search.phrase_matching import documents_with_phrase
from indexer.search.posting_list import DocumentNumbers
from indexer.search.query import keyboard_layout as keyboard
from indexer.search.query.query_plan import (
    Alternative,
    Clause,
    Phrase,
    QueryPart,
    QueryPlan,
    add_synonyms,
    build_query_part,
)

_MOST_PLACES = 4  # of one query that are read anew
_MOST_READINGS = 4
_WHOLE = 16  # letters of a piece that is read anew as a whole
_COUNTED = 60  # documents with a reading, beyond which more say nothing
_READ = 150  # documents that are read to count them
_OFTENER = 4  # so many times must a reading be there, for once that it is there as typed
_TYPED = 0.9  # what a word as typed counts beside the one meant
_SHORTEST = 3  # letters
_GUESSED = 5  # letters of a word that may be meant, although the archive does not have it where it was typed
_PIECE, _BESIDE = 3, 8  # letters of a word that may be a piece of one, and of all of them on a side
_BEFORE_OR_AFTER = 4  # letters beside what was typed that a text must have too, for it to be meant so
_RUN = re.compile(f"[{THAI}]+")
_ABBREVIATED = re.compile(r"[ก-ฮ]{1,6}\.")  # nobody guesses one from another


class CorrectedQuery(NamedTuple):
    """The plan with misspelt places replaced: ``words`` are pairs of a place and what it was read as."""

    plan: QueryPlan
    segment: tuple[tuple[str, str], ...]


class _Place(NamedTuple):
    """A misspelt stretch ``[start, end)`` of a part's text, and what is meant."""

    start: int
    end: int
    reading: SpellingCandidate


def correct_query(reader: IndexReader, lexicon: Lexicon, plan: QueryPlan) -> CorrectedQuery:
    """Every part as it is likeliest meant; what the archive has as it was typed stays."""
    parts = []
    words: list[tuple[str, str]] = []
    for typed in plan.parts:
        other = _of_other_keyboard(reader, lexicon, typed)
        if other is not None:
            parts.append(other)
            words.append((typed.raw, other.text))
            continue
        places = (
            []
            if typed.phrase.exact
            else _places(reader, lexicon, typed, plan.whole, _MOST_PLACES - len(words))
        )
        parts.append(_replaced(reader, lexicon, typed, places) if places else typed)
        words += [(typed.raw[place.start : place.end], place.reading.text) for place in places]
    return CorrectedQuery(replace(plan, parts=tuple(parts)), tuple(words))


def _of_other_keyboard(reader: IndexReader, lexicon: Lexicon, typed: QueryPart) -> QueryPart | None:
    """What comes out with the keyboard in the other language, if only that is in the archive."""
    if len(typed.raw) < _SHORTEST:
        return None
    other = build_query_part(keyboard.switch_layout(typed.raw), lexicon)
    words = [clause.typed for clause in other.clauses]
    real = all(lexicon.tokenizer.is_known_word(word) for word in words if word[0] >= "ก")
    if not (real and words and len(documents_with_all(reader, other.clauses))):
        return None
    return None if len(documents_with_phrase(reader, lexicon, typed, enough=1)) else other


def _places(reader: IndexReader, lexicon: Lexicon, typed: QueryPart, whole: bytes, most: int) -> list[_Place]:
    found = []
    for start, end in _doubtful(reader, lexicon, typed.text)[:most]:
        reading = _reading(reader, lexicon, typed.text[start:end], whole)
        if reading is not None:
            found.append(_Place(start, end, reading))
    return found


def _doubtful(reader: IndexReader, lexicon: Lexicon, text: str) -> list[tuple[int, int]]:
    """Stretches that may be misspelt: a short piece whole, of a long one unknown words and those beside."""
    found: list[tuple[int, int]] = []
    for letters in _RUN.finditer(text):
        words = lexicon.tokenizer.segment(letters.group())
        borders = [letters.start(), *accumulate(map(len, words), initial=letters.start())]
        if _ABBREVIATED.match(text, letters.start()):
            continue
        if len(letters.group()) <= _WHOLE:
            found.append(letters.span())
            continue
        for place, word in enumerate(words):
            known = lexicon.tokenizer.is_known_word(word) or (
                len(word) > 1 and reader.document_frequency(word) >= MIN_WORD_FREQUENCY
            )
            if not known:
                start, end = _around(words, borders, place)
                if found and start < found[-1][1]:
                    start = found.pop()[0]
                found.append((start, end))
    return [(start, end) for start, end in found if end - start >= _SHORTEST]


def _around(words: Sequence[str], borders: Sequence[int], place: int) -> tuple[int, int]:
    """A word with those beside it: short ones may be pieces of one that was misspelt."""
    first, after = max(place - 1, 0), min(place + 2, len(words))
    left, right = borders[place] - _BESIDE, borders[place] + _BESIDE
    while first and len(words[first]) <= _PIECE and borders[first] > left:
        first -= 1
    while after < len(words) and len(words[after - 1]) <= _PIECE and borders[after] < right:
        after += 1
    return borders[first], borders[after]


def _reading(reader: IndexReader, lexicon: Lexicon, text: str, whole: bytes) -> SpellingCandidate | None:
    """The likeliest reading that the archive has; None when what was typed is well known there itself, or
    stands there beside what it stands beside in the ``whole`` query."""
    words = lexicon.tokenizer.segment(text)
    strange = not all(map(lexicon.tokenizer.is_known_word, words))
    if len(words) == 1 and not strange and reader.document_frequency(words[0]):
        return None
    as_it_is = build_query_part(text, lexicon)
    if any(len(clause.alternatives) > 1 and clause_mask(reader, clause).any() for clause in as_it_is.clauses):
        return None
    having = documents_with_phrase(reader, lexicon, as_it_is, enough=MIN_WORD_FREQUENCY)
    typed = len(having)
    if typed >= (MIN_WORD_FREQUENCY if strange else 1) or _stands_so(
        reader, having, as_it_is.phrase.data, whole
    ):
        return None

    def rarity(word: str) -> float:
        frequency = reader.document_frequency(word)
        real = frequency >= MIN_WORD_FREQUENCY or (frequency and lexicon.tokenizer.is_known_word(word))
        return reader.idf(frequency) if real else math.inf

    def near(pieces: list[str]) -> list[tuple[int, str]]:
        return reader.words_sounding_like(pieces, lexicon.tokenizer.is_known_word)

    found = spelling_candidates(text, near, rarity, _MOST_READINGS)
    best = _likeliest(reader, lexicon, found, _OFTENER * typed)
    if best is not None:
        return best
    return found[0] if found and strange and not typed and _is_whole(found[0]) else None


def _stands_so(reader: IndexReader, documents: DocumentNumbers, data: bytes, whole: bytes) -> bool:
    """Whether one of the documents has the run with the letters before or after it in the whole query."""
    start = whole.find(data)
    end = start + len(data)
    beside = whole[max(start - _BEFORE_OR_AFTER, 0) : end], whole[start : end + _BEFORE_OR_AFTER]
    longer = [one for one in beside if len(one) > len(data)]
    return any(one in text for text in reader.texts(documents) for one in longer)


def _likeliest(
    reader: IndexReader, lexicon: Lexicon, found: Sequence[SpellingCandidate], over: int
) -> SpellingCandidate | None:
    """Of readings, cheapest first, the likeliest of those that more than ``over`` documents have."""
    best, least = None, math.inf
    for reading in found:
        if reading.cost - math.log(_COUNTED) >= least:
            break  # however often it is there, and so is any after it
        meant_so = build_query_part(reading.text, lexicon)
        count = len(documents_with_phrase(reader, lexicon, meant_so, enough=_COUNTED, most=_READ))
        if count > over and reading.cost - math.log(count) < least:
            best, least = reading, reading.cost - math.log(count)
    return best


def _is_whole(reading: SpellingCandidate) -> bool:
    """Whether no letter was left over between the words, and none was guessed from next to nothing."""
    return all(len(word) > 1 and (word == piece or len(word) >= _GUESSED) for piece, word in reading.words)


def _replaced(reader: IndexReader, lexicon: Lexicon, typed: QueryPart, places: list[_Place]) -> QueryPart:
    """The part as it was read; a word that was known as typed counts too, as do all in a sentence."""
    clauses: list[Clause] = []
    text = ""
    at = 0
    for start, end, reading in places:
        clauses += build_query_part(typed.text[at:start], lexicon).clauses
        clauses += (_read(lexicon, piece, word) for piece, word in reading.words)
        if end - start < len(typed.text):
            written = build_query_part(typed.text[start:end], lexicon).clauses
            clauses += (
                clause
                for clause in written
                if len(clause.typed) > 1 and reader.document_frequency(clause.typed)
            )
        text += typed.text[at:start] + reading.text
        at = end
    clauses += build_query_part(typed.text[at:], lexicon).clauses
    text += typed.text[at:]
    phrase = Phrase(searchable_bytes(text).data, len(clauses), exact=False)
    return QueryPart(typed.text, tuple(add_synonyms(clauses, lexicon)), phrase)


def _read(lexicon: Lexicon, piece: str, word: str) -> Clause:
    terms, pieces = lexicon.tokenizer.segment(word), lexicon.tokenizer.segment(piece)
    alternatives = [Alternative(terms)]
    if pieces != terms and all(map(lexicon.tokenizer.is_known_word, pieces)):
        alternatives.append(Alternative(pieces, _TYPED))
    return Clause(word, tuple(alternatives))
