"""An announcement → what the index keeps of it: the packed counts of its terms, and its columns.

Beside the terms the index keeps the announcement's letters as one run of bytes
(``indexer.analysis.tokenizer.run``, a third of the text's size) with a bit for every border of a word: that
is what phrases, best pages and similar announcements are found with. Zones and pages are kept apart
by a zero byte, so that nothing is found across their borders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from archive.model import Announcement, Attachment, Kind
from indexer.analysis.tokenizer import GRAM, Segmenter, Token, fold, grams, run

_THAI = frozenset(map(chr, range(0xE01, 0xE4F)))
KINDS = tuple(Kind)
PACKED = ("author", "category", "title", "subjects")
COLUMNS = ("facts", *PACKED, "text", "cuts", "layout")
FACTS = np.dtype(
    [
        ("id", "<u4"),
        ("date", "<i4"),
        ("views", "<u4"),
        ("kind", "<u1"),
        ("organisation", "<u4"),
        ("title", "<u2"),
        ("labels", "<u2"),
        ("body", "<u4"),
        ("pages", "<u4"),
    ]
)
"""Fixed values of a document; those named like a zone are its length in terms."""

PLAIN_ZONES = ("title", "labels", "author", "number", "body")
"""Zones in the order of the run; pages follow them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A published announcement as search sees it: its attachments with ``(page number, text)``."""

    announcement: Announcement
    attachments: tuple[tuple[Attachment, tuple[tuple[int, str], ...]], ...]


class Zone(NamedTuple):
    """A part of an announcement: where its count stands in a packed weight."""

    name: str
    shift: int
    most: int


ZONES = (
    Zone("body", 0, 255),
    Zone("pages", 8, 255),
    Zone("title", 16, 15),
    Zone("labels", 20, 15),
    Zone("author", 24, 3),
    Zone("number", 26, 3),
)


def pack(counts: Mapping[str, int]) -> int:
    """Counts by zone → one 32-bit weight; a count over a zone's most is that most."""
    return sum(min(counts.get(zone.name, 0), zone.most) << zone.shift for zone in ZONES)


class Document(NamedTuple):
    """``terms``: packed counts (``pack``)."""

    terms: dict[str, int]
    columns: dict[str, bytes]


class Layout(NamedTuple):
    """Where the zones and pages of a document end in its run: ``zones`` by ``PLAIN_ZONES``."""

    zones: list[int]
    pages: list[tuple[int, int, int]]  # attachment id, page number, end


def read_layout(data: bytes) -> Layout:
    values = np.frombuffer(data, "<u4").tolist()
    head, rest = values[: len(PLAIN_ZONES)], values[len(PLAIN_ZONES) :]
    return Layout(head, list(zip(rest[::3], rest[1::3], rest[2::3], strict=True)))


class _Writing:
    """The run, borders and counts of a document while its zones are added one after another."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._counts: dict[str, Counter[str]] = {}
        self._grams: set[str] = set()
        self._runs: list[bytes] = []
        self._cuts: list[npt.NDArray[np.int64]] = []
        self._length = 0

    def add(self, zone: str, text: str) -> int:
        """Returns where the zone ends in the run."""
        letters = run(fold(text))
        places = letters.places()
        tokens = self._segmenter.tokens(text)
        self._counts.setdefault(zone, Counter()).update(token.term for token in tokens)
        self._add_grams(letters.data, places, tokens)
        borders = np.array([(token.start, token.end) for token in tokens], dtype=np.int64).ravel()
        self._cuts.append(places[borders].astype(np.int64) + self._length)
        self._runs += [letters.data, b"\0"]
        self._length += len(letters.data) + 1
        return self._length - 1

    def _add_grams(self, data: bytes, places: npt.NDArray[np.int32], tokens: list[Token]) -> None:
        """Grams of what is no known word, and of the letters beside it: there, scans are misread."""
        wanted = np.zeros(len(data), dtype=bool)
        for token in tokens:
            if token.term[0] in _THAI and not self._segmenter.knows(token.term):
                wanted[max(0, places[token.start] - GRAM) : places[token.end] + 1] = True
        self._grams.update(grams(data, wanted))

    def length(self, zone: str) -> int:
        return self._counts[zone].total() if zone in self._counts else 0

    def terms(self) -> dict[str, int]:
        by_term: dict[str, dict[str, int]] = {}
        for zone, counts in self._counts.items():
            for term, count in counts.items():
                by_term.setdefault(term, {})[zone] = count
        once = pack({"body": 1})
        return {term: pack(counts) for term, counts in by_term.items()} | dict.fromkeys(self._grams, once)

    def text(self) -> bytes:
        return b"".join(self._runs)

    def cuts(self) -> bytes:
        borders = np.zeros(self._length + 1, dtype=bool)
        borders[np.concatenate(self._cuts)] = True
        return np.packbits(borders).tobytes()


def document(entry: Entry, segmenter: Segmenter) -> Document:
    """All that the index keeps of a published announcement."""
    announcement = entry.announcement
    attachments = [attachment for attachment, _ in entry.attachments]
    writing = _Writing(segmenter)
    layout: list[int] = []
    for zone, text, place in _zones(entry):
        layout += [*place, writing.add(zone, text)]
    facts = np.zeros((), dtype=FACTS)
    facts["id"] = announcement.id
    facts["date"] = announcement.published_on.toordinal()
    facts["views"] = max(0, announcement.views)
    facts["kind"] = KINDS.index(announcement.kind)
    facts["organisation"] = announcement.organisation
    for zone in ("title", "labels", "body", "pages"):
        facts[zone] = min(writing.length(zone), np.iinfo(FACTS[zone]).max)
    columns = {
        "facts": facts.tobytes(),
        "author": announcement.author.encode(),
        "category": announcement.category.encode(),
        "title": announcement.title.encode(),
        "subjects": "\n".join(_details(attachments, "subject")).encode(),
        "text": writing.text(),
        "cuts": writing.cuts(),
        "layout": np.array(layout, dtype="<u4").tobytes(),
    }
    return Document(writing.terms(), columns)


def letters(entry: Entry) -> bytes:
    """The run that ``document`` gives, without the cost of segmenting."""
    return b"".join(run(fold(text)).data + b"\0" for _, text, _ in _zones(entry))


def _zones(entry: Entry) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Zone, text and, for a page, its attachment and number: in the order of the run."""
    announcement = entry.announcement
    attachments = [attachment for attachment, _ in entry.attachments]
    texts = {
        "title": announcement.title,
        "labels": "\n".join(_labels(attachments)),
        "author": announcement.author,
        "number": "\n".join(_details(attachments, "number")),
        "body": announcement.body,
    }
    for zone in PLAIN_ZONES:
        yield zone, texts[zone], ()
    for attachment, pages in entry.attachments:
        for number, text in pages:
            yield "pages", text, (attachment.id, number)


def _labels(attachments: Iterable[Attachment]) -> list[str]:
    kept = list(attachments)
    return [attachment.label for attachment in kept] + _details(kept, "subject")


def _details(attachments: Iterable[Attachment], name: str) -> list[str]:
    return [
        attachment.details.fields[name].value
        for attachment in attachments
        if name in attachment.details.fields
    ]
