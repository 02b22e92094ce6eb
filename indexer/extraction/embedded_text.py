"""Extracts the text that a file carries, page by page, in a child process with limits."""

from __future__ import annotations

import contextlib
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from archive import filetype
from indexer.extraction import parsers
from indexer.extraction.image import input_normalization
from indexer.extraction.ocr_policy import PageTextDecision
from indexer.extraction.office.text_pages import TextPage
from indexer.extraction.parsers import Parser
from indexer.extraction.pdf import signatures
from indexer.extraction.reading_errors import UnreadableFile
from indexer.extraction.sandbox import SandboxProcess, run_in_sandbox
from indexer.lazy_import import lazy_import

if TYPE_CHECKING:
    from indexer.extraction.pdf import parser as pdf_parser
    from indexer.extraction.pdf.parser import EmbeddedPage, FileOutline
else:
    pdf_parser = lazy_import("indexer.extraction.pdf.parser")

RULES = 4  # version of the rules of reading and repair: raised when they would read a page differently

OPEN_SECONDS = 20.0  # to open a file, before its first page
PAGE_SECONDS = 20.0  # for one page; most take some 0.03
FILE_SECONDS = 900.0  # seconds for the embedded text of all pages together; a page takes some 0.03
MAX_KILLS = 3  # number of pages that had to be stopped after which the rest of the file is not tried
MEMORY_MB = 1024  # for a file and one of its pages

_CONVERTED_WITHOUT_TEXT = {"empty", "no-office"}
"""Reasons of a text reader for which LibreOffice is asked: pictures alone, or Word before 97.

It is asked, too, about a DOC that our reader calls damaged: it reads more of what old programs wrote.
"""


class EmbeddedTextDocument:
    """An open file with a child process that reads it.

    The child process ends when the document is closed. It is replaced when a page passes a limit.
    """

    outline: FileOutline
    path: Path
    """A PDF: the file itself, its repaired copy, or what it was converted to. Valid until ``close``.

    For an Office file that cannot be converted on this machine it is the file itself:
    ``are_all_pages_drawn`` is False then.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file at ``path``. Raises ``UnreadableFile`` with the reason."""
        self._folder = tempfile.TemporaryDirectory(prefix="prakat-")
        self._child = SandboxProcess(memory_mb=MEMORY_MB)
        self._deadline = time.monotonic() + FILE_SECONDS
        self._kills = 0
        self._last_problem = ""
        self._texts: tuple[TextPage, ...] = ()  # pages after those of the PDF
        try:
            self._open(path)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def are_all_pages_drawn(self) -> bool:
        """False when some pages have only text: without LibreOffice, or of hidden sheets and comments."""
        return not self._texts

    def _open(self, path: Path) -> None:
        parser = parsers.parser_of(path)
        if parser.read_text is None:
            self._open_pdf(parser, path)
            return
        without_text = "empty"
        try:
            texts = run_in_sandbox(parser.read_text, path, seconds=OPEN_SECONDS, memory_mb=MEMORY_MB)
        except UnreadableFile as error:
            is_damaged_for_us = error.code == "damaged" and parser.file_type is filetype.DOC
            if error.code not in _CONVERTED_WITHOUT_TEXT and not is_damaged_for_us:
                raise
            texts, without_text = (), error.code
        try:
            self._open_pdf(parser, path)
            are_all_drawn = parser.has_sheets and self.outline.page_count >= len(texts)
            texts = tuple(text for text in texts if text.is_unprinted and not are_all_drawn)
        except UnreadableFile as error:  # there is no converter, or it cannot read the file
            if not texts:
                raise UnreadableFile(error.code if without_text == "no-office" else without_text) from error
            self.path, self.outline = path, pdf_parser.FileOutline(page_count=0)
        self._texts = texts
        self.outline = replace(self.outline, page_count=self.outline.page_count + len(texts))

    def _open_pdf(self, parser: Parser, path: Path) -> None:
        """Opens the file, or the PDF that it is converted to, in the child process."""
        folder = Path(self._folder.name)
        is_pdf = parser.convert is None
        self.path = path if is_pdf else folder / "converted.pdf"
        if not parsers.can_draw_pages(parser.file_type.media_type):
            raise UnreadableFile("no-office")
        if parser.convert is not None:
            run_in_sandbox(
                parser.convert, path, self.path, seconds=parser.seconds, memory_mb=parser.memory_mb
            )
        try:
            self.outline = self._child.call(pdf_parser.open_file, self.path, seconds=OPEN_SECONDS)
        except UnreadableFile as first:
            if first.code in {"password", "too-many-pages"}:
                raise
            try:
                self._open_repaired(folder)
            except UnreadableFile as second:
                if second.code in {"empty", "damaged"} and is_pdf and input_normalization.is_cut_off(path):
                    raise UnreadableFile("truncated") from second
                raise (second if second.code in {"password", "empty"} else first) from second
        if not self.outline.is_complete:
            self._prefer_repaired(folder)
        if is_pdf and signatures.may_be_signed(path):
            self._read_signatures(path)

    def _open_repaired(self, folder: Path) -> None:
        repaired = folder / "repaired.pdf"
        self._child.call(input_normalization.write_repaired, self.path, repaired, seconds=OPEN_SECONDS)
        self.outline = self._child.call(pdf_parser.open_file, repaired, seconds=OPEN_SECONDS)
        self.path = repaired

    def _prefer_repaired(self, folder: Path) -> None:
        """Switches to a repaired copy of a file with missing pages, if the copy has more pages."""
        found, path = self.outline, self.path
        with contextlib.suppress(UnreadableFile):
            self._open_repaired(folder)
        if self.outline.page_count <= found.page_count:
            self.outline, self.path = found, path
            self._child.call(pdf_parser.open_file, path, seconds=OPEN_SECONDS)

    def _read_signatures(self, path: Path) -> None:
        with contextlib.suppress(UnreadableFile):  # a file whose signatures cannot be read is still read
            found = run_in_sandbox(signatures.find_signatures, path, seconds=OPEN_SECONDS)
            self.outline = replace(self.outline, signatures=found)

    def read_page(self, number: int) -> EmbeddedPage:
        """Reads page ``number`` (1…). Never raises for the file's content: see ``EmbeddedPage.problem``."""
        from_the_end = self.outline.page_count - number
        if from_the_end < len(self._texts):
            text = self._texts[-1 - from_the_end].text
            return pdf_parser.EmbeddedPage(
                number=number, raw=text, text=text, page_text_decision=PageTextDecision.EMBEDDED
            )
        if self._kills >= MAX_KILLS:
            return pdf_parser.EmbeddedPage(number=number, problem=self._last_problem)
        left = self._deadline - time.monotonic()
        if left <= 0:
            return pdf_parser.EmbeddedPage(number=number, problem="timeout")
        try:
            if not self._child.alive:
                self._child.call(pdf_parser.open_file, self.path, seconds=OPEN_SECONDS)
            return self._child.call(pdf_parser.read_page, number, seconds=min(left, PAGE_SECONDS))
        except UnreadableFile as error:
            if not self._child.alive:
                self._kills += 1
            self._last_problem = error.code
            return pdf_parser.EmbeddedPage(number=number, problem=error.code)

    def close(self) -> None:
        """Ends the child process and deletes the private copies."""
        self._child.close()
        self._folder.cleanup()
