"""Index document: the data that the index stores of an announcement (term counts by zone, column values).

Beside the terms the index stores the announcement's text as searchable bytes (one byte a letter, a
third of the text's size) with a bit for every token boundary: phrases, best pages and similar
announcements are found with these. Zones and pages end with a zero byte, so that no phrase matches
across their borders.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from archive.facets import facet_values
from archive.fields import ANNOUNCEMENT_FIELDS, SearchZone
from archive.model import Announcement, Attachment
from archive.suggested_fields import document_number, stated_subject_or_title
from archive.villages import villages_between_ends
from indexer.analysis.other_readings import OtherReadingInContext
from indexer.analysis.tokenizer import (
    GRAM_LENGTH,
    Tokenizer,
    fold_text,
    gram_terms,
    letters_of,
    searchable_bytes,
)

log = logging.getLogger("prakat.index")

_THAI = frozenset(map(chr, range(0xE01, 0xE4F)))
COMPRESSED_COLUMNS = ("facets", "title", "subjects")
COLUMNS = ("facts", *COMPRESSED_COLUMNS, "text", "cuts", "layout")
ATTRIBUTES = np.dtype(
    [
        ("id", "<u4"),
        ("date", "<i4"),
        ("expires", "<i4"),
        ("views", "<u4"),
        ("organisation", "<u4"),
        ("title", "<u2"),
        ("labels", "<u2"),
        ("body", "<u4"),
        ("pages", "<u4"),
    ]
)
"""Fixed-size values of a document; those named like a zone are its length in terms."""

NEVER_EXPIRES = 2**31 - 1  # later than any date: sorts last

NUMBER_WORD = "ที่"
"""Word between the kind of a paper and its number."""

PLAIN_ZONES = ("title", "labels", "author", "number", "body")
"""Zones in the order of the searchable bytes; the pages follow them."""


@dataclass(frozen=True, slots=True)
class SourceAnnouncement:
    """A published announcement with its attachments, their page texts and other readings of them.

    Each attachment has ``(page number, text)`` of its pages. ``other_readings`` are of doubtful words.
    """

    announcement: Announcement
    attachments: tuple[tuple[Attachment, tuple[tuple[int, str], ...]], ...]
    other_readings: tuple[OtherReadingInContext, ...] = ()


class ZoneBits(NamedTuple):
    """A part of an announcement, with lowest bit and largest value of its packed count in a posting."""

    name: str
    shift: int  # lowest bit of the count
    most: int  # largest count that is stored


def _zones_of_bits(**bits: int) -> tuple[ZoneBits, ...]:
    """Returns the zones side by side, the first in the lowest bits. ``bits``: width of each zone's count."""
    shifts = accumulate(bits.values(), initial=0)
    return tuple(
        ZoneBits(name, shift, 2**width - 1)
        for (name, width), shift in zip(bits.items(), shifts, strict=False)
    )


ZONES = _zones_of_bits(body=8, pages=8, title=4, labels=4, author=2, number=2, other_readings=1)
"""All zones. Their bits are 32 at most."""


def zones_in_force() -> str:
    """Returns the zones of the running code: their places in a posting and in the bytes, and their fields."""
    return " ".join(
        [
            *(f"{zone.name}:{zone.shift}:{zone.most}" for zone in ZONES),
            *PLAIN_ZONES,
            *(f"{field.name}={field.search_zone}" for field in ANNOUNCEMENT_FIELDS if field.search_zone),
        ]
    )


def village_term(number: int) -> str:
    """Returns the term of a village between the ends of a range, which is the term of no word or number."""
    return f"หมู่_{number}"


class IndexDocument(NamedTuple):
    """Terms with their counts in each zone packed as ``ZONES`` says, and the values of ``COLUMNS``."""

    terms: dict[str, int]  # packed counts by term
    columns: dict[str, bytes]


class ZoneLayout(NamedTuple):
    """End offsets of the zones (in the order of ``PLAIN_ZONES``) and pages in the searchable bytes."""

    zones: list[int]
    pages: list[tuple[int, int, int]]  # attachment id, page number, end


