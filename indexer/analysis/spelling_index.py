"""Misspelt words → the words of the archive that may be meant.

People write as they speak, and slip: one of several letters of a sound, a mark left out, two
letters swapped. Words are compared by their ``key``, in which sounds and marks count as one; words
whose keys differ by one letter share a key with one letter left out, so near words are found by
look-up, without comparing each.
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

_SOUNDS = (
    "กขฃคฅฆ", "ชฉฌ", "ซศษส", "ดฎ", "ตฏ", "ทฐฑฒถธ", "นณ", "ปบ", "ผพภ", "ฝฟ", "รลฬ", "ยญ", "หฮ",
    "ิีึื", "ุู", "เแ", "ใไ", "ะั",
)  # fmt: skip
_TO_KEY = {ord(letter): sound[0] for sound in _SOUNDS for letter in sound}
_TO_KEY |= dict.fromkeys(map(ord, "็่้๊๋์ฺํ๎"), "")
_DOUBLED = re.compile(r"(.)\1+")

_LONGEST, _SHORTEST = 18, 2  # letters of a word that is compared
_SHORTEST_HEARD = 3  # letters of what was typed, in which a slip may be heard
_SHORTEST_MISHEARD = 4  # letters of a word for which that was typed; in a shorter one a slip costs too much
_MOST_LETTERS = 40  # of a piece that is read anew
_OF_SOUND, _OF_LETTERS = 0.6, 0.4  # what a slip costs that is heard, and one that is only seen
_MOST_SLIPS = 0.3  # per letter of the word
_WORD, _RARE, _SLIP, _UNKNOWN = 1.5, 0.5, 5.0, 6.0  # costs of a reading
_KEPT = 6  # readings at each place

_Way = tuple[float, str, tuple[tuple[str, str], ...]]  # a ``Reading`` that may yet go on


@lru_cache(maxsize=50_000)
def key(word: str) -> str:
    """A word as it sounds."""
    return _DOUBLED.sub(r"\1", word.translate(_TO_KEY))


def keys(word: str, shortest: int = _SHORTEST_HEARD) -> Iterator[str]:
    """The key, and that of all but shorter words with each of its letters left out."""
    sound = key(word)
    yield sound
    for at in range(len(sound) if len(word) >= shortest else 0):
        yield sound[:at] + sound[at + 1 :]


class Spellings:
    """Words that can be meant, to be found by how they sound. Words are only ever added."""

    def __init__(self) -> None:
        self._sources: set[str] = set()
        self._words: list[str] = []
        self._known: set[str] = set()
        self._heard = np.empty(0, np.int64), np.empty(0, np.int32)  # ascending hashes, places in ``_words``
        self._lock = Lock()

    def add(self, source: str, words: Iterable[str]) -> None:
        """Add what is new; each source is read once."""
        with self._lock:
            if source in self._sources:
                return
            hashes: list[int] = []
            owners: list[int] = []
            for word in words:
                if word not in self._known and _SHORTEST <= len(word) <= _LONGEST:
                    shortened = {hash(one) for one in keys(word, _SHORTEST_MISHEARD)}
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

    def near(self, pieces: list[str]) -> list[tuple[int, str]]:
        """Words that sound like one of the pieces, with the piece's number."""
        numbers: list[int] = []
        hashes: list[int] = []
        for number, piece in enumerate(pieces):
            shortened = [hash(one) for one in keys(piece)]
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


def slips(typed: Sequence[str], words: Sequence[str]) -> npt.NDArray[np.float64]:
    """How far apart the spellings of each pair are: 1 for a slip that is heard, less for one only seen.

    ``inf`` when more than one is heard.
    """
    sounding = list(map(key, typed)), list(map(key, words))
    heard = process.cpdist(*sounding, scorer=OSA.distance, score_cutoff=1).astype(float)
    seen = process.cpdist(typed, words, scorer=OSA.distance)
    far: npt.NDArray[np.float64] = np.where(heard > 1, math.inf, _OF_SOUND * heard + _OF_LETTERS * seen)
    return far


class Reading(NamedTuple):
    """A piece in other words: pairs of what was typed and the word meant. ``cost``: lower is likelier."""

    cost: float
    text: str
    words: tuple[tuple[str, str], ...]


def readings(
    typed: str,
    near: Callable[[list[str]], Sequence[tuple[int, str]]],
    rarity: Callable[[str], float],
    most: int,
) -> list[Reading]:
    """Ways to read a misspelt Thai piece, likeliest first, what was typed itself left out.

    ``near`` gives words of the archive that sound like pieces (``Spellings.near``), ``rarity`` a
    word's log inverse document frequency, ``inf`` for a word that the archive does not have.
    """
    if len(typed) > _MOST_LETTERS:
        return []
    spans = [
        (start, end)
        for start in range(len(typed))
        for end in range(start + 1, min(start + _LONGEST, len(typed)) + 1)
    ]
    long = [(start, end) for start, end in spans if end - start >= _SHORTEST]
    spoken = [typed[start:end] for start, end in long]
    heard = near(spoken)
    arcs: dict[int, dict[tuple[int, str], float]] = {}
    for start, end in long:
        cost = rarity(typed[start:end])
        if cost < math.inf:
            arcs.setdefault(start, {})[end, typed[start:end]] = _WORD + _RARE * cost
    words = [word for _, word in heard]
    far = slips([spoken[number] for number, _ in heard], words)
    likely = np.flatnonzero((far > 0) & (far <= _MOST_SLIPS * np.array(list(map(len, words)))))
    for place, slip in zip(likely.tolist(), far[likely].tolist(), strict=True):
        number, word = heard[place]
        start, end = long[number]
        arcs.setdefault(start, {})[end, word] = _WORD + _RARE * rarity(word) + _SLIP * slip
    return [reading for reading in _paths(typed, arcs) if reading.text != typed][:most]


def _paths(typed: str, arcs: dict[int, dict[tuple[int, str], float]]) -> list[Reading]:
    """The cheapest ways through a piece, letter by letter where no word fits."""
    reached: list[list[_Way]] = [[] for _ in range(len(typed) + 1)]
    reached[0] = [(0.0, "", ())]
    for start in range(len(typed)):
        onward = [(start + 1, typed[start], _UNKNOWN)]
        onward += [(end, word, price) for (end, word), price in arcs.get(start, {}).items()]
        for cost, text, words in _cheapest(reached[start]):
            for end, word, price in onward:
                reached[end].append((cost + price, text + word, (*words, (typed[start:end], word))))
    return [Reading(*way) for way in _cheapest(reached[-1])]


def _cheapest(found: list[_Way]) -> list[_Way]:
    """Each text once."""
    distinct: dict[str, _Way] = {}
    for way in sorted(found)[: _KEPT * _KEPT]:
        distinct.setdefault(way[1], way)
    return list(distinct.values())[:_KEPT]
