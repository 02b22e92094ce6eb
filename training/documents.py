"""Lines of real documents: the text that a born-digital PDF carries, and its picture as a worn scan.

    python -m training.documents --documents DIRECTORY --work build/training/real --sets 40

A page's text and places come from the project's own reading of PDFs. The page is drawn at a scanner's
resolution, worn as a whole (``training.wear``) and cut into lines. Lines whose text is in doubt are left out.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from archive.model import PAGE_UNITS
from indexer.extraction.ocr_policy import PageTextDecision
from indexer.extraction.pdf.parser import EmbeddedPage, PdfReader
from indexer.extraction.reading_errors import UnreadableFile
from indexer.extraction.text_quality import dictionary_coverage, misplaced_letter_share, thai_letters
from training.lineset import LineSet, scale
from training.text import in_thai_digits
from training.wear import Shifts, Wear

Grey = NDArray[np.uint8]

RESOLUTIONS = {100: 2, 120: 3, 150: 14, 200: 36, 240: 8, 300: 37}  # dpi → weight
EM = 1.02  # a line's box as the reader gives it, in ems …
DESCENT = 0.24  # … and how much of it is below the baseline
LETTER = 0.45  # height of a letter without marks, in ems
LOOSENESS = ((0.0, 0.08), (0.08, 0.45), (0.4, 1.0))  # of a cut, in heights of the line, above and below …
LOOSENESS_SHARES = (0.4, 0.4, 0.2)  # … and how often: specks and stamps make Tesseract's boxes high
LINES_PER_PAGE = 44  # drawn at random: more pages give more kinds of wear, more lines of a page cost less
PAGES_PER_FILE = 45  # of documents: so that a book does not outweigh a hundred letters
PAGES_PER_SET = 40
MIN_PAGE_COVERAGE = 0.88  # share of the page's Thai letters in dictionary words: below: ill mapped fonts
MIN_LINE_COVERAGE = 0.80  # the same of one line with Thai words enough to tell
ENOUGH_LETTERS = 8
PIECE = (8, 48)  # characters: what a line is cut into, so that a batch is not all one width
RULED = re.compile(r"[_…]{2,}")  # a line to write on; dotted ones are left out of the text already
UNUSABLE = re.compile("[\ue000-\uf8ff\ufffd]|\\(cid:")
THAI_DIGIT_FONT = re.compile(
    rb"IT(?:\xf9|#F9|\xe0\xb9\x99|\xc3\xb9)", re.IGNORECASE
)  # draws ๕ for the code of 5
DIGIT_WEIGHT = 3  # of a piece with digits against one without


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a printed line. Places are shares of the page's width and height, from the top left."""

    text: str
    left: float
    right: float
    baseline: float
    em: float
    ceiling: float  # baseline of the line above
    floor: float  # where the letters of the line below begin


def pieces(page: EmbeddedPage, random: np.random.Generator) -> list[Piece]:
    """Return stretches of the page's lines whose text is beyond doubt."""
    if (
        page.page_text_decision is not PageTextDecision.EMBEDDED
        or page.turn
        or dictionary_coverage(page.text) < MIN_PAGE_COVERAGE
        or page.image_share > 0.5
    ):
        return []
    found = []
    boxes = [(line.top, line.bottom, line.edges[0], line.edges[-1]) for line in page.lines]
    for number, line in enumerate(page.lines):
        text = page.text[line.start : line.start + len(line.edges) - 1]
        if not _is_certain(text) or _is_drawn_over(number, boxes):
            continue
        em = (line.bottom - line.top) / EM
        baseline = line.bottom - DESCENT * em
        ceiling, floor = _neighbours(number, boxes)
        for start, end in _cuts(text, random):
            shown = text[start:end]
            found.append(
                Piece(
                    shown,
                    line.edges[start] / PAGE_UNITS,
                    line.edges[end] / PAGE_UNITS,
                    baseline / PAGE_UNITS,
                    em / PAGE_UNITS,
                    ceiling / PAGE_UNITS,
                    floor / PAGE_UNITS,
                )
            )
    return found


def _is_certain(text: str) -> bool:
    if UNUSABLE.search(text) or misplaced_letter_share(text) > 0:
        return False
    return len(thai_letters(text)) < ENOUGH_LETTERS or dictionary_coverage(text) >= MIN_LINE_COVERAGE


def _is_drawn_over(number: int, boxes: list[tuple[int, int, int, int]]) -> bool:
    """Return whether another line's box covers much of this one's."""
    top, bottom, left, right = boxes[number]
    for other, (top2, bottom2, left2, right2) in enumerate(boxes):
        down, along = min(bottom, bottom2) - max(top, top2), min(right, right2) - max(left, left2)
        if other != number and down > 0.45 * (bottom - top) and along > 0:
            return True
    return False


