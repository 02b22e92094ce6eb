"""A file → the text that it carries, page by page, read in a child process with limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from archive.model import Line, Signature
from indexer.verdict import Verdict

RULES = 1
"""Version of the rules of reading and repair: raised when they would read a page differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a file is, before its pages are read. ``sizes``: upright width and height in points."""

    page_count: int
    sizes: tuple[tuple[float, float], ...]
    signatures: tuple[Signature, ...] = ()
    repaired: bool = False  # the file was damaged; its pages are read from a repaired private copy


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedPage:
    """A page's own text.

    ``raw`` as the file gave it, ``text`` as a person sees it, ``lines`` where ``text`` stands.
    ``turn``: degrees clockwise, beyond the file's own /Rotate, that set the page upright.
    ``image_share``: share (0–1) of the page that pictures cover. ``problem``: why the page could not
    be read, "" when it could; the verdict is then OCR.
    """

    number: int
    raw: str
    text: str
    lines: tuple[Line, ...]
    verdict: Verdict
    coverage: float
    turn: int
    image_share: float
    problem: str = ""


class Document:
    """An open file, in a child process. Opening raises ``Unreadable`` with the reason."""

    def __init__(self, path: Path) -> None:
        self.outline: Outline
        self.path = path  # a PDF: the file itself, its repaired copy, or the picture wrapped in one
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read_page(self, number: int) -> EmbeddedPage:
        """Page ``number`` (1…). Never raises for what is in the file: see ``EmbeddedPage.problem``."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError
