"""Turns a document into signed paper from an office scanner: pictures only, no text."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import img2pdf
import numpy as np
import pypdfium2
from PIL import Image, ImageDraw, ImageFilter

DPI = 200  # of the made scans: usual for office papers


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanLook:
    """The skew, turn, noise, JPEG quality, stamp and signature of a scan, which always has 200 dpi.

    ``skew`` and ``turn`` are in degrees; ``quality`` is that of the JPEG (0–95).
    """

    skew: float = 0.6
    turn: int = 0
    noise: float = 6.0  # standard deviation of the brightness, of 255
    quality: int = 70
    stamp: bool = True
    signature: bool = True


def make_scan(pdf: bytes, look: ScanLook, *, seed: int) -> bytes:
    """Returns an image-only PDF; the same seed gives the same pixels."""
    random = np.random.default_rng(seed)
    document = pypdfium2.PdfDocument(pdf)
    try:
        pictures = [page.render(scale=DPI / 72).to_pil().convert("RGB") for page in document]
    finally:
        document.close()
    _sign(pictures[-1], look, random)
    made: bytes = img2pdf.convert([_paper(picture, look, random) for picture in pictures])
    return made


def _paper(picture: Image.Image, look: ScanLook, random: np.random.Generator) -> bytes:
    white = (250, 249, 245)
    turned = picture.rotate(look.skew, Image.Resampling.BICUBIC, fillcolor=white)
    soft = turned.filter(ImageFilter.GaussianBlur(0.5))
    pixels = np.asarray(soft, dtype=np.float32)
    height, width, _ = pixels.shape
    light = 1 - 0.06 * np.linspace(0, 1, width, dtype=np.float32)[None, :, None]  # darker towards the binding
    grain = random.normal(0, look.noise, (height, width, 1)).astype(np.float32)
    seen = Image.fromarray(np.clip(pixels * light + grain, 0, 255).astype(np.uint8))
    if look.turn:
        seen = seen.rotate(look.turn, expand=True)
    target = io.BytesIO()
    seen.save(target, "JPEG", quality=look.quality, dpi=(DPI, DPI))
    return target.getvalue()


def _sign(picture: Image.Image, look: ScanLook, random: np.random.Generator) -> None:
    """Draw a round red stamp and a stroke of blue ink near the space for the signature."""
    draw = ImageDraw.Draw(picture, "RGBA")
    x, y = int(picture.width * 0.56), _above_name(picture)
    if look.stamp:
        for radius, width in ((92, 5), (70, 3)):
            draw.ellipse(
                (x - radius, y - radius, x + radius, y + radius), outline=(196, 30, 45, 170), width=width
            )
        star = [
            (x + r * math.sin(a * math.pi / 5), y - r * math.cos(a * math.pi / 5))
            for a in range(10)
            for r in [30 if a % 2 == 0 else 13]
        ]
        draw.polygon(star, fill=(196, 30, 45, 150))
    if look.signature:
        steps = np.linspace(0, 1, 60)
        wave = np.sin(steps * random.uniform(16, 22) + random.uniform(0, 3)) * (1 - steps) * 34
        points = [
            (x + 20 + int(step * 230), y + int(rise) - int(step * 26))
            for step, rise in zip(steps, wave, strict=True)
        ]
        draw.line(points, fill=(28, 48, 160, 230), width=5, joint="curve")


def _above_name(picture: Image.Image) -> int:
    """Returns the middle of the largest empty band in the lower right, where a signature belongs."""
    grey = np.asarray(picture.convert("L"))[:, picture.width // 2 : picture.width * 9 // 10]
    inked = np.flatnonzero((grey < 128).any(axis=1))
    if len(inked) < 2:
        return picture.height * 3 // 4
    gaps = np.diff(inked)
    at = int(np.argmax(gaps))
    return int(inked[at] + gaps[at] // 2)
