"""A page of a file → a WebP picture, upright, with hits drawn in; made in a child process, cached on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from archive.model import Attachment, Page
from archive.ports import Files


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A place on the upright page, in 1/10,000 of its width and height, from the top left corner."""

    left: int
    top: int
    right: int
    bottom: int


def rectangles(page: Page, hits: tuple[tuple[int, int], ...]) -> list[Rectangle]:
    """Where the ``[start, end)`` stretches of ``page.text`` stand on the page."""
    raise NotImplementedError


def raster(path: Path, number: int, dpi: int) -> Image.Image:
    """Page ``number`` (1…) of a PDF, its own /Rotate applied. Call it in a sandbox child only.

    The resolution is lowered where the picture would pass 40 megapixels. Raises ``Unreadable``.
    """
    raise NotImplementedError


class Pictures:
    """Page pictures. The cache is disposable; it is keyed by content, page, width and hits."""

    def __init__(self, files: Files, cache: Path) -> None:
        self._files = files
        self._cache = cache

    def page(
        self, attachment: Attachment, page: Page, *, width: int, hits: tuple[tuple[int, int], ...] = ()
    ) -> bytes:
        """WebP bytes, ``width`` pixels wide; ``hits`` are ``[start, end)`` offsets into ``page.text``.

        Raises ``Unavailable`` when the picture cannot be made within its limits.
        """
        raise NotImplementedError
