"""A page of a file → a WebP picture, upright, with hits drawn in; made in a child process, cached on disk."""

from __future__ import annotations

import contextlib
import hashlib
import io
import math
import tempfile
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
from PIL import Image, ImageChops

from archive.errors import Unavailable
from archive.model import Attachment, Line, Page
from archive.ports import Files
from indexer.reading import sandbox
from indexer.reading.cache import Cache
from indexer.reading.failures import Unreadable
from indexer.reading.lines import UNITS
from indexer.reading.wrap import wrap_picture, write_repaired

MAX_PIXELS = 40_000_000
MAX_WIDTH = 2_400
SECONDS = 20.0
AT_ONCE = 2
"""Pictures made at the same time: more would only slow each other, and the site, down."""
RETRY_SECONDS = 600.0
_NO_PICTURE = "แสดงภาพของหน้านี้ไม่ได้ กรุณาเปิดไฟล์ต้นฉบับแทน"
_MAX_HEIGHT = 16_000  # WebP holds 16,383
_HIT_COLOUR = (255, 226, 90)
_QUALITY = 80
_STYLE = 1  # raised when a picture would be drawn differently


_A3_LONG_SIDE = 1_300.0  # points, with some room
_A4_LONG_SIDE_PIXELS = 3_508  # at 300 dpi
_COVERS = 0.6  # share of the page under one picture that makes it a scan


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A place on the upright page, in 1/10,000 of its width and height, from the top left corner."""

    left: int
    top: int
    right: int
    bottom: int


_PADDING = 20  # 1/10,000
_SAME_WORD = 60  # hits closer than this are drawn as one


def rectangles(page: Page, hits: tuple[tuple[int, int], ...]) -> list[Rectangle]:
    """Where the ``[start, end)`` stretches of ``page.text`` stand on the page, neighbours merged.

    Nothing for a page whose text a person corrected: its places are those of the text before.
    """
    if page.corrected:
        return []
    starts = [line.start for line in page.lines]
    found: dict[int, list[tuple[int, int]]] = {}
    for start, end in hits:
        for number in range(max(0, bisect_right(starts, start) - 1), bisect_left(starts, end)):
            line = page.lines[number]
            last = len(line.edges) - 1
            left = line.edges[min(last, max(0, start - line.start))]
            right = line.edges[min(last, max(0, end - line.start))]
            if right > left:
                found.setdefault(number, []).append((left, right))
    return [
        _padded(page.lines[number], left, right)
        for number, extents in sorted(found.items())
        for left, right in _merged(extents)
    ]


def _merged(extents: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for left, right in sorted(extents):
        if merged and left - merged[-1][1] <= _SAME_WORD:
            merged[-1] = (merged[-1][0], max(right, merged[-1][1]))
        else:
            merged.append((left, right))
    return merged


def _padded(line: Line, left: int, right: int) -> Rectangle:
    return Rectangle(
        max(0, left - _PADDING),
        max(0, line.top - _PADDING),
        min(UNITS, right + _PADDING),
        min(UNITS, line.bottom + _PADDING),
    )


def raster(path: Path, number: int, dpi: float) -> Image.Image:
    """Page ``number`` (1…) of a PDF, its own /Rotate applied. Call it in a sandbox child only.

    The resolution is lowered where the picture would pass 40 megapixels, and for a scan whose size was
    given in pixels instead of points. Raises ``Unreadable``.
    """
    with _opened(path) as document:
        page = document[number - 1]
        return _render(page, min(dpi / 72, _scale_of_oversized_scan(page)))


def _scale_of_oversized_scan(page: pypdfium2.PdfPage) -> float:
    """Pixels a point at which a scan larger than A3 is worth drawing; infinite for other pages.

    Some scanners write one point for each pixel: an A4 sheet at 200 dpi then measures 60 by 83 cm. Drawn at
    300 dpi of that size it would have six times the pixels of the scan, and no more detail.
    """
    longest = max(page.get_size())
    if longest <= _A3_LONG_SIDE:
        return math.inf
    pixels = 0
    for picture in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=2):
        left, bottom, right, top = picture.get_bounds()
        if (right - left) * (top - bottom) >= _COVERS * page.get_width() * page.get_height():
            pixels = max(pixels, *picture.get_px_size())
    return max(pixels, _A4_LONG_SIDE_PIXELS) / longest if pixels else math.inf


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD
        raise Unreadable("password" if locked else "damaged") from error
    try:
        with contextlib.suppress(pypdfium2.PdfiumError):
            document.init_forms()  # what is filled in is drawn too
        yield document
    except (pypdfium2.PdfiumError, IndexError) as error:
        raise Unreadable("damaged") from error
    finally:
        document.close()


def _render(page: pypdfium2.PdfPage, scale: float) -> Image.Image:
    width, height = page.get_size()
    if not (width > 0 and height > 0):
        raise Unreadable("damaged")
    scale = min(scale, (MAX_PIXELS / (width * height)) ** 0.5)
    if min(width, height) * scale < 1:
        raise Unreadable("too-big")
    picture: Image.Image = page.render(scale=scale, rev_byteorder=True).to_pil()
    return picture.convert("RGB")


def paint(path: Path, number: int, width: int, turn: int, boxes: tuple[Rectangle, ...]) -> bytes:
    """A page's picture as WebP. Call it in a sandbox child only. Raises ``Unreadable``."""
    with tempfile.TemporaryDirectory(prefix="prakat-") as folder:
        copy = Path(folder) / "copy.pdf"
        if wrap_picture(path, copy):
            path = copy
        try:
            picture = _picture(path, number, width, turn)
        except Unreadable as error:
            if error.code != "damaged":
                raise
            write_repaired(path, copy)
            picture = _picture(copy, number, width, turn)
    for box in boxes:
        _mark(picture, box)
    webp = io.BytesIO()
    picture.save(webp, "WEBP", quality=_QUALITY, method=2)
    return webp.getvalue()


