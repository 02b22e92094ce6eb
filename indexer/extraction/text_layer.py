"""Text layer: makes a copy of a scanned PDF in which the recognised text can be searched and copied.

The text lies over the picture in a font without ink: one run per line, every cluster of Thai letters
where it stands on the page. The original is never touched; the copy is for reading, and the index is
made from the stored text, never from it.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from archive.errors import NotFound, Unavailable
from archive.filetype import is_office
from archive.model import PAGE_UNITS, Attachment, Line, Page, TextSource
from archive.ports import Files
from archive.thai import cluster_borders
from indexer.extraction import sandbox
from indexer.extraction.cross_process_semaphore import CrossProcessSemaphore
from indexer.extraction.disk_cache import DiskCache, keep_while_stored
from indexer.extraction.parsers import convert_if_not_pdf
from indexer.extraction.reading_errors import UnreadableFile
from indexer.lazy_import import lazy_import

if TYPE_CHECKING:
    import pikepdf
else:
    pikepdf = lazy_import("pikepdf")

FONT = "/PrakatUnseen"
ADVANCE = 500  # thousandths of an em: width of every character of the invisible font
ASCENT, DESCENT = 800, -200
INVISIBLE = 3  # PDF's text rendering mode


SECONDS = 60.0  # for a whole file
WAIT_SECONDS = 3.0  # seconds to wait while another copy is made
_STYLE = 1  # raised when a copy would be made differently


class SearchableCopies:
    """Searchable copies, made when they are first asked for. The cache is disposable."""

    def __init__(self, files: Files, cache: Path, *, cache_bytes: int = 512 * 1024 * 1024) -> None:
        self._files = files
        self._cache = DiskCache(cache, cache_bytes)
        self._slots = CrossProcessSemaphore(cache, 1)  # one at a time: readers of pages come first

    def open_or_make(self, attachment: Attachment, pages: Sequence[Page]) -> BinaryIO:
        """Opens or makes the copy; ``NotFound`` if none is to be made, ``Unavailable`` if not now.

        ``pages`` are all pages of the attachment as stored. None is to be made of a redacted copy, of an
        Office file, and where no page was read from a picture. ``NoFreeSlot`` while others are made,
        ``Unavailable`` too when it cannot be made in time.
        """
        if (
            attachment.is_redacted
            or is_office(attachment.media_type)
            or not any(page.source is TextSource.OCR for page in pages)
        ):
            raise NotFound("เอกสารนี้ค้นข้อความในไฟล์ต้นฉบับได้อยู่แล้ว หรือยังไม่ได้อ่าน")
        name = _name(attachment, pages)
        if kept := self._cache.open(name):
            return kept
        with self._slots.hold_slot("", seconds=WAIT_SECONDS):
            return self._cache.open(name) or self._make(attachment, pages, name)

    def has(self, sha256: str) -> bool:
        """Returns True while the cache has a copy of a file."""
        return self._cache.has(sha256)

    def forget(self, sha256: str) -> None:
        """Deletes all copies of a file from the cache."""
        self._cache.forget(sha256)

    def _make(self, attachment: Attachment, pages: Sequence[Page], name: str) -> BinaryIO:
        with tempfile.TemporaryDirectory(prefix="prakat-") as folder:
            target = Path(folder) / "copy.pdf"
            try:
                with self._files.local_path(attachment.sha256) as path:
                    sandbox.run_in_sandbox(write_searchable_copy, path, tuple(pages), target, seconds=SECONDS)
            except UnreadableFile as error:
                raise Unavailable("ทำ PDF ที่ค้นหาข้อความได้ไม่สำเร็จ กรุณาใช้ไฟล์ต้นฉบับ", code=error.code) from error
            content = target.read_bytes()
        keep_while_stored(self._cache, self._files, attachment.sha256, name, content)
        return io.BytesIO(content)


def _name(attachment: Attachment, pages: Sequence[Page]) -> str:
    shown = [(page.number, page.text, page.turn, page.lines) for page in pages]
    return f"{attachment.sha256}-{hashlib.sha256(repr((_STYLE, shown)).encode()).hexdigest()[:16]}.pdf"


def write_searchable_copy(original: Path, pages: Sequence[Page], target: Path) -> None:
    """Writes an unsigned PDF with text over recognised pages; sandbox child only; ``UnreadableFile``.

    The text is upright. ``pages`` as stored; those with text of their own are copied as they are. A digital
    signature holds for the original only.
    """
    if convert_if_not_pdf(original, target):
        original = target
    try:
        with pikepdf.open(original, allow_overwriting_input=True) as pdf:
            font = pdf.make_indirect(invisible_font(pdf))
            for page in pages:
                if page.source is TextSource.OCR and page.number <= len(pdf.pages):
                    add_text_layer(pdf, pdf.pages[page.number - 1], page, font)
            _unsign(pdf)
            pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    except (pikepdf.PdfError, ValueError) as error:
        raise UnreadableFile("damaged") from error


def add_text_layer(pdf: pikepdf.Pdf, leaf: pikepdf.Page, page: Page, font: pikepdf.Object) -> None:
    """Sets ``leaf`` upright, which drops its annotations if it moves, and lays ``page``'s text over it.

    What its crop box showed becomes the whole page. ``font``: see ``invisible_font``.
    """
    width, height = _set_upright(leaf, page.turn)
    lines = page.lines or (_even_lines(page.text) if page.corrected else ())
    text = "\n".join(_run(page, line, width, height) for line in lines)
    layer = f"BT {INVISIBLE} Tr\n{text}\nET"
    leaf.contents_add(pdf.make_stream(layer.encode("ascii")), prepend=False)
    leaf.add_resource(font, pikepdf.Name.Font, pikepdf.Name(FONT), replace_existing=True)


def _set_upright(leaf: pikepdf.Page, turn: int) -> tuple[float, float]:
    """Sets the page upright without /Rotate, and returns its width and height in points.

    Some readers take lines of text on a page with /Rotate apart.
    """
    left, bottom, right, top = (float(edge) for edge in leaf.cropbox)
    total = (int(leaf.obj.get("/Rotate", 0)) + turn) % 360
    matrix = {
        0: (1, 0, 0, 1, -left, -bottom),
        90: (0, -1, 1, 0, -bottom, right),
        180: (-1, 0, 0, -1, right, top),
        270: (0, 1, -1, 0, top, -left),
    }[total]
    width, height = right - left, top - bottom
    if total in (90, 270):
        width, height = height, width
    for key in ("/Rotate", "/CropBox", "/TrimBox", "/BleedBox", "/ArtBox"):
        _drop(leaf.obj, key)
    leaf.obj.Rotate = 0  # it may be inherited
    leaf.mediabox = pikepdf.Array([0, 0, width, height])
    leaf.cropbox = leaf.mediabox
    if matrix != (1, 0, 0, 1, 0, 0):
        _drop(leaf.obj, "/Annots")  # notes would stay where they were
    numbers = " ".join(f"{number:.4f}" for number in matrix)
    leaf.contents_add(f"q {numbers} cm".encode("ascii"), prepend=True)
    leaf.contents_add(b"Q", prepend=False)
    return width, height


def _even_lines(text: str) -> Iterator[Line]:
    """Yields evenly spaced lines for a text that a person corrected, whose positions are not known."""
    lines = text.split("\n")
    start = 0
    for number, line in enumerate(lines):
        if line:
            top = PAGE_UNITS // 10 + number * (PAGE_UNITS * 8 // 10) // len(lines)
            step = PAGE_UNITS * 8 // 10 / max(40, len(line))
            edges = tuple(PAGE_UNITS // 10 + round(step * place) for place in range(len(line) + 1))
            yield Line(start, top, top + min(150, PAGE_UNITS * 8 // 10 // len(lines)), edges)
        start += len(line) + 1


def _run(page: Page, line: Line, width: float, height: float) -> str:
    """Returns the operators that write one line: font size by its height, each cluster in its own width.

    The characters of a cluster share its width, one beside the other. PDF readers misplace a mark that has
    no width or is drawn over its letter, or break the word there.
    """
    size = max(1.0, (line.bottom - line.top) * height / PAGE_UNITS)
    text = page.text[line.start : line.start + len(line.edges) - 1]
    shown = []
    for start, end in pairwise(cluster_borders(text)):
        share = (line.edges[end] - line.edges[start]) * width / PAGE_UNITS / (end - start)
        scale = max(1.0, 100 * share / (size * ADVANCE / 1000))
        shown.append(f"{scale:.2f} Tz <{text[start:end].encode('utf-16-be').hex()}> Tj")
    x, y = (
        line.edges[0] * width / PAGE_UNITS,
        height - line.bottom * height / PAGE_UNITS - size * DESCENT / 1000,
    )
    return f"{FONT} {size:.2f} Tf 1 0 0 1 {x:.2f} {y:.2f} Tm {' '.join(shown)}"


def invisible_font(pdf: pikepdf.Pdf) -> pikepdf.Dictionary:
    """Returns a font without ink for the caller to add to ``pdf``; every UTF-16 unit is itself."""
    program = pdf.make_stream(_program())
    program.Length1 = len(_program())
    descriptor = pikepdf.Dictionary(
        Type=pikepdf.Name.FontDescriptor,
        FontName=pikepdf.Name(FONT),
        Flags=5,  # fixed pitch, its own characters
        FontBBox=[0, DESCENT, ADVANCE, ASCENT],
        Ascent=ASCENT,
        Descent=DESCENT,
        CapHeight=ASCENT,
        ItalicAngle=0,
        StemV=80,
        FontFile2=program,
    )
    descendant = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.CIDFontType2,
        BaseFont=pikepdf.Name(FONT),
        CIDSystemInfo=pikepdf.Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=ADVANCE,
        CIDToGIDMap=pdf.make_stream(bytes(2 * 65536)),  # every character is the one glyph
    )
    return pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.Type0,
        BaseFont=pikepdf.Name(FONT),
        Encoding=pikepdf.Name("/Identity-H"),
        DescendantFonts=[pdf.make_indirect(descendant)],
        ToUnicode=pdf.make_stream(_TO_UNICODE),
    )


# One range per high byte: a range must not run over it.
_TO_UNICODE = (
    b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
    b"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
    b"/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
    b"1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
    + b"".join(
        b"64 beginbfrange\n"
        + b"".join(b"<%02X00> <%02XFF> <%02X00>\n" % (high, high, high) for high in range(first, first + 64))
        + b"endbfrange\n"
        for first in range(0, 256, 64)
    )
    + b"endcmap CMapName currentdict /CMap defineresource pop end end\n"
)


@cache
def _program() -> bytes:
    """Returns a TrueType font of one glyph, a box that is never drawn, but that PDF readers measure."""
    from fontTools.fontBuilder import FontBuilder  # loaded for this font alone
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    pen.moveTo((0, DESCENT))
    for corner in ((0, ASCENT), (ADVANCE, ASCENT), (ADVANCE, DESCENT)):
        pen.lineTo(corner)
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef"])
    builder.setupCharacterMap({})
    builder.setupGlyf({".notdef": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (ADVANCE, 0)})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupNameTable({"familyName": FONT[1:], "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=ASCENT, usWinAscent=ASCENT, usWinDescent=-DESCENT)
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = 0  # the same bytes every time
    builder.font.recalcTimestamp = False
    data = io.BytesIO()
    builder.save(data)
    return data.getvalue()


def _unsign(pdf: pikepdf.Pdf) -> None:
    """Removes the values of signature fields, because they would show as broken in a copy."""
    _drop(pdf.Root, "/Perms")
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary):
        _drop(form, "/SigFlags")
    for leaf in pdf.pages:
        for widget in leaf.obj.get("/Annots", pikepdf.Array()):
            if isinstance(widget, pikepdf.Dictionary) and widget.get("/FT") == pikepdf.Name.Sig:
                _drop(widget, "/V")


def _drop(holder: pikepdf.Object, key: str) -> None:
    if key in holder:
        del holder[key]
