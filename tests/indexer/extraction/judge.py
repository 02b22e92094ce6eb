"""Takes a file through all steps of reading, and reports how the reading ended."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from indexer.extraction import sandbox
from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.ocr_policy import PageTextDecision
from indexer.extraction.page_images import page_picture, rasterize_page
from indexer.extraction.pdf.parser import EmbeddedPage
from indexer.extraction.reading_errors import UnreadableFile


@dataclass(frozen=True)
class Ending:
    """Outcome of reading a file.

    ``end``: ready, or the failure's code. ``problem``: why page 1 could not be read.
    """

    end: str
    text: str = ""
    problem: str = ""


def seen(path: Path, number: int) -> tuple[int, int]:
    """Size of the picture that recognition would get, at a resolution that keeps the tests short."""
    return rasterize_page(path, number, 100).size


def judge(path: Path, seconds: float = 10.0) -> Ending:
    """Open, read page 1, rasterise it where it has no good text, and draw it for a reader."""
    page = EmbeddedPage(number=1)
    try:
        with EmbeddedTextDocument(path) as document:
            page = document.read_page(1)
            if page.problem or page.page_text_decision in {PageTextDecision.OCR, PageTextDecision.BOTH}:
                sandbox.run_in_sandbox(seen, document.path, 1, seconds=seconds)
        ending = Ending("ready", page.text, page.problem)
    except UnreadableFile as error:
        ending = Ending(page.problem or error.code)
    with contextlib.suppress(UnreadableFile):  # what matters is that it ends
        sandbox.run_in_sandbox(page_picture, path, 1, 800, 0, seconds=seconds)
    return ending