_CLOCKWISE = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


def _picture(path: Path, number: int, width: int, turn: int) -> Image.Image:
    with _opened(path) as document:
        page = document[number - 1]
        across, down = page.get_size()
        if turn in (90, 270):
            across, down = down, across
        if not (across > 0 and down > 0):
            raise Unreadable("damaged")
        picture = _render(page, min(width / across, _MAX_HEIGHT / down))
    return picture.transpose(_CLOCKWISE[turn]) if turn else picture


def _mark(picture: Image.Image, box: Rectangle) -> None:
    """Lay a colour under the text, as a marker pen does."""
    area = (
        box.left * picture.width // UNITS,
        box.top * picture.height // UNITS,
        -(-box.right * picture.width // UNITS),
        -(-box.bottom * picture.height // UNITS),
    )
    part = picture.crop(area)
    picture.paste(ImageChops.multiply(part, Image.new("RGB", part.size, _HIT_COLOUR)), area)


class Pictures:
    """Page pictures. The cache is disposable; it is keyed by content, page, width and hits."""

    def __init__(self, files: Files, cache: Path, *, cache_bytes: int = 512 * 1024 * 1024) -> None:
        self._files = files
        self._cache = Cache(cache, cache_bytes)
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._failed: dict[str, tuple[float, str]] = {}

    def page(
        self, attachment: Attachment, page: Page, *, width: int, hits: tuple[tuple[int, int], ...] = ()
    ) -> bytes:
        """WebP bytes, ``width`` pixels wide; ``hits`` are ``[start, end)`` offsets into ``page.text``.

        Raises ``Unavailable`` when the picture cannot be made within its limits.
        """
        width = max(1, min(width, MAX_WIDTH))
        boxes = tuple(rectangles(page, hits))
        name = _name(attachment.sha256, page.number, width, page.turn, boxes)
        cached = self._cache.open(name)
        if cached is not None:
            with cached:
                return cached.read()
        self._refuse_again(name)
        try:
            with self._turns, self._files.local_path(attachment.sha256) as path:
                picture = sandbox.run(paint, path, page.number, width, page.turn, boxes, seconds=SECONDS)
        except Unreadable as error:
            self._failed[name] = time.monotonic() + RETRY_SECONDS, error.code
            raise Unavailable(_NO_PICTURE, code=error.code) from error
        self._cache.put(name, picture)
        return picture

    def _refuse_again(self, name: str) -> None:
        """A page that could not be drawn is not tried for every visitor."""
        now = time.monotonic()
        known = self._failed.copy()  # other threads add to it
        self._failed = {key: failed for key, failed in known.items() if failed[0] > now}
        if name in self._failed:
            raise Unavailable(_NO_PICTURE, code=self._failed[name][1])


def _name(sha256: str, number: int, width: int, turn: int, boxes: tuple[Rectangle, ...]) -> str:
    drawn = hashlib.sha256(repr((_STYLE, boxes)).encode()).hexdigest()[:16]
    return f"{sha256}-{number}-{width}-{turn}-{drawn}.webp"
