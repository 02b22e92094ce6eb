"""Reads one PDF with pdfplumber, in a sandbox child: what it is, and the text that its pages carry."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect
from pdfminer.pdfpage import PDFPage
from pdfminer.pdftypes import PDFStream, resolve1
from pdfplumber.utils.exceptions import PdfminerException

from archive.model import Line, Signature
from indexer.extraction.ocr_policy import PageTextDecision, judge_embedded_text
from indexer.extraction.page_text import lay_out_text, locate_lines, turn_runs, upright_rotation
from indexer.extraction.pdf.content_stream import (
    Interpreter,
    PageContent,
    annotation_appearances,
    annotation_dictionaries,
    appearance_matrix,
    is_comment,
    multiply_matrices,
    subtype,
)
from indexer.extraction.pdf.glyph_clusters import GlyphClusterAssembler
from indexer.extraction.pdf.shown_text import Box, Matrix
from indexer.extraction.pdf.text_repair import count_undecodable, repair_with_origins
from indexer.extraction.reading_errors import UnreadableFile
from indexer.extraction.text_quality import dictionary_coverage

MAX_PAGES = 5_000  # of one file

logging.getLogger("pdfminer").setLevel(logging.CRITICAL)  # it remarks on every odd font


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOutline:
    """Page count and signatures of a file, and if pages are missing or content is in it that is not read."""

    page_count: int
    signatures: tuple[Signature, ...] = ()
    is_complete: bool = True  # all the pages that the file says it has were found
    has_embedded_files: bool = False  # a portfolio, or files attached to the PDF or a page; they are not read
    has_comments: bool = False  # words that a PDF reader shows on demand; they are not read
    is_dynamic_form: bool = False  # an XFA form, whose visible content is made by a program inside it


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedPage:
    """The text that the file carries for a page, its positions, and if it is used or recognised instead.

    ``raw`` is the text in the file, ``text`` the text as a person sees it, ``lines`` the positions of
    ``text``. ``turn`` is the rotation in degrees clockwise, beyond the file's own /Rotate, that sets the page
    upright. ``image_share`` is the share (0–1) of the page that pictures cover. ``problem`` is the reason
    why the page could not be read (the decision is then OCR), "" for a page that was read.
    """

    number: int  # from 1
    raw: str = ""
    text: str = ""
    lines: tuple[Line, ...] = ()
    page_text_decision: PageTextDecision = PageTextDecision.OCR
    turn: int = 0
    image_share: float = 0.0
    problem: str = ""


class PdfReader:
    """An open PDF. Pages may be read in any order; fonts are decoded once for the whole file."""

    def __init__(self, path: Path) -> None:
        """Raises ``UnreadableFile``: password, too-many-pages or damaged."""
        try:
            self._pdf = pdfplumber.open(path)
            self._promised = _promised_pages(self._pdf.doc)
            if self._promised > MAX_PAGES:
                raise UnreadableFile("too-many-pages")
            self._pages: list[Any] = self._pdf.pages
        except PdfminerException as error:
            locked = error.args and isinstance(error.args[0], PDFPasswordIncorrect | PDFEncryptionError)
            raise UnreadableFile("password" if locked else "damaged") from error
        except (UnreadableFile, MemoryError):
            raise
        except Exception as error:
            raise UnreadableFile("damaged") from error
        if not self._pages:
            raise UnreadableFile("empty")
        if len(self._pages) > MAX_PAGES:
            raise UnreadableFile("too-many-pages")
        self._faces: dict[int, Any] = {}
        self._swapped: set[int] = set()

    def outline(self) -> FileOutline:
        """Returns the page count and the kinds of content, without the signatures.

        The constructor has refused damaged files.
        """
        catalogue = self._pdf.doc.catalog
        annotations = [
            annotation for page in self._pages for annotation in annotation_dictionaries(page.page_obj.annots)
        ]
        return FileOutline(
            page_count=len(self._pages),
            is_complete=self._promised <= len(self._pages),
            has_embedded_files="Collection" in catalogue
            or _has(catalogue, "Names", "EmbeddedFiles")
            or any(subtype(annotation) == "FileAttachment" for annotation in annotations),
            has_comments=any(map(is_comment, annotations)),
            is_dynamic_form=_has(catalogue, "AcroForm", "XFA"),
        )

    def page(self, number: int) -> EmbeddedPage:
        """Reads page ``number`` (1…). Raises ``UnreadableFile`` if it is damaged or passes a limit."""
        page = self._pages[number - 1]
        try:
            return self._read(number, page.page_obj)
        except (UnreadableFile, MemoryError):
            raise
        except Exception as error:
            raise UnreadableFile("damaged") from error
        finally:
            page.close()
            self._forget_streams()

    def close(self) -> None:
        """Closes the file."""
        self._pdf.close()

    def _read(self, number: int, page: PDFPage) -> EmbeddedPage:
        matrix, width, height = _frame(page)
        content = self._interpret(page, matrix, (0.0, 0.0, width, height))
        turn = upright_rotation(content.runs)
        runs = content.runs
        if turn:
            runs = turn_runs(runs, turn, width, height)
        laid = lay_out_text(GlyphClusterAssembler(self._swapped).assemble_lines(runs))
        repaired = repair_with_origins(laid.text)
        if turn in (90, 270):
            width, height = height, width
        share = min(1.0, content.image_square_points / (width * height))
        page_text_decision = judge_embedded_text(
            repaired.text,
            undecodable=count_undecodable(laid.text) / max(1, content.glyphs),
            hidden=content.hidden_glyphs / max(1, content.glyphs),
            image_share=share,
            paths=content.subpath_count,
        )
        return EmbeddedPage(
            number=number,
            raw=laid.text,
            text=repaired.text,
            lines=locate_lines(laid, repaired, width, height),
            page_text_decision=page_text_decision,
            turn=turn,
            image_share=share,
        )

    def _interpret(self, page: PDFPage, matrix: Matrix, box: Box) -> PageContent:
        interpreter = Interpreter(self._pdf.rsrcmgr, self._faces, box)
        interpreter.interpret_streams(page.contents, page.resources, matrix)
        for form, place in annotation_appearances(page.annots):
            interpreter.interpret_form(form, multiply_matrices(appearance_matrix(form, place), matrix), {}, 1)
        return interpreter.content

    def _forget_streams(self) -> None:
        """Frees streams (mostly pictures) that the engine would keep until the file is closed."""
        kept = self._pdf.doc._cached_objs
        for number in [number for number, (found, _) in kept.items() if isinstance(found, PDFStream)]:
            del kept[number]


def _has(catalogue: dict[str, Any], name: str, key: str) -> bool:
    """Returns True if the dictionary ``name`` of the catalogue has the key."""
    found = resolve1(catalogue.get(name))
    return isinstance(found, dict) and key in found


def _promised_pages(document: Any) -> int:
    tree = resolve1(document.catalog.get("Pages"))
    count = resolve1(tree.get("Count")) if isinstance(tree, dict) else 0
    return count if isinstance(count, int) else 0


_A4 = (0.0, 0.0, 595.0, 842.0)


def _frame(page: PDFPage) -> tuple[Matrix, float, float]:
    """Returns the matrix to the visible page, with /Rotate applied, and that page's size in points."""
    media, crop = _ordered(page.mediabox), _ordered(page.cropbox)
    x0, y0 = max(media[0], crop[0]), max(media[1], crop[1])
    x1, y1 = min(media[2], crop[2]), min(media[3], crop[3])
    if not (x1 - x0 >= 1 and y1 - y0 >= 1):
        x0, y0, x1, y1 = media if media[2] - media[0] >= 1 and media[3] - media[1] >= 1 else _A4
    width, height = x1 - x0, y1 - y0
    matrix, *size = {
        90: ((0.0, -1.0, 1.0, 0.0, -y0, x1), height, width),
        180: ((-1.0, 0.0, 0.0, -1.0, x1, y1), width, height),
        270: ((0.0, 1.0, -1.0, 0.0, y1, -x0), height, width),
    }.get(page.rotate, ((1.0, 0.0, 0.0, 1.0, -x0, -y0), width, height))
    return matrix, size[0], size[1]


def _ordered(box: Box) -> Box:
    return min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])


def load_before_fork() -> None:
    """Loads the dictionary, which processes forked after it then share."""
    dictionary_coverage("เทศบาล")


_open: PdfReader | None = None  # the file that this child serves


def open_file(path: Path) -> FileOutline:
    """Opens a PDF in this child for ``read_page``; returns its outline, which lacks the signatures.

    Raises ``UnreadableFile``.
    """
    global _open  # noqa: PLW0603 - a child serves one file
    _open = PdfReader(path)
    return _open.outline()


def read_page(number: int) -> EmbeddedPage:
    """Reads a page of the PDF that ``open_file`` opened in this child; ``UnreadableFile`` if it cannot be.

    ``number`` begins at 1.
    """
    if _open is None:
        raise UnreadableFile("crashed")
    return _open.page(number)
