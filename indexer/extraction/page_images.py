"""Renders a page as an upright WebP picture with marked hits, in a child process, cached on disk."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import math
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from PIL import Image, ImageChops, ImageOps

from archive.errors import Unavailable
from archive.model import PAGE_UNITS, Attachment, Line, Page, Rectangle
from archive.ports import Files
from indexer.extraction import parsers, sandbox
from indexer.extraction.cross_process_semaphore import CrossProcessSemaphore
from indexer.extraction.disk_cache import DiskCache, keep_while_stored
from indexer.extraction.image.deskew import turned_upright
from indexer.extraction.image.input_normalization import write_repaired
from indexer.extraction.ocr_policy import MANY_PATHS, SCAN
from indexer.extraction.parsers import convert_if_not_pdf
from indexer.extraction.reading_errors import UnreadableFile
from indexer.lazy_import import lazy_import
from indexer.processors import count_processors

if TYPE_CHECKING:
    import pypdfium2
else:
    pypdfium2 = lazy_import("pypdfium2")

T = TypeVar("T")

MAX_PIXELS = 40_000_000  # of one picture: at 4 bytes each 160 MB while it is drawn
MAX_WIDTH = 2_400  # pixels: some 290 dpi of an A4 page
SECONDS = 20.0  # for one picture
AT_ONCE = max(2, count_processors())
"""Pictures made at the same time on a machine: more would only slow each other, and the site, down."""
WAIT_SECONDS = 8.0
"""Seconds to wait for a slot: a browser asks for six pictures at once and one address gets one at a time.