def parse_zone_layout(data: bytes) -> ZoneLayout:
    """Reads the bytes of the column ``layout``."""
    values = np.frombuffer(data, "<u4").tolist()
    head, rest = values[: len(PLAIN_ZONES)], values[len(PLAIN_ZONES) :]
    return ZoneLayout(head, list(zip(rest[::3], rest[1::3], rest[2::3], strict=True)))


class _DocumentWriter:
    """Collects the bytes, token boundaries and counts of a document, zone after zone."""

    def __init__(self, segmenter: Tokenizer) -> None:
        self._segmenter = segmenter
        self._counts: dict[str, Counter[str]] = {}
        self._grams: set[str] = set()
        self._runs: list[bytes] = []
        self._cuts: list[npt.NDArray[np.int64]] = []
        self._length = 0

    def add(self, zone: str, text: str) -> int:
        """Appends a zone and returns its end offset in the searchable bytes.

        The villages between the ends of a range have terms of their own in the zone: หมู่ 1 ถึงหมู่ 5.
        """
        folded = fold_text(text)
        letters = searchable_bytes(folded)
        places = letters.byte_offsets()
        terms, starts, ends = self._segmenter.terms_and_places(folded)
        self._counts.setdefault(zone, Counter()).update(terms)
        self._counts[zone].update(map(village_term, villages_between_ends(folded)))
        from_bytes, to_bytes = places[np.array(starts, np.intp)], places[np.array(ends, np.intp)]
        self._add_grams(letters.data, terms, from_bytes, to_bytes)
        self._cuts += [from_bytes.astype(np.int64) + self._length, to_bytes.astype(np.int64) + self._length]
        self._runs += [letters.data, b"\0"]
        self._length += len(letters.data) + 1
        return self._length - 1

    def _add_grams(
        self,
        data: bytes,
        terms: list[str],
        from_bytes: npt.NDArray[np.int32],
        to_bytes: npt.NDArray[np.int32],
    ) -> None:
        """Adds grams of unknown words and of the letters beside them: scans are misread there."""
        unknown = {term for term in self._segmenter.unknown_words(terms) if term[0] in _THAI}
        is_near_unknown = np.zeros(len(data), dtype=bool)
        for at, term in enumerate(terms):
            if term in unknown:
                is_near_unknown[max(0, from_bytes[at] - GRAM_LENGTH) : to_bytes[at] + 1] = True
        self._grams.update(gram_terms(data, is_near_unknown))

    def add_other_readings(self, readings: Iterable[OtherReadingInContext]) -> None:
        """Adds the words of other readings. The searchable bytes hold what was read alone."""
        counts = self._counts.setdefault("other_readings", Counter())
        for reading in readings:
            counts.update(
                token.term
                for token in self._segmenter.tokens(reading.text)
                if token.start < reading.end and token.end > reading.start
            )

    def length(self, zone: str) -> int:
        return self._counts[zone].total() if zone in self._counts else 0

    def terms(self) -> dict[str, int]:
        packed: dict[str, int] = {}
        for zone in ZONES:
            most, shift = zone.most, zone.shift
            for term, count in self._counts.get(zone.name, {}).items():
                packed[term] = packed.get(term, 0) | (min(most, count)) << shift
        return packed | dict.fromkeys(self._grams, 1)  # once in ``body``, which has the lowest bits

    def text(self) -> bytes:
        return b"".join(self._runs)

    def token_boundaries(self) -> bytes:
        borders = np.zeros(self._length + 1, dtype=bool)
        borders[np.concatenate(self._cuts)] = True
        return np.packbits(borders).tobytes()


def closing_date_to_int(announcement: Announcement) -> int:
    """Returns the announcement's closing day as an ordinal; ``NEVER_EXPIRES`` if it has none."""
    return NEVER_EXPIRES if announcement.expires_on is None else announcement.expires_on.toordinal()


