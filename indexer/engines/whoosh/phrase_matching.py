"""Phrase matching: finds documents that contain a part of the query letter by letter, ignoring white space.

The words at the ends of a phrase may be parts of longer words (``ไกลยาเสพ`` in ห่างไกลยาเสพติด), which the
tokenizer cuts differently in the document. Therefore words of the archive that begin or end with those
letters are looked up too, and every document that is found this way is read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import LCSseq, Levenshtein

from indexer.analysis.dictionary import Lexicon
from indexer.analysis.tokenizer import text_of_bytes
from indexer.engines.whoosh.bm25f import documents_with_all
from indexer.engines.whoosh.posting_list import DocumentNumbers, Floats, Mask
from indexer.engines.whoosh.reader import CommitReader
from indexer.search.query.query_plan import Alternative, Clause, QueryPart
from indexer.search.tuning import TUNING

_CLEAR = 10  # documents with the phrase; from this many on, documents cut into other words are not sought
_MOST_CLAUSES = 12  # clauses; a part with more of them is matched as a phrase only if quoted or excluded
MAX_VERIFIED = 400  # candidate documents whose text is read
_MOST_LETTERS = 6_000_000  # bytes of text that are read for one phrase
_EDGE = 3  # words at an end of the phrase that may be pieces of one longer word
_MOST_ENDINGS = 24  # words of the archive that are looked up for an end of the phrase
_SHORTEST_EDGE = 2  # letters; shorter ends of a phrase are not looked up
_LETTERS_A_SLIP, _MOST_SLIPS = 6, 4  # one misread letter is allowed for each 6 letters, 4 at most
_SHORT_PHRASE = 12  # letters; in a shorter one letters too many are counted as well: สนามบิน is not สนามบริเวณ
_MIN_MISREAD_WORD = 5  # letters of a word that is looked for with one letter misread
_SHORTEST_WORD = 3  # letters of a word that is no misread other word; shorter ones come of torn letters too
_OTHER_WORD = 0.9  # of the least similarity of a misread phrase: where another word stands, it ranks only
_MOST_PLACES = 8  # occurrences of one piece of the phrase that are compared in a text


def documents_with_phrase(
    reader: CommitReader,
    part: QueryPart,
    scores: Floats | None = None,
    *,
    enough: int = 1 << 30,
    most: int = MAX_VERIFIED,
) -> DocumentNumbers:
    """Returns live documents with the phrase, ascending; unquoted, of the best ``most`` candidates alone.

    None for a long part that is not quoted: one with more than ``_MOST_CLAUSES`` clauses. Returns at most
    ``enough`` documents. The best candidates are those with the best scores. Documents in which the phrase is
    cut into other words are sought only when few documents have the same words.
    """
    if not (part.phrase.data and part.clauses) or (
        len(part.clauses) > _MOST_CLAUSES and not part.phrase.is_exact
    ):
        return np.empty(0, np.int64)
    whole = reader.cached_documents(
        ("all of", part.clauses), lambda: documents_with_all(reader, part.clauses)
    )
    if len(part.clauses) == part.phrase.words == 1:
        return whole[:enough]
    there = _read(reader, "whole", whole, part, scores, enough, most)
    clear = len(there) >= min(enough, _CLEAR) and not part.phrase.is_exact
    if clear or len(part.clauses) == 1 or len(there) == enough:
        return there
    others = reader.cached_documents(
        ("cut otherwise", part.clauses), lambda: _cut_otherwise(reader, part.clauses)
    )
    others = np.setdiff1d(others, whole, assume_unique=True)
    there_too = _read(reader, "others", others, part, scores, enough - len(there), most)
    return np.sort(np.concatenate([there, there_too]))


def _read(
    reader: CommitReader,
    which: str,
    candidates: DocumentNumbers,
    part: QueryPart,
    scores: Floats | None,
    enough: int,
    most: int,
) -> DocumentNumbers:
    """Returns the candidates whose text contains the phrase of ``part`` letter by letter.

    ``which`` distinguishes the cached result from that of other candidates for the same words.
    """
    if len(candidates) > most and not part.phrase.is_exact:
        best: DocumentNumbers | slice = slice(most)
        if scores is not None:
            best = np.argpartition(-scores[candidates], most)[:most]
        candidates = np.sort(candidates[best])
        return np.array(list(islice(_there(reader, candidates, part), enough)), dtype=np.int64)
    # All candidates are read, whatever ``enough`` says: after spelling correction retrieval needs them too.
    every = reader.cached_documents(
        (which, part.clauses, part.phrase),
        lambda: np.array(list(_there(reader, candidates, part)), dtype=np.int64),
    )
    return every[:enough]


def _there(reader: CommitReader, candidates: DocumentNumbers, part: QueryPart) -> Iterator[int]:
    data, texts = part.phrase.data, reader.commit.texts(candidates)
    if not part.phrase.is_exact:
        texts = take_until(texts, _MOST_LETTERS)
    listed = zip(candidates.tolist(), texts, strict=False)
    return (document for document, text in listed if contains_uncut_phrase(text, data))


def take_until(texts: Iterable[bytes], most_bytes: int) -> Iterator[bytes]:
    """Yields the texts up to and with the one that passes ``most_bytes`` in all."""
    for text in texts:
        yield text
        most_bytes -= len(text)
        if most_bytes < 0:
            break


def contains_uncut_phrase(text: bytes, data: bytes) -> bool:
    """Returns True if ``text`` contains ``data`` without cutting a number: 25 is not in 250."""
    if not (data[:1].isdigit() or data[-1:].isdigit()):
        return data in text
    found = text.find(data)
    while found >= 0 and _in_number(text, data, found):
        found = text.find(data, found + 1)
    return found >= 0


def _in_number(text: bytes, data: bytes, found: int) -> bool:
    """Returns True if ``data`` at position ``found`` is part of a longer number in ``text``."""
    after = found + len(data)
    return (data[:1].isdigit() and text[found - 1 : found].isdigit()) or (
        data[-1:].isdigit() and text[after : after + 1].isdigit()
    )


def _cut_otherwise(reader: CommitReader, clauses: Sequence[Clause]) -> DocumentNumbers:
    """Returns documents with the phrase's inner words and, for its ends, words that contain these ends."""
    firsts, lasts = _loose(reader.lexicon, clauses), _loose(reader.lexicon, clauses[::-1])
    found = np.zeros(reader.commit.size, dtype=bool)
    for first in firsts:
        beginning = _edge(reader, clauses[:first], ends=True)
        for last in (last for last in lasts if first + last <= len(clauses)):
            ending = _edge(reader, clauses[len(clauses) - last :], ends=False)
            inner = clauses[first : len(clauses) - last]
            sought = [*inner, *(edge for edge in (beginning, ending) if edge is not None)]
            if sought:
                found[documents_with_all(reader, sought)] = True
    return np.flatnonzero(found)


