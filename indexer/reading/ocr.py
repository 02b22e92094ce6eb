"""The picture of a page → its text, with the place of every character and what is in doubt.

Tesseract runs inside the calling process (a child with limits, see ``indexer.reading.sandbox``), on one core:
a page per process uses a machine better than several cores per page.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from statistics import median

from PIL import Image
from rapidfuzz import fuzz

from archive.model import Doubt, Line
from indexer.reading import respell
from indexer.reading.failures import Unreadable
from indexer.reading.repair import repair
from indexer.reading.rows import Symbol, Transcript, in_rows
from indexer.reading.straighten import Straight, Turn, ways_up
from indexer.reading.verdict import better
from indexer.reading.words import coverage, thai_letters, without_marks

# before the import: Tesseract reads it when its library loads
os.environ.setdefault("OMP_THREAD_LIMIT", "1")
import tesserocr

OWN_MODEL = Path(__file__).parents[1] / "data" / "prakat_tha.traineddata"
SYSTEM_MODELS = (  # where Debian, Ubuntu and Fedora put the stock models
    Path("/usr/share/tesseract-ocr/5/tessdata"),
    Path("/usr/share/tesseract-ocr/4.00/tessdata"),
    Path("/usr/share/tessdata"),
    Path("/usr/share/tesseract/tessdata"),
)
RULES = 2
"""Version of the rules and the model of recognition: raised when they would read a page differently."""

DPI = 300  # of the pictures that ``recognise`` expects; scans of less are enlarged to it
FLAWLESS = 0.993  # the network's mean confidence in pages that it reads without an error …
ERRORS = 12.0  # … and the share of letters that it misreads for every unit that it falls below: measured
CONVINCING = 0.60  # a page read with less is tried the other ways up
SHORT = 6  # symbols: a fragment of fewer must be read more surely to count as text
LEAST_OF_SHORT = 0.50
LEAST_OF_LONG = 0.35
FEW_LETTERS = 6  # Thai letters of a row: with fewer nothing can be said about it
LEAST_MARKS = 0.11  # share of marks among the Thai letters of a row: a quarter is usual
LEAST_COVERAGE = 0.85  # of a row by words
SAME_ROW = 75  # of 100: how alike two readings of one row are, marks aside
ABOVE, BELOW = 0.95, 0.6  # of a row's height: what may stand there
SIDE = 20  # pixels
LONG_RULE = 10  # symbols
VARIETY = 0.5  # share of different pairs among the pairs of neighbours: half of what the dullest text has
LAYOUT = tesserocr.PSM.SPARSE_TEXT  # finds the lines around seals and signatures
TIMEOUT = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class OcrPage:
    """What was recognised on one page: ``raw`` by the engine, ``text`` repaired.

    ``lines`` give places on the upright page (after ``turn`` degrees clockwise); ``confidence`` is the
    share of the letters that is probably right, 0–1, and 0 for a page without any. A line that leans
    on the page is given as several pieces, each level.
    """

    text: str
    raw: str
    lines: tuple[Line, ...]
    confidence: float
    doubts: tuple[Doubt, ...]
    turn: Turn


def recognise(image: Image.Image, *, seconds: float = TIMEOUT) -> OcrPage:
    """Recognise a page's picture at ``DPI``: Thai official text, with Latin words among it.

    Raises ``Unreadable``: ``timeout`` past ``seconds``, ``no-ocr-model`` when no Thai model is installed.
    """
    deadline = time.monotonic() + seconds
    readings: list[_Reading] = []
    for straight in ways_up(image):
        readings.append(_read(straight, deadline - time.monotonic()))
        if readings[-1].confidence >= CONVINCING:
            break
    return max(readings, key=lambda reading: reading.evidence).page()


@dataclass(frozen=True, slots=True)
class _Reading:
    """A straightened picture and the rows of symbols read on it, from the top."""

    straight: Straight
    rows: list[list[Symbol]]

    @property
    def confidence(self) -> float:
        """Mean over the symbols; 0 when there are none."""
        symbols = [symbol.confidence for row in self.rows for symbol in row]
        return sum(symbols) / len(symbols) if symbols else 0.0

    @property
    def accuracy(self) -> float:
        """Share of the letters that is probably right; 0 when there are none."""
        if not self.rows:
            return 0.0
        return min(1.0, max(0.0, 1 - ERRORS * (FLAWLESS - self.confidence)))

    @property
    def evidence(self) -> float:
        """How much was read well: what tells the right way up from the others."""
        return sum(symbol.confidence - CONVINCING for row in self.rows for symbol in row)

    def page(self) -> OcrPage:
        transcript = Transcript(self.straight)
        for row in self.rows:
            transcript.write(row)
        return OcrPage(
            transcript.text,
            transcript.raw,
            tuple(transcript.lines),
            self.accuracy,
            tuple(transcript.doubts),
            self.straight.turn,
        )


def _read(straight: Straight, seconds: float) -> _Reading:
    deadline = time.monotonic() + seconds
    engine = _engine()
    engine.SetPageSegMode(LAYOUT)
    engine.SetImage(straight.image)
    engine.SetSourceResolution(DPI)
    if seconds <= 0 or not engine.Recognize(timeout=round(seconds * 1000)):
        raise Unreadable("timeout")
    rows = in_rows([line for line in _fragments(engine) if _worth(line)])
    engine.SetPageSegMode(tesserocr.PSM.SINGLE_LINE)
    return _Reading(straight, [_second_look(engine, row, straight.image, deadline) for row in rows])


def _second_look(
    engine: tesserocr.PyTessBaseAPI, row: list[Symbol], image: Image.Image, deadline: float
) -> list[Symbol]:
    """The row read once more by itself when it looks as if it lost its marks.

    Sparse layout analysis takes the marks of some rows for specks and cuts the row below them.
    """
    before = _text(row)
    left = deadline - time.monotonic()
    if not _doubtful(before) or left <= 0:
        return row
    engine.SetRectangle(*_around(row, image))
    if not engine.Recognize(timeout=round(left * 1000)):
        raise Unreadable("timeout")
    again = [symbol for line in _fragments(engine) for symbol in line]
    after = _text(again)
    same = fuzz.ratio(without_marks(before), without_marks(after)) >= SAME_ROW
    return again if same and better(before, after) == after else row


def _text(row: list[Symbol]) -> str:
    return repair("".join((" " if symbol.spaced else "") + symbol.text for symbol in row))


def _doubtful(text: str) -> bool:
    letters = thai_letters(text)
    if len(letters) < FEW_LETTERS:
        return False
    marks = len(letters) - len(without_marks(letters))
    return marks < LEAST_MARKS * len(letters) or coverage(text) < LEAST_COVERAGE


def _around(row: list[Symbol], image: Image.Image) -> tuple[int, int, int, int]:
    """Left, top, width and height of the row with room for marks on two storeys above and one below."""
    letters = [symbol for symbol in row if symbol.text[0].isalnum()] or row
    top, bottom = median(symbol.top for symbol in letters), median(symbol.bottom for symbol in letters)
    height = bottom - top
    left = max(0, min(symbol.left for symbol in row) - SIDE)
    right = min(image.width, max(symbol.right for symbol in row) + SIDE)
    top = max(0, min(top - ABOVE * height, *(symbol.top for symbol in row)))
    bottom = min(image.height, max(bottom + BELOW * height, *(symbol.bottom for symbol in row)))
    return left, int(top), right - left, int(bottom - top)


def warm_up() -> None:
    """Load the model and the words before processes are forked that will all need them."""
    respell.warm_up()
    with contextlib.suppress(Unreadable):
        _engine()


@lru_cache(maxsize=1)
def _engine() -> tesserocr.PyTessBaseAPI:
    """The recogniser, loaded once per process: our own model, or else the system's stock one."""
    for folder, model in _models():
        engine = tesserocr.PyTessBaseAPI(
            path=f"{folder}/", lang=model, psm=LAYOUT, oem=tesserocr.OEM.LSTM_ONLY
        )
        engine.SetVariable("preserve_interword_spaces", "1")
        return engine
    raise Unreadable("no-ocr-model")