def _neighbours(number: int, boxes: list[tuple[int, int, int, int]]) -> tuple[float, float]:
    """Return the baseline of the line above and the top of the letters of the line below."""
    top, bottom, left, right = boxes[number]
    middle = (top + bottom) / 2
    ceiling, floor = 0.0, float(PAGE_UNITS)
    for top2, bottom2, left2, right2 in boxes:
        em = (bottom2 - top2) / EM
        if min(right, right2) <= max(left, left2):
            continue
        if bottom2 < middle:
            ceiling = max(ceiling, bottom2 - DESCENT * em)
        elif top2 > middle:
            floor = min(floor, bottom2 - (DESCENT + LETTER) * em)
    return ceiling, floor


def _cuts(text: str, random: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Yield the stretches that a line is cut into: at tabs and ruled lines, then at spaces.

    A stretch without spaces that is longer than allowed stays whole.
    """
    parts, at = [], 0
    for match in re.finditer(rf"\t+|{RULED.pattern}", text):
        parts.append((at, match.start()))
        at = match.end()
    parts.append((at, len(text)))
    for begin, end in parts:
        start = begin
        while start < end:
            wanted = start + int(random.integers(*PIECE))
            space = text.rfind(" ", start + 1, min(wanted, end)) if wanted < end else end
            stop = space if space > start else (text.find(" ", start + 1, end) if wanted < end else end)
            stop = end if stop < 0 else stop
            left, right = start, stop
            while left < right and text[left].isspace():
                left += 1
            while right > left and text[right - 1].isspace():
                right -= 1
            if right > left:
                yield left, right
            start = stop + 1 if stop < end else end


def crops(
    document: pypdfium2.PdfDocument, page: EmbeddedPage, random: np.random.Generator
) -> Iterator[tuple[Grey, str, set[str]]]:
    """Yield pictures of the page's lines, ``HEIGHT`` pixels high and worn, each with text and wear."""
    chosen = pieces(page, random)
    if not chosen:
        return
    weights = np.array([DIGIT_WEIGHT if re.search(r"\d", piece.text) else 1 for piece in chosen], float)
    count = min(len(chosen), LINES_PER_PAGE)
    chosen = [
        chosen[index] for index in random.choice(len(chosen), count, replace=False, p=weights / weights.sum())
    ]
    dpi = random_resolution(random)
    picture = document[page.number - 1].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
    yield from worn_lines(picture, chosen, dpi, random)


def random_resolution(random: np.random.Generator) -> int:
    return int(
        random.choice(list(RESOLUTIONS), p=np.array(list(RESOLUTIONS.values())) / sum(RESOLUTIONS.values()))
    )


def worn_lines(
    picture: Image.Image, chosen: list[Piece], dpi: int, random: np.random.Generator
) -> Iterator[tuple[Grey, str, set[str]]]:
    """Wear a page's picture, and yield the pieces as pictures ``HEIGHT`` pixels high, with text and wear."""
    clean = np.asarray(picture)
    extents = [_ink_rows(clean, piece) for piece in chosen]
    wear = Wear(random, dpi)
    draw = ImageDraw.Draw(picture)
    ruled: set[Piece] = set()
    for piece, rows in zip(chosen, extents, strict=True):
        left, right, baseline = (
            piece.left * picture.width,
            piece.right * picture.width,
            piece.baseline * picture.height,
        )
        fate = random.random()
        if fate < 0.07:
            wear.draw_dots(draw, left, right, baseline)
        elif fate < 0.11:
            wear.draw_rule(draw, left, right, baseline)
        elif fate < 0.18 and rows:
            wear.draw_cell(draw, (left, rows[0], right, rows[1]))
        if fate < 0.18:
            ruled.add(piece)
    wear.write_on(picture)
    bent, shifts = wear.bend(np.asarray(picture))
    worn = wear.wear(bent)
    for piece, rows in zip(chosen, extents, strict=True):
        cut = _cut(worn, piece, rows, shifts, dpi, random) if rows else None
        if cut is not None:
            kinds = wear.kinds | ({"rules"} if piece in ruled else set())
            yield scale(wear.slant(cut)), re.sub(r"\s+", " ", piece.text), kinds


def _ink_rows(clean: Grey, piece: Piece) -> tuple[int, int] | None:
    """Return the first and the last row but one of the piece's ink, marks and tails with it.

    ``None`` when there is no ink, or where more of the box is black than letters leave.
    """
    height, width = clean.shape
    em, baseline = piece.em * height, piece.baseline * height
    top, bottom = max(0, round(baseline - 0.82 * em)), min(height, round(baseline + 0.28 * em))
    box = clean[top:bottom, max(0, round(piece.left * width)) : max(1, round(piece.right * width))] < 140
    if box.size == 0 or not 0.02 < box.mean() < 0.4:
        return None
    inked = box.any(1)
    core = round(baseline - 0.15 * em) - top
    first, gap = core, 0
    for row in range(core, -1, -1):  # up over the gap between a letter and its mark, not into the line above
        gap = 0 if inked[row] else gap + 1
        if gap > 0.14 * em:
            break
        first = row if inked[row] else first
    last, gap = core, 0
    for row in range(core, len(inked)):
        gap = 0 if inked[row] else gap + 1
        if gap > 0.1 * em:
            break
        last = row if inked[row] else last
    if last - first < 0.2 * em:
        return None
    return top + first, top + last + 1


def _cut(
    worn: Grey, piece: Piece, rows: tuple[int, int], shifts: Shifts, dpi: int, random: np.random.Generator
) -> Grey | None:
    """Returns the piece cut out as by a layout analysis; None for a piece that is too narrow.

    A layout analysis cuts the ink and a little more, sometimes too much.
    """
    height, width = worn.shape
    pad = 4 * dpi / 300
    left = round(piece.left * width - pad * random.uniform(0.3, 1.5))
    right = round(piece.right * width + pad * random.uniform(0.3, 1.5))
    left, right = max(0, left), min(width, right)
    if right - left < 4:
        return None
    moved = shifts[left:right]
    size = rows[1] - rows[0]
    em = piece.em * height
    # room for ascenders and descenders that this line may lack: Tesseract gives it by the row's own measures
    usual_top, usual_bottom = (
        round((piece.baseline * height) - 0.52 * em),
        round(piece.baseline * height + 0.1 * em),
    )
    top, bottom = min(rows[0], usual_top) if random.random() < 0.6 else rows[0], max(rows[1], usual_bottom)
    least, most = LOOSENESS[int(random.choice(len(LOOSENESS), p=LOOSENESS_SHARES))]
    above, below = random.uniform(least, most, 2) * (
        1 if random.random() < 0.6 else random.permutation([0.2, 1])
    )
    highest, lowest = round((piece.ceiling + 0.1 * piece.em) * height), round(piece.floor * height)
    top = max(round(top - size * above), min(top, highest)) + moved.min()
    bottom = min(round(bottom + size * below), max(bottom, lowest)) + moved.max()
    top, bottom = round(top - pad * random.uniform(0, 1.3)), round(bottom + pad * random.uniform(0, 1.3))
    cut = worn[max(0, top) : min(height, bottom), left:right]
    if cut.shape[0] < 8 or float(cut.max()) - float(cut.min()) < 40:
        return None
    return cut


def draws_thai_digits(path: Path, number: int) -> bool:
    """Return whether the page's font shows Thai digits where its text has Arabic ones (TH Sarabun IT๙)."""
    with pikepdf.open(path) as document:
        fonts = document.pages[number - 1].resources.get("/Font", {})
        return any(
            THAI_DIGIT_FONT.search(bytes(font.get("/BaseFont", pikepdf.Name("/-"))))
            for font in fonts.values()
        )


def read_pages(paths: list[Path], random: np.random.Generator) -> list[tuple[Path, int]]:
    """Return the pages to draw lines from, in random order, at most ``PAGES_PER_FILE`` of one document."""
    wanted = []
    for path in paths:
        try:
            with closing(PdfReader(path)) as reader:
                count = reader.outline().page_count
        except UnreadableFile:
            continue
        numbers = random.permutation(count)[:PAGES_PER_FILE] + 1
        wanted += [(path, int(number)) for number in numbers]
    return [wanted[index] for index in random.permutation(len(wanted))]


def write_set(pages: list[tuple[Path, int]], target: Path, seed: int) -> int:
    """Write the lines of these pages as one set and return how many there are."""
    random = np.random.default_rng(seed)
    lines = LineSet()
    for path, number in pages:
        try:
            with closing(PdfReader(path)) as reader:
                embedded = reader.page(number)
        except UnreadableFile:
            continue
        has_thai_digits = draws_thai_digits(path, number)
        with pypdfium2.PdfDocument(path) as document:
            for picture, text, wear in crops(document, embedded, random):
                lines.add(picture, in_thai_digits(text) if has_thai_digits else text, path.name, wear)
    lines.save(target)
    return len(lines.texts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=Path, required=True, help="directory of born-digital PDFs")
    parser.add_argument("--work", type=Path, default=Path("build/training/real"), help="where the sets go")
    parser.add_argument("--sets", type=int, default=40, help=f"of the lines of {PAGES_PER_SET} pages each")
    parser.add_argument("--seed", type=int, default=1, help="of the pages' order and of their wear")
    choices = parser.parse_args()
    choices.work.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(choices.seed)
    pages = read_pages(sorted(choices.documents.glob("*.pdf")), random)
    for number in range(choices.sets):
        start = number * PAGES_PER_SET % len(pages)
        chosen = (pages + pages)[start : start + PAGES_PER_SET]
        target = choices.work / f"{choices.seed:02d}-{number:04d}.npz"
        count = write_set(chosen, target, choices.seed * 100_000 + number)
        print(json.dumps({"set": target.name, "lines": count}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