def _loose(lexicon: Lexicon, clauses: Sequence[Clause]) -> list[int]:
    """Returns the possible numbers of first clauses that may together be a piece of one longer word."""
    counts = [1]
    for count in range(2, min(_EDGE, len(clauses) - 1) + 1):
        if all(lexicon.tokenizer.is_known_word(clause.typed) for clause in clauses[: count - 1]):
            break
        counts.append(count)
    return counts


def _together(clauses: Sequence[Clause]) -> str:
    """Returns the letters of the clauses; "" where these are fewer than ``_SHORTEST_EDGE``."""
    letters = "".join(clause.typed for clause in clauses)
    return letters if len(letters) >= _SHORTEST_EDGE else ""


def _edge(reader: CommitReader, clauses: Sequence[Clause], *, ends: bool) -> Clause | None:
    """Returns a clause of the words of the archive that end (or begin) with the letters of the clauses.

    Returns None where the edge cannot narrow the documents, as each may have such a word.
    """
    letters = _together(clauses)
    if not letters:
        return None
    words = dict.fromkeys(reader.commit.words_with_edge(letters, _MOST_ENDINGS, is_suffix=ends))
    if not words or (len(clauses) == 1 and not reader.lexicon.tokenizer.is_known_word(letters)):
        return None  # a leftover of segmentation, whose letters a document may have in other tokens
    alternatives = [Alternative((word,)) for word in words]
    return Clause(letters, (*alternatives, *(clauses[0].alternatives if len(clauses) == 1 else ())))


