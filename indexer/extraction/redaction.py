"""Redaction: makes a copy of a document in which some areas are covered, and proves that nothing is left.

The copy is a new PDF. Each of its pages is a picture of the original page with black boxes burnt into it,
and the page's text without the covered characters. Nothing else of the original file is taken over: no
metadata, earlier revision, annotation, embedded file or signature. The finished copy is read again before it
is given out.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import re
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image, ImageDraw, ImageStat

from archive import privacy
from archive.errors import Conflict, Invalid, TooLarge, Unavailable
from archive.hashing import sha256_of_file
from archive.model import PAGE_UNITS, Attachment, Line, Page, Rectangle, TextSource
from archive.ports import Files
from archive.privacy import COVER
from archive.thai import arabic_digits, cluster_borders
from archive.thai.characters import LETTERS_AND_SIGNS
from indexer.extraction import sandbox
from indexer.extraction.attachment_reader import OCR_MEMORY_MB, OCR_SECONDS, recognise_page
from indexer.extraction.cross_process_semaphore import CrossProcessSemaphore
from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.image.deskew import turned_upright
from indexer.extraction.page_images import (
    HIT_PADDING,
    extents_of_hits,
    pixel_box,
    rasterize_page,
)
from indexer.extraction.reading_errors import MESSAGES, UnreadableFile
from indexer.extraction.text_layer import add_text_layer, invisible_font
from indexer.lazy_import import lazy_import

if TYPE_CHECKING:
    import pikepdf
else:
    pikepdf = lazy_import("pikepdf")

MOST_PAGES = 300  # pages; without reading again, 0.4 s each on two busy processors (benchmarks/redaction)
MOST_PAGES_READ_AGAIN = (
    25  # pages with boxes that are read again in one request: 24 took 86 s there, nginx waits 300 s
)
PAGES_AT_ONCE = 4  # of ``read_pictures_again``: some 15 s there, after which a person sees it go on
DPI = 200  # print of 10 points stays legible, an A4 page takes some 300 KB
JPEG_QUALITY = 80  # 0 to 100
PAGE_SECONDS = 30.0  # for one page; twice as long to put all together, and some more for each page
ASSEMBLY_SECONDS = 0.5  # for each page, ten times what it takes
WAIT_SECONDS = 5.0  # seconds to wait while another copy is made
_WIDTH_SHARE = 0.1  # share of a cluster's width under a box from which the cluster counts as covered
_HEIGHT_SHARE = 0.2  # share of a line's height under a box; boxes may touch the lines above and below
_MARGIN = 30  # 1/10,000 of the page's width, left and right of a find
_OCR_MARGIN = 0.25  # of the line's height, the same where OCR placed the digits: about half a digit's width
_NEXT_LETTER_SHARE = 0.25  # of a recognised letter's width; of borders, 1.6 % are off by over a third of one
_RISE = 0.35  # of a box's height, added above Thai letters: tone marks stand above a line's top
_ROUNDED = 20  # 1/10,000 of the page: positions in a text layer move by a few of them, to the right
_BLACK = 40  # of 255: brightest value of a covered pixel; JPEG blurs the border of a box
_COLOURFUL = 40  # of 255: saturation; paper under a scanner's lamp has some 20, a blue stamp 100 and more
_BLURRED = 8  # pixels at the border of a box that JPEG may blur: one block of its grid; the middle of 3,800
# boxes of 1 to 23 pixels on paper and on noise was never brighter than 25
_LEAST_DIGITS = 6  # digits in a row beside a box that show that the box covers only a part of a number

Boxes = Mapping[int, Sequence[Rectangle]]
"""Page number → areas of that upright page that are to be covered."""


def boxes_of_finds(page: Page, spans: Sequence[tuple[int, int]]) -> list[Rectangle]:
    """Returns the areas that cover the spans of ``page.text``; none where positions are not known.

    A box takes in whole clusters. It reaches over the space beside them, but not over the letters there.
    """
    covered = []
    has_letters = any(re.search(f"[{LETTERS_AND_SIGNS}]", page.text[start:end]) for start, end in spans)
    borders = cluster_borders(page.text)
    whole = tuple(
        (borders[bisect_right(borders, start) - 1], borders[bisect_left(borders, end)])
        for start, end in spans
    )
    for line, left, right in extents_of_hits(page, whole):
        top, bottom = max(0, line.top - HIT_PADDING), min(PAGE_UNITS, line.bottom + HIT_PADDING)
        height = bottom - top
        margin = _margin(page, height) + HIT_PADDING
        least, most = _room_beside(page, line, left, right)
        top = max(0, top - (round(_RISE * height) if has_letters else 0))
        covered.append(Rectangle(max(least, left - margin), top, min(most, right + margin), bottom))
    return covered


def _room_beside(page: Page, line: Line, left: int, right: int) -> tuple[int, int]:
    """Returns how far left and right a box around a part of a line may reach before it hides another letter.

    Where recognition placed the letters, a border may be off, and the box may hide some of the next letter.
    """
    share = _NEXT_LETTER_SHARE if page.source is TextSource.OCR else 0
    least, most = 0, PAGE_UNITS
    for place, edges in enumerate(pairwise(line.edges)):
        low, high = sorted(edges)
        if page.text[line.start + place].isspace() or low == high:
            continue
        hidden = round(share * (high - low))
        if low + high < 2 * left:
            least = max(least, min(high, left) - hidden)
        elif low + high > 2 * right:
            most = min(most, max(low, right) + hidden)
    return least, most


def box_without_margins(page: Page, box: Rectangle) -> Rectangle:
    """Returns the area of the text that a box of ``boxes_of_finds`` covers: the box without its margins.

    The margins hide the ends of the letters in the picture. The letters beside them stay in the text.
    """
    height = round((box.bottom - box.top) / (1 + _RISE))  # less than without a rise: never too little
    area = Rectangle(box.left, box.bottom - height, box.right, box.bottom)
    spans = spans_inside(page.text, page.lines, [area])
    extents = [(left, right) for _line, left, right in extents_of_hits(page, tuple(spans))]
    if not extents:
        return area
    return dataclasses.replace(
        area, left=min(left for left, _right in extents), right=max(right for _left, right in extents)
    )


def _margin(page: Page, height: int) -> int:
    """Returns the margin left and right of a box of this height."""
    uncertain = round(_OCR_MARGIN * height) if page.source is TextSource.OCR else 0
    return max(_MARGIN, uncertain)


@dataclasses.dataclass(frozen=True, slots=True)
class ReadableData:
    """Data that can still be read in the copy; ``text`` is masked, and empty for a box that is not black.

    ``area``: its place on the upright page; None where the place is not known.
    """

    page: int
    text: str
    area: Rectangle | None


class RedactionIncomplete(Conflict):
    """Covered data that can still be read in the finished copy. ``readable`` lists where."""

    code = "redaction-incomplete"

    def __init__(self, readable: Sequence[ReadableData]) -> None:
        super().__init__(
            "ยังอ่านข้อมูลที่ต้องปิดได้ในหน้า %(page)s จึงยังไม่ได้เปลี่ยนไฟล์ กรุณาปิดเพิ่มให้คลุมทั้งหมด แล้วทำสำเนาอีกครั้ง",
            page=readable[0].page,
        )
        self.readable = tuple(dict.fromkeys(readable))


@dataclasses.dataclass(frozen=True, slots=True)
class RedactedCopy:
    """A redacted copy as a binary stream, and those of its pages whose text is known.

    Pages that ``pages_with_known_text`` lacks are to be recognised.
    """

    content: BinaryIO
    pages_with_known_text: tuple[Page, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class CheckedPictures:
    """Pictures of pages that were read again for covered numbers.

    ``pictures``: page → SHA-256 of its picture, in which none of the numbers is left and every box is black.
    ``numbers``: SHA-256 of the numbers that were looked for. ``readable``: what is left on other pages.
    """

    numbers: str
    pictures: Mapping[int, str]
    readable: tuple[ReadableData, ...] = ()


class Redactor:
    """Makes redacted copies of attachments, one at a time on this machine."""

    def __init__(self, files: Files, folder: Path, *, jobs: int) -> None:
        """``folder``: directory of the lock. ``jobs``: pages that are worked on at the same time."""
        self._files = files
        self._slots = CrossProcessSemaphore(folder, 1)
        self._jobs = jobs

    def make_redacted_copy(
        self,
        attachment: Attachment,
        pages: Sequence[Page],
        boxes: Boxes,
        areas_without_text: Boxes | None = None,
        *,
        read_again: Sequence[CheckedPictures] = (),
        timed_step: Callable[[str], AbstractContextManager[None]] = lambda _step: nullcontext(),
    ) -> RedactedCopy:
        """Makes and proves a redacted copy; ``Invalid`` without boxes, ``TooLarge`` where it would take long.

        ``boxes`` are black in it, and it has no text in ``areas_without_text``, one area for each box; the
        boxes by default. ``read_again``: what ``read_pictures_again`` found for these pages and boxes; a
        picture that is in it is not read once more. ``timed_step`` surrounds each step, named ``draw``,
        ``assemble`` or ``verify``.

        Raises ``Invalid`` also for an Office file that is not drawn, ``RedactionIncomplete`` when covered
        data is still to be found in the copy, ``NoFreeSlot`` while another copy is made, and ``Unavailable``
        when the file cannot be drawn.
        """
        if not any(boxes.values()):
            raise Invalid("ยังไม่มีข้อมูลที่จะปิด กรุณาเลือกหรือวาดกรอบอย่างน้อยหนึ่งแห่ง", field="boxes")
        areas = boxes if areas_without_text is None else areas_without_text
        covered = [with_text_covered(page, areas.get(page.number, ())) for page in pages]
        numbers = personal_digits_covered_up(pages, covered)
        known = _known_pictures(read_again, numbers)
        _refuse_what_takes_long(pages, boxes, numbers, known)
        with self._folder_of_drawing() as folder, _reading_errors():
            target = folder / "copy.pdf"
            with timed_step("draw"):
                self._draw(attachment, pages, boxes, folder)
            with timed_step("assemble"):
                _assemble(folder, covered, target)
            with timed_step("verify"):
                left = _readable_in_text(target, pages, numbers, areas)
                unread = [page for page in pages if _picture_sha256(folder, page) != known.get(page.number)]
                left += self._readable_in_pictures(target, pages, unread, boxes, numbers)
            if left:
                raise RedactionIncomplete(left)
            return RedactedCopy(
                io.BytesIO(target.read_bytes()),
                tuple(page for page in covered if page.lines or not boxes.get(page.number)),
            )

    def read_pictures_again(
        self,
        attachment: Attachment,
        pages: Sequence[Page],
        boxes: Boxes,
        areas_without_text: Boxes,
        chosen: Collection[int],
    ) -> CheckedPictures:
        """Makes the ``chosen`` pages of a copy alone, and reads their pictures again.

        ``chosen``: some numbers of pages; those without boxes are left out. The other arguments are those of
        ``make_redacted_copy``. Raises as that does, but for ``RedactionIncomplete``.
        """
        covered = [with_text_covered(page, areas_without_text.get(page.number, ())) for page in pages]
        numbers = personal_digits_covered_up(pages, covered)
        few = [page for page in pages if page.number in chosen and boxes.get(page.number)]
        if not few:
            return CheckedPictures(_digest(numbers), {})
        with self._folder_of_drawing() as folder, _reading_errors():
            target = folder / "copy.pdf"
            self._draw(attachment, few, boxes, folder)
            numbers_of_few = {page.number for page in few}
            _assemble(folder, [page for page in covered if page.number in numbers_of_few], target)
            left = self._readable_in_pictures(target, few, few, boxes, numbers)
            unfinished = {each.page for each in left}
            pictures = {
                page.number: _picture_sha256(folder, page) for page in few if page.number not in unfinished
            }
        return CheckedPictures(_digest(numbers), pictures, tuple(left))

    @contextmanager
    def _folder_of_drawing(self) -> Iterator[Path]:
        """Gives a folder for pictures, which is removed afterwards, to one at a time on this machine."""
        with (
            self._slots.hold_slot("", seconds=WAIT_SECONDS),
            tempfile.TemporaryDirectory(prefix="prakat-") as name,
        ):
            yield Path(name)

    def _draw(self, attachment: Attachment, pages: Sequence[Page], boxes: Boxes, folder: Path) -> None:
        """Writes pictures of the pages, with boxes, into ``folder``; ``Invalid`` for an Office file."""
        with (
            self._files.local_path(attachment.sha256) as original,
            EmbeddedTextDocument(original) as document,
            ThreadPoolExecutor(self._jobs) as pool,
        ):
            if not document.are_all_pages_drawn:
                raise _is_not_drawn()
            path = document.path

            def draw(page: Page) -> None:
                picture = sandbox.run_in_sandbox(
                    burn_page,
                    path,
                    page.number,
                    page.turn,
                    tuple(boxes.get(page.number, ())),
                    seconds=PAGE_SECONDS,
                )
                _picture_path(folder, page.number).write_bytes(picture)

            list(pool.map(draw, pages))

    def _readable_in_pictures(
        self,
        copy: Path,
        pages_of_copy: Sequence[Page],
        unread: Sequence[Page],
        boxes: Boxes,
        numbers: Sequence[str],
    ) -> list[ReadableData]:
        """Returns the covered data that can still be read in the pictures of those ``unread`` with boxes.

        ``pages_of_copy``: all pages of the PDF ``copy``, in its order.
        """
        places = {page.number: place for place, page in enumerate(pages_of_copy, start=1)}

        def read_picture(page: Page) -> list[ReadableData]:
            return _readable_in_picture(copy, places[page.number], page, boxes[page.number], numbers)

        with ThreadPoolExecutor(self._jobs) as pool:
            found = pool.map(read_picture, [page for page in unread if boxes.get(page.number)])
            return [each for of_page in found for each in of_page]


@contextmanager
def _reading_errors() -> Iterator[None]:
    """Raises ``Unavailable`` for a file that could not be read or drawn."""
    try:
        yield
    except UnreadableFile as error:
        raise Unavailable(MESSAGES[error.code], code=error.code) from error


def _assemble(folder: Path, covered: Sequence[Page], target: Path) -> None:
    sandbox.run_in_sandbox(
        assemble_searchable_pdf,
        folder,
        covered,
        target,
        seconds=2 * PAGE_SECONDS + ASSEMBLY_SECONDS * len(covered),
    )


def _readable_in_text(
    copy: Path, pages: Sequence[Page], numbers: Sequence[str], areas_without_text: Boxes
) -> list[ReadableData]:
    """Returns the covered data that can still be read in the text of the copy."""
    left: list[ReadableData] = []
    with EmbeddedTextDocument(copy) as document:
        if document.outline.page_count != len(pages):
            raise UnreadableFile("damaged")
        for page in pages:
            found = document.read_page(page.number)
            seen = dataclasses.replace(page, text=found.text, lines=found.lines)
            inside = spans_inside(seen.text, seen.lines, areas_without_text.get(page.number, ()))
            left += _readable(seen, [*inside, *spans_of_numbers(seen.text, numbers)])
    return left


def _readable_in_picture(
    copy: Path, place: int, page: Page, boxes: Sequence[Rectangle], numbers: Sequence[str]
) -> list[ReadableData]:
    """Returns the covered data that can still be read in the picture on a page of the copy.

    ``place``: of the page in the copy, from 1.
    """
    if not sandbox.run_in_sandbox(is_black, copy, place, tuple(boxes), seconds=PAGE_SECONDS):
        return [ReadableData(page.number, "", None)]
    if not numbers:
        return []
    read = sandbox.run_in_sandbox(recognise_page, copy, place, seconds=OCR_SECONDS, memory_mb=OCR_MEMORY_MB)
    seen = dataclasses.replace(page, text=read.text, lines=read.lines)
    parts = _spans_of_parts(seen.text, seen.lines, boxes, numbers)
    return _readable(seen, [*spans_of_numbers(seen.text, numbers), *parts])


def _known_pictures(read_again: Sequence[CheckedPictures], numbers: Sequence[str]) -> dict[int, str]:
    """Returns the SHA-256 of each page's picture that was read again for just these numbers."""
    wanted = _digest(numbers)
    return {
        page: sha256
        for each in read_again
        if each.numbers == wanted
        for page, sha256 in each.pictures.items()
    }


