"""What someone who is typing may want: titles and subjects that have it, and words that begin so."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from heapq import nlargest

from indexer.dictionary import Lexicon
from indexer.snapshot import MARKS, Snapshot
from indexer.tokens import THAI, fold, run

_MOST_WORDS = 3
_MOST_WORDS_COUNTED = 40
_MOST_LOOKED_AT = 400  # titles that have what was typed
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
    begun = last.term.encode()
    counts: Counter[bytes] = Counter()
    for segment in snapshot.segments:
        words = segment.terms.words
        first, after = bisect_left(words, begun), bisect_left(words, begun + b"\xff")
        counts.update(dict(zip(words[first:after], segment.terms.sizes[first:after].tolist(), strict=True)))
    fitting = [(count, word.decode()) for word, count in counts.items() if word != begun]
    fitting = [(count, word) for count, word in fitting if re.fullmatch(f"[{THAI}]+|[a-z]+", word)]
    common = [word for _, word in nlargest(_MOST_WORDS_COUNTED, fitting)]
    counted = [(-snapshot.frequency(word), word) for word in common]  # what was withdrawn is out
    return [typed[: last.start] + word for count, word in sorted(counted)[:_MOST_WORDS] if count]


def _titles(snapshot: Snapshot, letters: bytes, *, marks: bool) -> list[str]:
    found = list(_found(snapshot, letters, marks=marks))
    facts = snapshot.facts
    found.sort(key=lambda item: (not item[0], -int(facts["views"][item[1]]), int(facts["id"][item[1]])))
    return [title for _, _, title in found]


def _found(snapshot: Snapshot, letters: bytes, *, marks: bool) -> Iterator[tuple[bool, int, str]]:
    """Whether it begins with the letters, document, title or subject."""
    for base, segment in zip(snapshot.bases, snapshot.segments, strict=False):
        names = segment.names if marks else segment.bare_names
        for begins, place in names.having(letters, _MOST_LOOKED_AT):
            document, name = segment.names.named[place]
            if snapshot.live[base + document]:
                yield begins, base + document, name
