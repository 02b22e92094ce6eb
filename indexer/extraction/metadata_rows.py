"""Rows of a page's text, with their place on it and what comparing their words needs; see ``metadata``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import Levenshtein

from archive.model import PAGE_UNITS, Line, Page, TextSource
from archive.thai import arabic_digits, canonical_text
from archive.thai.characters import CONSONANTS, LETTERS_AND_SIGNS
from indexer.extraction.metadata_patterns import (
    ADDRESSEE_LABELS,
    AFTER_ADDRESSEE,
    ALIGNED,
    CENTRED,
    CERTAIN,
    LIKELY,
    OFFICES,
    TONES,
    bare_pattern,
    bare_text,
)

WIDE_GAP = 2.5  # times the height of a line: what a gap within it is wide at least that parts it
A4 = 2**0.5  # height of a page by its width
STAMP_ROWS = 2  # lines of a receiver's stamp above or below one that is known by its words
_GAP = re.compile(r"\s+|$")
_RULE = re.compile(r"[-–—_.…=*\s]{3,}")
_SPECK = re.compile(r"(?<=\s)[-–—]\s+(?=\()")  # a dash that no office writes before a bracket
_RECEIVED = bare_pattern(
    rf"(?:เลข|ลง)?(?:ทะเบียน)?รับ(?:เลข)?(?:ที่|วันที่)\W*(?:\d|$)|(?:เลข|ลง)(?:ทะเบียน)?รับ(?:แล้ว$|[{CONSONANTS}]{{0,2}}\W*(?:\d|$))"
)
"""In a bare row of the stamp with which a receiver registered the paper."""
_STAMP_PART = bare_pattern(f"{_RECEIVED.pattern}|วันที่|เวลา|ผู้รับ|เลขรับ")
_OF_STAMP = bare_pattern("วันที่|เวลา")  # begins the other rows of such a stamp


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field's value as found in the text, with its certainty (0–1)."""

    value: str
    confidence: float