def _digest(numbers: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(numbers).encode()).hexdigest()


def _picture_sha256(folder: Path, page: Page) -> str:
    return sha256_of_file(_picture_path(folder, page.number))


def _refuse_what_takes_long(
    pages: Sequence[Page], boxes: Boxes, numbers: Sequence[str], known: Collection[int]
) -> None:
    """Raises ``TooLarge`` beyond the pages of which a copy is made and proved while a person waits.

    ``known``: pages whose pictures were read again before.
    """
    if len(pages) > MOST_PAGES:
        raise TooLarge("ปิดข้อมูลได้ครั้งละไม่เกิน %(most)s หน้า กรุณาแบ่งไฟล์แล้วแนบใหม่", most=MOST_PAGES)
    unread = [page for page, areas in boxes.items() if areas and page not in known]
    if numbers and len(unread) > MOST_PAGES_READ_AGAIN:
        raise TooLarge(
            "ปิดเลขของบุคคลได้ครั้งละไม่เกิน %(most)s หน้า กรุณาเปิด JavaScript ในเบราว์เซอร์ หรือแบ่งไฟล์แล้วแนบใหม่",
            most=MOST_PAGES_READ_AGAIN,
        )


def _is_not_drawn() -> Invalid:
    return Invalid(
        "ปิดข้อมูลในไฟล์ Office นี้ไม่ได้ กรุณาบันทึกเป็น PDF แล้วแนบแทนไฟล์เดิม จึงปิดข้อมูลได้",
        code="not-drawn",
    )


