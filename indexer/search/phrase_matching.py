"""Which documents have a piece of the query as it was typed: letter by letter, white space aside.

The words at the ends of a piece may be parts of longer words (``ไกลยาเสพ`` in ห่างไกลยาเสพติด), and the
query is cut there as the document is not: words that begin or end so are looked up too, and every
document that is found this way is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import contains

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import LCSseq

from indexer.analysis.dictionary import Lexicon
from indexer.search.bm25f import documents_with_all
from indexer.search.index_reader import IndexReader
from indexer.search.posting_list import DocumentNumbers, Floats, Mask
from indexer.search.query.query_plan import Alternative, Clause, QueryPart
from indexer.search.tuning import SearchTuning

_CLEAR = 10  # documents with a piece, from which on it is not looked for in other words
_MOST_UNITS = 12  # of a piece that is looked for as a whole
MAX_VERIFIED = 400  # documents
_MOST_LETTERS = 6_000_000
_EDGE = 3  # words at an end that may be pieces of one
_MOST_ENDINGS = 24  # words that may stand there
_SHORTEST_EDGE = 2  # letters
_LETTERS_A_SLIP, _MOST_SLIPS = 6, 4  # of a piece that may be misread
_MOST_PLACES = 8  # of one of its letters in a text


def documents_with_phrase(
    reader: IndexReader,
    lexicon: Lexicon,
    part: QueryPart,
    scores: Floats | None = None,
    *,
    enough: int = 1 << 30,
    most: int = MAX_VERIFIED,
) -> DocumentNumbers:
    """Live documents with the piece, ascending; of too many that may have it, those with the best scores.

    No more than ``enough`` of them are looked for, in about ``most`` documents. Those in which it is cut
    into other words are looked for only when few have the same words.
    """
    if not part.phrase.data or not 0 < len(part.clauses) <= _MOST_UNITS:
        return np.empty(0, np.int64)
    whole = reader.cached(("all of", part.clauses), lambda: documents_with_all(reader, part.clauses))
    if len(part.clauses) == part.phrase.words == 1:
        return whole[:enough]
    there = _read(reader, "whole", whole, part, scores, enough, most)
    clear = len(there) >= min(enough, _CLEAR) and not part.phrase.exact
    if clear or len(part.clauses) == 1 or len(there) == enough:
        return there
    others = reader.cached(
        ("cut otherwise", part.clauses), lambda: _cut_otherwise(reader, lexicon, part.clauses)
    )
    others = np.setdiff1d(others, whole, assume_unique=True)
    there_too = _read(reader, "others", others, part, scores, enough - len(there), most)
    return np.sort(np.concatenate([there, there_too]))


def _read(
    reader: IndexReader,
    which: str,
    candidates: DocumentNumbers,
    part: QueryPart,
    scores: Floats | None,
    enough: int,
    most: int,
) -> DocumentNumbers:
    """Those of the candidates that have the piece, letter by letter.

    ``which`` tells the candidates apart from others for the same words.
    """
    if len(candidates) > most and not part.phrase.exact:
        best: DocumentNumbers | slice = slice(most)
        if scores is not None:
            best = np.argpartition(-scores[candidates], most)[:most]
        candidates = np.sort(candidates[best])
        return np.array(list(islice(_there(reader, candidates, part), enough)), dtype=np.int64)
    # All of them, whatever is enough: who asked to tell what was meant, soon asks again for an answer.
    every = reader.cached(
        (which, part.clauses, part.phrase),
        lambda: np.array(list(_there(reader, candidates, part)), dtype=np.int64),
    )
    return every[:enough]


def _there(reader: IndexReader, candidates: DocumentNumbers, part: QueryPart) -> Iterator[int]:
    data, texts = part.phrase.data, reader.texts(candidates)
    if not part.phrase.exact:
        texts = take_bytes(texts, _MOST_LETTERS)
    has = contains_phrase if _has_edge_digits(data) else contains
    return (document for document, text in zip(candidates.tolist(), texts, strict=False) if has(text, data))


def take_bytes(texts: Iterable[bytes], letters: int) -> Iterator[bytes]:
    """The texts, until so many letters were read."""
    for text in texts:
        yield text
        letters -= len(text)
        if letters < 0:
            break


def contains_phrase(text: bytes, data: bytes) -> bool:
    """Whether a run has another in it; 25 is not in 250."""
    return data in text and (not _has_edge_digits(data) or find_phrase(text, data) >= 0)


def find_phrase(text: bytes, data: bytes, start: int = 0) -> int:
    """Where the first run has the second, -1 for nowhere."""
    found = text.find(data, start)
    if _has_edge_digits(data):
        while found >= 0 and _in_number(text, data, found):
            found = text.find(data, found + 1)
    return found


def _has_edge_digits(data: bytes) -> bool:
    """Whether it may be the end or the beginning of a longer number."""
    return data[:1].isdigit() or data[-1:].isdigit()


def _in_number(text: bytes, data: bytes, found: int) -> bool:
    """Whether digits before or after make another number of it."""
    after = found + len(data)
    return (data[:1].isdigit() and text[found - 1 : found].isdigit()) or (
        data[-1:].isdigit() and text[after : after + 1].isdigit()
    )


def _cut_otherwise(reader: IndexReader, lexicon: Lexicon, clauses: Sequence[Clause]) -> DocumentNumbers:
    """Documents that have its inner words and, at the ends, words that it may have been cut from."""
    firsts, lasts = _loose(lexicon, clauses), _loose(lexicon, clauses[::-1])
    reader.prefetch_affixes(
        [letters for last in lasts if (letters := _together(clauses[len(clauses) - last :]))],
        [letters for first in firsts if (letters := _together(clauses[:first]))],
        _MOST_ENDINGS,
    )
    found = np.zeros(reader.size, dtype=bool)
    for first in firsts:
        beginning = _edge(reader, lexicon, clauses[:first], ends=True)
        for last in (last for last in lasts if first + last <= len(clauses)):
            ending = _edge(reader, lexicon, clauses[len(clauses) - last :], ends=False)
            inner = clauses[first : len(clauses) - last]
            sought = [*inner, *(edge for edge in (beginning, ending) if edge is not None)]
            if sought:
                found[documents_with_all(reader, sought)] = True
    return np.flatnonzero(found)


def _loose(lexicon: Lexicon, clauses: Sequence[Clause]) -> list[int]:
    """How many of the first clauses may be one cut-off word."""
    counts = [1]
    for count in range(2, min(_EDGE, len(clauses) - 1) + 1):
        if all(lexicon.tokenizer.is_known_word(clause.typed) for clause in clauses[: count - 1]):
            break
        counts.append(count)
    return counts


def _together(clauses: Sequence[Clause]) -> str:
    """Their letters; none where they are too few to tell anything."""
    letters = "".join(clause.typed for clause in clauses)
    return letters if len(letters) >= _SHORTEST_EDGE else ""


def _edge(reader: IndexReader, lexicon: Lexicon, clauses: Sequence[Clause], *, ends: bool) -> Clause | None:
    """Any word of the archive that ends (or begins) with the clauses; None: every document may have one."""
    letters = _together(clauses)
    if not letters:
        return None
    find = reader.words_with_suffix if ends else reader.words_with_prefix
    words = dict.fromkeys(find(letters, _MOST_ENDINGS))
    if not words or (len(clauses) == 1 and not lexicon.tokenizer.is_known_word(letters)):
        return None  # a leftover: its letters are cut in some other way there
    alternatives = [Alternative((word,)) for word in words]
    return Clause(letters, (*alternatives, *(clauses[0].alternatives if len(clauses) == 1 else ())))


def phrase_similarity(texts: Sequence[bytes], data: bytes, tuning: SearchTuning) -> Floats:
    """Returns for each text 1 if it contains the phrase, less if some letters are misread, 0 for nothing."""
    exact = np.array([contains_phrase(text, data) for text in texts], dtype=bool)
    return fuzzy_phrase_similarity(texts, data, exact, tuning)


def fuzzy_phrase_similarity(texts: Sequence[bytes], data: bytes, exact: Mask, tuning: SearchTuning) -> Floats:
    """Returns ``phrase_similarity`` of texts of which it is known which contain the phrase (``exact``)."""
    places: list[bytes] = []
    owners: list[int] = []
    pieces = _pieces(data)
    for owner in np.flatnonzero(~exact).tolist():
        near = _places_with_piece(texts[owner], pieces)
        places += near
        owners += [owner] * len(near)
    similarity = exact.astype(np.float32)
    if places:
        floor, ceiling = tuning.fuzzy_phrase_floor, tuning.fuzzy_phrase_ceiling
        least = math.ceil(floor * len(data))
        (best,) = process.cdist(
            [data], places, scorer=LCSseq.similarity, score_cutoff=least, dtype=np.float64
        )
        np.maximum.at(similarity, owners, (best / float(len(data)) - floor) / (1 - floor) * ceiling)
    return similarity


def _pieces(data: bytes) -> list[tuple[bytes, int, int]]:
    """Pieces of a run, one of which is whole wherever the run stands with a few letters misread; and how many
    letters before and after the beginning of each are looked at."""
    slips = min(len(data) // _LETTERS_A_SLIP, _MOST_SLIPS)
    size = len(data) // (slips + 1)
    starts = range(0, size * (slips + 1), size) if slips else ()
    return [(data[at : at + size], at + slips, len(data) - at + slips) for at in starts]


def _places_with_piece(text: bytes, pieces: list[tuple[bytes, int, int]]) -> list[bytes]:
    """Places of a run that has one of the pieces."""
    places = []
    for piece, before, after in pieces:
        found = text.find(piece)
        most = _MOST_PLACES
        while found >= 0 and most:
            places.append(text[found - before if found > before else 0 : found + after])
            found = text.find(piece, found + 1)
            most -= 1
    return places
