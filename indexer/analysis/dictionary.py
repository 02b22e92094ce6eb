"""Dictionary of words, abbreviations and synonyms: those of ``indexer/data/``, and a file that staff extend.

One entry a line: a word (``หนองปลาดุก``), an abbreviation with its expansion (``ทต. = เทศบาลตำบล``;
several expansions on several lines), synonyms, any of which finds the others (``หมา ~ สุนัข``), or a word,
maybe of another language, with Thai words that it finds (``dog -> สุนัข ~ หมา``). ``#`` begins a comment.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

from archive.durable_files import replace_durably, sync_directory
from archive.ports import Fault
from indexer.analysis.loanwords import is_possible_respelling, loanword_spellings
from indexer.analysis.spelling_index import SpellingIndex
from indexer.analysis.tokenizer import Tokenizer, fold_text

_BUILTIN_FILES = ("abbreviations.txt", "everyday.txt", "english.txt")

SYNONYM_WEIGHT = 0.7
"""Weight of a synonym or an expanded abbreviation beside what was typed (1.0): its documents rank after
equal ones that have the typed word.
"""
_FINDS = "->"  # between a word and the Thai words that it finds, which do not find it
_MIN_WHOLE_TERM = 3  # letters of each term of an everyday word corrected whole: no pieces of a loanword
MISSPELLINGS = frozenset({"ค่าทำเนียม", "น้าท่วม", "น้าไม่ไหล", "คส่ำง", "อนุญาติ"})
"""Words of ``everyday.txt`` that are understood, but spelt wrong: none is suggested or corrected to."""
SPELLING_WEIGHT = 0.9  # weight of another spelling of a loanword beside the typed spelling (1.0)


class Synonym(NamedTuple):
    """Terms that mean the same, and their weight beside what was typed (0–1)."""

    terms: tuple[str, ...]
    weight: float


@dataclass(frozen=True)
class Lexicon:
    """An immutable state of the dictionary.

    ``abbreviations`` are pairs (abbreviation without dots, expansion); ``synonym_groups`` are groups of
    words that are used for one another. ``translations`` are words, mostly of another language, each
    followed by the Thai words that it finds, which do not find it.
    """

    words: frozenset[str]
    abbreviations: tuple[tuple[str, str], ...]
    synonym_groups: tuple[tuple[str, ...], ...] = ()
    translations: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def version(self) -> str:
        """Returns a hash of all entries; equal lexicons have equal versions."""
        return hashlib.sha256(self.text().encode()).hexdigest()[:16]

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Tokenizer that knows the words of this lexicon."""
        return Tokenizer(self.words | {short for short, _ in self.abbreviations})

    @cached_property
    def _expansions(self) -> dict[str, tuple[tuple[str, ...], ...]]:
        spelled: dict[str, list[tuple[str, ...]]] = {}
        for short, full in self.abbreviations:
            terms = tuple(token.term for token in self.tokenizer.tokens(full))
            spelled.setdefault(short, []).append(terms)
        return {short: tuple(fulls) for short, fulls in spelled.items()}

    def expansions(self, short: str) -> tuple[tuple[str, ...], ...]:
        """Returns the expansions of an abbreviation (without dots) as terms; empty for other words."""
        return self._expansions.get(short, ())

    @cached_property
    def synonyms(self) -> dict[tuple[str, ...], tuple[Synonym, ...]]:
        """Returns synonyms by the terms of a word or of several words in a row."""
        found: dict[tuple[str, ...], dict[tuple[str, ...], float]] = {}
        for short, fulls in self._expansions.items():
            for full in fulls:
                found.setdefault(full, {})[short,] = SYNONYM_WEIGHT
        for group in (*loanword_spellings(), *self.synonym_groups):
            for way, other in permutations(group, 2):
                weight = SPELLING_WEIGHT if is_possible_respelling(way, other) else SYNONYM_WEIGHT
                found.setdefault(self._terms(way), {})[self._terms(other)] = weight
        for foreign, *thai in self.translations:
            others = dict.fromkeys(map(self._terms, thai), SYNONYM_WEIGHT)
            found[self._terms(foreign)] = others | found.get(self._terms(foreign), {})
        return {
            terms: tuple(Synonym(*other) for other in sorted(others.items()))
            for terms, others in found.items()
        }

    def _terms(self, text: str) -> tuple[str, ...]:
        """Returns the terms of a text without those that overlap an earlier one."""
        terms: list[str] = []
        end = 0
        for token in self.tokenizer.tokens(text):
            if token.start >= end:
                terms.append(token.term)
                end = token.end
        return tuple(terms)

    @cached_property
    def max_synonym_terms(self) -> int:
        """Returns the number of terms of the longest key of ``synonyms``; 0 without any."""
        return max(map(len, self.synonyms), default=0)

    @cached_property
    def everyday_words(self) -> tuple[tuple[str, ...], ...]:
        """Returns the terms of words with synonyms that may be suggested: spelt right, no loanwords."""
        groups = (group for group in self.synonym_groups if not any(map(str.isascii, group)))
        words = {*(word for group in groups for word in group), *(word for word, *_ in self.translations)}
        is_known = self.tokenizer.is_known_word
        return tuple(
            terms
            for terms in map(self._terms, sorted(words - MISSPELLINGS))
            if all(is_known(term) or term.isascii() for term in terms)
        )

    @cached_property
    def synonym_words(self) -> SpellingIndex:
        """Returns the Thai words of synonyms, each also whole where the tokenizer parts it (ไข้เลือดออก).

        People type these where the archive has the official ones. Of a whole one a slip is one edit of many
        letters, of its last short word maybe one of three. ``MISSPELLINGS`` are left out.
        """
        index = SpellingIndex()
        keys = [terms for terms in self.synonyms if "".join(terms) not in MISSPELLINGS]
        spelt = {term for terms in keys for term in terms}
        spelt |= {"".join(terms) for terms in keys if min(map(len, terms)) >= _MIN_WHOLE_TERM}
        index.add_source_once("synonyms", sorted(word for word in spelt if word[0] >= "ก"))
        return index

    def text(self) -> str:
        """Returns the lexicon as a file that ``parse_lexicon`` reads back to an equal lexicon."""
        lines = sorted(self.words) + sorted(f"{short} = {full}" for short, full in self.abbreviations)
        lines += sorted(" ~ ".join(group) for group in self.synonym_groups)
        lines += sorted(f"{each[0]} {_FINDS} {' ~ '.join(each[1:])}" for each in self.translations)
        return "\n".join(lines) + "\n"