def phrase_match_with_misreadings(
    texts: Sequence[bytes], data: bytes, lexicon: Lexicon, *, exact: Mask | None = None
) -> Floats:
    """Returns for each text 1 if it has the phrase, less if some letters are misread, otherwise 0.

    ``exact``: which texts have the phrase letter by letter, where that is known already. Where another word
    stands for one of a short phrase's, it is below ``min_phrase_similarity``: ชอบราคา is not สอบราคา.
    """
    if exact is None:
        exact = np.array([contains_uncut_phrase(text, data) for text in texts], dtype=bool)
    places: list[bytes] = []
    owners: list[int] = []
    pieces = _pieces(data, min(len(data) // _LETTERS_A_SLIP, _MOST_SLIPS))
    for owner in np.flatnonzero(~exact).tolist():
        near = _places_with_piece(texts[owner], pieces)
        places += near
        owners += [owner] * len(near)
    similarity = exact.astype(np.float32)
    if places:
        floor, ceiling = TUNING.fuzzy_phrase_floor, TUNING.fuzzy_phrase_ceiling
        least = math.ceil(floor * len(data))
        (best,) = process.cdist(
            [data], places, scorer=LCSseq.similarity, score_cutoff=least, dtype=np.float64
        )
        is_short = len(data) < _SHORT_PHRASE
        if is_short:
            best = np.array(
                [_letters_in_place(data, places[at]) if best[at] else 0 for at in range(len(best))]
            )
        near = (best / float(len(data)) - floor) / (1 - floor) * ceiling
        if is_short:
            is_misread = _misreading_test(data, lexicon)
            is_other = near > TUNING.min_phrase_similarity
            is_other[is_other] = [not is_misread(places[at]) for at in np.flatnonzero(is_other).tolist()]
            near[is_other] = _OTHER_WORD * TUNING.min_phrase_similarity
        np.maximum.at(similarity, owners, near)
    return similarity


def _misreading_test(data: bytes, lexicon: Lexicon) -> Callable[[bytes], bool]:
    """Returns a test that a place is False for if it has a dictionary's word in place of a phrase's word."""
    typed = lexicon.tokenizer.segment(text_of_bytes(data))
    lengths = [len(word) for word in typed]

    def is_misread(place: bytes) -> bool:
        _, _, nearest = min(  # with a letter more or less where one was left out: โคแสนลาน for โคแสนล้าน
            (Levenshtein.distance(data, stretch), start, stretch)
            for length in (len(data) - 1, len(data), len(data) + 1)
            for start in range(max(len(place) - length, 0) + 1)
            for stretch in (place[start : start + length],)
        )
        words = lexicon.tokenizer.segment(text_of_bytes(nearest))
        return [len(word) for word in words] != lengths or not all(
            word == there or (len(there) >= _SHORTEST_WORD and lexicon.tokenizer.is_known_word(there))
            for word, there in zip(typed, words, strict=True)
        )

    return is_misread


def contains_word_misread_once(text: bytes, data: bytes) -> bool:
    """Returns True if the text has the word ``data``, of five letters or more, with at most one wrong.

    A letter is misread, left out or too many. False for shorter words and numbers, which are like too many
    others.
    """
    if len(data) < _MIN_MISREAD_WORD or data[:1].isdigit():
        return False
    places = _places_with_piece(text, _pieces(data, slips=1))
    return any(_letters_in_place(data, place) >= len(data) - 1 for place in places)


def _letters_in_place(data: bytes, place: bytes) -> float:
    """Returns how many letters of the phrase a place has, less those that it has in between or instead."""
    slips = len(place) - len(data)
    cuts = [(start, len(place) - end) for start in range(slips + 1) for end in range(slips + 1)]
    return max((len(data) - Levenshtein.distance(data, place[start:end]) for start, end in cuts), default=0)


def _pieces(data: bytes, slips: int) -> list[tuple[bytes, int, int]]:
    """Returns pieces of a phrase, one of which is intact wherever ``slips`` letters of it are misread.

    Each piece comes with the number of letters to compare before and after the piece's beginning.
    """
    size = len(data) // (slips + 1)
    starts = range(0, size * (slips + 1), size) if slips else ()
    return [(data[at : at + size], at + slips, len(data) - at + slips) for at in starts]


def _places_with_piece(text: bytes, pieces: list[tuple[bytes, int, int]]) -> list[bytes]:
    """Returns the stretches of the text around each occurrence of one of the pieces."""
    places = []
    for piece, before, after in pieces:
        found = text.find(piece)
        most = _MOST_PLACES
        while found >= 0 and most:
            places.append(text[found - before if found > before else 0 : found + after])
            found = text.find(piece, found + 1)
            most -= 1
    return places
