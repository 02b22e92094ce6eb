"""Words, abbreviations, other ways to say the same: built in, and a file that staff extend as it runs.

One entry a line: a word (``หนองปลาดุก``), an abbreviation with what it stands for
(``ทต. = เทศบาลตำบล``; several meanings on several lines), or ways to say the same, any of which finds
the others (``หมา ~ สุนัข``). ``#`` begins a remark.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

from indexer.analysis.loanwords import sound_alike, spellings
from indexer.analysis.tokenizer import Segmenter, fold

_BUILTIN = ("abbreviations.txt", "everyday.txt")

MEANING = 0.7
"""What an abbreviation counts by what it stands for, a word by another, and the other way round."""
SPELLING = 0.9
"""What a foreign word counts in another spelling."""


class Other(NamedTuple):
    """What says the same in other terms, and how much it counts beside what was typed."""

    terms: tuple[str, ...]
    weight: float


@dataclass(frozen=True)
class Lexicon:
    """One state of the dictionary. ``meanings`` are pairs (abbreviation without dots, full words),
    ``same`` groups of words that are used for one another."""

    words: frozenset[str]
    meanings: tuple[tuple[str, str], ...]
    same: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def version(self) -> str:
        """Hash of everything in it."""
        return hashlib.sha256(self.text().encode()).hexdigest()[:16]

    @cached_property
    def segmenter(self) -> Segmenter:
        return Segmenter(self.words | {short for short, _ in self.meanings})

    @cached_property
    def _spelled(self) -> dict[str, tuple[tuple[str, ...], ...]]:
        spelled: dict[str, list[tuple[str, ...]]] = {}
        for short, full in self.meanings:
            terms = tuple(token.term for token in self.segmenter.tokens(full))
            spelled.setdefault(short, []).append(terms)
        return {short: tuple(fulls) for short, fulls in spelled.items()}

    def spelled(self, short: str) -> tuple[tuple[str, ...], ...]:
        """What an abbreviation (without dots) stands for, as terms; nothing for other words."""
        return self._spelled.get(short, ())

    @cached_property
    def others(self) -> dict[tuple[str, ...], tuple[Other, ...]]:
        """By the terms of some words, what says the same."""
        found: dict[tuple[str, ...], dict[tuple[str, ...], float]] = {}
        for short, fulls in self._spelled.items():
            for full in fulls:
                found.setdefault(full, {})[short,] = MEANING
        for group in (*spellings(), *self.same):
            for way, other in permutations(group, 2):
                weight = SPELLING if sound_alike(way, other) else MEANING
                found.setdefault(self._terms(way), {})[self._terms(other)] = weight
        return {
            terms: tuple(Other(*other) for other in sorted(others.items())) for terms, others in found.items()
        }

    def _terms(self, text: str) -> tuple[str, ...]:
        """Without those that are parts of others."""
        terms: list[str] = []
        end = 0
        for token in self.segmenter.tokens(text):
            if token.start >= end:
                terms.append(token.term)
                end = token.end
        return tuple(terms)

    @cached_property
    def longest(self) -> int:
        """Terms of the longest thing that can be said otherwise."""
        return max(map(len, self.others), default=0)

    def text(self) -> str:
        """As a file that ``parse`` reads back to an equal lexicon."""
        lines = sorted(self.words) + sorted(f"{short} = {full}" for short, full in self.meanings)
        lines += sorted(" ~ ".join(group) for group in self.same)
        return "\n".join(lines) + "\n"


def parse(text: str) -> Lexicon:
    """Read the lines of a dictionary file; what makes no sense is passed over."""
    words: set[str] = set()
    meanings: set[tuple[str, str]] = set()
    same: set[tuple[str, ...]] = set()
    for line in text.splitlines():
        entry = fold(line.split("#")[0]).strip()
        short, equals, full = (part.strip() for part in entry.partition("="))
        if "~" in entry:
            same.add(tuple(sorted(filter(None, map(str.strip, entry.split("~"))))))
        elif equals and short and full:
            meanings.add((short.replace(".", "").replace(" ", ""), full))
        elif short and not equals:
            words.add(short.replace(" ", ""))
    return Lexicon(frozenset(words), tuple(sorted(meanings)), tuple(sorted(same)))


class Dictionary:
    """The built-in abbreviations and the file at ``path``, read again whenever the file changes."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._builtin = "\n".join(
            (files("indexer") / "data" / name).read_text(encoding="utf-8") for name in _BUILTIN
        )
        self._lexicon = parse(self._builtin)

    def current(self) -> Lexicon:
        """The dictionary as the file stands now; a missing file is an empty one."""
        state = self._state()
        if state != self._seen:
            self._seen = state
            local = self._path.read_text(encoding="utf-8-sig") if self._path and state else ""
            self._lexicon = parse(f"{self._builtin}\n{local}")
        return self._lexicon

    def add(self, word: str) -> None:
        """Put a word, or ``short = full``, at the end of the file; searches use it after the next rebuild."""
        if self._path is not None and "\n" not in word:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{word}\n")

    def _state(self) -> tuple[int, int] | None:
        try:
            stat = self._path.stat() if self._path else None
        except FileNotFoundError:
            return None
        return (stat.st_mtime_ns, stat.st_size) if stat else None
