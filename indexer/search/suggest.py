"""What someone who is typing may want: titles and subjects that have it, and words that begin so."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice
from operator import itemgetter

from indexer.analysis.dictionary import Lexicon
from indexer.analysis.tokenizer import THAI, fold, run
from indexer.search.index_reader import MARKS, Snapshot
from indexer.search.phrase_matching import holders
from indexer.search.query import keyboard_layout as keyboard
from indexer.search.query.parser import written
from indexer.search.query.query_plan import part

_MOST_WORDS = 3
_MOST_PIECES = 4  # that half a word may be cut into
_MOST_TRIED = 6  # words that may go on right after another
_MOST_READ = 40  # documents in which the two are looked for together
_SHORTEST_OTHER = 3  # letters that may have been typed with the other keyboard
_WORD = re.compile(f"[{THAI}]+|[a-z]+")
_MOST_TYPED = 80


def suggest(snapshot: Snapshot, lexicon: Lexicon, typed: str, limit: int) -> list[str]:
    """Completed words first, then titles: those that begin with it before those that have it within."""
    typed = " ".join(written(typed).split())[:_MOST_TYPED]
    found = _suggested(snapshot, lexicon, typed, limit)
    if not found and len(typed) >= _SHORTEST_OTHER:
        found = _suggested(snapshot, lexicon, keyboard.other(typed), limit)
    return found


def _suggested(snapshot: Snapshot, lexicon: Lexicon, typed: str, limit: int) -> list[str]:
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
    """The typed text with its last word completed, commonest first.

    Half a word may be cut into several: เทศบ goes on as เทศบาล before บ does as บริหาร. What would stand
    right after another word is completed only as the archive has the two together.
    """
    tokens = lexicon.segmenter.tokens(typed)
    if not tokens or tokens[-1].end != len(typed):
        return []
    found: list[str] = []
    for token in tokens[-_MOST_PIECES:]:
        begun = fold(typed[token.start :])
        if len(found) >= _MOST_WORDS or not _WORD.fullmatch(begun):
            continue
        apart = token.start == 0 or typed[token.start - 1].isspace()
        words = snapshot.completions(begun, _MOST_WORDS if apart else _MOST_TRIED)
        texts = (typed[: token.start] + word for word in words)
        found += islice((text for text in texts if apart or _is_there(snapshot, lexicon, text)), _MOST_WORDS)
    return list(dict.fromkeys(found))[:_MOST_WORDS]


def _is_there(snapshot: Snapshot, lexicon: Lexicon, text: str) -> bool:
    """Whether a document has the end of the text in one piece, as far as a few are read."""
    (*_, last) = text.split()
    typed = part(last, lexicon, exact=True)
    near = replace(typed, phrase=typed.phrase._replace(exact=False))
    return len(holders(snapshot, lexicon, near, enough=1, most=_MOST_READ)) > 0


def _titles(snapshot: Snapshot, letters: bytes, *, marks: bool) -> list[str]:
    # stable: names of one announcement stay in their order
    found = sorted(snapshot.named(letters, marks=marks), key=itemgetter(slice(3)))
    return [named.name for named in found]
