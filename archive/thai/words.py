"""Dictionary word cutter: cuts a run of Thai letters into the fewest words, for the lines of pages.

Of several ways with as many words, it takes that of the more frequent words: ลำน้ำ|หนอง, not ลำ|น้ำหนอง.

What is searched is cut by ``indexer.analysis.tokenizer``, whose cuts must stay those of the stored index.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from threading import Lock

import ahocorasick

from archive.thai.characters import LEADING_VOWELS, NEVER_INITIAL, cluster_borders
from archive.thai.word_list import thai_word_frequencies, thai_words

_WORD_COST = 1_000_000  # less what it is worth to be frequent, which of 800 words is less than one word
_UNKNOWN_COST = 4 * _WORD_COST  # cost of a cluster that belongs to no word
_WORTH = 100  # of a word e times as frequent as another; the rarest are told apart, and the sums are whole
_UNSEEN_FREQUENCY = 0.05  # of a word that the corpus lacks: with 0.5, it parted ปรับพื้น|ที่ and ผ่านมือ|ถือ
_LOCAL_FREQUENCY = 100  # of a place's own word
_NOUN_SHARE = 0.1
"""Frequency of การ with a word as part of the word's, where the corpus does not join them.

Without it ทาง|การเกษตร became ทางการ|เกษตร. With 0.3, ดำเนินการ|ตาม became ดำเนิน|การตาม.
"""
_MAX_WORD = 256  # letters, as the automaton keeps length and cost of a word in one number
# So that a cut between words is also one between clusters.
_WORD = re.compile(f"[^{NEVER_INITIAL}].*[^{LEADING_VOWELS}]")


def cut_words(run: str, local: frozenset[str] = frozenset(), *, longest: int = _MAX_WORD) -> tuple[str, ...]:
    """Return a Thai run cut into fewest words; letters of no word stay with their neighbour.

    ``local``: the place's own words. ``longest``: letters of the longest word that is taken whole.
    """
    found = [(last + 1, value % _MAX_WORD, value // _MAX_WORD) for last, value in _known(local).iter(run)]
    words = [word for word in found if word[1] <= longest]
    costs, before = _cheapest(len(run), words)
    if costs[-1] == math.inf:  # some of the run belongs to no word
        loose_clusters = [(end, end - start, _UNKNOWN_COST) for start, end in pairwise(cluster_borders(run))]
        costs, before = _cheapest(len(run), sorted(loose_clusters + words, key=itemgetter(0)))
    pieces: list[str] = []
    to, loose = len(run), False
    while to:
        at = before[to]
        unknown = costs[to] - costs[at] == _UNKNOWN_COST
        word = run[at:to]
        if pieces and (loose or (unknown and at == 0)):
            word += pieces.pop()
        pieces.append(word)
        to, loose = at, unknown
    return tuple(reversed(pieces))


def _cheapest(size: int, steps: Iterable[tuple[int, int, int]]) -> tuple[list[float], list[int]]:
    """Return the least cost of reaching each offset, and the offset before it on that way (shortest path).

    ``steps``: end, length and cost of each, in the order of their ends.
    """
    costs, before = [0.0] + [math.inf] * size, [0] * (size + 1)
    for end, length, cost in steps:
        reached = costs[end - length] + cost
        if reached < costs[end]:
            costs[end], before[end] = reached, end - length
    return costs, before


def _known(local: frozenset[str]) -> ahocorasick.Automaton:
    """Return the automaton that finds all words of the dictionary in a text, in the order of their ends.

    One thread builds the automaton and the others wait: eight threads that each built one left 90 MB behind.
    """
    with _BUILDING:
        return _built(local)


_BUILDING = Lock()


@lru_cache(maxsize=2)
def _built(local: frozenset[str]) -> ahocorasick.Automaton:
    words = ahocorasick.Automaton(ahocorasick.STORE_INTS)
    for word in thai_words() | local:
        if _WORD.fullmatch(word) and len(word) < _MAX_WORD:
            words.add_word(word, _cost(word, word in local) * _MAX_WORD + len(word))
    words.make_automaton()
    return words


def _cost(word: str, is_local: bool) -> int:
    """Return the cost of a word, which is less for a frequent one."""
    known = thai_word_frequencies()
    frequency = known.get(word) or known.get(word.removeprefix("การ"), 0) * _NOUN_SHARE or _UNSEEN_FREQUENCY
    if is_local:
        frequency = max(frequency, _LOCAL_FREQUENCY)
    return _WORD_COST - round(_WORTH * math.log(frequency))
