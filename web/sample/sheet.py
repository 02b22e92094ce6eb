"""An A4 sheet of official Thai: properly shaped, broken between words, in Sarabun."""

from __future__ import annotations

import re
from pathlib import Path

import fontpkg_sarabun
from fpdf import FPDF

from archive.thai import thai_digits
from archive.thai.characters import TONES
from web.line_breaking import breakable_pieces

MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TOP, MARGIN_BOTTOM = 85.0, 57.0, 71.0, 60.0  # points: 3, 2, 2.5, 2.1 cm
INDENT = 71.0  # points: 2.5 cm, as the regulation on correspondence has it
SIZE = 15.0  # points, of body text
LEADING = 1.5  # Thai marks stand on two storeys above and one below
_FONTS = Path(fontpkg_sarabun.__file__).parent / "files"
_SARA_AM = re.compile(f"([{TONES}]?)ำ")


class Sheet:
    """Sets text from top to bottom, over as many pages as needed.

    ``pages`` collects the lines that were set, by page; ``pdf`` is there for drawing other things than text.
    """

    def __init__(self) -> None:
        self.pdf = FPDF(unit="pt", format="A4")
        self.pdf.set_margins(MARGIN_LEFT, MARGIN_TOP, MARGIN_RIGHT)
        self.pdf.set_auto_page_break(False)
        for style, name in (("", "Regular"), ("B", "Bold")):
            self.pdf.add_font("Sarabun", style, _FONTS / f"Sarabun-{name}.ttf")
        self.pages: list[list[str]] = []
        self._new_page()

    @property
    def next_line_y(self) -> float:
        """Distance of the next line from the upper edge, in points."""
        return float(self.pdf.get_y())

    def line(
        self, text: str, *, size: float = SIZE, is_bold: bool = False, align: str = "L", x: float = 0
    ) -> None:
        """Set one line that is known to fit; ``x`` in points from the left margin."""
        self._make_room(size)
        self._set(text, size, is_bold, align, x)
        self.pdf.set_y(self.next_line_y + size * LEADING)
        self.pages[-1].append(text)

    def beside(self, *parts: tuple[str, float, bool]) -> None:
        """Set the parts ``(text, x, bold)`` of one line."""
        self._make_room(SIZE)
        for text, x, bold in parts:
            self._set(text, SIZE, bold, "L", x)
        self.pdf.set_y(self.next_line_y + SIZE * LEADING)
        self.pages[-1].append(" ".join(text for text, _, _ in parts))

    def paragraph(self, text: str, *, indent: float = INDENT, size: float = SIZE) -> None:
        """Set a paragraph flush left, first line indented, broken between Thai words."""
        width = self.pdf.epw
        line, room = "", width - indent
        x = indent
        for word in breakable_pieces(text):
            if line and self._width(line + word.rstrip(), size) > room:
                self.line(line.rstrip(), size=size, x=x)
                line, room, x = "", width, 0.0
                word = word.lstrip()
            line += word
        if line.strip():
            self.line(line.rstrip(), size=size, x=x)

    def space(self, points: float) -> None:
        """Moves down by some points; breaks no page."""
        self.pdf.set_y(self.next_line_y + points)

    def number_pages(self) -> None:
        """Write ``- ๒ -`` at the head of every finished page but the first; called last."""
        for number in range(2, len(self.pages) + 1):
            self.pdf.page = number
            self.pdf.set_y(36)
            self._set(f"- {thai_digits(str(number))} -", SIZE, False, "C", 0)

    def bytes(self) -> bytes:
        """Returns the finished PDF."""
        return bytes(self.pdf.output())

    def _new_page(self) -> None:
        self.pdf.add_page()
        self.pages.append([])

    def _make_room(self, size: float) -> None:
        if self.next_line_y + size * LEADING > self.pdf.h - MARGIN_BOTTOM:
            self._new_page()

    def _width(self, text: str, size: float) -> float:
        self.pdf.set_font("Sarabun", size=size)
        self.pdf.set_text_shaping(True)
        return float(self.pdf.get_string_width(_decomposed(text)))

    def _set(self, text: str, size: float, is_bold: bool, align: str, x: float) -> None:
        y = self.next_line_y
        self.pdf.set_font("Sarabun", "B" if is_bold else "", size)
        self.pdf.set_text_shaping(True)
        self.pdf.set_xy(MARGIN_LEFT + x, y)
        self.pdf.cell(self.pdf.epw - x, size * LEADING, _decomposed(text), align=align)
        self.pdf.set_y(y)


def _decomposed(text: str) -> str:
    """Returns the text with ำ as its two glyphs.

    The PDF then gives a character for each glyph, and a reader puts them together.
    """
    return _SARA_AM.sub("ํ\\1า", text)
