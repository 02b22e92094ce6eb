"""Interprets a page's content streams: finds the strings that are shown, in stream order, with positions.

pdfplumber opens the file and pdfminer.six, its engine, decodes streams and fonts; the operators are
run here, because Thai needs what the engine leaves out (/ActualText, zero-width glyphs, annotations)
and because tokens found by one regular expression are several times as fast as its character loop.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from pdfminer.pdffont import PDFFont, PDFUnicodeNotDefined
from pdfminer.pdfinterp import PDFResourceManager
from pdfminer.pdftypes import PDFObjRef, PDFStream, resolve1
from pdfminer.psparser import PSLiteral
from pdfminer.utils import decode_text

from archive.thai.characters import MARKS
from indexer.extraction.ocr_policy import SCAN
from indexer.extraction.pdf.lexer import Name, tokens
from indexer.extraction.pdf.shown_text import Box, Glyph, Matrix, Run, transform_box
from indexer.extraction.reading_errors import UnreadableFile

MAX_GLYPHS = 200_000
"""Glyphs of one page, at most: a dense gazette page has some 8,000; no page for people has more than this."""
MAX_FORMS = 2_000  # forms drawn on one page
MAX_DEPTH = 12  # forms inside one another
MAX_OPERATORS = 2_000_000  # of one page
MAX_SAVED = 500  # graphics states saved inside one another
MAX_ACTUAL_TEXT = 10_000  # bytes of the text that a file gives for a piece of a line
_GUESSED_WIDTH = 0.5  # ems: width of a glyph in a font that gives no widths
_OPAQUE = "Normal"  # blend mode
_INVISIBLE = 3  # text rendering mode without ink
MAX_CONTENT_BYTES = 64 * 1024 * 1024  # unpacked, of one page with its forms
HORIZONTAL: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(slots=True)
class PageContent:
    """The visible content of a page. ``image_square_points`` is in square points, clipped to the page."""

    runs: list[Run] = field(default_factory=list)
    image_square_points: float = 0.0
    subpath_count: int = 0  # begun (operators m and re)
    glyphs: int = 0  # number of shown character codes
    hidden_glyphs: int = 0  # of these, without ink or under an opaque picture: a recogniser wrote them


class _Face:
    """A font as the interpreter needs it: character code → text and width, remembered."""

    __slots__ = ("_font", "_unmeasured", "decode", "known", "multibyte", "number")

    def __init__(self, font: PDFFont, number: int) -> None:
        self._font = font
        self.number = number
        self.decode = font.decode
        self.multibyte = font.is_multibyte()
        self.known: dict[int, tuple[str, float]] = {}
        self._unmeasured = not font.widths and not font.default_width

    def look_up(self, code: int) -> tuple[str, float]:
        """Returns the text and the width of a character code, and keeps them in ``known``."""
        try:
            text = self._font.to_unichr(code)
        except PDFUnicodeNotDefined:
            text = f"(cid:{code})"
        width = _GUESSED_WIDTH if self._unmeasured else float(self._font.char_width(code))
        found = self.known[code] = (str(text), width if math.isfinite(width) else 0.0)
        return found


@dataclass(slots=True)
class _Text:
    """The state of text and how opaque pictures are: what q and Q save, apart from the matrices."""

    face: _Face | None = None
    size: float = 0.0
    character_space: float = 0.0
    word_space: float = 0.0
    scale: float = 1.0
    leading: float = 0.0
    rise: float = 0.0
    mode: float = 0.0
    opacity: float = 1.0
    blend: str = _OPAQUE


def multiply_matrices(first: Matrix, second: Matrix) -> Matrix:
    """Returns the matrix that applies ``first``, then ``second``."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = second
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