def parse_lexicon(text: str) -> Lexicon:
    """Returns the lexicon of a file's text alone, without built-in entries; skips bad lines.

    Equal lexicons are one object, so that their synonyms are worked out once.
    """
    words: set[str] = set()
    meanings: set[tuple[str, str]] = set()
    same: set[tuple[str, ...]] = set()
    translations: set[tuple[str, ...]] = set()
    for line in text.splitlines():
        entry = fold_text(line.split("#")[0]).strip()
        short, equals, full = (part.strip() for part in entry.partition("="))
        foreign, finds, thai = (part.strip() for part in entry.partition(_FINDS))
        if finds and foreign and thai:
            translations.add((foreign, *filter(None, map(str.strip, thai.split("~")))))
        elif "~" in entry:
            same.add(tuple(sorted(filter(None, map(str.strip, entry.split("~"))))))
        elif equals and short and full:
            meanings.add((short.replace(".", "").replace(" ", ""), full))
        elif short and not equals:
            words.add(short.replace(" ", ""))
    return _shared(
        Lexicon(frozenset(words), tuple(sorted(meanings)), tuple(sorted(same)), tuple(sorted(translations)))
    )


@lru_cache(maxsize=4)  # of the index, of what is shown, and of their successors
def _shared(lexicon: Lexicon) -> Lexicon:
    return lexicon


class DictionaryChange(NamedTuple):
    """An entry that somebody added to the file or removed from it; the file keeps it as a comment."""

    at: dt.datetime
    actor: str
    is_added: bool
    entry: str


_CHANGE = "#:"  # begins the comment of a change: time, actor, + or -, entry, with tabs between


def _change_line(actor: str, sign: str, entry: str) -> str:
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return "\t".join((_CHANGE, at, " ".join(actor.split()), sign, entry.strip())) + "\n"


def _read_change(line: str) -> DictionaryChange | None:
    match line.split("\t"):
        case [begin, at, actor, "+" | "-" as sign, entry] if begin == _CHANGE:
            with suppress(ValueError):
                return DictionaryChange(dt.datetime.fromisoformat(at), actor, sign == "+", entry)
    return None


def is_synonym_entry(line: str) -> bool:
    """Returns True for a line of words that all find each other (``หมา ~ สุนัข``), without ``->``."""
    return "~" in line.split("#")[0] and _FINDS not in line