# In the child process.


def burn_page(path: Path, number: int, turn: int, boxes: Sequence[Rectangle]) -> bytes:
    """Returns a JPEG picture of the upright page with black boxes. Raises ``UnreadableFile``."""
    picture = turned_upright(rasterize_page(path, number, DPI), turn)
    if _is_grey(picture):
        picture = picture.convert("L")
    pen = ImageDraw.Draw(picture)
    for box in boxes:
        pen.rectangle(pixel_box(picture, box), fill=0 if picture.mode == "L" else (0, 0, 0))
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=JPEG_QUALITY)
    return jpeg.getvalue()


def assemble_searchable_pdf(folder: Path, pages: Sequence[Page], target: Path) -> None:
    """Writes a PDF of the pictures ``folder/NUMBER.jpg`` of the pages, with their texts laid over them."""
    with pikepdf.new() as pdf:
        font = pdf.make_indirect(invisible_font(pdf))
        for page in pages:
            jpeg = _picture_path(folder, page.number).read_bytes()
            leaf = _add_picture(pdf, jpeg)
            add_text_layer(pdf, leaf, _without_covers(page), font)
        pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)


def _without_covers(page: Page) -> Page:
    """Returns the page without the positions of covers: PDF readers mix lines up around such wide letters."""
    lines = (line for line in page.lines if page.text[line.start : line.start + 1] != COVER)
    return dataclasses.replace(page, lines=tuple(lines))


