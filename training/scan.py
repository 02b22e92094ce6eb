"""Draws a line of text as an office scanner would show it: worn, noisy, stamped, but readable."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from training.typefaces import fonts

Grey = NDArray[np.float32]

HEIGHT = 56  # pixels of a stored line: a little over the network's 48, so that scaling blurs alike


@lru_cache(maxsize=256)
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.RAQM)


class ScanMaker:
    """Makes pictures of lines from one random stream."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        paths, weights = zip(*fonts(), strict=True)
        self._fonts: list[Path] = list(paths)
        self._weights = np.array(weights) / sum(weights)

    def picture(self, text: str, behind: str) -> bytes:
        """Returns PNG bytes of ``text``, ``HEIGHT`` pixels high.

        ``behind`` is a line that may show through.
        """
        size = self._random.choice((60, 72, 84))
        path = self._fonts[self._random.choice(len(self._fonts), p=self._weights)]
        ink = self._squeeze(self._draw(text, path, size))
        ink = self._tilt(self._stroke(ink))
        page = self._overlay(self._paper(ink, behind, path, size))
        page = self._wear(page)
        height = HEIGHT
        width = max(24, round(page.width * height / page.height))
        data = io.BytesIO()
        page.resize((width, height), Image.Resampling.BICUBIC).save(data, "PNG")
        return data.getvalue()

    def _chance(self, probability: float) -> bool:
        return bool(self._random.random() < probability)

    def _draw(self, text: str, path: Path, size: int) -> Image.Image:
        """Returns black text on white, cut close to what a layout analysis cuts: ink plus a few pixels."""
        font = _font(path, size)
        left, top, right, bottom = font.getbbox(text, language="th")
        loose = 3 if self._chance(0.35) else 1  # specks and stamps make a layout analysis cut high
        limits = (loose * size // 4, loose * size // 5, size // 3)
        up, down, side = (self._random.integers(2, limit) for limit in limits)
        image = Image.new("L", (int(right - left + 2 * side), int(bottom - top + up + down)), 255)
        ImageDraw.Draw(image).text((side - left, up - top), text, 0, font, language="th")
        return image

    def _squeeze(self, image: Image.Image) -> Image.Image:
        """Returns the line condensed or widened.

        Office documents use the narrow TH Sarabun cut of the same drawing.
        """
        width = round(image.width * self._random.uniform(0.80, 1.12))
        return image.resize((max(8, width), image.height), Image.Resampling.BILINEAR)

    def _stroke(self, image: Image.Image) -> Image.Image:
        pick = self._random.random()
        if pick < 0.12:
            return image.filter(ImageFilter.MaxFilter(3))
        if pick < 0.30:
            return image.filter(ImageFilter.MinFilter(3))
        return image

    def _tilt(self, image: Image.Image) -> Image.Image:
        """The little that deskewing leaves, limited so that the line stays inside its picture."""
        limit = min(0.6, np.degrees(np.arctan2(0.22 * image.height, image.width)))
        angle = self._random.uniform(-limit, limit)
        return image.rotate(angle, Image.Resampling.BILINEAR, fillcolor=255)

    def _paper(self, ink: Image.Image, behind: str, path: Path, size: int) -> Image.Image:
        """Returns the line with real tones of ink and paper, shading, and at times the sheet's other side."""
        text = np.asarray(ink, np.float32) / 255
        height, width = text.shape
        dark, light = self._random.uniform(0, 105), self._random.uniform(205, 255)
        slope = self._random.uniform(-14, 14, 2)
        shade = slope[0] * np.linspace(0, 1, width)[None, :] + slope[1] * np.linspace(0, 1, height)[:, None]
        if self._chance(0.15):
            mirror = np.asarray(self._draw(behind, path, size), np.float32)[:, ::-1] / 255
            mirror = np.roll(
                np.resize(mirror, (max(height, mirror.shape[0]), mirror.shape[1])),
                self._random.integers(height),
                0,
            )
            faint = np.ones_like(text)
            rows, columns = min(height, mirror.shape[0]), min(width, mirror.shape[1])
            faint[:rows, :columns] = mirror[:rows, :columns]
            text = np.minimum(text, 1 - (1 - faint) * self._random.uniform(0.06, 0.22))
        return Image.fromarray(np.clip(dark + (light - dark) * text + shade, 0, 255).astype(np.uint8))

    def _overlay(self, image: Image.Image) -> Image.Image:
        """Returns the line with parts of stamps, signatures, dotted lines, table rules or creases over it."""
        draw = ImageDraw.Draw(image)
        width, height = image.size
        self._draw_ink(draw, width, height)
        self._draw_rules(draw, width, height)
        return image

    def _draw_ink(self, draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
        """Draws the edge of a stamp, and signatures, over a line."""
        if self._chance(0.07):
            radius, x, y = (
                self._random.integers(height, 4 * height),
                self._random.integers(width),
                self._random.integers(-3 * height, 3 * height),
            )
            tone, thick = int(self._random.integers(70, 190)), int(self._random.integers(1, 5))
            draw.ellipse(
                (int(x - radius), int(y - radius), int(x + radius), int(y + radius)),
                outline=tone,
                width=thick,
            )
        while self._chance(0.1):  # a signature may cross a line several times
            x = self._random.integers(width)
            points = [
                (
                    int(x + k * height * 0.3 + self._random.normal(0, 8)),
                    int(self._random.uniform(-10, height + 10)),
                )
                for k in range(4)
            ]
            draw.line(
                points,
                fill=int(self._random.integers(20, 140)),
                width=int(self._random.integers(2, 5)),
                joint="curve",
            )

    def _draw_rules(self, draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
        """Draws a dotted line, the rule of a table, and a crease over a line."""
        if self._chance(0.05):
            y, gap = (
                height - int(self._random.integers(2, max(3, height // 6))),
                int(self._random.integers(5, 12)),
            )
            for x in range(0, width, gap):
                draw.ellipse((x, y, x + 3, y + 3), fill=int(self._random.integers(30, 120)))
        if self._chance(0.05):
            y = self._random.choice((1, height - 2))
            draw.line(
                (0, int(y), width, int(y)),
                fill=int(self._random.integers(20, 160)),
                width=int(self._random.integers(1, 4)),
            )
        if self._chance(0.03):
            y = int(self._random.integers(height))
            draw.line(
                (0, y, width, y + int(self._random.integers(-6, 6))),
                fill=int(self._random.integers(130, 200)),
                width=int(self._random.integers(2, 7)),
            )

    def _wear(self, image: Image.Image) -> Image.Image:
        """Returns the line after a scanner: resolution, blur, noise, black-and-white threshold, JPEG."""
        height = int(self._random.choice((26, 32, 38, 46, 58, 70), p=(0.06, 0.17, 0.22, 0.25, 0.2, 0.1)))
        image = image.resize(
            (max(12, round(image.width * height / image.height)), height), Image.Resampling.BOX
        )
        if self._chance(0.5):
            image = image.filter(ImageFilter.GaussianBlur(self._random.uniform(0.2, 0.45 + height / 100)))
        values = np.asarray(image, np.float32)
        if self._chance(0.7):
            values = values + self._noise(values.shape)
        if self._chance(0.22):
            values = np.where(values > self._random.uniform(110, 190), 255, 0)
            if self._chance(0.5):
                flips = self._random.random(values.shape) < self._random.uniform(0.0005, 0.012)
                values = np.where(flips, 255 - values, values)
        image = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
        if self._chance(0.3):
            data = io.BytesIO()
            image.save(data, "JPEG", quality=int(self._random.integers(18, 80)))
            image = Image.open(data)
            image.load()
        return image

    def _noise(self, shape: tuple[int, ...]) -> Grey:
        noise = self._random.normal(0, 1, shape).astype(np.float32)
        if self._chance(0.4):  # noise of coarser grain, as a lens and a scaler leave it
            noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))) / 2
        return noise * np.float32(self._random.gamma(2.0, 5.0))