Just after a start each takes about a second. Where many wait already, the server lets nobody wait.
"""
MOST_MARKED = 4_000
"""Pictures with hits, or cropped, that are cached: each query makes its own, and anybody may query."""
CROP_WIDTH, CROP_HEIGHT = 6_000, 1_130
"""Shape and least width of the piece around a hit, in 1/10,000 of the page: some four lines of a letter."""
CROP_ASPECT = 480 / 128  # width to height of the picture of a piece; that of the shape on A4
_CROP_MARGIN = 250  # beside the text, in 1/10,000 of the page
FIRST_WIDTH = 1_000
"""Width in pixels of the picture that results and reader show first; pieces are cut from it."""
RETRY_SECONDS = 600.0  # before a page that failed to draw is tried again
_NO_PICTURE = "แสดงภาพของหน้านี้ไม่ได้ กรุณาเปิดไฟล์ต้นฉบับแทน"
_MAX_HEIGHT = 16_000  # pixels; the highest WebP picture has 16,383
_HIT_COLOUR = (255, 226, 90)
_QUALITY = 80  # of WebP, 0 to 100
_REACH = 0.3  # of a hit's height: how far its sides may move; about the width of a letter
_BLANK = 0.06  # share of the darkest column's ink; less is the grain of the paper
_NEARNESS = 0.25  # share of ink that a column must be lighter, to be worth the whole reach
_STYLE = 5  # raised when a picture would be drawn differently


_A3_LONG_SIDE = 1_300.0  # points, with some room
_A4_LONG_SIDE_PIXELS = 3_508  # at 300 dpi
_GREY_SPACES = (1, 4)  # of PDFium's numbers for colour spaces: DeviceGray, CalGray


HIT_PADDING = 20  # margin around a hit, in 1/10,000 of the page
_SAME_WORD = 60  # hits closer than this are drawn as one


def hit_rectangles(page: Page, hits: tuple[tuple[int, int], ...]) -> list[Rectangle]:
    """Returns padded rectangles of the ``[start, end)`` stretches of ``page.text``, neighbours merged."""
    return [_padded(line, left, right) for line, left, right in extents_of_hits(page, hits)]


def extents_of_hits(page: Page, hits: tuple[tuple[int, int], ...]) -> list[tuple[Line, int, int]]:
    """Returns line, left and right edge of the letters of each stretch, with neighbours merged."""
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
        (page.lines[number], left, right)
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
        max(0, left - HIT_PADDING),
        max(0, line.top - HIT_PADDING),
        min(PAGE_UNITS, right + HIT_PADDING),
        min(PAGE_UNITS, line.bottom + HIT_PADDING),
    )


def rasterize_page(path: Path, number: int, max_dpi: float) -> Image.Image:
    """Renders a PDF's page ``number`` (1…) in a sandbox child, at a lower dpi if huge; ``UnreadableFile``.

    It is in grey where the page is a scan in grey, otherwise in RGB. Its /Rotate is applied. The resolution
    is lowered where the picture would pass 40 megapixels, and for a
    scan whose size was given in pixels instead of points.
    """
    with _opened(path) as document:
        page = document[number - 1]
        scale = min(max_dpi / 72, _scale_of_oversized_scan(page))
        return _render(page, scale, mode="L" if _is_grey_scan(page) else "RGB")


def scan_size(path: Path, number: int) -> tuple[float, float]:
    """Returns a page's width and height in pixels of its scan; (0, 0) unless pictures cover the page.

    Pages are counted from 1. Its finest large picture counts: a copier may put the letters in a finer picture
    over that of the paper. It is also (0, 0) where letters may be outlines. To be called in a sandbox child
    only.
    """
    with _opened(path) as document:
        page = document[number - 1]
        width, height = page.get_size()
        sizes = []
        for picture in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=2):
            left, bottom, right, top = picture.get_bounds()
            sizes.append((right - left, top - bottom, max(picture.get_px_size())))
        if sum(across * up for across, up, _ in sizes) < SCAN * width * height:
            return 0.0, 0.0
        if _count_subpaths(page, most=MANY_PATHS) >= MANY_PATHS:
            return 0.0, 0.0
        large = max(across * up for across, up, _ in sizes) / 2
        resolution = max(
            pixels / max(across, up, 1.0) for across, up, pixels in sizes if across * up >= large
        )
        return width * resolution, height * resolution


def _count_subpaths(page: pypdfium2.PdfPage, *, most: int) -> int:
    """Returns the number of lines and outlines drawn on a page, or ``most`` if there are more."""
    raw = pypdfium2.raw
    begun = (
        raw.FPDFPathSegment_GetType(raw.FPDFPath_GetPathSegment(path.raw, number)) == raw.FPDF_SEGMENT_MOVETO
        for path in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=2)
        for number in range(raw.FPDFPath_CountSegments(path.raw))
    )
    return sum(1 for _ in itertools.islice(filter(None, begun), most))


def _is_grey_scan(page: pypdfium2.PdfPage) -> bool:
    """Returns True if a page consists of pictures in grey or black and white alone."""
    if pypdfium2.raw.FPDFPage_GetAnnotCount(page):
        return False
    return all(
        isinstance(drawn, pypdfium2.PdfImage) and drawn.get_metadata().colorspace in _GREY_SPACES
        for drawn in page.get_objects(max_depth=1)
    )


def _scale_of_oversized_scan(page: pypdfium2.PdfPage) -> float:
    """Returns the highest useful scale (pixels a point) of a scan larger than A3; infinite for other pages.

    Some scanners write one point for each pixel: an A4 sheet at 200 dpi then measures 60 by 83 cm. Drawn at
    300 dpi of that size it would have six times the pixels of the scan, and no more detail.
    """
    longest = max(page.get_size())
    if longest <= _A3_LONG_SIDE:
        return math.inf
    pixels = 0
    for picture in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=2):
        left, bottom, right, top = picture.get_bounds()
        if (right - left) * (top - bottom) >= SCAN * page.get_width() * page.get_height():
            pixels = max(pixels, *picture.get_px_size())
    return max(pixels, _A4_LONG_SIDE_PIXELS) / longest if pixels else math.inf


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD
        raise UnreadableFile("password" if locked else "damaged") from error
    try:
        with contextlib.suppress(pypdfium2.PdfiumError):
            document.init_forms()  # what is filled in is drawn too
        yield document
    except (pypdfium2.PdfiumError, IndexError) as error:
        raise UnreadableFile("damaged") from error
    finally:
        document.close()


def _render(page: pypdfium2.PdfPage, scale: float, mode: str = "RGB") -> Image.Image:
    width, height = page.get_size()
    if not (width > 0 and height > 0):
        raise UnreadableFile("damaged")
    scale = min(scale, (MAX_PIXELS / (width * height)) ** 0.5)
    if min(width, height) * scale < 1:
        raise UnreadableFile("too-big")
    picture: Image.Image = page.render(
        scale=scale, rev_byteorder=mode == "RGB", grayscale=mode == "L"
    ).to_pil()
    return picture if picture.mode == mode else picture.convert(mode)


def page_picture(path: Path, number: int, width: int, turn: int) -> bytes:
    """Returns a page's picture as WebP. To be called in a sandbox child only. Raises ``UnreadableFile``."""
    with tempfile.TemporaryDirectory(prefix="prakat-") as folder:
        copy = Path(folder) / "copy.pdf"
        if convert_if_not_pdf(path, copy):
            path = copy
        try:
            picture = _picture(path, number, width, turn)
        except UnreadableFile as error:
            if error.code != "damaged":
                raise
            write_repaired(path, copy)
            picture = _picture(copy, number, width, turn)
    return _webp(picture)


