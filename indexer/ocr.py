"""The picture of a page → its text, with the place of every character and what is in doubt.

Tesseract runs inside the calling process (a child with limits, see ``indexer.sandbox``), on one core:
a page per process uses a machine better than several cores per page.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image

from archive.model import Doubt, Line
from indexer import respell
from indexer.failures import Unreadable
from indexer.rows import Symbol, Transcript, in_rows
from indexer.straighten import Straight, Turn, ways_up

# before the import: Tesseract reads it when its library loads
os.environ.setdefault("OMP_THREAD_LIMIT", "1")
import tesserocr

OWN_MODEL = Path(__file__).parent / "data" / "prakat_tha.traineddata"
SYSTEM_MODELS = (  # where Debian, Ubuntu and Fedora put the stock models
    Path("/usr/share/tesseract-ocr/5/tessdata"),
    Path("/usr/share/tesseract-ocr/4.00/tessdata"),
    Path("/usr/share/tessdata"),
    Path("/usr/share/tesseract/tessdata"),
)
RULES = 2
"""Version of the rules and the model of recognition: raised when they would read a page differently."""

DPI = 300  # of the pictures that ``recognise`` expects; scans of less are enlarged to it
CONVINCING = 0.60  # a page read with less is tried the other ways up
SHORT = 6  # symbols: a fragment of fewer must be read more surely to count as text
LEAST_OF_SHORT = 0.50
LEAST_OF_LONG = 0.35
LAYOUT = tesserocr.PSM.SPARSE_TEXT  # finds the lines around seals and signatures
TIMEOUT = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class OcrPage:
    """What was recognised on one page: ``raw`` by the engine, ``text`` repaired.

    ``lines`` give places on the upright page (after ``turn`` degrees clockwise); ``confidence`` is the
    mean over its characters, 0–1, and 0 for a page without any. A line that leans on the page is
    given as several pieces, each level.
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
            self.confidence,
            tuple(transcript.doubts),
            self.straight.turn,
        )


def _read(straight: Straight, seconds: float) -> _Reading:
    engine = _engine()
    engine.SetImage(straight.image)
    engine.SetSourceResolution(DPI)
    if seconds <= 0 or not engine.Recognize(timeout=round(seconds * 1000)):
        raise Unreadable("timeout")
    return _Reading(straight, in_rows([line for line in _fragments(engine) if _worth(line)]))


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
    """Whether a fragment is text: emblems, signatures and rules read as a few doubtful symbols."""
    confidence = sum(symbol.confidence for symbol in line) / len(line)
    return confidence >= (LEAST_OF_SHORT if len(line) < SHORT else LEAST_OF_LONG)
