"""Input normalisation: turns an uploaded file into a PDF that can be read.

The result is the file itself, a repaired copy of it, or a PDF that contains a picture without loss. The
original is never altered; copies go to a private folder. Runs in a sandbox child.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, ImageSequence

from indexer.extraction.reading_errors import UnreadableFile
from indexer.lazy_import import lazy_import

if TYPE_CHECKING:
    import img2pdf
    import pikepdf
    import pillow_heif
else:
    img2pdf = lazy_import("img2pdf")
    pikepdf = lazy_import("pikepdf")
    pillow_heif = lazy_import("pillow_heif")

MAX_PIXELS = 200_000_000  # largest number of pixels of one picture: an A2 sheet at 600 dpi has 140 million
_A4 = (595.0, 842.0)
_TAIL_BYTES = 1024  # bytes from the end in which the end mark of a PDF stands, as PDF readers accept it

Image.MAX_IMAGE_PIXELS = None  # the limit here is our own, with its own message


def wrap_picture(path: Path, wrapped: Path, *, format: str) -> None:
    """Writes a picture as a PDF, TIFF frames as pages, in a sandbox child; ``UnreadableFile`` if bad.

    The codes of ``UnreadableFile`` are damaged and too-big. Of other pictures, such as animated ones, the
    first frame is the page. ``format``: the name that Pillow has for the picture's format.
    """
    try:
        with Image.open(path, formats=(format,)) as picture:
            wrapped.write_bytes(_wrap(picture, path, format))
    except (*_DAMAGED, img2pdf.ImageOpenError) as error:
        raise UnreadableFile("damaged") from error


def wrap_heif(path: Path, wrapped: Path) -> None:
    """Writes a HEIF file as a PDF, in a sandbox child only; ``UnreadableFile``: damaged, too-big."""
    try:
        photograph = pillow_heif.open_heif(path)
        _check_size(photograph.size)
        wrapped.write_bytes(_pdf(_as_plain_png(photograph.to_pillow())))
    except (*_DAMAGED, img2pdf.ImageOpenError) as error:
        raise UnreadableFile("damaged") from error


_DAMAGED = (OSError, EOFError, RuntimeError, ValueError, SyntaxError)
"""Errors of Pillow and pillow_heif (RuntimeError, EOFError) about a damaged picture."""


def _wrap(picture: Image.Image, path: Path, format: str) -> bytes:
    _check_size(picture.size)
    picture.load()  # raises for a truncated picture
    is_animated = getattr(picture, "is_animated", False)  # of formats that may have several frames
    if picture.format == format and "A" not in picture.getbands() and (format == "TIFF" or not is_animated):
        # a PDF cannot hold pixels of every kind as they are; 16 bits of grey are a ValueError
        with contextlib.suppress(
            img2pdf.AlphaChannelError, img2pdf.JpegColorspaceError, img2pdf.PdfTooLargeError, ValueError
        ):
            return _pdf(path.read_bytes())
    # only the frames of a TIFF are pages; a phone's JPEG may hold a preview and a map of depths
    frames = ImageSequence.Iterator(picture) if picture.format == "TIFF" else [picture]
    return _pdf(*map(_as_plain_png, frames))


def _as_plain_png(picture: Image.Image) -> bytes:
    """Returns the picture upright on white paper, with 8 bits a channel."""
    _check_size(picture.size)
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I"):  # 16 bits of grey
        upright = Image.fromarray((np.asarray(upright) >> 8).clip(0, 255).astype(np.uint8))
    flat = Image.new("RGB", upright.size, "white")
    flat.paste(upright, mask=upright.getchannel("A") if "A" in upright.getbands() else None)
    png = io.BytesIO()
    flat.save(png, "PNG", compress_level=1)
    return png.getvalue()


def _check_size(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise UnreadableFile("too-big")


def _pdf(*pictures: bytes) -> bytes:
    """Returns a PDF with one page per frame; of size A4 for pictures without a resolution, as of phones."""
    wrapped: bytes = img2pdf.convert(pictures, rotation=img2pdf.Rotation.ifvalid, layout_fun=_page_size)
    return wrapped


def _page_size(width: int, height: int, resolution: tuple[float, float]) -> tuple[float, float, float, float]:
    across, down = width * 72 / resolution[0], height * 72 / resolution[1]
    if resolution[0] < _LEAST_DPI or resolution[1] < _LEAST_DPI:
        shrink = min(max(_A4) / max(across, down), min(_A4) / min(across, down))
        across, down = across * shrink, down * shrink
    return across, down, across, down


_LEAST_DPI = 100  # a lower resolution is a screen's (72, 96), or none was set: it says nothing about a paper


def is_cut_off(path: Path) -> bool:
    """Returns True if a PDF lacks its end mark, which means that a copy or a download broke off."""
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        return b"%%EOF" not in file.read()


def write_repaired(path: Path, repaired: Path) -> None:
    """Writes a repaired PDF, in a sandbox child only; ``UnreadableFile``: password, damaged, empty."""
    try:
        with pikepdf.open(path) as pdf:
            if not pdf.pages:
                raise UnreadableFile("empty")
            for page in pdf.pages:
                _give_size(page)
            pdf.save(repaired)
    except pikepdf.PasswordError as error:
        raise UnreadableFile("password") from error
    except (pikepdf.PdfError, ValueError, KeyError, TypeError) as error:
        raise UnreadableFile("damaged") from error


def _give_size(page: pikepdf.Page) -> None:
    """Sets A4 on a page without a usable /MediaBox, and removes an invalid /CropBox or /Rotate."""
    try:
        sound = len([float(number) for number in page.mediabox]) == 4
    except (ValueError, TypeError, AttributeError, KeyError):
        sound = False
    if not sound:
        page.obj.MediaBox = [0, 0, *map(int, _A4)]
    for key in ("/CropBox", "/Rotate"):
        if key in page.obj and not isinstance(page.obj[key], pikepdf.Array if key == "/CropBox" else int):
            del page.obj[key]