def mark_and_crop(webp: bytes, width: int, boxes: tuple[Rectangle, ...], crop: Rectangle | None) -> bytes:
    """Returns a page's picture with hits marked. To be called in a sandbox child only.

    With ``crop`` only that piece of the picture is returned, ``width`` pixels wide, on paper of one shape.
    """
    with Image.open(io.BytesIO(webp)) as opened:
        picture = opened.convert("RGB")
    for box in boxes:
        _mark(picture, box)
    if crop is not None:
        piece = picture.crop(pixel_box(picture, crop))
        paper = tuple(np.median(np.asarray(piece), axis=(0, 1)).astype(int).tolist())
        picture = ImageOps.pad(piece, (width, round(width / CROP_ASPECT)), color=paper)
    return _webp(picture)


def _webp(picture: Image.Image) -> bytes:
    webp = io.BytesIO()
    picture.save(webp, "WEBP", quality=_QUALITY, method=2)
    return webp.getvalue()


def _picture(path: Path, number: int, width: int, turn: int) -> Image.Image:
    with _opened(path) as document:
        page = document[number - 1]
        across, down = page.get_size()
        if turn in (90, 270):
            across, down = down, across
        if not (across > 0 and down > 0):
            raise UnreadableFile("damaged")
        picture = _render(page, min(width / across, _MAX_HEIGHT / down))
    return turned_upright(picture, turn)


def _mark(picture: Image.Image, box: Rectangle) -> None:
    """Colours the background of a box, as a marker pen does."""
    area = _between_letters(picture, pixel_box(picture, box))
    part = picture.crop(area)
    picture.paste(ImageChops.multiply(part, Image.new("RGB", part.size, _HIT_COLOUR)), area)


