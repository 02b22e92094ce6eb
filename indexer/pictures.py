"""A page of a file → a WebP picture, upright, with hits drawn in; made in a child process, cached on disk."""

from __future__ import annotations

from pathlib import Path

from archive.model import Attachment, Page
from archive.ports import Files


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