_LEGACY_ENCODING = "cp874"  # TIS-620 as Windows has it: what older editors save Thai in


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


class Dictionary:
    """The built-in entries and the file at ``path``, read again whenever the file changes."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._builtin = "\n".join(
            (files("indexer") / "data" / name).read_text(encoding="utf-8") for name in _BUILTIN_FILES
        )
        self._latest: tuple[tuple[int, int] | None, Lexicon] = None, parse_lexicon(self._builtin)

    def current(self) -> Lexicon:
        """Returns the dictionary as the file stands now. A missing file counts as empty."""
        state = self._state()
        known, lexicon = self._latest  # one tuple: another thread may replace it here
        if state != known:
            lexicon = parse_lexicon(f"{self._builtin}\n{self._local() if state else ''}")
            self._latest = state, lexicon
        return lexicon

    def find_faults(self) -> Iterator[Fault]:
        """Yields a fault if the file is not in UTF-8. See ``archive.ports.Examination``."""
        if self._path and self._state() and not _is_utf8(self._path.read_bytes()):
            yield Fault("words-encoding", self._path.name, _LEGACY_ENCODING)

    def _local(self) -> str:
        """Returns the text of the file, which may be saved in either of the two encodings."""
        content = self._path.read_bytes() if self._path and self._path.exists() else b""
        if _is_utf8(content):
            return content.decode("utf-8-sig")
        return content.decode(_LEGACY_ENCODING, errors="ignore")

    @contextmanager
    def _alone(self, path: Path) -> Iterator[None]:
        """Holds the lock of those who change the file, also of other processes."""
        with path.with_suffix(".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def add_entry(self, entry: str, *, actor: str = "") -> None:
        """Appends an unchecked entry for the next rebuild; ``ValueError`` for more than one, or no file.

        An entry is a word, ``abbreviation = expansion`` or synonyms: which of them, its signs say. With an
        ``actor`` the change is noted (``changes``). Raises ``ValueError`` for an empty entry, a comment, one
        with a line break of any kind or a tab, and where there is no file.
        """
        if self._path is None:
            raise ValueError("the dictionary has no file to add an entry to")
        if entry.splitlines() != [entry] or "\t" in entry or not entry.split("#")[0].strip():
            raise ValueError(f"not one entry of the dictionary: {entry!r}")
        with self._alone(self._path):
            self._convert(self._path)
            last, is_new = self._local()[-1:], not self._path.exists()
            with self._path.open("a", encoding="utf-8") as file:
                file.write("\n" if last not in ("", "\n") else "")
                file.write(f"{entry}\n" + (_change_line(actor, "+", entry) if actor else ""))
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                sync_directory(self._path.parent)

    def remove_entry(self, entry: str, *, actor: str) -> bool:
        """Deletes the local file's lines that are this entry and notes the change; False without such a line.

        Both are written in one atomic step.
        """
        if self._path is None or not self._state():
            return False
        with self._alone(self._path):
            lines = self._local().splitlines()
            kept = [line for line in lines if line.strip() != entry.strip()]
            if len(kept) == len(lines):
                return False
            text = "".join(f"{line}\n" for line in kept) + _change_line(actor, "-", entry)
            replace_durably(self._path, text)
        return True

    def changes(self) -> list[DictionaryChange]:
        """Returns the noted changes of the file, the last first."""
        return [each for line in reversed(self._local().splitlines()) if (each := _read_change(line))]

    def local_synonyms(self) -> list[str]:
        """Returns the local file's lines of synonyms (``~``, none with ``->``), the last added first."""
        return [line.strip() for line in reversed(self._local().splitlines()) if is_synonym_entry(line)]

    def builtin_synonyms(self) -> list[str]:
        """Returns the built-in lines with synonyms, in their order."""
        return [line.strip() for line in self._builtin.splitlines() if is_synonym_entry(line)]

    def _convert(self, path: Path) -> None:
        """Saves the file as UTF-8, in one atomic step, if an editor saved it in the older encoding."""
        if not path.exists() or _is_utf8(path.read_bytes()):
            return
        replace_durably(path, self._local())

    def _state(self) -> tuple[int, int] | None:
        try:
            stat = self._path.stat() if self._path else None
        except FileNotFoundError:
            return None
        return (stat.st_mtime_ns, stat.st_size) if stat else None
