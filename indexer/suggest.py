"""What someone who is typing may want: titles and subjects that have it, and words that begin so."""

from __future__ import annotations

from operator import itemgetter

from indexer.dictionary import Lexicon
from indexer.snapshot import MARKS, Snapshot
from indexer.tokens import fold, run

_MOST_WORDS = 3
_MOST_TYPED = 80


def suggest(snapshot: Snapshot, lexicon: Lexicon, typed: str, limit: int) -> list[str]:
    """Completed words first, then titles: those that begin with it before those that have it within."""
    typed = " ".join(typed.split())[:_MOST_TYPED]
    letters = run(fold(typed)).data
    if not letters or not snapshot.count:
        return []
    words = [typed] if len(letters) > 1 and _stands_alone(snapshot, lexicon, typed) else []
    words += _completed(snapshot, lexicon, typed)
    titles = list(_titles(snapshot, letters, marks=True))
    bare = letters.translate(None, MARKS)
    if len(words) + len(titles) < limit and len(letters) > 1 and bare:
        titles += _titles(snapshot, bare, marks=False)
    return list(dict.fromkeys([*words[:_MOST_WORDS], *titles]))[:limit]


def _stands_alone(snapshot: Snapshot, lexicon: Lexicon, typed: str) -> bool:
    """Whether what was typed is one whole word of the archive."""
    tokens = lexicon.segmenter.tokens(typed)
    return len(tokens) == 1 and snapshot.frequency(tokens[0].term) > 0


def _completed(snapshot: Snapshot, lexicon: Lexicon, typed: str) -> list[str]:
    """The typed text with its last word completed, commonest first."""
    tokens = lexicon.segmenter.tokens(typed)
    if not tokens or tokens[-1].end != len(typed):
        return []
    last = tokens[-1]
    return [typed[: last.start] + word for word in snapshot.completions(last.term, _MOST_WORDS)]


def _titles(snapshot: Snapshot, letters: bytes, *, marks: bool) -> list[str]:
    # stable: names of one announcement stay in their order
    found = sorted(snapshot.named(letters, marks=marks), key=itemgetter(slice(3)))
    return [named.name for named in found]
