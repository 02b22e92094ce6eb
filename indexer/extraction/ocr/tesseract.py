"""Tesseract inside this process: pictures → recognised symbols, with the alternatives that it considered.

Runs in a sandbox child, on one core: a page per process uses a machine better than several cores per page.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from indexer.extraction.ocr.line_layout import MOST_ECHOED, Symbol, echo_length
from indexer.extraction.reading_errors import UnreadableFile
from indexer.lazy_import import lazy_import

# before the import: Tesseract reads it when its library loads
os.environ.setdefault("OMP_THREAD_LIMIT", "1")
if TYPE_CHECKING:
    import tesserocr
else:
    tesserocr = lazy_import("tesserocr")

OWN_MODEL = Path(__file__).parents[2] / "data" / "prakat_tha.traineddata"
SYSTEM_MODELS = (  # where Debian, Ubuntu and Fedora put the stock models
    Path("/usr/share/tesseract-ocr/5/tessdata"),
    Path("/usr/share/tesseract-ocr/4.00/tessdata"),
    Path("/usr/share/tessdata"),
    Path("/usr/share/tesseract/tessdata"),
)
DPI = 300  # resolution of the pictures of pages; scans of lower resolution are enlarged
MOST_COST = 12.0  # highest cost of an alternative, in units of the engine's certainty
ALTERNATIVE_ROUNDS = 3  # in which alternatives of a line's letters are sought: each takes 2 % of its time
LEAST_SIDE = 8  # pixels: shortest side of a picture that is given to the engine
SAMPLE_LINES = 4  # lines read to judge an orientation
LAYOUT_REDUCE = 2  # full-size pixels to one of the copy on which lines to sample are sought
SAMPLE_WIDTH = 700  # pixels read of each sample line: some 15 letters
LINE_HEIGHTS = 20, 140  # pixels at ``DPI``: of 8-point to 60-point type; others are rules, specks, pictures

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""


def read_page(image: Image.Image, seconds: float) -> list[list[Symbol]]:
    """Reads a page's lines, in any order; ``UnreadableFile`` past ``seconds`` or without a Thai model.

    The page is upright. Pieces of one row may come apart. The codes are ``timeout`` and ``no-ocr-model``.
    """
    # finds the lines around seals and signatures
    return _read_lines(image, seconds, tesserocr.PSM.SPARSE_TEXT)


def read_as_one_column(image: Image.Image, seconds: float) -> list[list[Symbol]]:
    """Finds and reads the lines of an upright page as one column of text. Raises what ``read_page`` does."""
    return _read_lines(image, seconds, tesserocr.PSM.SINGLE_COLUMN)


def _read_lines(image: Image.Image, seconds: float, mode: int) -> list[list[Symbol]]:
    engine = load_engine()
    engine.SetPageSegMode(mode)
    engine.SetVariable("lstm_choice_mode", "0")  # a tenth faster; doubtful rows are read with others again
    found = _found_lines(_recognized(engine, image, seconds), with_alternatives=False)
    return list(map(without_echoes, found))


def read_line(image: Image.Image, seconds: float, *, with_alternatives: bool = True) -> list[Symbol]:
    """Reads the picture of one line, with alternatives of every symbol. Raises what ``read_page`` does."""
    engine = load_engine()
    engine.SetPageSegMode(tesserocr.PSM.SINGLE_LINE)
    engine.SetVariable("lstm_choice_mode", "1" if with_alternatives else "0")
    if min(image.size) < LEAST_SIDE:
        return []
    found = _found_lines(_recognized(engine, image, seconds), with_alternatives=with_alternatives)
    return [symbol for line in found for symbol in without_echoes(line)]


def sample_line_beginnings(image: Image.Image, seconds: float) -> list[Symbol]:
    """Reads the beginnings of the four longest lines, each within ``seconds``; raises as ``read_page``."""
    boxes = sorted(_text_lines(image), key=lambda box: box[0] - box[2])[:SAMPLE_LINES]
    symbols: list[Symbol] = []
    for left, top, right, bottom in boxes:
        margin = (bottom - top) // 3
        area = (left - margin, top - margin, min(right, left + SAMPLE_WIDTH) + margin, bottom + margin)
        symbols += read_line(image.crop(_within(area, image)), seconds, with_alternatives=False)
    return symbols


def _within(box: Box, image: Image.Image) -> Box:
    return max(0, box[0]), max(0, box[1]), min(image.width, box[2]), min(image.height, box[3])


def _text_lines(image: Image.Image) -> Iterator[Box]:
    """Yields the boxes of lines of text that layout analysis finds, if their size is plausible."""
    engine = load_engine()
    engine.SetPageSegMode(tesserocr.PSM.SPARSE_TEXT)  # finds the lines around seals and signatures
    _set_picture(engine, image.reduce(LAYOUT_REDUCE), DPI // LAYOUT_REDUCE)
    found = engine.AnalyseLayout()
    if found is None:
        return
    for line in tesserocr.iterate_level(found, tesserocr.RIL.TEXTLINE):
        found_box = line.BoundingBox(tesserocr.RIL.TEXTLINE)
        if found_box:
            left, top, right, bottom = (LAYOUT_REDUCE * side for side in found_box)
            height = bottom - top
            if LINE_HEIGHTS[0] <= height <= LINE_HEIGHTS[1] and right - left >= 3 * height:
                yield left, top, right, bottom


def _recognized(
    engine: tesserocr.PyTessBaseAPI, image: Image.Image, seconds: float
) -> tesserocr.PyTessBaseAPI:
    _set_picture(engine, image, DPI)
    if seconds <= 0 or not engine.Recognize(timeout=round(seconds * 1000)):
        raise UnreadableFile("timeout")
    return engine


def _set_picture(engine: tesserocr.PyTessBaseAPI, image: Image.Image, dpi: int) -> None:
    """Gives the engine a picture in grey; ``SetImage`` would write it as a BMP file with a palette first."""
    grey = image if image.mode == "L" else image.convert("L")
    engine.SetImageBytes(
        grey.tobytes(), grey.width, grey.height, bytes_per_pixel=1, bytes_per_line=grey.width
    )
    engine.SetSourceResolution(dpi)


@lru_cache(maxsize=1)
def load_engine() -> tesserocr.PyTessBaseAPI:
    """Returns the OCR engine, loaded once per process; ``UnreadableFile`` when no model is installed.

    It has our own model, or else the system's stock one.
    """
    for folder, model in _models():
        engine = tesserocr.PyTessBaseAPI(
            path=f"{folder}/", lang=model, psm=tesserocr.PSM.SPARSE_TEXT, oem=tesserocr.OEM.LSTM_ONLY
        )
        engine.SetVariable("preserve_interword_spaces", "1")
        engine.SetVariable("tessedit_do_invert", "0")  # else every seal is read twice, in white on black too
        engine.SetVariable("lstm_choice_iterations", str(ALTERNATIVE_ROUNDS))
        return engine
    raise UnreadableFile("no-ocr-model")


def _models() -> Iterator[tuple[Path, str]]:
    folders = [Path(os.environ["TESSDATA_PREFIX"])] if "TESSDATA_PREFIX" in os.environ else []
    if OWN_MODEL.exists():
        yield OWN_MODEL.parent, OWN_MODEL.stem
    for folder in (*folders, *SYSTEM_MODELS):
        if (folder / "tha.traineddata").exists():
            yield folder, "tha"


def without_echoes(line: Sequence[Symbol]) -> list[Symbol]:
    """Returns the line without letters that were read twice.

    Where Tesseract cuts a line into words inside a letter, both words get that letter, with its marks: ประปา
    becomes ประ ะปา, and ปฏิบัติ becomes ปฏิบัติ ติ.
    """
    kept: list[Symbol] = []
    at = 0
    while at < len(line):
        if line[at].has_space_before:
            at += echo_length(line[at : at + MOST_ECHOED], kept)
        kept += line[at : at + 1]
        at += 1
    return kept


def _found_lines(engine: tesserocr.PyTessBaseAPI, *, with_alternatives: bool) -> Iterator[list[Symbol]]:
    """Yields the lines that Tesseract found, in Tesseract's order, with letters that were read twice."""
    level, word, text_line = tesserocr.RIL.SYMBOL, tesserocr.RIL.WORD, tesserocr.RIL.TEXTLINE
    results = engine.GetIterator()
    if results is None or results.Empty(level):
        return
    line: list[Symbol] = []
    for symbol in tesserocr.iterate_level(results, level):
        begins_word = symbol.IsAtBeginningOf(word)
        if begins_word and line and symbol.IsAtBeginningOf(text_line):
            yield line
            line = []
        has_space_before = begins_word and symbol.BlanksBeforeWord() > 0
        text, box = symbol.GetUTF8Text(level).strip(), symbol.BoundingBox(level)
        if text and box:
            left, top, right, bottom = box
            confidence = symbol.Confidence(level) / 100
            line.append(
                Symbol(
                    text,
                    left,
                    top,
                    right,
                    bottom,
                    confidence,
                    has_space_before and bool(line),
                    _alternatives(symbol, text) if with_alternatives else (),
                )
            )
    if line:
        yield line


def _alternatives(symbol: tesserocr.PyResultIterator, text: str) -> tuple[tuple[str, float], ...]:
    """Returns other readings of a symbol with the engine's loss of certainty for each, best first.

    An alternative's confidence falls by 5 for every unit of certainty; the engine clips it at 0.
    """
    choices = [(choice.GetUTF8Text(), choice.Confidence()) for choice in symbol.GetChoiceIterator()]
    best = max((confidence for other, confidence in choices if other == text), default=None)
    if best is None:
        return ()
    return tuple(
        (other, (best - confidence) / 5)
        for other, confidence in choices
        if other and other != text and confidence > 0 and (best - confidence) / 5 <= MOST_COST
    )
