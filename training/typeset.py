"""Write sets of lines of made pages: ``python -m training.typeset --work build/training/typeset``.

A page is typeset from made lines, worn as a whole (``training.wear``) and cut into lines as the pages of real
documents are. Unlike these it has every digit in every typeface.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from archive.thai import arabic_digits
from archive.thai.words import cut_words
from training.documents import LETTER, Piece, random_resolution, worn_lines
from training.lineset import LineSet
from training.text import LineWriter, in_thai_digits
from training.typefaces import fonts

PAGE_INCHES = 8.27, 5.8  # half a sheet: the wear of a whole one takes twice as long and is no richer
MARGIN = 0.7  # inches
LETTER_POINTS = {
    5.4: 2,
    6.2: 4,
    7.0: 10,
    7.8: 10,
    9.0: 4,
    11.0: 2,
}  # height of ก in points → weight: 16-point TH Sarabun has 6.7
LEADING = 2.1, 3.4  # from baseline to baseline, in heights of ก
GAP = 1.2, 9.0  # between the pieces of a row, in heights of ก
LONGEST = 60  # characters of a piece
LINES_PER_PAGE = 70  # at most
PAGES_PER_SET = 24


@lru_cache(maxsize=512)
def _font(path: Path, height: int) -> ImageFont.FreeTypeFont:
    """Returns the typeface in the size in which ก is so many pixels high."""
    trial = ImageFont.truetype(path, 200, layout_engine=ImageFont.Layout.RAQM)
    _, top, _, bottom = trial.getbbox("ก", anchor="ls")
    size = max(6, round(200 * height / (bottom - top)))
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.RAQM)


class Typesetter:
    """Draws pages of made lines out of one random stream."""

    def __init__(self, seed: int, running: list[str], typefaces: list[tuple[Path, int]]) -> None:
        self._random = np.random.default_rng(seed)
        self._writer = LineWriter(seed)
        self._running = running
        paths, weights = zip(*typefaces, strict=True)
        self._fonts: list[Path] = list(paths)
        self._weights = np.array(weights) / sum(weights)

    def add_page(self, lines: LineSet, source: str) -> None:
        """Add the worn lines of one page to the set."""
        dpi = random_resolution(self._random)
        picture, pieces = self.page(dpi)
        if len(pieces) > LINES_PER_PAGE:
            chosen = self._random.choice(len(pieces), LINES_PER_PAGE, replace=False)
            pieces = [pieces[index] for index in chosen]
        for cut, text, wear in worn_lines(picture, pieces, dpi, self._random):
            lines.add(cut, text, source, wear)

    def page(self, dpi: int) -> tuple[Image.Image, list[Piece]]:
        """Return a page, and its pieces with their places."""
        width, height = (round(inches * dpi) for inches in PAGE_INCHES)
        picture = Image.new("L", (width, height), 255)
        draw = ImageDraw.Draw(picture)
        margin = round(MARGIN * dpi)
        path = self._path()
        points = float(
            self._random.choice(
                list(LETTER_POINTS), p=np.array(list(LETTER_POINTS.values())) / sum(LETTER_POINTS.values())
            )
        )
        leading = self._random.uniform(*LEADING)
        rows: list[tuple[float, float, list[tuple[str, float, float]]]] = []
        baseline = float(margin // 2)
        while True:
            path = self._path() if self._random.random() < 0.15 else path
            scale = self._random.choice((1.0, 1.0, 1.0, 1.0, 1.25, 0.85))
            letter = max(6, round(points * scale * dpi / 72))
            baseline += leading * letter
            if baseline > height - margin // 2:
                break
            rows.append((baseline, letter, self._row(draw, path, letter, baseline, (margin, width - margin))))
        return picture, _pieces(rows, (width, height))

    def _path(self) -> Path:
        return self._fonts[self._random.choice(len(self._fonts), p=self._weights)]

    def _row(
        self, draw: ImageDraw.ImageDraw, path: Path, letter: int, baseline: float, sides: tuple[int, int]
    ) -> list[tuple[str, float, float]]:
        """Draws a row and returns its pieces: text, left, right."""
        font = _font(path, letter)
        found = []
        at = sides[0] + self._random.exponential(2.0) * letter
        while at < sides[1] - 2 * letter:
            text = self._text()
            length = font.getlength(text, language="th")
            if at + length > sides[1]:
                text = text[: text.rfind(" ")] if " " in text else ""
                length = font.getlength(text, language="th") if text else 0
                if not text or at + length > sides[1]:
                    break
            draw.text((at, baseline), text, 0, font, anchor="ls", language="th")
            found.append((text, at, at + length))
            at += length + self._random.uniform(*GAP) * letter
        return found

    def _text(self) -> str:
        """Returns a piece of a made or of a running text."""
        if self._running and self._random.random() < 0.5:
            text = self._stretch(self._running[int(self._random.integers(len(self._running)))])
        else:
            text = self._writer.line()
        if len(text) > LONGEST:
            space = text.rfind(" ", 8, LONGEST)
            text = text[:space] if space > 0 else self._stretch(text)
        return text.strip()

    def _stretch(self, text: str) -> str:
        """Returns a few whole words of a text, in Thai digits half of the time."""
        begin = text.rfind(" ", 0, int(self._random.integers(1, len(text) + 1))) + 1
        words = cut_words(text[begin : begin + 3 * LONGEST])[:-1] or [text[:LONGEST]]
        first = int(self._random.integers(len(words)))
        wanted = int(self._random.integers(6, LONGEST))
        ends = list(accumulate(map(len, words[first:])))
        last = max((number for number, end in enumerate(ends, start=1) if end <= wanted), default=1)
        piece = re.sub(r"\s+", " ", "".join(words[first : first + last])).strip()
        return in_thai_digits(piece) if self._random.random() < 0.5 else piece


def _pieces(
    rows: list[tuple[float, float, list[tuple[str, float, float]]]], size: tuple[int, int]
) -> list[Piece]:
    """Returns the pieces of rows (baseline, height of ก, pieces) with their places as shares of the page."""
    width, height = size
    found = []
    for number, (baseline, letter, texts) in enumerate(rows):
        ceiling = rows[number - 1][0] if number else 0.0
        floor = rows[number + 1][0] - rows[number + 1][1] if number + 1 < len(rows) else height
        for text, left, right in texts:
            em = letter / LETTER
            found.append(
                Piece(
                    text,
                    left / width,
                    right / width,
                    baseline / height,
                    em / height,
                    ceiling / height,
                    floor / height,
                )
            )
    return found


def read_running(path: Path | None) -> list[str]:
    """Return the lines of a text file that are long enough to cut pieces from."""
    if path is None:
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [arabic_digits(line) for line in lines if len(line) > 20]


def write_set(target: Path, seed: int, running: list[str], typefaces: list[tuple[Path, int]]) -> int:
    """Write the lines of ``PAGES_PER_SET`` pages as one set and return how many there are."""
    typesetter = Typesetter(seed, running, typefaces)
    lines = LineSet()
    for _ in range(PAGES_PER_SET):
        typesetter.add_page(lines, f"typeset_{seed}")
    lines.save(target)
    return len(lines.texts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/training/typeset"), help="where the sets go")
    parser.add_argument("--text", type=Path, help="running text to typeset too, a paragraph a line")
    parser.add_argument("--fonts", type=Path, help="directory of more typefaces")
    parser.add_argument("--sets", type=int, default=40, help=f"of the lines of {PAGES_PER_SET} pages each")
    parser.add_argument("--seed", type=int, default=9000, help="of the first set")
    choices = parser.parse_args()
    choices.work.mkdir(parents=True, exist_ok=True)
    running, typefaces = read_running(choices.text), fonts(choices.fonts)
    for seed in range(choices.seed, choices.seed + choices.sets):
        target = choices.work / f"{seed:06d}.npz"
        count = write_set(target, seed, running, typefaces)
        print(json.dumps({"set": target.name, "lines": count}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