class TextRow:
    """A line of text with what comparing needs, and how it lies on the page when that is known."""

    def __init__(
        self,
        text: str,
        left: int | None,
        right: int | None,
        raw: str = "",
        doubts: Sequence[tuple[int, int]] = (),
        *,
        is_recognised: bool = False,
        parts: Sequence[tuple[str, int]] = (),
    ) -> None:
        self.text = text
        self.left = left
        self.right = right
        self.is_recognised = is_recognised
        self.parts = parts or ((self.digits, left or 0),)
        """The texts between the row's wide gaps, with Arabic digits, each with its left end."""
        self._raw = raw  # as on the page; ``doubts`` are stretches of it
        self._doubts = doubts

    def is_doubtful(self, match: re.Match[str], *groups: str) -> bool:
        """Returns True if one of the groups of a match in ``digits`` was probably misread.

        OCR doubts a group, or the letter after it, where it is written by hand, but hardly ever print. Some
        digits of one date or number are Thai and some are Arabic where a part is written by hand.
        """
        if not self.is_recognised:
            return False
        digits = [letter for group in groups for letter in self.text[slice(*match.span(group))]]
        if len({letter.isascii() for letter in digits if letter.isdigit()}) > 1:
            return True
        places = self._places
        spans = [(places[match.start(group)], places[match.end(group) - 1] + 2) for group in groups]
        return any(first < end and begin < last for first, last in spans for begin, end in self._doubts)

    @cached_property
    def _places(self) -> list[int]:
        """Returns where each letter of the text stands in the row as on the page, with its dotted lines."""
        places: list[int] = []
        at = 0
        for letter in self.text:
            found = -1 if letter.isspace() else self._raw.find(letter, at)
            places.append(max(found, at))
            at = places[-1] + (found >= 0)
        return places

    def without_stamp(self, place: int, *, has_label: bool) -> TextRow:
        """Returns the row without the parts, but for the first, that are of a stamp right of ``place``.

        These begin as its rows do; in a row with a label any part there is of the stamp.
        """
        of_stamp = [
            at > 0 and left >= place and (has_label or bool(_STAMP_PART.match(bare_text(text))))
            for at, (text, left) in enumerate(self.parts)
        ]
        if True not in of_stamp:
            return self
        kept = self.parts[: of_stamp.index(True)]
        length = sum(len(text) for text, _ in kept) + len(kept) - 1
        return TextRow(
            self.text[:length],
            self.left,
            place,
            self._raw,
            self._doubts,
            is_recognised=self.is_recognised,
            parts=kept,
        )

    @property
    def has_cells(self) -> bool:
        """Returns True if the row has cells apart from each other, as rows of a table have."""
        return "\t" in self._raw.strip()

    @property
    def first_cell(self) -> str:
        """Returns the text of the row's first cell, or of a row without cells."""
        return canonical_text(self._raw.strip().split("\t")[0]) if self.has_cells else self.text

    @cached_property
    def bare(self) -> str:
        """Returns the text of the row with Arabic digits, without tone marks and spaces."""
        return bare_text(self.digits)

    @cached_property
    def digits(self) -> str:
        """Returns the text of the row with Arabic digits."""
        return arabic_digits(self.text)

    @property
    def width(self) -> int:
        """Returns the distance between the row's ends (1/10,000 of the page's width); 0 if unknown."""
        return (self.right or 0) - (self.left or 0)

    def starts(self, label: str) -> float:
        """Returns the certainty (0–1) that the row begins with ``label``; tone marks are ignored.

        One slip is allowed, two in long labels, where the label stands apart from what follows.
        """
        wanted = bare_text(label)
        if self.bare.startswith(wanted):
            return CERTAIN
        apart = any(
            len(bare_text(self.text[: gap.start()])) in _sizes(wanted) for gap in _GAP.finditer(self.text)
        )
        if len(wanted) < 4 or not (apart or len(wanted) > 8):
            return 0.0
        near = min(Levenshtein.distance(wanted, self.bare[:size]) for size in _sizes(wanted))
        return LIKELY if near <= (1 if len(wanted) < 9 else 2) else 0.0

    def after(self, label: str) -> str:
        """Returns the text after the label, which may be misread."""
        wanted = bare_text(label)
        size = len(wanted)
        if not self.bare.startswith(wanted):
            size = min(_sizes(wanted), key=lambda size: self._unlikeness(wanted, size))
        return _drop(self.text, size)

    def _unlikeness(self, wanted: str, size: int) -> tuple[int, bool, int]:
        """Returns what orders the sizes that a misread label may have: a label mostly ends before a space."""
        is_inside_word = _drop_letters(self.text, size)[:1].strip() != ""
        return Levenshtein.distance(wanted, self.bare[:size]), is_inside_word, abs(size - len(wanted))


def _sizes(wanted: str) -> range:
    return range(max(1, len(wanted) - 1), len(wanted) + 2)


def _drop(text: str, count: int) -> str:
    """Returns ``text`` without its first ``count`` code points; tone marks and spaces do not count."""
    return _drop_letters(text, count).lstrip(" \t:：.-–").rstrip(" \t:：-–")


def _drop_letters(text: str, count: int) -> str:
    place = 0
    while place < len(text) and (count or TONES.match(text[place])):
        count -= not (TONES.match(text[place]) or text[place].isspace())
        place += 1
    return text[place:]