def _between_letters(picture: Image.Image, area: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Returns the area with its sides moved to the nearest columns without ink.

    A recogniser says about where each letter stands; a side within a letter would mark half of it.
    """
    left, top, right, bottom = area
    reach = round(_REACH * (bottom - top))
    start = max(0, left - reach)
    strip = picture.crop((start, top, min(picture.width, right + reach), bottom)).convert("L")
    rows = np.asarray(strip, dtype=np.float32)
    darkness = np.maximum(np.percentile(rows, 90) - rows, 0).sum(axis=0)
    ink = darkness / max(float(darkness.max(initial=0)), 1.0)

    def nearest(side: int) -> int:
        first, after = max(0, side - start - reach), min(len(ink), side - start + reach + 1)
        away = np.abs(np.arange(first, after) - (side - start)) / max(reach, 1)
        return start + first + int(np.argmin(np.maximum(ink[first:after], _BLANK) + _NEARNESS * away))

    moved = nearest(left), top, nearest(right - 1) + 1, bottom
    return moved if moved[0] < moved[2] else area


def pixel_box(picture: Image.Image, box: Rectangle) -> tuple[int, int, int, int]:
    """Returns left, top, right and bottom of a box in pixels, rounded outwards and not clipped."""
    return (
        box.left * picture.width // PAGE_UNITS,
        box.top * picture.height // PAGE_UNITS,
        -(-box.right * picture.width // PAGE_UNITS),
        -(-box.bottom * picture.height // PAGE_UNITS),
    )


def piece_around_hit(boxes: Sequence[Rectangle], lines: Sequence[Line]) -> Rectangle:
    """Returns the piece of whole lines around a hit, whose boxes these are; the first lines without boxes.

    It has the line with most of the hit, and as many lines below and above it as fit into the shape of
    ``CROP_WIDTH`` and ``CROP_HEIGHT``. It is as wide as its lines, so that it cuts no word.
    """
    best = max(boxes, key=lambda box: box.right - box.left, default=Rectangle(2_000, 0, 8_000, CROP_HEIGHT))
    rows = _rows_of_lines(lines) or [best]
    middle = (best.top + best.bottom) // 2 if boxes else rows[0].top
    hit = min(range(len(rows)), key=lambda row: abs((rows[row].top + rows[row].bottom) // 2 - middle))
    first = last = hit
    while True:
        wider = sorted(((first, last + 1), (first - 1, last)), key=lambda ends: abs(sum(ends) - 2 * hit))
        fitting = (ends for ends in wider if ends[0] >= 0 and ends[1] < len(rows) and _fits(rows, *ends))
        if (ends := next(fitting, None)) is None:
            return _piece_of_rows(rows, first, last)
        first, last = ends


def _rows_of_lines(lines: Sequence[Line]) -> list[Rectangle]:
    """Returns the rows of a page from top to bottom, each with all the lines that stand beside each other."""
    rows: list[Rectangle] = []
    for line in sorted(lines, key=lambda each: each.top):
        left, right = line.edges[0], line.edges[-1]
        if rows and (line.top + line.bottom) // 2 < rows[-1].bottom:
            row = rows.pop()
            left, right = min(row.left, left), max(row.right, right)
            rows.append(Rectangle(left, row.top, right, max(row.bottom, line.bottom)))
        else:
            rows.append(Rectangle(left, line.top, right, line.bottom))
    return rows


def _piece_of_rows(rows: Sequence[Rectangle], first: int, last: int) -> Rectangle:
    """Returns the piece of the rows from ``first`` to ``last``, which ends between rows."""
    shown = rows[first : last + 1]
    top, bottom = shown[0].top - _CROP_MARGIN // 8, shown[-1].bottom + _CROP_MARGIN // 8
    if first:
        top = max(top, _border(rows[first - 1], shown[0]))
    if last + 1 < len(rows):
        bottom = min(bottom, _border(shown[-1], rows[last + 1]))
    top, bottom = max(0, top), min(PAGE_UNITS, bottom)
    if bottom <= top:  # letters beyond the page's edge
        top = max(0, bottom - CROP_HEIGHT // 2)
        bottom = min(PAGE_UNITS, top + CROP_HEIGHT)
    left = max(0, min(min(row.left for row in shown) - _CROP_MARGIN, PAGE_UNITS - CROP_WIDTH))
    right = min(PAGE_UNITS, max(max(row.right for row in shown) + _CROP_MARGIN, left + CROP_WIDTH))
    return Rectangle(left, top, right, bottom)


def _border(above: Rectangle, below: Rectangle) -> int:
    """Returns the height between two rows; nearer to the one above, as marks stand above letters."""
    return (2 * above.bottom + below.top) // 3


def _fits(rows: Sequence[Rectangle], first: int, last: int) -> bool:
    piece = _piece_of_rows(rows, first, last)
    return (piece.bottom - piece.top) * CROP_WIDTH <= CROP_HEIGHT * (piece.right - piece.left)


class PagePictures:
    """Page pictures. The caches are disposable, keyed by content, page, width, hits and piece.

    A page is drawn once for each width; hits are laid over that drawing. Drawing and marking take a slot of
    the machine, for no address more than one at a time.
    """

    def __init__(self, files: Files, cache: Path, *, cache_bytes: int = 512 * 1024 * 1024) -> None:
        self._files = files
        self._drawn = DiskCache(cache, cache_bytes)
        self._marked = DiskCache(cache.with_name(f"{cache.name}-marked"), cache_bytes // 4, most=MOST_MARKED)
        self._converted = DiskCache(cache.with_name(f"{cache.name}-converted"), cache_bytes // 4)
        self._slots = CrossProcessSemaphore(cache, AT_ONCE)
        self._failed: dict[str, tuple[float, str]] = {}

    def page_picture(
        self,
        attachment: Attachment,
        page: Page,
        *,
        width: int,
        hits: tuple[tuple[int, int], ...] = (),
        crop_at: tuple[int, int] | None = None,
        address: str = "",
        seconds: float = WAIT_SECONDS,
    ) -> bytes:
        """Returns the page as WebP, ``MAX_WIDTH`` wide at most, with hits marked, or raises ``Unavailable``.

        It is ``width`` pixels wide, or ``MAX_WIDTH`` if that is less. ``hits`` are ``[start, end)`` offsets
        into ``page.text``. With ``crop_at``, such a stretch, only the piece around it is returned.

        Raises ``NoFreeSlot`` when others make pictures, and ``address`` may not have one made within
        ``seconds``; ``Unavailable`` when the picture cannot be made within its limits, and for
        ``RETRY_SECONDS`` after that.
        """
        width = max(1, min(width, MAX_WIDTH))
        boxes = tuple(hit_rectangles(page, hits))
        crop = piece_around_hit(hit_rectangles(page, (crop_at,)), page.lines) if crop_at else None
        if not boxes and crop is None:
            return self.cached_picture(attachment, page, width=width) or self._draw(
                attachment, page, width, address, seconds
            )
        name = _name(attachment.sha256, page, width, boxes, crop)
        marked = _content(self._marked, name)
        if marked is None:
            across = width if crop is None else FIRST_WIDTH
            drawn = self.page_picture(attachment, page, width=across, address=address, seconds=seconds)
            with self._slots.hold_slot(address, seconds=seconds):
                marked = self._run(name, mark_and_crop, drawn, width, boxes, crop)
            keep_while_stored(self._marked, self._files, attachment.sha256, name, marked)
        return marked

    def has(self, sha256: str) -> bool:
        """Returns True while a cache has a picture of a file, or the PDF of an Office file."""
        return any(cache.has(sha256) for cache in (self._drawn, self._marked, self._converted))

    def forget(self, sha256: str) -> None:
        """Deletes from the caches what was made from a file: pictures, and the PDF of an Office file."""
        for cache in (self._drawn, self._marked, self._converted):
            cache.forget(sha256)

    def cached_picture(self, attachment: Attachment, page: Page, *, width: int) -> bytes | None:
        """Returns the picture without marks if it is in the cache, otherwise None."""
        return _content(self._drawn, _name(attachment.sha256, page, max(1, min(width, MAX_WIDTH))))

    def _draw(self, attachment: Attachment, page: Page, width: int, address: str, seconds: float) -> bytes:
        name = _name(attachment.sha256, page, width)
        self._refuse_again(name)
        with self._slots.hold_slot(address, seconds=seconds):
            drawn = _content(self._drawn, name)  # another may have made it meanwhile
            if drawn is None:
                with self._drawable(attachment) as path:
                    drawn = self._run(name, page_picture, path, page.number, width, page.turn)
                keep_while_stored(self._drawn, self._files, attachment.sha256, name, drawn)
        return drawn

    @contextlib.contextmanager
    def _drawable(self, attachment: Attachment) -> Iterator[Path]:
        """Yields the path of the file, or of the PDF that an Office file was converted to once."""
        with self._files.local_path(attachment.sha256) as path:
            parser = parsers.PARSERS.get(attachment.media_type)
            if parser is None or parser.convert is None or not parser.file_type.is_office:
                yield path
                return
            with tempfile.TemporaryDirectory(prefix="prakat-") as folder:
                converted = Path(folder) / "converted.pdf"
                name = f"{attachment.sha256}.pdf"
                kept = _content(self._converted, name)
                if kept is None:
                    self._refuse_again(name)
                    self._run(
                        name,
                        parser.convert,
                        path,
                        converted,
                        seconds=parser.seconds,
                        memory_mb=parser.memory_mb,
                    )
                    content = converted.read_bytes()
                    keep_while_stored(self._converted, self._files, attachment.sha256, name, content)
                else:
                    converted.write_bytes(kept)
                yield converted

    def _run(
        self,
        name: str,
        function: Callable[..., T],
        *args: object,
        seconds: float = SECONDS,
        memory_mb: int = 1024,
    ) -> T:
        try:
            return sandbox.run_in_sandbox(function, *args, seconds=seconds, memory_mb=memory_mb)
        except UnreadableFile as error:
            self._failed[name] = time.monotonic() + RETRY_SECONDS, error.code
            raise Unavailable(_NO_PICTURE, code=error.code) from error

    def _refuse_again(self, name: str) -> None:
        """Raises ``Unavailable`` for a page that failed to draw less than ``RETRY_SECONDS`` ago."""
        now = time.monotonic()
        for key, (until, _) in self._failed.copy().items():  # other threads add to it
            if until <= now:
                self._failed.pop(key, None)
        if name in self._failed:
            raise Unavailable(_NO_PICTURE, code=self._failed[name][1])


def _content(cache: DiskCache, name: str) -> bytes | None:
    kept = cache.open(name)
    if kept is None:
        return None
    with kept:
        return kept.read()


def _name(
    sha256: str,
    page: Page,
    width: int,
    boxes: tuple[Rectangle, ...] = (),
    crop: Rectangle | None = None,
) -> str:
    drawn = hashlib.sha256(repr((_STYLE, boxes, crop)).encode()).hexdigest()[:16]
    return f"{sha256}-{page.number}-{width}-{page.turn}-{drawn}.webp"
