"""Words that no line breaks.

Browsers guess where unspaced Thai may break, each in its own way, and part words that people read as one
(Chromium: ``กระจายอำ|นาจ``, ``มีส่วน|ร่วม``). So each word of a title, a passage or a body is kept together by
an element around it. The text itself has nothing added to it: what is copied, searched in the page or read
aloud stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from markupsafe import Markup, escape
from pythainlp.corpus.common import thai_words

from archive import thai
from indexer.snippets import Segment
from indexer.tokens import THAI

_LONGEST = 20  # letters; a phone's line may not hold more, so what is longer may break
_LEADS = frozenset(("การ", "ความ", "ผู้", "นัก", "ไม่"))  # stay with what follows
_UNKNOWN = 4  # what a cluster that belongs to no word costs, where a word costs 1
_RUN = re.compile(rf"([{THAI}]+)([ ]?ๆ|ฯ)?")  # ๆ and ฯ never begin a line
_LINE = Markup('<span class="words" role="text">{}</span>')
_OPEN, _CLOSE = "\1", "\2"  # stand for the elements until everything is escaped; no kept text has them


def text(written: str, local: frozenset[str]) -> Markup:
    """A text whose words stay whole. ``local``: words of the place, beside those of the dictionary."""
    return marked((Segment(written, hit=False),), local)


def marked(segments: Iterable[Segment], local: frozenset[str]) -> Markup:
    """The same of segments, with their hits in ``<mark>``; every text is escaped.

    Each line is one thing to a screen reader, however many elements are in it (``role="text"``).
    """
    shown = "".join(
        _hit(_kept(each.text, local)) if each.hit else _kept(each.text, local) for each in segments
    )
    return Markup("\n").join(_LINE.format(Markup(line)) if line else "" for line in shown.split("\n"))  # noqa: S704  escaped


def _hit(shown: str) -> str:
    return "\n".join(f"<mark>{line}</mark>" for line in shown.split("\n"))


def _kept(written: str, local: frozenset[str]) -> str:
    around = _RUN.sub(lambda run: _set(run[1], run[2] or "", local), written)
    return str(escape(around)).replace(_OPEN, "<span>").replace(_CLOSE, "</span>")


@lru_cache(maxsize=20_000)
def _set(run: str, sign: str, local: frozenset[str]) -> str:
    """The run's words, each between the signs for its element if a browser could part it."""
    *words, last = joined(run, local)
    return "".join(
        f"{_OPEN}{word}{_CLOSE}" if len(word) <= _LONGEST and _has_inside(word) else word
        for word in (*words, last + sign)
    )


@lru_cache(maxsize=20_000)
def _has_inside(word: str) -> bool:
    """Whether there is a place in it where it could be parted."""
    return len(thai.clusters(word)) > 2


def joined(run: str, local: frozenset[str]) -> Iterator[str]:
    """A run of Thai letters as words that joined give it again; การ and its like with what they lead."""
    lead = ""
    for word in _cut(run, local):
        if lead and len(lead + word) > _LONGEST:
            yield lead
            lead = ""
        lead += word
        if word not in _LEADS:
            yield lead
            lead = ""
    if lead:
        yield lead


@lru_cache(maxsize=20_000)
def _cut(run: str, local: frozenset[str]) -> tuple[str, ...]:
    """In as few words as it can be read in; a cluster that belongs to no word stays with those beside it."""
    words, longest = _known(local)
    ends = thai.clusters(run)
    last = len(ends) - 1
    costs, before = [0] + [len(run) * _UNKNOWN] * last, [0] * (last + 1)
    for at in range(last):
        start, cost = ends[at], costs[at]
        if cost + _UNKNOWN <= costs[at + 1]:
            costs[at + 1], before[at + 1] = cost + _UNKNOWN, at
        reach = start + longest.get(run[start : start + 2], 0)
        for to in range(at + 1, last + 1):
            if ends[to] > reach:
                break
            if cost + 1 < costs[to] and run[start : ends[to]] in words:
                costs[to], before[to] = cost + 1, at
    pieces: list[str] = []
    to, loose = last, False
    while to:
        at = before[to]
        unknown = costs[to] - costs[at] == _UNKNOWN
        word = run[ends[at] : ends[to]]
        if pieces and (loose or (unknown and at == 0)):
            word += pieces.pop()
        pieces.append(word)
        to, loose = at, unknown
    return tuple(reversed(pieces))


@lru_cache(maxsize=2)
def _known(local: frozenset[str]) -> tuple[frozenset[str], dict[str, int]]:
    """The words that people know, and the length of the longest by its first two letters."""
    words = frozenset(word for word in thai_words() | local if len(word) > 1)
    longest: dict[str, int] = {}
    for word in words:
        longest[word[:2]] = max(longest.get(word[:2], 0), len(word))
    return words, longest