class Interpreter:
    """Runs one page's operators. Faces outlive the page: give the same ``faces`` for the whole file."""

    def __init__(self, fonts: PDFResourceManager, faces: dict[int, _Face], page: Box) -> None:
        self.content = PageContent()
        self._fonts = fonts
        self._faces = faces
        self._page = page
        self._forms = 0
        self._bytes = 0
        self._operated = 0
        self._matrix: Matrix = HORIZONTAL
        self._text = _Text()
        self._text_matrix: Matrix = HORIZONTAL
        self._line_matrix: Matrix = HORIZONTAL
        self._marked: list[str | None] = []
        self._replaced: list[Run] | None = None  # runs under an /ActualText

    def interpret_streams(self, streams: list[Any], resources: Any, matrix: Matrix, depth: int = 0) -> None:
        """Runs a page's (or form's) streams. Raises ``UnreadableFile`` past the limits."""
        data = b"\n".join(self._data(stream) for stream in streams)
        outside = (self._matrix, self._text, len(self._marked))
        self._matrix, self._text = matrix, replace(self._text)
        self._execute(data, _dictionary(resources), depth)
        while len(self._marked) > outside[2]:
            self._end_marked()
        self._matrix, self._text = outside[:2]

    def _data(self, stream: Any) -> bytes:
        stream = resolve1(stream)
        if not isinstance(stream, PDFStream):
            return b""
        data: bytes = stream.get_data()
        self._bytes += len(data)
        if self._bytes > MAX_CONTENT_BYTES:
            raise UnreadableFile("too-big")
        return data

    def _execute(self, data: bytes, resources: dict[str, Any], depth: int) -> None:
        saved: list[tuple[Matrix, _Text]] = []
        simple = self._operators()
        for operator, operands in tokens(data):
            self._operated += 1
            if self._operated > MAX_OPERATORS:
                raise UnreadableFile("too-big")
            action = simple.get(operator)
            try:
                if action is not None:
                    action(*operands)
                elif operator == b"q" and len(saved) < MAX_SAVED:
                    saved.append((self._matrix, replace(self._text)))
                elif operator == b"Q" and saved:
                    self._matrix, self._text = saved.pop()
                else:
                    self._use_resource(operator, operands, resources, depth)
            except (TypeError, ValueError, IndexError, OverflowError):
                continue  # wrong operands: a viewer skips the operator as well

    def _use_resource(
        self, operator: bytes, operands: Sequence[Any], resources: dict[str, Any], depth: int
    ) -> None:
        if operator == b"Tf":
            self._text.face = self._face(resources, operands[0])
            self._text.size = float(operands[1])
        elif operator == b"gs":
            states = _dictionary(resources.get("ExtGState"))
            self._set_opacity(_dictionary(states.get(str(operands[0]))))
        elif operator == b"Do":
            self._paint(resources, operands[0], depth)
        elif operator == b"BDC":
            self._begin_marked(_properties(resources, operands[1]))

    def _operators(self) -> dict[bytes, Callable[..., None]]:
        return {
            b"Tj": lambda string: self._show_spaced([string]),
            b"TJ": self._show_spaced,
            b"'": self._next_line_show,
            b'"': self._space_next_line_show,
            b"Td": self._move,
            b"TD": self._move_leading,
            b"Tm": self._set_matrix,
            b"T*": self._next_line,
            b"BT": self._begin_text,
            b"cm": self._concatenate,
            b"Tc": partial(self._set, "character_space"),
            b"Tw": partial(self._set, "word_space"),
            b"Tz": self._set_scale,
            b"TL": partial(self._set, "leading"),
            b"Ts": partial(self._set, "rise"),
            b"Tr": partial(self._set, "mode"),
            b"BMC": lambda *_: self._begin_marked({}),
            b"EMC": self._end_marked,
            b"BI": self._add_image,
            **dict.fromkeys((b"m", b"re"), self._count_path),
        }

    # paths and pictures

    def _set_opacity(self, state: dict[str, Any]) -> None:
        if "ca" in state:
            self._text.opacity = float(resolve1(state["ca"]))
        if "BM" in state:
            self._text.blend = _literal(state["BM"])

    def _count_path(self, *_: Any) -> None:
        self.content.subpath_count += 1

    def _add_image(self, *, has_mask: bool = False) -> None:
        left, bottom, right, top = transform_box(self._matrix, (0.0, 0.0, 1.0, 1.0))
        width = min(right, self._page[2]) - max(left, self._page[0])
        height = min(top, self._page[3]) - max(bottom, self._page[1])
        if width > 0 and height > 0:
            self.content.image_square_points += width * height
            page = (self._page[2] - self._page[0]) * (self._page[3] - self._page[1])
            is_opaque = self._text.opacity >= 1 and self._text.blend == _OPAQUE and not has_mask
            if is_opaque and width * height >= SCAN * page:
                self.content.hidden_glyphs = self.content.glyphs

    def _paint(self, resources: dict[str, Any], name: Any, depth: int) -> None:
        painted = resolve1(_dictionary(resources.get("XObject")).get(str(name)))
        if not isinstance(painted, PDFStream):
            return
        kind = _literal(painted.get("Subtype"))
        if kind == "Image":
            self._add_image(has_mask=any(painted.get(key) for key in ("SMask", "Mask", "ImageMask")))
        elif kind == "Form":
            self.interpret_form(painted, self._matrix, resources, depth + 1)

    def interpret_form(self, form: PDFStream, matrix: Matrix, resources: dict[str, Any], depth: int) -> None:
        """Runs a form or an appearance, unless nested too deep; ``UnreadableFile`` past the other limits."""
        self._forms += 1
        if self._forms > MAX_FORMS:
            raise UnreadableFile("too-big")
        if depth > MAX_DEPTH:
            return
        own = resolve1(form.get("Matrix"))
        if isinstance(own, list) and len(own) == 6:
            matrix = multiply_matrices(_matrix(own), matrix)
        self.interpret_streams([form], form.get("Resources") or resources, matrix, depth)

    # marked content

    def _begin_marked(self, properties: dict[str, Any]) -> None:
        actual = resolve1(properties.get("ActualText"))
        usable = isinstance(actual, bytes) and len(actual) <= MAX_ACTUAL_TEXT
        self._marked.append(decode_text(actual) if usable else None)
        if self._marked[-1] is not None and self._replaced is None:
            self._replaced = []

    def _end_marked(self, *_: Any) -> None:
        if not self._marked:
            return
        actual = self._marked.pop()
        if actual is None or any(text is not None for text in self._marked):
            return
        runs, self._replaced = self._replaced or [], None
        if "".join(glyph.text for run in runs for glyph in run.glyphs) == actual:
            self.content.runs.extend(runs)
        elif runs:
            self.content.runs.append(_replace(runs, actual))

    # text state

    def _begin_text(self) -> None:
        self._text_matrix = self._line_matrix = HORIZONTAL

    def _concatenate(self, *numbers: float) -> None:
        self._matrix = multiply_matrices(_matrix(numbers), self._matrix)

    def _set_matrix(self, *numbers: float) -> None:
        self._text_matrix = self._line_matrix = _matrix(numbers)

    def _move(self, x: float, y: float) -> None:
        a, b, c, d, e, f = self._line_matrix
        self._text_matrix = self._line_matrix = (a, b, c, d, x * a + y * c + e, x * b + y * d + f)

    def _move_leading(self, x: float, y: float) -> None:
        self._text.leading = -y
        self._move(x, y)

    def _next_line(self) -> None:
        self._move(0.0, -self._text.leading)

    def _set(self, name: str, value: float) -> None:
        setattr(self._text, name, float(value))

    def _set_scale(self, percent: float) -> None:
        self._text.scale = float(percent) / 100.0

    def _face(self, resources: dict[str, Any], name: Any) -> _Face:
        reference = _dictionary(resources.get("Font")).get(str(name))
        number = reference.objid if isinstance(reference, PDFObjRef) else id(reference)
        face = self._faces.get(number)
        if face is None:
            spec = _dictionary(reference)
            try:
                font = self._fonts.get_font(number if isinstance(reference, PDFObjRef) else None, spec)
            except MemoryError:
                raise
            except Exception:  # noqa: BLE001 - a font that the engine cannot read shows undecodable codes
                font = self._fonts.get_font(None, {})
            face = self._faces[number] = _Face(font, number)
        return face

    # showing

    def _next_line_show(self, string: bytes) -> None:
        self._next_line()
        self._show_spaced([string])

    def _space_next_line_show(self, word_space: float, character_space: float, string: bytes) -> None:
        self._set("word_space", word_space)
        self._set("character_space", character_space)
        self._next_line_show(string)

    def _show_spaced(self, parts: list[Any]) -> None:
        text = self._text
        face = text.face
        if face is None:
            return
        a, b, c, d, e, f = multiply_matrices(self._text_matrix, self._matrix)
        stretch = math.hypot(a, b) or 1e-6
        angle = math.degrees(math.atan2(b, a)) if b else (180.0 if a < 0 else 0.0)
        cosine, sine = a / stretch, b / stretch
        x, y = e + text.rise * c, f + text.rise * d
        origin = x * cosine + y * sine
        advance = self._advance(face, parts, origin, stretch)
        run = Run(advance[0], angle, y * cosine - x * sine, abs(text.size) * math.hypot(c, d), face.number)
        moved = advance[1]
        ta, tb, tc, td, te, tf = self._text_matrix
        self._text_matrix = (ta, tb, tc, td, te + moved * ta, tf + moved * tb)
        if not run.glyphs or not all(map(math.isfinite, (run.level, run.size, origin, moved))):
            return
        self.content.glyphs += len(run.glyphs)
        self.content.hidden_glyphs += len(run.glyphs) * (text.mode == _INVISIBLE)
        if self.content.glyphs > MAX_GLYPHS:
            raise UnreadableFile("too-big")
        (self.content.runs if self._replaced is None else self._replaced).append(run)

    def _advance(
        self, face: _Face, parts: list[Any], origin: float, stretch: float
    ) -> tuple[list[Glyph], float]:
        """Returns the glyphs of a string, and the distance that the string moves in text space."""
        text = self._text
        per_em = text.size * text.scale
        per_thousandth = -0.001 * per_em
        after = text.character_space * text.scale
        after_space = after + (0.0 if face.multibyte else text.word_space * text.scale)
        known, look_up = face.known, face.look_up
        glyphs: list[Glyph] = []
        append = glyphs.append
        x = 0.0
        for part in parts:
            if part.__class__ is bytes:
                for code in face.decode(part):
                    shown, width = known.get(code) or look_up(code)
                    width *= per_em
                    append(Glyph(shown, origin + x * stretch, origin + (x + width) * stretch))
                    x += width + (after_space if code == 32 else after)
            else:
                x += part * per_thousandth
        return glyphs, x


