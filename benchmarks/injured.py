"""Measures reading of pages that are injured on purpose: ``python -m benchmarks.injured --data DIRECTORY``.

The directory holds born-digital PDFs. Pages whose own text is beyond doubt are drawn, injured as copiers,
scanners and phones do, one injury at a time, and read again. Half of the pages hold ruled tables. The
pictures are *made*, so their letters are easier than those of real paper; what the table shows is which
injury costs how much, compared with the same pages uninjured:

- ``letters wrong``: edit distance of every line of eight letters or more to its nearest place in the reading,
  over the lines' length (white space ignored, Thai digits folded);
- ``lines``: share of these lines that were read with at most one letter in ten wrong;
- ``phrases``: share of the runs of four words in these lines that were read without an error;
- ``digits lost``: share of the digits of the page's text that the reading lacks, wherever they stand;
- ``extra``: letters read beyond those of the page's text, over its length: junk;
- ``borders``: share of the borders of words read right that are off by over a third of a letter's height, on
  injuries that leave the letters in their places: what a highlight or a redaction is off by;
- ``turned``: pages not set upright (with ``--turn`` they are laid at any turn);
- ``seconds`` of processor time a page.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from rapidfuzz.distance import Levenshtein
from rich.console import Console
from rich.table import Table

from archive.model import Line
from archive.thai.words import cut_words
from benchmarks.paper import NEAR, errors, solid
from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.ocr.recognition import OcrPage, recognise_page_picture
from indexer.extraction.ocr.tesseract import DPI
from training.documents import pieces

LEAST_LETTERS = 600  # of a page
SHORTEST_LINE = 8  # letters
RULES = 12  # drawn paths from which on a page counts as one with tables
MOST_PAGES_LOOKED_AT = 12  # of a document
WORDS = 4  # of a phrase
SAME_LINE = 0.4  # similarity of a line to its reading
LETTER = 0.44  # height of a letter without marks, as a share of its line's height
HEIGHT_TO_WIDTH = 2**0.5  # a page's height is 10,000 units and so is its width
MOST_OFF = 1 / 3  # heights of a letter


@dataclass(frozen=True, slots=True)
class InjuredSheet:
    """A page and the text that it carries."""

    path: Path
    number: int
    text: str
    lines: tuple[Line, ...]
    has_rules: bool


def sheets(folder: Path, count: int, random: np.random.Generator) -> list[InjuredSheet]:
    """Returns ``count`` pages of as many documents, half of them with ruled tables where there are enough."""
    found: dict[bool, list[InjuredSheet]] = {True: [], False: []}
    paths = sorted(folder.glob("*.pdf"))
    for at in random.permutation(len(paths)):
        kinds = [kind for kind, listed in found.items() if len(listed) < count / 2]
        if not kinds:
            break
        if sheet := next((one for one in _usable(paths[at], random) if one.has_rules in kinds), None):
            found[sheet.has_rules].append(sheet)
    return found[True] + found[False]


def _usable(path: Path, random: np.random.Generator) -> Iterator[InjuredSheet]:
    with EmbeddedTextDocument(path) as document, pypdfium2.PdfDocument(path) as drawn:
        for number in random.permutation(len(drawn))[:MOST_PAGES_LOOKED_AT] + 1:
            page = document.read_page(int(number))
            width, height = drawn[int(number) - 1].get_size()
            if max(width, height) < 900 and len(solid(page.text)) >= LEAST_LETTERS and pieces(page, random):
                paths = drawn[int(number) - 1].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_PATH])
                yield InjuredSheet(path, int(number), page.text, page.lines, sum(1 for _ in paths) >= RULES)


Random = np.random.Generator
Pixels = NDArray[np.float32]


def _pixels(image: Image.Image) -> Pixels:
    return np.asarray(image.convert("RGB"), np.float32)


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


TABLE = (70, 55, 45)  # colour of the table that a phone sees around a sheet


def _jpeg(image: Image.Image, quality: int) -> Image.Image:
    kept = io.BytesIO()
    image.convert("RGB").save(kept, "JPEG", quality=quality)
    return Image.open(kept).convert("RGB")


def _at(image: Image.Image, dpi: int, quality: int = 60) -> Image.Image:
    """Returns the picture as a scanner of ``dpi`` would have stored it, drawn again at its own size."""
    small = image.resize((image.width * dpi // DPI, image.height * dpi // DPI), Image.Resampling.BOX)
    return _jpeg(small, quality).resize(image.size, Image.Resampling.BICUBIC)


def _taken(lit: Pixels, random: Random, dpi: int = 170) -> Image.Image:
    """Returns a lit scene as a phone stores it: with grain, a little soft, as JPEG."""
    grain = random.normal(0, 5, lit.shape).astype(np.float32)
    return _at(_image(lit + grain).filter(ImageFilter.GaussianBlur(1)), dpi)


def _seen_from(image: Image.Image, corners: NDArray[np.float64]) -> Image.Image:
    """Returns the picture with its corners (from the top left, clockwise) where a camera sees them."""
    width, height = image.size
    whole = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    rows = [
        row
        for (x, y), (u, v) in zip(corners, whole, strict=True)
        for row in ([x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y])
    ]
    change = tuple(np.linalg.solve(np.array(rows), whole.ravel()))
    return image.transform(
        image.size, Image.Transform.PERSPECTIVE, change, Image.Resampling.BICUBIC, fillcolor=TABLE
    )


def untouched(image: Image.Image, _: Random) -> Image.Image:
    return image


def low_resolution(image: Image.Image, _: Random) -> Image.Image:
    """A scan at 100 dpi."""
    return _at(image, 100)


def black_edges(image: Image.Image, random: Random) -> Image.Image:
    """A sheet smaller than the glass, under an open lid: black around it."""
    sheet = image.rotate(random.uniform(-1, 1), expand=True, fillcolor="black")
    left, top, right, bottom = (int(random.uniform(0.02, 0.12) * image.width) for _ in range(4))
    scan = Image.new("RGB", (sheet.width + left + right, sheet.height + top + bottom), (12, 10, 14))
    scan.paste(sheet, (left, top))
    return _jpeg(scan, 60)


def pale(image: Image.Image, random: Random) -> Image.Image:
    """A carbon copy: ink that hardly differs from the paper, grain over both."""
    soft = _pixels(image.filter(ImageFilter.GaussianBlur(2)))
    grain = random.normal(0, 9, soft.shape[:2]).astype(np.float32)[..., None]
    return _jpeg(_image(205 - (255 - soft) * 0.25 + grain), 60)


def coloured(image: Image.Image, random: Random) -> Image.Image:
    """A coloured form: a tinted ground with a fine pattern."""
    pixels = _pixels(image)
    y, x = np.mgrid[: image.height, : image.width]
    wave = (np.sin(x / random.uniform(4, 9)) * np.sin(y / random.uniform(4, 9)))[..., None]
    ground = np.array([236, 190, 200], np.float32) + 16 * wave.astype(np.float32)
    return _jpeg(_image(pixels / 255 * ground), 60)


def stamped(image: Image.Image, random: Random) -> Image.Image:
    """Round stamps and boxes of reception, red and violet, over the text."""
    ink = Image.new("RGB", image.size, "white")
    draw = ImageDraw.Draw(ink)
    for colour in ((190, 40, 60), (90, 60, 170), (60, 80, 190)):
        x, y = random.uniform(0.2, 0.8) * image.width, random.uniform(0.1, 0.8) * image.height
        for radius in (170, 162, 110):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=colour, width=7)
        for turn in np.arange(0, 2 * np.pi, 0.16):
            px, py = x + 136 * np.cos(turn), y + 136 * np.sin(turn)
            ex, ey = random.uniform(-16, 16, 2)
            draw.line((px, py, px + ex, py + ey), fill=colour, width=8)
    return _image(_pixels(image) * _pixels(ink.filter(ImageFilter.GaussianBlur(1))) / 255)


def photographed(image: Image.Image, random: Random) -> Image.Image:
    """A phone's picture from aslant, in uneven light, on a dark table."""
    width, height = image.size
    shift = random.uniform(0.01, 0.05, 8) * np.array([width, height] * 4)
    corners = np.array([0, 0, width, 0, width, height, 0, height]) + shift * [1, 1, -1, 1, -1, -1, 1, -1]
    taken = _seen_from(image, corners.reshape(4, 2))
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    light = 0.55 + 0.4 * (1 - np.hypot(x - random.uniform(0, 1), y - random.uniform(0, 1)) / 1.5)
    lit = _pixels(taken) * light[..., None].astype(np.float32)
    lit += random.normal(0, 6, lit.shape).astype(np.float32)
    return _at(_image(lit).filter(ImageFilter.GaussianBlur(1)), 170)


