"""Wears a clean page as copiers, fax machines, scanners, pens and phones do."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Grey = NDArray[np.uint8]
Shifts = NDArray[np.int64]  # by column: rows that it moved down


class Wear:
    """Wears pages of one resolution out of one random stream."""

    def __init__(self, random: np.random.Generator, dpi: int) -> None:
        self._random = random
        self._unit = dpi / 100  # pixels of a hundredth of an inch: 0.25 mm
        self.kinds: set[str] = set()
        """Kinds of wear that the page has had so far."""

    def write_on(self, page: Image.Image) -> None:
        """Draw stamps and signatures on the clean page, in place."""
        draw = ImageDraw.Draw(page)
        for _ in range(self._random.poisson(0.5)):
            self._draw_stamp(draw, page.size)
        for _ in range(self._random.poisson(1.2)):
            self._draw_stroke(draw, page.size)

    def draw_dots(self, draw: ImageDraw.ImageDraw, left: float, right: float, baseline: float) -> None:
        """Draw a dotted line to write on, under and around a text."""
        pitch = self._random.uniform(2.2, 5) * self._unit
        dot = self._random.uniform(0.5, 1.2) * self._unit
        tone = int(self._random.integers(0, 90))
        y = baseline + self._random.uniform(0, 5) * self._unit
        for x in np.arange(left - 40 * self._unit, right + 40 * self._unit, pitch):
            draw.ellipse((x, y, x + dot, y + dot), fill=tone)

    def draw_rule(self, draw: ImageDraw.ImageDraw, left: float, right: float, baseline: float) -> None:
        """Draw a ruled line under a text."""
        y = baseline + self._random.uniform(1, 8) * self._unit
        draw.line(
            (left, y, right, y),
            fill=int(self._random.integers(0, 120)),
            width=max(1, round(self._random.uniform(0.3, 1.2) * self._unit)),
        )

    def draw_cell(self, draw: ImageDraw.ImageDraw, ink: tuple[float, float, float, float]) -> None:
        """Draw the rules of a table's cell around ink (left, top, right, bottom), or some of the four."""
        left, top, right, bottom = ink
        room = self._random.uniform(0.5, 7, 4) * self._unit
        left, top, right, bottom = left - room[0], top - room[1], right + room[2], bottom + room[3]
        tone, width = (
            int(self._random.integers(0, 140)),
            max(1, round(self._random.uniform(0.3, 1.2) * self._unit)),
        )
        sides = (
            (left, top, right, top),
            (left, bottom, right, bottom),
            (left, top, left, bottom),
            (right, top, right, bottom),
        )
        for side in sides:
            if self._is_so(0.6):
                draw.line(side, fill=tone, width=width)

    def slant(self, line: Grey) -> Grey:
        """Return a line's picture; now and then its letters lean, or are wider or narrower than they were.

        A photograph taken from the side has them so, also after its rows are level.
        """
        lean = np.tan(np.radians(self._random.normal(0, 4))) if self._is_so(0.12) else 0.0
        breadth = self._random.uniform(0.85, 1.15) if self._is_so(0.15) else 1.0
        if lean == 0 and breadth == 1:
            return line
        height, width = line.shape
        paper = int(np.percentile(line, 80))
        matrix = (1 / breadth, lean, -lean * height / 2, 0, 1, 0)
        size = (max(4, round(width * breadth)), height)
        picture = Image.fromarray(np.ascontiguousarray(line))
        leaning = picture.transform(
            size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=paper
        )
        return np.asarray(leaning)

    def _draw_stamp(self, draw: ImageDraw.ImageDraw, size: tuple[int, int]) -> None:
        """Draw a round or square stamp's outline with short lines of ink in it."""
        radius = self._random.uniform(35, 110) * self._unit
        x, y = self._random.uniform(0, size[0]), self._random.uniform(0, size[1])
        tone, width = (
            int(self._random.integers(60, 190)),
            max(1, round(self._random.uniform(0.5, 2) * self._unit)),
        )
        box = (x - radius, y - radius, x + radius, y + radius)
        if self._is_so(0.6):
            draw.ellipse(box, outline=tone, width=width)
            inner = radius * self._random.uniform(0.6, 0.85)
            draw.ellipse((x - inner, y - inner, x + inner, y + inner), outline=tone, width=width)
        else:
            draw.rectangle(
                (box[0], box[1] + radius / 2, box[2], box[3] - radius / 2), outline=tone, width=width
            )
        for _ in range(12):
            turn = self._random.uniform(0, 2 * np.pi)
            middle = radius * 0.9
            px, py = x + middle * np.cos(turn), y + middle * np.sin(turn)
            ex, ey = self._random.normal(0, 5 * self._unit, 2)
            draw.line((px, py, px + ex, py + ey), fill=tone, width=2 * width)

    def _draw_stroke(self, draw: ImageDraw.ImageDraw, size: tuple[int, int]) -> None:
        """Draw a few loops of a pen: a signature or a note."""
        x, y = self._random.uniform(0, size[0]), self._random.uniform(0, size[1])
        steps = self._random.normal((6, 0), (14, 22), (int(self._random.integers(5, 14)), 2)) * self._unit
        points = np.cumsum(np.vstack(([x, y], steps)), 0)
        draw.line(
            [tuple(point) for point in points],
            fill=int(self._random.integers(0, 150)),
            width=max(1, round(self._random.uniform(0.6, 2.2) * self._unit)),
            joint="curve",
        )

    def bend(self, page: Grey) -> tuple[Grey, Shifts]:
        """Return the page leaning and curled a little, and how far each column moved."""
        height, width = page.shape
        x = np.linspace(-0.5, 0.5, width)
        angle = self._random.normal(0, 0.25) if self._is_so(0.9) else self._random.uniform(-1.5, 1.5)
        moved = x * width * np.tan(np.radians(angle))
        if self._is_so(0.15):
            wave = self._random.uniform(0.5, 1.6)
            moved += (
                self._random.uniform(2, 10)
                * self._unit
                * np.sin(2 * np.pi * (wave * x + self._random.random()))
            )
        shifts = np.rint(moved).astype(np.int64)
        bent = np.full_like(page, 255)
        starts = np.flatnonzero(np.diff(shifts, prepend=shifts[0] - 1))
        for start, end in zip(starts, [*starts[1:], width], strict=True):
            shift = int(shifts[start])
            kept = page[max(0, -shift) : height + min(0, -shift), start:end]
            bent[max(0, shift) : height + min(0, shift), start:end] = kept
        return bent, shifts

    def wear(self, page: Grey) -> Grey:
        """Return the page after what happens to it on its way into an archive."""
        steps: list[tuple[float, str, Callable[[Grey], Grey]]] = [
            (0.25, "strokes", self._thicken),
            (0.35, "copy", self._copy),
            (0.15, "copy", self._copy),
            (0.10, "show-through", self._show_through),
            (0.90, "tone", self._ink),
            (0.15, "tone", self._light),
            (0.03, "blur", self._smear),
            (0.45, "blur", self._blur),
            (0.3, "grain", self._noise),
            (0.15, "streaks", self._streaks),
            (0.6, "black-and-white", self._threshold),
            (0.5, "specks", self._speckle),
            (0.06, "black-and-white", self._fax),
            (0.03, "black-and-white", self._dither),
            (0.35, "jpeg", self._jpeg),
        ]
        for probability, kind, step in steps:
            if self._is_so(probability):
                page = step(page)
                self.kinds.add(kind)
        return page

    def _is_so(self, probability: float) -> bool:
        return bool(self._random.random() < probability)

    def _thicken(self, page: Grey) -> Grey:
        """Returns the page with strokes fatter or thinner by one pixel."""
        chosen = ImageFilter.MinFilter(3) if self._is_so(0.65) else ImageFilter.MaxFilter(3)
        changed = np.asarray(Image.fromarray(page).filter(chosen), np.float32)
        share = self._random.uniform(0.3, 1)
        return (page * (1 - share) + changed * share).astype(np.uint8)

    def _copy(self, page: Grey) -> Grey:
        """Returns the page after one generation on a photocopier.

        Edges become soft, then contrast hard around a level that is off.
        """
        soft = self._blurred(page, self._random.uniform(0.25, 0.6))
        level, slope = self._random.uniform(85, 195), self._random.uniform(1.5, 6)
        return _by_tone(soft, lambda tone: 255 / (1 + np.exp(-slope * (tone - level) / 64)))

    def _show_through(self, page: Grey) -> Grey:
        faint = self._blurred(page[:, ::-1], 0.8).astype(np.float32)
        strength = self._random.uniform(0.06, 0.25)
        return np.clip(page - strength * (255 - np.roll(faint, int(40 * self._unit), 0)), 0, 255).astype(
            np.uint8
        )

    def _ink(self, page: Grey) -> Grey:
        """Returns the page with ink that is not black on paper that is not white."""
        dark = self._random.uniform(0, 130) if self._is_so(0.6) else 0
        light = self._random.uniform(max(170, dark + 70), 255)
        return _by_tone(page, lambda tone: dark + (light - dark) * tone / 255)

    def _light(self, page: Grey) -> Grey:
        """Returns the page in uneven light, as a phone takes it: a slope over the page and dark corners."""
        height, width = page.shape
        x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)[:, None]
        slope = self._random.uniform(-0.25, 0.25, 2)
        corners = self._random.uniform(0, 0.18)
        light = 1 + slope[0] * x + slope[1] * y - corners * (x * x + y * y)
        return np.clip(page * light.astype(np.float32), 0, 255).astype(np.uint8)

    def _smear(self, page: Grey) -> Grey:
        """Returns the page drawn out along the lines, as toner or a moving sheet is."""
        reach = int(self._random.integers(2, max(3, round(2.2 * self._unit))))
        total = sum(np.roll(page, shift, 1).astype(np.float32) for shift in range(reach))
        return (total / reach).astype(np.uint8)

    def _blur(self, page: Grey) -> Grey:
        return self._blurred(page, self._random.gamma(3.0, 0.13))

    def _blurred(self, page: Grey, radius: float) -> Grey:
        """Returns the page blurred with a radius in hundredths of an inch."""
        soft = Image.fromarray(np.ascontiguousarray(page)).filter(
            ImageFilter.GaussianBlur(radius * self._unit)
        )
        return np.asarray(soft)

    def _noise(self, page: Grey) -> Grey:
        """Returns the page with grain, drawn once for a tile and laid over the page at shifted places."""
        tile = self._random.normal(0, self._random.gamma(2.0, 3.5), (509, 701)).astype(np.float32)
        if self._is_so(0.5):
            tile = (tile + np.roll(tile, 1, 0) + np.roll(tile, 1, 1) + np.roll(tile, (1, 1), (0, 1))) / 2
        rows, columns = -(-page.shape[0] // 509), -(-page.shape[1] // 701)
        grain = np.tile(tile, (rows, columns))[: page.shape[0], : page.shape[1]]
        return np.clip(page + grain, 0, 255).astype(np.uint8)

    def _streaks(self, page: Grey) -> Grey:
        """Returns the page with dark or light lines down it, as from a dirty glass."""
        worn = page.copy()
        for _ in range(int(self._random.integers(1, 6))):
            x, width = (
                int(self._random.integers(page.shape[1])),
                max(1, round(self._random.uniform(0.3, 1.5) * self._unit)),
            )
            worn[:, x : x + width] = (
                255 if self._is_so(0.3) else worn[:, x : x + width] * self._random.uniform(0.2, 0.9)
            )
        return worn

    def _threshold(self, page: Grey) -> Grey:
        """Returns the page in black and white, often too dark or too pale."""
        page = self._blurred(page, self._random.uniform(0.15, 0.35))
        dark, light = np.percentile(page[::5, ::5], (1, 80))
        level = dark + (light - dark) * self._random.uniform(0.35, 0.78)
        return np.where(page > level, np.uint8(255), np.uint8(0))

    def _speckle(self, page: Grey) -> Grey:
        """Returns the page with specks of one to three pixels, mostly dark."""
        worn = page.copy()
        count = int(page.size * 10 ** self._random.uniform(-5, -2.6))
        y, x = (
            self._random.integers(0, page.shape[0] - 3, count),
            self._random.integers(0, page.shape[1] - 3, count),
        )
        size = int(self._random.integers(1, 1 + max(1, round(self._unit))))
        tones = np.where(self._random.random(count) < 0.75, 0, 255).astype(np.uint8)
        for down in range(size):
            for along in range(size):
                worn[y + down, x + along] = tones
        return worn

    def _fax(self, page: Grey) -> Grey:
        """Returns the page after a standard or fine fax.

        A fax has 204 columns and 98 or 196 rows an inch, in black and white.
        """
        height, width = page.shape
        rows = 98 if self._is_so(0.4) else 196
        small = (max(8, round(width * 2.04 / self._unit)), max(8, round(height * rows / 100 / self._unit)))
        sent = np.asarray(Image.fromarray(page).resize(small, Image.Resampling.BILINEAR))
        level = np.percentile(page[::5, ::5], 80) * self._random.uniform(0.5, 0.85)
        printed = Image.fromarray(np.where(sent > level, np.uint8(255), np.uint8(0)))
        return np.asarray(printed.resize((width, height), Image.Resampling.NEAREST))

    def _dither(self, page: Grey) -> Grey:
        """Returns the page in black and white whose greys are made of dots."""
        return np.asarray(Image.fromarray(page).convert("1").convert("L"))

    def _jpeg(self, page: Grey) -> Grey:
        data = io.BytesIO()
        Image.fromarray(page).save(data, "JPEG", quality=int(self._random.integers(20, 80)))
        return np.asarray(Image.open(data))


def _by_tone(page: Grey, change: Callable[[NDArray[np.float32]], NDArray[np.floating]]) -> Grey:
    """Change every pixel by its grey value alone."""
    table = np.clip(change(np.arange(256, dtype=np.float32)), 0, 255).astype(np.uint8)
    return table[page]
