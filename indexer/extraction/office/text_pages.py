"""Pages of text, as the readers of Office files return them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from archive import thai
from indexer.extraction.reading_errors import UnreadableFile

MAX_CHARACTERS = 5_000_000  # of all pages together: some 2,000 pages of print


@dataclass(frozen=True, slots=True)
class TextPage:
    """The text of a page. ``is_unprinted``: the text is in the file but on none of its printed pages."""

    text: str
    is_unprinted: bool = False


class PageAssembler:
    """Collects text, and splits it into pages."""

    def __init__(self) -> None:
        self._pages: list[str] = []
        self._pieces: list[str] = []
        self._left = MAX_CHARACTERS

    def add(self, text: str) -> None:
        """Adds text to the present page; ``UnreadableFile`` beyond ``MAX_CHARACTERS`` of all pages."""
        self._left -= len(text)
        if self._left < 0:
            raise UnreadableFile("office-too-big")
        self._pieces.append(text)

    def break_page(self) -> None:
        """Begins a new page, unless the present one is empty."""
        text = "".join(self._pieces)
        if text.strip():
            self._pages.append(text)
            self._pieces.clear()

    def finished(self) -> list[str]:
        """Ends the last page, and returns the text of all pages that are not empty."""
        self.break_page()
        return self._pages


def as_text_pages(pages: Iterable[str], unprinted_pages: Iterable[str]) -> tuple[TextPage, ...]:
    """Returns the texts that are not empty as pages. Raises ``UnreadableFile`` when there are none."""
    found = [TextPage(text) for text in map(_clean, pages) if text]
    found += [TextPage(text, is_unprinted=True) for text in map(_clean, unprinted_pages) if text]
    if not found:
        raise UnreadableFile("empty")
    return tuple(found)


def _clean(text: str) -> str:
    lines = (line.strip() for line in thai.canonical_text(text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
