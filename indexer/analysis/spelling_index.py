"""Spelling index: misspelt Thai text → words of the archive that may be meant.

People write as they speak: one of several letters of a sound, a mark left out, two letters swapped.
Words are compared by their phonetic key, in which letters of one sound are equal and tone marks are
dropped. Words whose keys differ by one edit share a key with one letter deleted (SymSpell's method),
so candidates are found by look-up instead of by comparing every word.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from archive.thai.characters import CONSONANTS

_SAME_SOUND_LETTERS = (
    "กขฃคฅฆ", "ชฉฌ", "ซศษส", "ดฎ", "ตฏ", "ทฐฑฒถธ", "นณ", "ปบ", "ผพภ", "ฝฟ", "รลฬ", "ยญ", "หฮ",
    "ิีึื", "ุู", "เแ", "ใไ", "ะั",
)  # fmt: skip
_SOUND_OF_LETTER = {ord(letter): sound[0] for sound in _SAME_SOUND_LETTERS for letter in sound}
_SOUND_OF_LETTER |= dict.fromkeys(map(ord, "็่้๊๋์ฺํ๎"), "")
_WRITTEN_AS_HEARD = (
    (re.compile("ะห(?=[งญนมยรลว])"), "ะ"),  # ตะหลาด is heard as ตลาด
    (re.compile(f"ะ(?=[{CONSONANTS}])"), "-"),  # ขะยะ is heard as ขยะ; the dash goes once ปะปา is not ปา
    (re.compile("ำ"), "ัม"),
    (re.compile(f"(?:(?<=ั[กคต])|(?<=ิต))ร(?=$|[{CONSONANTS}])"), ""),  # จักร, บัตร, มิตร: the ร is silent
    (re.compile("[ตฏ][ิุ]$"), "ด"),  # บัญญัติ is heard as บัญญัด, เหตุ as เหด
    (re.compile(f"(?<=[{CONSONANTS}])รร(?=[{CONSONANTS}])"), "ั"),  # กรรม is heard as กัม
    (re.compile(f"(?<=[{CONSONANTS}])รร$"), "ัน"),
)
_SOUND_AT_END = str.maketrans("ขคชซตทญรผฟ", "กกดดดดนนปป")
"""Sounds that end a syllable alike: ศ of ประกาศ is heard as ด. The keys are those of ``_SOUND_OF_LETTER``."""
_DOUBLED = re.compile(r"(.)\1+")

_MAX_WORD_LENGTH, _MIN_WORD_LENGTH = 18, 2  # letters of a word that is compared
_MIN_TYPED_FOR_DELETION = 3  # letters; shorter typed text is compared by its whole key only
_MIN_WORD_FOR_DELETION = 4  # letters; in a shorter word one edit costs more than any candidate may
_MAX_TYPED_LENGTH = 40  # letters of a piece that is corrected; the search is quadratic in it
_SOUND_EDIT_COST, _LETTER_EDIT_COST = 0.6, 0.4  # cost of an edit that is heard, and of one that is seen
_MAX_COST_PER_LETTER = 0.3  # highest cost of the edits, for each letter of the word
# Costs of a candidate: log units, as rarity.
_WORD_COST, _RARITY_COST, _EDIT_COST, _UNKNOWN_LETTER_COST = 1.5, 0.5, 5.0, 6.0
_BEAM_WIDTH = 6  # partial candidates kept at each place

# (cost, text, words), as a ``SpellingCandidate``
_PartialCandidate = tuple[float, str, tuple[tuple[str, str], ...]]


@lru_cache(maxsize=50_000)
def phonetic_key(word: str) -> str:
    """Returns a word as it sounds: letters of one sound become one, tone marks are dropped."""
    for written, heard in _WRITTEN_AS_HEARD:
        word = written.sub(heard, word)
    return _DOUBLED.sub(r"\1", word.translate(_SOUND_OF_LETTER)).replace("-", "")


def phonetic_key_of_ending(word: str) -> str:
    """Returns the phonetic key, of whose last letter only what is heard at the end of a syllable counts."""
    key = phonetic_key(word)
    return key[:-1] + key[-1:].translate(_SOUND_AT_END)


def phonetic_keys_with_deletions(word: str, shortest: int = _MIN_TYPED_FOR_DELETION) -> Iterator[str]:
    """Yields the phonetic key itself; for a word of ``shortest`` letters or more also it less each letter."""
    sound = phonetic_key(word)
    yield sound
    for at in range(len(sound) if len(word) >= shortest else 0):
        yield sound[:at] + sound[at + 1 :]


SoundMatch = tuple[int, str]
"""The place of a piece of a query in the list asked for, and a word that sounds like it.