def _replace(runs: list[Run], actual: str) -> Run:
    """Returns one run in place of several, with the text spread evenly over their extent."""
    first = runs[0]
    level = [run for run in runs if abs(run.level - first.level) < first.size and run.angle == first.angle]
    start = min(glyph.start for run in level for glyph in run.glyphs)
    end = max(glyph.end for run in level for glyph in run.glyphs)
    pieces = re.findall(f".[{MARKS}]*", actual, re.DOTALL)
    step = (end - start) / max(1, len(pieces))
    glyphs = [Glyph(piece, start + step * at, start + step * (at + 1)) for at, piece in enumerate(pieces)]
    return Run(glyphs, first.angle, first.level, first.size, first.font)


def _dictionary(value: Any) -> dict[str, Any]:
    value = resolve1(value)
    return value if isinstance(value, dict) else {}


def _properties(resources: dict[str, Any], value: Any) -> dict[str, Any]:
    if isinstance(value, Name):
        value = _dictionary(resources.get("Properties")).get(str(value))
    return _dictionary(value)


def _literal(value: Any) -> str:
    value = resolve1(value)
    return str(value.name) if isinstance(value, PSLiteral) else ""


def _matrix(numbers: Any) -> Matrix:
    a, b, c, d, e, f = (float(resolve1(number)) for number in numbers)
    return (a, b, c, d, e, f)