def build_index_document(entry: SourceAnnouncement, segmenter: Tokenizer) -> IndexDocument:
    """Returns everything that the index stores of a published announcement."""
    announcement = entry.announcement
    attachments = [attachment for attachment, _ in entry.attachments]
    writing = _DocumentWriter(segmenter)
    layout: list[int] = []
    for zone, text, place in _zones(entry):
        layout += [*place, writing.add(zone, text)]
    writing.add_other_readings(entry.other_readings)
    facts = np.zeros((), dtype=ATTRIBUTES)
    facts["id"] = announcement.id
    facts["date"] = announcement.published_on.toordinal()
    facts["expires"] = closing_date_to_int(announcement)
    facts["views"] = min(max(0, announcement.views), np.iinfo(ATTRIBUTES["views"]).max)
    facts["organisation"] = announcement.organisation
    for zone in ("title", "labels", "body", "pages"):
        facts[zone] = min(writing.length(zone), np.iinfo(ATTRIBUTES[zone]).max)
    columns = {
        "facts": facts.tobytes(),
        "facets": json.dumps(facet_values(announcement, attachments), ensure_ascii=False).encode(),
        "title": announcement.title.encode(),
        "subjects": "\n".join([*_subjects(attachments), *_kinds_and_numbers(attachments)]).encode(),
        "text": writing.text(),
        "cuts": writing.token_boundaries(),
        "layout": np.array(layout, dtype="<u4").tobytes(),
    }
    return IndexDocument(writing.terms(), columns)


def build_or_leave_out(entry: SourceAnnouncement, segmenter: Tokenizer) -> IndexDocument | None:
    """Returns the document; None, and logs the announcement, if it holds a value that no document can.

    One such announcement does not stop search for the others. It is tried again when it changes. Other errors
    are raised, since they are the machine's or the program's: they would empty the index.
    """
    try:
        return build_index_document(entry, segmenter)
    except (ValueError, OverflowError):  # letters that cannot be encoded; a number beyond its column
        log.exception("announcement left out of the index", extra={"announcement": entry.announcement.id})
        return None


def searchable_text_column(entry: SourceAnnouncement) -> bytes:
    """Returns ``build_index_document``'s column ``text``, one byte a letter, without tokenizing."""
    return b"".join(letters_of(text) + b"\0" for _, text, _ in _zones(entry))


def _zones(entry: SourceAnnouncement) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Yields zone, text and, for a page, its attachment id and number, in the order of the bytes."""
    announcement = entry.announcement
    attachments = [attachment for attachment, _ in entry.attachments]
    texts: dict[str, str] = {zone: _text_of_fields(announcement, zone) for zone in SearchZone}
    texts["labels"] = "\n".join([*(each.label for each in attachments), *_subjects(attachments)])
    texts["number"] = "\n".join(number for _, number in _numbers(attachments))
    for zone in PLAIN_ZONES:
        yield zone, texts[zone], ()
    for attachment, pages in entry.attachments:
        for number, text in pages:
            yield "pages", text, (attachment.id, number)


def _text_of_fields(announcement: Announcement, zone: SearchZone) -> str:
    """Returns the text of the announcement's fields that are searched in a zone, a field a line."""
    texts = (getattr(announcement, field.name) for field in ANNOUNCEMENT_FIELDS if field.search_zone is zone)
    return "\n".join(filter(None, texts))


def _subjects(attachments: Iterable[Attachment]) -> list[str]:
    """Returns what attachments are about: the subject, or the title of one that states no subject."""
    return [title.value for attachment in attachments if (title := stated_subject_or_title(attachment))]


def _kinds_and_numbers(attachments: Iterable[Attachment]) -> list[str]:
    """Returns kind and number of each attachment that states a number: ``คำสั่งที่ 301/2564``."""
    return [f"{each.kind.thai}{NUMBER_WORD} {number}" for each, number in _numbers(attachments)]


def _numbers(attachments: Iterable[Attachment]) -> list[tuple[Attachment, str]]:
    """Returns the attachments that state a number, each with its number."""
    return [(each, number) for each in attachments if (number := document_number(each))]