def curled(image: Image.Image, random: Random) -> Image.Image:
    """A phone's picture of a page that bends towards a book's spine, with the shadow of a hand over it."""
    height, width = image.height, image.width
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    depth = random.uniform(0.02, 0.045) * height  # pixels: some two to four lines
    bend = depth * (2 * y - 1) * np.exp(-((x / random.uniform(0.25, 0.45)) ** 2))
    lean = random.uniform(-0.02, 0.02) * width * (x - 0.5)
    rows = np.clip(np.arange(height)[:, None] + bend + lean, 0, height - 1).astype(np.int32)
    taken = _pixels(image)[rows, np.arange(width)[None, :]]
    edge = random.uniform(0.3, 0.7) + random.uniform(-0.5, 0.5) * (y - 0.5) + 0.05 * np.sin(9 * y)
    shadow = 1 - random.uniform(0.35, 0.55) / (1 + np.exp(-(x - edge) * random.uniform(40, 120)))
    lit = taken * (0.85 * shadow)[..., None] + random.normal(0, 5, taken.shape).astype(np.float32)
    return _at(_image(lit).filter(ImageFilter.GaussianBlur(1)), 170)


def askew(image: Image.Image, random: Random) -> Image.Image:
    """A phone's picture of a sheet that lies at 8 to 15 degrees on a dark table."""
    lean = random.uniform(8, 15) * random.choice((-1, 1))
    return _taken(_pixels(image.rotate(lean, Image.Resampling.BICUBIC, expand=True, fillcolor=TABLE)), random)