def rows_of_page(page: Page) -> list[TextRow]:
    """Returns the page's lines that contain text, with their left and right ends where these are known.

    In a line that was recognised, a lone dash before a bracket is left out, for it is a speck on the scan.
    """
    rows: list[TextRow] = []
    offset = 0
    for text in page.text.split("\n"):
        pieces = [line for line in page.lines if offset <= line.start < offset + max(1, len(text))]
        left = min((piece.edges[0] for piece in pieces), default=None)
        right = max((piece.edges[-1] for piece in pieces), default=None)
        doubts = [
            (doubt.start - offset, doubt.end - offset)
            for doubt in page.doubts
            if offset <= doubt.start < offset + len(text)
        ]
        offset += len(text) + 1
        if re.search(rf"[{LETTERS_AND_SIGNS}๐-๙A-Za-z0-9]", text):
            shown = re.sub(r"[.…_]{3,}", " ", canonical_text(text)).strip()
            recognised = page.source is TextSource.OCR
            shown = _SPECK.sub("", shown) if recognised else shown
            parts = _parts(shown, text, pieces, offset - len(text) - 1)
            rows.append(TextRow(shown, left, right, text, doubts, is_recognised=recognised, parts=parts))
        elif _RULE.fullmatch(text.strip() or "x"):
            rows.append(TextRow("---", None, None))
    return rows


def _parts(shown: str, raw: str, pieces: Sequence[Line], offset: int) -> list[tuple[str, int]]:
    """Returns the parts between wide gaps of a row, which is shown as ``shown``, or none if it is whole.

    ``raw`` begins at ``offset`` of the page's text.
    """
    cut = raw
    lefts = [min((piece.edges[0] for piece in pieces), default=0)]
    for space in reversed(list(re.finditer(r"[ \t]+", raw.rstrip()))):
        start, end = (offset + place for place in space.span())
        for piece in pieces:
            if piece.start < start and end < piece.start + len(piece.edges) - 1:
                edges = piece.edges[start - piece.start], piece.edges[end - piece.start]
                if edges[1] - edges[0] > WIDE_GAP * (piece.bottom - piece.top) * A4:
                    cut = f"{cut[: space.start()]}\n{cut[space.end() :]}"
                    lefts.insert(1, edges[1])
    texts = [
        arabic_digits(re.sub(r"[.…_]{3,}", " ", canonical_text(text)).strip()) for text in cut.split("\n")
    ]
    is_same = len(texts) == len(lefts) and " ".join(texts) == arabic_digits(shown)
    return list(zip(texts, lefts, strict=True)) if is_same else []


def without_receipt_stamp(head: list[TextRow]) -> list[TextRow]:
    """Returns the rows without the stamp of an office that received the paper, if it bears one.

    The stamp stands above the paper's own head, or at its right, in one row with it.
    """
    stamped = [
        (at, left)
        for at, row in enumerate(head)
        for text, left in row.parts
        if _RECEIVED.match(bare_text(text))
    ]
    if not stamped:
        return head
    left = min(left for _, left in stamped)
    is_at_right = left > PAGE_UNITS // 2
    rows = range(stamped[0][0] - STAMP_ROWS, stamped[-1][0] + STAMP_ROWS + 1)
    beside = range(rows.start, rows.stop + STAMP_ROWS)  # one at the right spreads over as many of its rows
    kept = []
    for at, row in enumerate(head):
        is_below = row.left is None or abs(row.left - left) <= CENTRED
        is_above = at == rows.start + STAMP_ROWS - 1 and is_at_right and is_below
        is_receiver = is_above and OFFICES.match(row.text) and _has_other_office(head, row)
        is_of_stamp = at in rows and is_below and _OF_STAMP.match(row.bare)
        if _RECEIVED.match(row.bare) or is_of_stamp or is_receiver:
            continue
        has_label = any(row.starts(label) for label in ("เรื่อง", *ADDRESSEE_LABELS, *AFTER_ADDRESSEE))
        is_beside = at in beside and is_at_right
        kept.append(row.without_stamp(left - ALIGNED, has_label=has_label) if is_beside else row)
    return kept


def _has_other_office(head: list[TextRow], row: TextRow) -> bool:
    """Returns True if an office stands in another row of the head, also in that of the number."""
    others = [each for each in head if each is not row and not each.starts("เรียน")]
    return any(OFFICES.match(part) for each in others for part in (each.text, *each.text.split(" ")))