Plain tuples: a misspelt query makes some hundreds, and named ones take several times as long.
"""


def lookup_keys(word: str) -> set[str]:
    """Returns the keys under which a word is found by its sound; none for one too short or too long."""
    is_compared = _MIN_WORD_LENGTH <= len(word) <= _MAX_WORD_LENGTH
    return set(phonetic_keys_with_deletions(word, _MIN_WORD_FOR_DELETION)) if is_compared else set()


class SpellingIndex:
    """Words of the archive by phonetic key. Words are only ever added; safe for use by several threads."""

    def __init__(self) -> None:
        self._sources: set[str] = set()
        self._words: list[str] = []
        self._known: set[str] = set()
        self._heard = np.empty(0, np.int64), np.empty(0, np.int32)  # ascending hashes, places in ``_words``
        self._lock = Lock()

    def add_source_once(self, source: str, words: Iterable[str]) -> None:
        """Adds the words that are new. Each ``source`` (a segment's id) is read once."""
        with self._lock:
            if source in self._sources:
                return
            hashes: list[int] = []
            owners: list[int] = []
            for word in words:
                if word not in self._known and (keys := lookup_keys(word)):
                    shortened = set(map(hash, keys))
                    hashes += shortened
                    owners += [len(self._words)] * len(shortened)
                    self._known.add(word)
                    self._words.append(word)
            if hashes:
                every = np.concatenate([self._heard[0], np.array(hashes, dtype=np.int64)])
                order = np.argsort(every, kind="stable")
                places = np.concatenate([self._heard[1], np.array(owners, dtype=np.int32)])
                self._heard = every[order], places[order]
            self._sources.add(source)

    def find_words_near_in_sound(self, pieces: list[str]) -> list[SoundMatch]:
        """Returns ``(place in pieces, word)`` for words that may be one edit away in sound, some two.

        Two edits are a letter that each side has and the other lacks. ``spelling_costs_or_inf`` tells them
        apart.
        """
        numbers: list[int] = []
        hashes: list[int] = []
        for number, piece in enumerate(pieces):
            shortened = [hash(one) for one in phonetic_keys_with_deletions(piece)]
            hashes += shortened
            numbers += [number] * len(shortened)
        every, places = self._heard
        sought = np.array(hashes, dtype=np.int64)
        first = every.searchsorted(sought, side="left")
        counts = every.searchsorted(sought, side="right") - first
        before = np.cumsum(counts) - counts  # those of the hashes before it
        found = places[np.arange(counts.sum()) + np.repeat(first - before, counts)]
        pairs = np.unique(np.repeat(np.array(numbers, dtype=np.int64), counts) << 32 | found)
        words = [self._words[place] for place in (pairs & 0xFFFFFFFF).tolist()]
        return list(zip((pairs >> 32).tolist(), words, strict=True))


def spelling_costs_or_inf(typed: Sequence[str], words: Sequence[str]) -> npt.NDArray[np.float64]:
    """Returns the edit cost of each pair (typed[i], words[i]); ``inf`` if sounds are over one edit apart."""
    sounding = list(map(phonetic_key, typed)), list(map(phonetic_key, words))
    heard = process.cpdist(*sounding, scorer=OSA.distance, score_cutoff=1).astype(float)
    seen = process.cpdist(typed, words, scorer=OSA.distance)
    far: npt.NDArray[np.float64] = np.where(
        heard > 1, math.inf, _SOUND_EDIT_COST * heard + _LETTER_EDIT_COST * seen
    )
    return far


class SpellingCandidate(NamedTuple):
    """A correction of a piece: pairs of (typed part, word), their text, and a cost (lower is likelier)."""

    cost: float
    text: str
    words: tuple[tuple[str, str], ...]


def spelling_candidates(
    typed: str,
    near: Callable[[list[str]], Sequence[SoundMatch]],
    rarity: Callable[[str], float],
    most: int,
) -> list[SpellingCandidate]:
    """Returns at most ``most`` corrections, cheapest first; ``rarity`` of an unknown word must be ``inf``.

    The piece itself is none, and a piece of over 40 letters has none. ``near`` returns words of the archive
    that sound like pieces (``SpellingIndex.find_words_near_in_sound``). ``rarity`` returns a word's inverse
    document frequency (log), ``inf`` if the archive lacks it.
    """
    if len(typed) > _MAX_TYPED_LENGTH:
        return []
    long = _spans(typed)
    spoken = [typed[start:end] for start, end in long]
    heard = near(spoken)
    arcs: dict[int, dict[tuple[int, str], float]] = {}
    for start, end in long:
        cost = rarity(typed[start:end])
        if cost < math.inf:
            arcs.setdefault(start, {})[end, typed[start:end]] = _WORD_COST + _RARITY_COST * cost
    words = [word for _, word in heard]
    far = spelling_costs_or_inf([spoken[number] for number, _ in heard], words)
    likely = np.flatnonzero((far > 0) & (far <= _MAX_COST_PER_LETTER * np.array(list(map(len, words)))))
    for place, slip in zip(likely.tolist(), far[likely].tolist(), strict=True):
        number, word = heard[place]
        start, end = long[number]
        arcs.setdefault(start, {})[end, word] = _WORD_COST + _RARITY_COST * rarity(word) + _EDIT_COST * slip
    return [reading for reading in _cheapest_segmentations(typed, arcs) if reading.text != typed][:most]


def _spans(typed: str) -> list[tuple[int, int]]:
    return [
        (start, end)
        for start in range(len(typed))
        for end in range(start + _MIN_WORD_LENGTH, min(start + _MAX_WORD_LENGTH, len(typed)) + 1)
    ]


def _cheapest_segmentations(
    typed: str, arcs: dict[int, dict[tuple[int, str], float]]
) -> list[SpellingCandidate]:
    """Returns the cheapest ways to cover a piece with words; where no word fits, letter by letter."""
    reached: list[list[_PartialCandidate]] = [[] for _ in range(len(typed) + 1)]
    reached[0] = [(0.0, "", ())]
    for start in range(len(typed)):
        onward = [(start + 1, typed[start], _UNKNOWN_LETTER_COST)]
        onward += [(end, word, price) for (end, word), price in arcs.get(start, {}).items()]
        for cost, text, words in _cheapest(reached[start]):
            for end, word, price in onward:
                reached[end].append((cost + price, text + word, (*words, (typed[start:end], word))))
    return [SpellingCandidate(*way) for way in _cheapest(reached[-1])]


def _cheapest(found: list[_PartialCandidate]) -> list[_PartialCandidate]:
    """Returns the cheapest partial candidates, each text once, at most ``_BEAM_WIDTH``."""
    distinct: dict[str, _PartialCandidate] = {}
    for way in sorted(found)[: _BEAM_WIDTH * _BEAM_WIDTH]:
        distinct.setdefault(way[1], way)
    return list(distinct.values())[:_BEAM_WIDTH]