def seen_from_its_foot(image: Image.Image, random: Random) -> Image.Image:
    """A phone's picture taken from the foot of the sheet, so that its head is narrower by a quarter or so."""
    width, height = image.size
    left, right = random.uniform(0.08, 0.2, 2) * width
    head, foot = random.uniform(0.02, 0.1, 2) * height
    corners = [(left, head), (width - right, head), (width, height - foot), (0.0, height - foot / 2)]
    return _taken(_pixels(_seen_from(image, np.array(corners))), random)


def half_in_shadow(image: Image.Image, random: Random) -> Image.Image:
    """A phone's picture with the sharp shadow of its holder over half the sheet."""
    y, x = np.mgrid[0 : 1 : image.height * 1j, 0 : 1 : image.width * 1j].astype(np.float32)
    turn = random.uniform(0, 2 * np.pi)
    across = (x - 0.5) * np.cos(turn) + (y - 0.5) * np.sin(turn)
    depth = random.uniform(0.5, 0.7)
    light = 0.9 * (1 - depth / (1 + np.exp(-across * random.uniform(80, 300))))
    return _taken(_pixels(image) * light[..., None].astype(np.float32), random)


def coarse_photograph(image: Image.Image, random: Random) -> Image.Image:
    """A picture as messengers pass it on: 110 to 150 dpi, JPEG at 30, with a green cast."""
    cast = np.array([0.78, 0.88, 0.7], np.float32)
    soft = _image(_pixels(image) * cast).filter(ImageFilter.GaussianBlur(1))
    return _at(soft, int(random.integers(110, 151)), quality=30)


def copied_with_seals(image: Image.Image, random: Random) -> Image.Image:
    """A copy in grey of a sheet with round seals and a box of reception across its lines."""
    ink = stamped(Image.new("RGB", image.size, "white"), random).convert("L")
    tone = random.uniform(0.35, 0.7)
    seals = 1 - tone * (1 - np.asarray(ink, np.float32)[..., None] / 255)
    return _jpeg(_image(_pixels(image) * seals).convert("L"), 50)


def folded(image: Image.Image, random: Random) -> Image.Image:
    """A phone's picture of a letter that was folded in three: each third leans and shines otherwise."""
    height, width = image.height, image.width
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    creases = [0, random.uniform(0.28, 0.38), random.uniform(0.6, 0.7), 1]
    slope = np.interp(y[:, 0], creases, np.tan(np.radians(random.uniform(-3, 3, 4))))
    rows = np.arange(height)[:, None] + slope[:, None] * width * (x - 0.5)
    bent = _pixels(image)[np.clip(rows, 0, height - 1).astype(np.int32), np.arange(width)[None, :]]
    third = np.searchsorted(creases[1:3], y)
    light = random.uniform(0.6, 0.95, 3)[third] - 0.2 * sum(
        np.exp(-(((y - crease) * 300) ** 2)) for crease in creases[1:3]
    )
    return _taken(bent * light[..., None].astype(np.float32), random)