def annotation_appearances(annotations: Any) -> Iterator[tuple[PDFStream, Box]]:
    """Yields the visible appearance of each annotation and filled-in field, with its box on the page."""
    for annotation in annotation_dictionaries(annotations):
        hidden = 0b10_0010  # Hidden, NoView
        flags = resolve1(annotation.get("F"))
        if (isinstance(flags, int) and flags & hidden) or subtype(annotation) == "Popup":
            continue
        shown = resolve1(_dictionary(annotation.get("AP")).get("N"))
        if isinstance(shown, dict):
            shown = resolve1(shown.get(_literal(annotation.get("AS"))))
        place = resolve1(annotation.get("Rect"))
        if isinstance(shown, PDFStream) and isinstance(place, list) and len(place) == 4:
            try:
                x0, y0, x1, y1 = (float(resolve1(number)) for number in place)
            except (TypeError, ValueError):
                continue
            yield shown, (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def annotation_dictionaries(annotations: Any) -> list[dict[str, Any]]:
    """Returns the annotations of a page, given its /Annots; what is no dictionary is an empty one."""
    listed = resolve1(annotations)
    return [_dictionary(annotation) for annotation in (listed if isinstance(listed, list) else [])]


def subtype(annotation: dict[str, Any]) -> str:
    """Returns the type of an annotation, such as "FreeText"; "" when it has none."""
    return _literal(annotation.get("Subtype"))


def is_comment(annotation: dict[str, Any]) -> bool:
    """Returns True for an annotation with words that no page shows, such as a note or a highlight.

    A free text or a stamp is a comment only without an appearance of its own.
    """
    if subtype(annotation) in {"Link", "Widget", "Popup", "FileAttachment"}:
        return False
    if subtype(annotation) in {"FreeText", "Stamp"} and _dictionary(annotation.get("AP")):
        return False
    words = resolve1(annotation.get("Contents"))
    return isinstance(words, bytes) and bool(words.removeprefix(b"\xfe\xff").strip(b" \0\r\n"))


def appearance_matrix(form: PDFStream, place: Box) -> Matrix:
    """Returns the matrix that fits an appearance's transformed box into its place (ISO 32000, 12.5.5)."""
    box = resolve1(form.get("BBox"))
    own = resolve1(form.get("Matrix"))
    if not isinstance(box, list) or len(box) != 4:
        return (1.0, 0.0, 0.0, 1.0, place[0], place[1])
    x0, y0, x1, y1 = (float(resolve1(number)) for number in box)
    bounds = transform_box(
        _matrix(own) if isinstance(own, list) and len(own) == 6 else HORIZONTAL, (x0, y0, x1, y1)
    )
    across = (place[2] - place[0]) / ((bounds[2] - bounds[0]) or 1.0)
    up = (place[3] - place[1]) / ((bounds[3] - bounds[1]) or 1.0)
    return (across, 0.0, 0.0, up, place[0] - bounds[0] * across, place[1] - bounds[1] * up)
