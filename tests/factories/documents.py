"""Makes PDFs for tests: properly shaped ones, and ones with any content stream that a test wants."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pikepdf
from fontpkg_sarabun import __file__ as sarabun
from fpdf import FPDF

from archive.model import Attachment, DocumentKind, Page, ReadingResults, ReadingStatus, TextSource
from archive.ports import StoredFile
from indexer.extraction.pdf.parser import EmbeddedPage

SARABUN = Path(sarabun).parent / "files" / "Sarabun-Regular.ttf"
A4 = (0, 0, 595, 842)


def stored_attachment(stored: StoredFile, *, kind: DocumentKind = DocumentKind.OTHER) -> Attachment:
    """Makes the attachment, read and of one page, that a stored PDF belongs to."""
    return Attachment(
        id=1,
        announcement_id=1,
        position=1,
        label="",
        filename="a.pdf",
        kind=kind,
        media_type="application/pdf",
        size=stored.size,
        sha256=stored.sha256,
        page_count=1,
        status=ReadingStatus.READY,
        error=None,
        signed=False,
        details=ReadingResults(),
        rules=1,
        created_at=dt.datetime.now(dt.UTC),
    )


def embedded_page(read: EmbeddedPage) -> Page:
    """Makes the first page of that attachment from what was read of it."""
    return Page(
        attachment_id=1,
        number=1,
        text=read.text,
        raw=read.raw,
        source=TextSource.EMBEDDED,
        confidence=None,
        turn=read.turn,
        lines=read.lines,
        rules=1,
    )


def shaped(path: Path, pages: list[list[str]], *, size: float = 14) -> Path:
    """Makes a PDF with pages of Thai lines, shaped by HarfBuzz in Sarabun.

    Lines stand 22 points apart, from (70, 80).
    """
    pdf = FPDF(unit="pt", format="A4")
    pdf.add_font("Sarabun", fname=SARABUN)
    pdf.set_text_shaping(use_shaping_engine=True)
    for lines in pages:
        pdf.add_page()
        pdf.set_font("Sarabun", size=size)
        for row, line in enumerate(lines):
            pdf.text(70, 80 + 22 * row, line)
    pdf.output(str(path))
    return path


class Raw:
    """A PDF of one page that shows strings of a made-up font: codes 1, 2, … are the given texts.

    ``widths`` in thousandths of an em, 500 for every code that is not named.
    """

    def __init__(self, texts: list[str], widths: dict[int, int] | None = None) -> None:
        self.pdf = pikepdf.new()
        self.page = self.pdf.add_blank_page(page_size=(A4[2], A4[3])).obj
        self.codes = {text: code for code, text in enumerate(texts, 1)}
        self.page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=self.font(texts, widths or {})))

    def font(self, texts: list[str], widths: dict[int, int]) -> pikepdf.Object:
        mapped = "\n".join(
            f"<{code:02x}> <{text.encode('utf-16-be').hex()}>" for code, text in enumerate(texts, 1)
        )
        cmap = (
            "begincmap\n1 begincodespacerange\n<00> <ff>\nendcodespacerange\n"
            f"{len(texts)} beginbfchar\n{mapped}\nendbfchar\nendcmap"
        )
        return self.pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Font,
                Subtype=pikepdf.Name.TrueType,
                BaseFont=pikepdf.Name.Made,
                FirstChar=1,
                LastChar=len(texts),
                Widths=pikepdf.Array([widths.get(code, 500) for code in range(1, len(texts) + 1)]),
                FontDescriptor=pikepdf.Dictionary(FontName=pikepdf.Name.Made, Flags=4),
                ToUnicode=self.pdf.make_stream(cmap.encode()),
            )
        )

    def show(self, *texts: str) -> str:
        """Operand and operator that show the texts, each one code."""
        return "<" + "".join(f"{self.codes[text]:02x}" for text in texts) + "> Tj"

    def save(self, path: Path, content: str) -> Path:
        self.page.Contents = self.pdf.make_stream(content.encode("latin-1"))
        self.pdf.save(path)
        return path