def two_on_a_sheet(image: Image.Image, _: Random) -> Image.Image:
    """Two pages printed beside each other on one sheet across, scanned at 200 dpi."""
    small = image.resize((round(0.7 * image.width), round(0.7 * image.height)), Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", (2 * small.width, small.height), "white")
    sheet.paste(small, (0, 0))
    sheet.paste(small, (small.width, 0))
    return _at(sheet, 200)


def gridded(image: Image.Image, random: Random) -> Image.Image:
    """A table: rules around every line of text and down between its columns, near to the letters."""
    form = image.copy()
    draw = ImageDraw.Draw(form)
    ink = np.asarray(image.convert("L")) < 128
    filled = (ink.mean(axis=1) > 0.002).astype(np.int8)
    edges = np.flatnonzero(np.diff(filled, prepend=0, append=0)).reshape(-1, 2)
    sides = np.flatnonzero(ink.any(axis=0))
    left, right = int(sides[0]) - 14, int(sides[-1]) + 14
    thick = int(random.integers(2, 6))
    tops = [int(top) - 5 for top, bottom in edges if bottom - top > 20]
    bottoms = [int(bottom) + 5 for top, bottom in edges if bottom - top > 20]
    for y in tops + bottoms[-1:]:
        draw.line((left, y, right, y), fill=(30, 30, 30), width=thick)
    for x in (left, right):
        draw.line((x, tops[0], x, bottoms[-1]), fill=(30, 30, 30), width=thick)
    for top, bottom in zip(tops, bottoms, strict=True):
        gaps = np.flatnonzero(~ink[top + 5 : bottom - 5, left + 40 : right - 40].any(0)) + left + 40
        for run in np.split(gaps, np.flatnonzero(np.diff(gaps) > 1) + 1):
            if len(run) >= 18:  # between words
                x = int(run[0]) + len(run) // 2 if len(run) < 120 else int(run[0]) + 9
                draw.line((x, top, x, bottom), fill=(30, 30, 30), width=thick)
    return form


def faxed(image: Image.Image, random: Random) -> Image.Image:
    """A standard fax: 204 × 98 dots an inch, black and white."""
    small = image.convert("L").resize(
        (image.width * 204 // DPI, image.height * 98 // DPI), Image.Resampling.BOX
    )
    dots = small.point(lambda tone: 255 * (tone > random.uniform(150, 190)))
    return dots.resize(image.size, Image.Resampling.BICUBIC).convert("RGB")


def dotted(image: Image.Image, random: Random) -> Image.Image:
    """A form: dotted lines to write on, under and through the feet of the text."""
    form = image.copy()
    draw = ImageDraw.Draw(form)
    dark = (np.asarray(image.convert("L")) < 128).mean(axis=1)
    starts = np.flatnonzero((dark[:-1] > 0.004) & (dark[1:] <= 0.004))
    for y in starts[np.diff(starts, prepend=-99) > 20]:
        for x in np.arange(0.1 * image.width, 0.9 * image.width, random.uniform(9, 14)):
            draw.ellipse((x, y - 6, x + 4, y - 2), fill=(40, 40, 40))
    return form


def thresholded(image: Image.Image, _: Random) -> Image.Image:
    """A copy made too dark: strokes run together, specks everywhere."""
    dark = image.convert("L").filter(ImageFilter.MinFilter(3)).filter(ImageFilter.GaussianBlur(1.5))
    return dark.point(lambda tone: 255 * (tone > 170)).convert("RGB")


def sideways(image: Image.Image, _: Random) -> Image.Image:
    """A sheet laid on the glass sideways."""
    return image.transpose(Image.Transpose.ROTATE_90)


INJURIES: tuple[Callable[[Image.Image, Random], Image.Image], ...] = (
    untouched,
    low_resolution,
    black_edges,
    pale,
    coloured,
    stamped,
    photographed,
    curled,
    gridded,
    faxed,
    dotted,
    thresholded,
    sideways,
    askew,
    seen_from_its_foot,
    half_in_shadow,
    coarse_photograph,
    copied_with_seals,
    folded,
    two_on_a_sheet,
)
MOVED = {
    "black_edges",
    "photographed",
    "curled",
    "sideways",
    "askew",
    "seen_from_its_foot",
    "folded",
    "two_on_a_sheet",
}
"""Names of the injuries that move letters on the page."""


def counts(sheet: InjuredSheet, read: str) -> Counter[str]:
    """Returns letters, wrong letters, lines, lines read, letters beyond those of the page, and digits."""
    result: Counter[str] = Counter()
    page = solid(read)
    for line in map(solid, sheet.text.splitlines()):
        if len(line) >= SHORTEST_LINE:
            wrong = 0 if line in page else min(len(line), errors(line, page))
            result.update(letters=len(line), wrong=wrong, lines=1, read=wrong <= NEAR * len(line))
    for phrase in map(solid, _phrases(sheet.text)):
        result.update(phrases=1, exact=phrase in page)
    own, found = Counter(solid(sheet.text)), Counter(page)
    digits = Counter({letter: count for letter, count in own.items() if letter.isdigit()})
    result.update(extra=(found - own).total(), text=own.total())
    result.update(digits=digits.total(), digits_lost=(digits - found).total())
    return result


def _phrases(text: str) -> Iterator[str]:
    """Yields the runs of ``WORDS`` words in the lines of a text, one after the other."""
    for line in text.splitlines():
        words = [word for word in cut_words(line) if not word.isspace()]
        for start in range(0, len(words) - WORDS + 1, WORDS):
            phrase = "".join(words[start : start + WORDS])
            if len(phrase) >= SHORTEST_LINE:
                yield phrase


def border_counts(sheet: InjuredSheet, page: OcrPage) -> Counter[str]:
    """Returns the number of borders of words that were read right, and of those of them that are off."""
    result: Counter[str] = Counter()
    for line in page.lines:
        said, middle = page.text[line.start : line.start + len(line.edges) - 1], (line.top + line.bottom) / 2
        for own in sheet.lines:
            wanted = sheet.text[own.start : own.start + len(own.edges) - 1]
            is_beside = own.top < middle < own.bottom
            if not is_beside or Levenshtein.normalized_similarity(wanted, said) < SAME_LINE:
                continue
            blocks = Levenshtein.opcodes(wanted, said).as_matching_blocks()
            places = {one.a + at: one.b + at for one in blocks for at in range(one.size)}
            letter = LETTER * (own.bottom - own.top) * HEIGHT_TO_WIDTH
            for start, end in pairwise(accumulate(map(len, cut_words(wanted)), initial=0)):
                first, last = places.get(start), places.get(end - 1)
                if first is None or last is None or last - first != end - 1 - start or end - start < 2:
                    continue
                off = (line.edges[first] - own.edges[start], line.edges[last + 1] - own.edges[end])
                result.update(borders=2, off=sum(abs(by) > MOST_OFF * letter for by in off))
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description="Reading of pages injured on purpose, by injury")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pages", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[each.__name__ for each in INJURIES])
    parser.add_argument("--turn", action="store_true", help="lay every picture at a turn drawn at random")
    parser.add_argument("--save", type=Path, help="folder for the pictures and what was read on them")
    options = parser.parse_args()
    listed = sheets(options.data, options.pages, np.random.default_rng(options.seed))
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for sheet in listed:
        with pypdfium2.PdfDocument(sheet.path) as pdf:
            drawn = pdf[sheet.number - 1].render(scale=DPI / 72).to_pil().convert("RGB")
        for injure in INJURIES:
            name = injure.__name__
            if name not in options.only:
                continue
            key = zlib.crc32(f"{sheet.path.name} {sheet.number} {name}".encode())
            random = np.random.default_rng(key)
            turn = int(random.choice((0, 90, 180, 270))) if options.turn else 0
            picture = injure(drawn, random).rotate(turn, expand=True)
            start = time.process_time()
            page = recognise_page_picture(picture)
            found = counts(sheet, page.text)
            turned = page.turn != (turn + 90 * (injure is sideways)) % 360
            sums[name] += found + Counter(pages=1, turned=turned)
            if name not in MOVED:
                sums[name] += border_counts(sheet, page)
            sums[name]["ms"] += round(1000 * (time.process_time() - start))
            record = {
                "injury": name,
                "file": sheet.path.name,
                "page": sheet.number,
                "rules": sheet.has_rules,
                **found,
            }
            print(json.dumps(record | {"turn": page.turn}), file=sys.stderr, flush=True)
            if options.save:
                picture.save(options.save / f"{name}-{sheet.path.stem}-{sheet.number}.jpg", quality=70)
                (options.save / f"{name}-{sheet.path.stem}-{sheet.number}.txt").write_text(page.text, "utf-8")
    Console().print(_table(sums))
    return 0


def _table(sums: Mapping[str, Counter[str]]) -> Table:
    """Returns the figures of all pages by injury."""
    table = Table(
        "injury",
        "pages",
        "letters wrong %",
        "lines %",
        "phrases %",
        "digits lost %",
        "extra %",
        "borders off %",
        "turned",
        "seconds",
    )
    for name, found in sums.items():
        table.add_row(
            name,
            str(found["pages"]),
            f"{100 * found['wrong'] / found['letters']:.1f}",
            f"{100 * found['read'] / found['lines']:.1f}",
            f"{100 * found['exact'] / found['phrases']:.1f}",
            f"{100 * found['digits_lost'] / found['digits']:.1f}" if found["digits"] else "",
            f"{100 * found['extra'] / found['text']:.1f}",
            f"{100 * found['off'] / found['borders']:.1f}" if found["borders"] else "",
            str(found["turned"]),
            f"{found['ms'] / 1000 / found['pages']:.1f}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
