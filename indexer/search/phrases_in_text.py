"""Phrases in a text of searchable bytes: letter by letter, or with some letters misread."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import LCSseq, Levenshtein

from indexer.analysis.dictionary import Lexicon
from indexer.analysis.tokenizer import text_of_bytes
from indexer.search.tuning import TUNING

_LETTERS_A_SLIP, _MOST_SLIPS = 6, 4  # one misread letter is allowed for each 6 letters, 4 at most
_SHORT_PHRASE = 12  # letters; in a shorter one letters too many are counted as well: สนามบิน is not สนามบริเวณ
_MIN_MISREAD_WORD = 5  # letters of a word that is looked for with one letter misread
_SHORTEST_WORD = 3  # letters of a word that is no misread other word; shorter ones come of torn letters too
_OTHER_WORD = 0.9  # of the least similarity of a misread phrase: where another word stands, it ranks only
_MOST_PLACES = 8  # occurrences of one piece of the phrase that are compared in a text

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


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