def _models() -> Iterator[tuple[Path, str]]:
    folders = [Path(os.environ["TESSDATA_PREFIX"])] if "TESSDATA_PREFIX" in os.environ else []
    if OWN_MODEL.exists():
        yield OWN_MODEL.parent, OWN_MODEL.stem
    for folder in (*folders, *SYSTEM_MODELS):
        if (folder / "tha.traineddata").exists():
            yield folder, "tha"


def _fragments(engine: tesserocr.PyTessBaseAPI) -> Iterator[list[Symbol]]:
    """Lines as Tesseract found them, in its own order; pieces of one row may come apart."""
    level = tesserocr.RIL.SYMBOL
    results = engine.GetIterator()
    if results is None or results.Empty(level):
        return
    line: list[Symbol] = []
    for symbol in tesserocr.iterate_level(results, level):
        if symbol.IsAtBeginningOf(tesserocr.RIL.TEXTLINE) and line:
            yield line
            line = []
        spaced = symbol.IsAtBeginningOf(tesserocr.RIL.WORD) and symbol.BlanksBeforeWord() > 0
        text, box = symbol.GetUTF8Text(level).strip(), symbol.BoundingBox(level)
        if text and box:
            left, top, right, bottom = box
            confidence = symbol.Confidence(level) / 100
            line.append(Symbol(text, left, top, right, bottom, confidence, spaced and bool(line)))
    if line:
        yield line


def _worth(line: list[Symbol]) -> bool:
    """Whether a fragment is text: emblems and signatures read as a few doubtful symbols, rules as the same
    ones over and over.
    """
    confidence = sum(symbol.confidence for symbol in line) / len(line)
    if confidence < (LEAST_OF_SHORT if len(line) < SHORT else LEAST_OF_LONG):
        return False
    text = "".join(symbol.text for symbol in line)
    pairs = list(pairwise(text))
    monotonous = len(pairs) >= LONG_RULE and len(set(pairs)) < VARIETY * len(pairs)
    return not (monotonous and any(letter.isalpha() for letter in text))
