"""OCR of a page image: returns the text, the position of every character and the doubtful stretches.

Tesseract runs inside the calling process (a child with limits, see ``indexer.extraction.sandbox``), on one
core: a page per process uses a machine better than several cores per page.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from PIL import Image

from archive.model import Line, LowConfidenceSpan
from indexer.extraction.image.deskew import MeasuredPage, Turn, UprightPage, measure_orientation
from indexer.extraction.ocr import correction, tesseract
from indexer.extraction.ocr.glyph_alignment import align_to_ink
from indexer.extraction.ocr.line_layout import Symbol, Transcript, add_cells, join_rows
from indexer.extraction.ocr.line_rereading import reread_line
from indexer.extraction.ocr.noise import (
    is_cell,
    is_text,
    mean_confidence,
    probable_accuracy,
    without_dots,
    without_noise,
)
from indexer.extraction.ocr.second_layout import choose_rows, is_second_layout_worthwhile
from indexer.extraction.ocr.tesseract import read_page, sample_line_beginnings
from indexer.extraction.ocr.unread_ink import read_unread_ink
from indexer.extraction.reading_errors import UnreadableFile

RULES = 20
"""Version of the rules and the model of recognition: raised when they would read a page differently."""

CONVINCING = 0.965  # mean confidence of a page that is certainly upright; wrong turns had 0.90–0.943
ENOUGH = 20  # symbols that a sample needs for its orientation to be accepted
GARBAGE = 0.945  # mean confidence above which a reading is evidence for its orientation
LEAST_ACCURACY = 0.25  # accuracy of a page that is text; a plan had 0.08, the worst page with words 0.42
POOR_ACCURACY = 0.85  # accuracy below which a page is read in a second layout too
TIMEOUT = 60.0  # seconds for one page


@dataclass(frozen=True, slots=True)
class OcrPage:
    """The text recognised on one page: ``raw`` is the engine's output, ``text`` is repaired.

    ``lines`` give positions on the upright page (after a rotation of ``turn`` degrees clockwise).
    ``confidence`` is the share of the letters that is probably right (0–1), and 0 for a page without
    letters. A line that is slanted on the page is given as several pieces, each horizontal. ``line_height``
    is the median of its lines in pixels of the scan, 0 where that is not known.
    """

    text: str
    raw: str
    lines: tuple[Line, ...]
    confidence: float
    doubts: tuple[LowConfidenceSpan, ...]
    turn: Turn
    line_height: int = 0


def recognise_page_picture(
    image: Image.Image, *, seconds: float = TIMEOUT, turn: Turn | None = None
) -> OcrPage:
    """Recognises a page's picture; ``UnreadableFile`` without a model, or past ``seconds`` with no text read.

    The picture at ``DPI`` has Thai official text, with Latin words among it. ``turn``: degrees clockwise that
    set the picture upright; None: as it can be read best. Past ``seconds`` nothing is read again, and
    what was read stays. Raises ``UnreadableFile``: ``timeout`` when by then no reading found text,
    ``no-ocr-model`` when no Thai model is installed.
    """
    deadline = time.monotonic() + seconds
    measured = measure_orientation(image)
    reading = _upright(measured, deadline) if turn is None else _read(measured.upright(turn), deadline)
    if reading.accuracy >= LEAST_ACCURACY:
        reading = reading.with_unread_ink(deadline)
    is_poor = LEAST_ACCURACY <= reading.accuracy < POOR_ACCURACY
    if is_poor and reading.fits_again(deadline) and is_second_layout_worthwhile(reading.rows):
        rows = choose_rows(reading.rows, reading.upright.image, deadline - time.monotonic())
        reading = replace(reading, rows=rows)
    reread = (without_noise(reread_line(row, reading.upright.image, deadline)) for row in reading.rows)
    return replace(reading, rows=[row for row in reread if row]).page()


def _upright(measured: MeasuredPage, deadline: float) -> _Reading:
    """Returns the first reading of the page in its upright orientation.

    Where the rows are plain to see, the page is read in the orientation that its ink suggests; on other pages
    a few lines are sampled in every orientation, up to the first that convinces, and the page is read in the
    best of these. The reading is kept if its confidence is high enough. Otherwise the orientations that
    remain are sampled (where rows are plain and were not garbage, only upside down), and where the best
    sample looks like text, the page is read in that orientation too: fine print of a background may convince
    in a few lines, but not on the whole page. The reading with the stronger evidence is returned. A first
    reading with text is returned too where the time may not suffice to read the page again.
    """
    upright = cache(measured.upright)
    samples = {} if measured.is_clear else _sampled(upright, measured.turns, deadline)
    turn = _best(samples) if samples else measured.turns[0]
    first = _read(upright(turn), deadline)
    if first.confidence >= CONVINCING or (
        first.accuracy >= LEAST_ACCURACY and not first.fits_again(deadline)
    ):
        return first
    is_upside_down_at_most = measured.is_clear and first.confidence >= GARBAGE
    others = measured.turns[1:2] if is_upside_down_at_most else measured.turns
    try:
        samples |= _sampled(upright, [other for other in others if other not in samples], deadline)
        samples.pop(turn, None)
        if not samples or samples[_best(samples)] <= 0:
            return first
        second = _read(upright(_best(samples)), deadline)
    except UnreadableFile:
        if first.accuracy < LEAST_ACCURACY:
            raise
        return first
    return first if first.evidence > second.evidence else second


def _sampled(
    upright: Callable[[Turn], UprightPage], turns: Iterable[Turn], deadline: float
) -> dict[Turn, float]:
    """Returns by turn the evidence in a sample of lines, up to the first whose confidence is high enough."""
    samples: dict[Turn, float] = {}
    for turn in turns:
        sample = sample_line_beginnings(upright(turn).image, deadline - time.monotonic())
        samples[turn] = _evidence(sample)
        if len(sample) >= ENOUGH and mean_confidence(sample) >= CONVINCING:
            break
    return samples


def _best(samples: dict[Turn, float]) -> Turn:
    """Returns the turn with the strongest evidence, of equally strong ones the first."""
    return max(samples, key=samples.__getitem__)


def _evidence(symbols: Sequence[Symbol]) -> float:
    """Returns the evidence that the symbols give for upright text; a value below 0 is evidence against it."""
    return sum(symbol.confidence - GARBAGE for symbol in symbols)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A straightened picture and the rows of symbols read on it, from the top.

    ``texts``, ``cells``: what the rows are joined from; a cell is text only beside a row. ``confidence``:
    mean over all symbols, noise included. ``evidence``: how strongly they speak for the turn. ``seconds``:
    how long it took.
    """

    upright: UprightPage
    texts: list[list[Symbol]]
    cells: list[list[Symbol]]
    rows: list[list[Symbol]]
    confidence: float
    evidence: float
    seconds: float

    def fits_again(self, deadline: float) -> bool:
        """Returns True if there is time for such a reading, also if it takes twice as long.

        Layout analysis knows no deadline: a page full of specks might take all the time that is left.
        """
        return deadline - time.monotonic() >= 2 * self.seconds

    def with_unread_ink(self, deadline: float) -> _Reading:
        """Returns the reading with words that layout analysis did not find, each in its row."""
        words = read_unread_ink([*self.texts, *self.cells], self.upright.image, deadline)
        texts, cells = _texts_and_cells(words)
        rows = add_cells(join_rows([*self.texts, *texts]), [*self.cells, *cells])
        return replace(self, rows=rows)

    @property
    def accuracy(self) -> float:
        """Returns the share of the letters that is probably right; 0 when there are no letters."""
        return probable_accuracy([symbol for row in self.rows for symbol in row])

    def page(self) -> OcrPage:
        transcript = Transcript(self.upright)
        for row in self.rows if self.accuracy >= LEAST_ACCURACY else ():
            transcript.append_line(align_to_ink(row, self.upright.image))
        return OcrPage(
            transcript.text,
            transcript.raw,
            tuple(transcript.lines),
            self.accuracy,
            tuple(transcript.doubts),
            self.upright.turn,
        )


def _read(upright: UprightPage, deadline: float) -> _Reading:
    """Returns the first reading of a page: its rows from the top, without noise."""
    began = time.monotonic()
    fragments = read_page(upright.image, deadline - began)
    symbols = [symbol for line in fragments for symbol in line]
    texts, cells = _texts_and_cells(map(without_dots, fragments))
    rows = add_cells(join_rows(texts), cells)
    seconds = time.monotonic() - began
    return _Reading(upright, texts, cells, rows, mean_confidence(symbols), _evidence(symbols), seconds)


def _texts_and_cells(lines: Iterable[list[Symbol]]) -> tuple[list[list[Symbol]], list[list[Symbol]]]:
    """Returns the lines that are text by themselves, and those that are where they stand in a row of text."""
    texts, cells = list[list[Symbol]](), list[list[Symbol]]()
    for line in lines:
        if is_text(line):
            texts.append(line)
        elif is_cell(line):
            cells.append(line)
    return texts, cells


def load_before_fork() -> None:
    """Loads the recognition model and its words, which processes forked after it then share."""
    correction.word_rarities()
    with contextlib.suppress(UnreadableFile):
        tesseract.load_engine()