def is_black(path: Path, number: int, boxes: Sequence[Rectangle]) -> bool:
    """Returns True when every box of the page is black, but for a border that JPEG may blur.

    Of a box that is all border, the pixels in its middle are looked at.
    """
    picture = rasterize_page(path, number, DPI).convert("L")
    parts = (picture.crop(_without_border(*pixel_box(picture, box))) for box in boxes)
    return all(ImageStat.Stat(part).extrema[0][1] <= _BLACK for part in parts)


def _without_border(left: int, top: int, right: int, bottom: int) -> tuple[int, int, int, int]:
    """Returns the part of a box in pixels that JPEG does not blur: at least one pixel wide and high."""
    left, top = min(left + _BLURRED, (left + right) // 2), min(top + _BLURRED, (top + bottom) // 2)
    return left, top, max(right - _BLURRED, left + 1), max(bottom - _BLURRED, top + 1)


def _picture_path(folder: Path, number: int) -> Path:
    return folder / f"{number}.jpg"


def _is_grey(picture: Image.Image) -> bool:
    """Returns True when the picture has hardly any colour: such a page takes half the room in grey."""
    small = picture.resize((64, 64)).convert("HSV")
    return ImageStat.Stat(small.getchannel("S")).extrema[0][1] < _COLOURFUL


def _add_picture(pdf: pikepdf.Pdf, jpeg: bytes) -> pikepdf.Page:
    with Image.open(io.BytesIO(jpeg)) as opened:
        (width, height), mode = opened.size, opened.mode
    image = pikepdf.Stream(
        pdf,
        jpeg,
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=width,
        Height=height,
        ColorSpace=pikepdf.Name.DeviceGray if mode == "L" else pikepdf.Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=pikepdf.Name.DCTDecode,
    )
    across, down = width * 72 / DPI, height * 72 / DPI
    pdf.add_blank_page(page_size=(across, down))
    leaf = pdf.pages[-1]
    leaf.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Page=image))
    leaf.obj.Contents = pdf.make_stream(f"q {across:.2f} 0 0 {down:.2f} 0 0 cm /Page Do Q".encode())
    return leaf


# Text under the boxes.


def with_text_covered(page: Page, boxes: Sequence[Rectangle]) -> Page:
    """Returns the page as in the copy: ``COVER`` for each covered piece, no text of unknown position.

    It is upright, as in the copy. On a page with boxes, text whose position is not known is left out: it may
    be under a box.
    """
    if not boxes:
        return dataclasses.replace(page, turn=0)
    text, end = "", 0
    lines: list[Line] = []
    for line in page.lines:
        text += re.sub(r"\S", "", page.text[end : line.start])
        for piece, shown in _pieces(page.text, line, boxes):
            lines.append(dataclasses.replace(shown, start=len(text)))
            text += piece
        end = line.start + len(line.edges) - 1
    return dataclasses.replace(page, text=text, raw=text, lines=tuple(lines), doubts=(), turn=0)


def _pieces(text: str, line: Line, boxes: Sequence[Rectangle]) -> Iterator[tuple[str, Line]]:
    """Yields the pieces of a line with their texts; a covered piece has the text ``COVER``."""
    for is_covered, group in groupby(_clusters_under(text, line, boxes), key=lambda each: each[2]):
        places = list(group)
        left, right = places[0][0], places[-1][1]
        if is_covered:
            yield COVER, dataclasses.replace(line, edges=(line.edges[left], line.edges[right]))
        else:
            piece = text[line.start + left : line.start + right]
            yield piece, dataclasses.replace(line, edges=line.edges[left : right + 1])


def spans_inside(text: str, lines: Sequence[Line], boxes: Sequence[Rectangle]) -> list[tuple[int, int]]:
    """Returns a span for each line with a letter whose middle is under a box: from the first to the last."""
    spans = []
    for line in lines:
        middle = (line.top + line.bottom) / 2
        near = [box for box in boxes if box.top < middle < box.bottom]
        inside = [
            line.start + place
            for place, (left, right) in enumerate(pairwise(line.edges))
            if any(box.left < (left + right) / 2 < box.right for box in near)
            and not text[line.start + place].isspace()
        ]
        if inside:
            spans.append((inside[0], inside[-1] + 1))
    return spans


def _clusters_under(text: str, line: Line, boxes: Sequence[Rectangle]) -> Iterator[tuple[int, int, bool]]:
    """Yields each cluster of a line, as offsets into the line, and True when the cluster is under a box."""
    length = len(line.edges) - 1
    near = [
        box
        for box in boxes
        if min(box.bottom, line.bottom) - max(box.top, line.top) > _HEIGHT_SHARE * (line.bottom - line.top)
    ]
    for left, right in pairwise(cluster_borders(text[line.start : line.start + length])):
        low, high = sorted((line.edges[left], line.edges[right]))
        yield left, right, any(_is_under(box, low, high) for box in near)


