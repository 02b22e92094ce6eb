"""Words that no line breaks.

Browsers guess where unspaced Thai may break, each in its own way, and part words that people read as one
(Chromium: ``กระจายอำ|นาจ``, ``มีส่วน|ร่วม``). So each line of a title, a passage or a body says where its words
are, and ``static/site.js`` keeps each of them together. The text itself stands in the page as it was written:
for programs that read the page, and for whoever copies it, searches in it or has it read aloud.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from operator import itemgetter
from threading import Lock

import ahocorasick
from markupsafe import Markup
from pythainlp.corpus.common import thai_words

from archive import thai
from indexer.finding.snippets import Segment
from indexer.finding.tokens import THAI

_LONGEST = 20  # letters; a phone's line may not hold more, so what is longer may break
_LEADS = frozenset(("การ", "ความ", "ผู้", "นัก", "ไม่"))  # stay with what follows
_UNKNOWN = 4  # what a cluster that belongs to no word costs, where a word costs 1
_RUN = re.compile(rf"([{THAI}]+)([ ]?ๆ|ฯ)?")  # ๆ and ฯ never begin a line
_WORD = re.compile("[^ัิ-ฺ็-๎ะาำๅ].*[^เแโใไ]")  # so that a text of words alone is cut between clusters
_LINE = Markup('<span data-words="%s">%s</span>')
_MARK = Markup("<mark>%s</mark>")
_DIGITS = string.digits + string.ascii_lowercase


@lru_cache(maxsize=2_000)
def text(written: str, local: frozenset[str]) -> Markup:
    """A text whose words stay whole. ``local``: words of the place, beside those of the dictionary."""
    return marked((Segment(written, hit=False),), local)


def marked(segments: Iterable[Segment], local: frozenset[str]) -> Markup:
    """The same of segments, with their hits in ``<mark>``; every text is escaped."""
    lines: list[list[Segment]] = [[]]
    for segment in segments:
        first, *others = segment.text.split("\n")
        lines[-1].append(Segment(first, segment.hit))
        lines += [[Segment(other, segment.hit)] for other in others]
    return Markup("\n").join(_line([part for part in line if part.text], local) for line in lines)


def _line(parts: Sequence[Segment], local: frozenset[str]) -> Markup:
    shown = Markup().join([_MARK % part.text if part.hit else part.text for part in parts])
    lengths = _lengths(chain.from_iterable([_pieces(part.text, local) for part in parts]))
    return _LINE % (lengths, shown) if lengths else shown


def _lengths(pieces: Iterable[tuple[int, bool]]) -> str:
    """Of what may break and of what may not, in turn: a digit each, to the base of 36."""
    digits, free = "", 0
    for length, whole in pieces:
        if not whole:
            free += length
            continue
        over, free = divmod(free, len(_DIGITS) - 1)
        digits += f"{_DIGITS[-1]}0" * over + _DIGITS[free] + _DIGITS[length]
        free = 0
    return digits


def _pieces(written: str, local: frozenset[str]) -> Iterator[tuple[int, bool]]:
    """The text in pieces: how many units of UTF-16 each has, as scripts count, and whether it stays whole."""
    end = 0
    for run in _RUN.finditer(written):
        yield _units(written[end : run.start()]), False
        words = joined(run[1], local)
        if run[2]:
            words[-1] += run[2]
        for word in words:
            yield len(word), _whole(word)
        end = run.end()
    yield _units(written[end:]), False


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@lru_cache(maxsize=20_000)
def _whole(word: str) -> bool:
    """Whether it stays whole: a browser could part it, and it fits on a line."""
    return len(word) <= _LONGEST and len(thai.clusters(word)) > 2


def joined(run: str, local: frozenset[str]) -> list[str]:
    """A run of Thai letters as words that joined give it again; การ and its like with what they lead."""
    words: list[str] = []
    led = False
    for word in _cut(run, local):
        if led and len(words[-1]) + len(word) <= _LONGEST:
            words[-1] += word
        else:
            words.append(word)
        led = word in _LEADS
    return words


def _cut(run: str, local: frozenset[str]) -> tuple[str, ...]:
    """In as few words as it can be read in; a cluster that belongs to no word stays with those beside it."""
    words = [(last + 1, length, 1) for last, length in _known(local).iter(run)]
    costs, before = _cheapest(len(run), words)
    if costs[-1] == math.inf:  # not words throughout
        clusters = [(end, end - start, _UNKNOWN) for start, end in pairwise(thai.clusters(run))]
        costs, before = _cheapest(len(run), sorted(clusters + words, key=itemgetter(0)))
    pieces: list[str] = []
    to, loose = len(run), False
    while to:
        at = before[to]
        unknown = costs[to] - costs[at] == _UNKNOWN
        word = run[at:to]
        if pieces and (loose or (unknown and at == 0)):
            word += pieces.pop()
        pieces.append(word)
        to, loose = at, unknown
    return tuple(reversed(pieces))


def _cheapest(size: int, steps: Iterable[tuple[int, int, int]]) -> tuple[list[float], list[int]]:
    """What it costs to come to each place from the first, and from where. ``steps``: where each ends, its
    length and what it costs, in the order of their ends."""
    costs, before = [0.0] + [math.inf] * size, [0] * (size + 1)
    for end, length, cost in steps:
        reached = costs[end - length] + cost
        if reached < costs[end]:
            costs[end], before[end] = reached, end - length
    return costs, before


def _known(local: frozenset[str]) -> ahocorasick.Automaton:
    """Finds all words that people know in a text, in the order of their ends. One thread makes it and the
    others wait: eight that each made it left 90 MB behind."""
    with _ONE:
        return _made(local)


_ONE = Lock()


@lru_cache(maxsize=2)
def _made(local: frozenset[str]) -> ahocorasick.Automaton:
    words = ahocorasick.Automaton(ahocorasick.STORE_LENGTH)
    for word in thai_words() | local:
        if _WORD.fullmatch(word):
            words.add_word(word)
    words.make_automaton()
    return words