def _is_under(box: Rectangle, low: int, high: int) -> bool:
    """Returns True when a cluster between two positions of a line counts as covered by a box.

    A cluster may have no width: the recogniser gives some letters the position of the next one.
    """
    is_within = box.left - _ROUNDED <= low and high <= box.right + _ROUNDED
    return is_within or min(box.right, high) - max(box.left, low) > _WIDTH_SHARE * (high - low)


def personal_digits_covered_up(pages: Sequence[Page], covered: Sequence[Page]) -> list[str]:
    """Returns the numbers of people that the original pages have and the covered ones lack, as digits."""
    return sorted(
        {
            number
            for page, left in zip(pages, covered, strict=True)
            for number in set(_numbers(page.text)) - set(_numbers(left.text))
        }
    )


def _numbers(text: str) -> list[str]:
    return [
        digits_of(text[found.start : found.end])
        for found in privacy.find_personal_data(text, page=0)
        if found.type in privacy.NUMBERS
    ]


def digits_of(text: str) -> str:
    """Returns the digits of a text as Arabic digits, without all that stands between them."""
    return re.sub(r"\D", "", arabic_digits(text))


def _readable(seen: Page, spans: Sequence[tuple[int, int]]) -> list[ReadableData]:
    """Returns the spans of a page of the copy with their places, where these are known."""
    readable: list[ReadableData] = []
    for start, end in spans:
        areas = boxes_of_finds(seen, [(start, end)])
        text = _hide_middle(seen.text[start:end])
        places: list[Rectangle | None] = [*areas] or [None]
        readable += [ReadableData(seen.number, text, area) for area in places]
    return readable


def _hide_middle(text: str) -> str:
    """Returns a text of which only the letters at both ends are shown, a quarter of them at each."""
    shown = max(1, len(text) // 4)
    return text if len(text) < 3 * shown else f"{text[:shown]}…{text[-shown:]}"


def spans_of_numbers(text: str, numbers: Sequence[str]) -> list[tuple[int, int]]:
    """Returns where covered numbers stand in the text, however their digits are parted."""
    arabic = arabic_digits(text)
    parted = {
        place for found in re.finditer(r"(?<=\d)[\s.–-]+(?=\d)", arabic) for place in range(*found.span())
    }
    places = [place for place in range(len(text)) if place not in parted]
    digits = "".join(arabic[place] for place in places)
    return [
        (places[found.start()], places[found.end() - 1] + 1)
        for number in numbers
        for found in re.finditer(number, digits)
    ]


def _spans_of_parts(
    text: str, lines: Sequence[Line], boxes: Sequence[Rectangle], numbers: Sequence[str]
) -> list[tuple[int, int]]:
    """Returns the spans of lines beside a box that still show several digits in a row of a covered number."""
    parts = {
        number[start : start + _LEAST_DIGITS]
        for number in numbers
        for start in range(len(number) - _LEAST_DIGITS + 1)
    }
    arabic = arabic_digits(text)
    spans = []
    for line in lines:
        half = (line.bottom - line.top) / 2
        if not any(min(box.bottom, line.bottom) - max(box.top, line.top) > half for box in boxes):
            continue
        end = line.start + len(line.edges) - 1
        places = [place for place in range(line.start, end) if arabic[place].isdecimal()]
        digits = "".join(arabic[place] for place in places)
        found = [at for at in range(len(digits)) if digits[at : at + _LEAST_DIGITS] in parts]
        if found:
            spans.append((places[found[0]], places[found[-1] + _LEAST_DIGITS - 1] + 1))
    return spans
