"""Redacted copies: what is under a box is gone, and a box that leaves something to be read is refused."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from archive import privacy
from archive.errors import Conflict, Invalid, TooLarge, Unavailable
from archive.model import DocumentKind, Line, Page, Rectangle, TextSource
from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.redaction import (
    COVER,
    MOST_PAGES_READ_AGAIN,
    RedactionIncomplete,
    Redactor,
    assemble_searchable_pdf,
    box_without_margins,
    boxes_of_finds,
    burn_page,
    is_black,
    personal_digits_covered_up,
    spans_inside,
    with_text_covered,
)
from storage.files.local import LocalFiles
from tests.factories.documents import embedded_page, stored_attachment
from web.sample.documents import SampleDocumentText, make_document

NUMBER = "1-2345-67890-12-1"


class Paper:
    """A memo with a national ID in the store, as read, and what makes copies of it."""

    def __init__(self, folder: Path, *, turned: bool = False) -> None:
        text = SampleDocumentText(
            kind=DocumentKind.MEMO,
            number="นป 1/1",
            date=dt.date(2021, 6, 9),
            subject="รายชื่อ",
            paragraphs=[f"เลขที่ {NUMBER} ได้รับเงิน"],
        )
        pdf = make_document(text)
        self.files = LocalFiles(folder / "files")
        stored = self.files.add(io.BytesIO(_turned(pdf) if turned else pdf), limit=1 << 24)
        self.attachment = stored_attachment(stored, kind=DocumentKind.MEMO)
        with self.files.local_path(stored.sha256) as path, EmbeddedTextDocument(path) as document:
            read = document.read_page(1)
        self.page = embedded_page(read)
        (find,) = privacy.find_personal_data(read.text, 1)
        self.boxes = boxes_of_finds(self.page, [(find.start, find.end)])
        self.redactor = Redactor(self.files, folder / "locks", jobs=1)


def _turned(pdf: bytes) -> bytes:
    """The PDF as a scanner delivers a sheet that lay across: the page's content turned by a quarter."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        leaf = opened.pages[0]
        _left, _bottom, width, height = (float(edge) for edge in leaf.mediabox)
        leaf.contents_add(f"q 0 1 -1 0 {height} 0 cm".encode(), prepend=True)
        leaf.contents_add(b"Q")
        leaf.mediabox = pikepdf.Array([0, 0, height, width])
        opened.save(target)
    return target.getvalue()


@pytest.mark.parametrize("turned", [False, True])
def test_a_covered_number_is_gone_from_picture_and_text(tmp_path: Path, turned: bool) -> None:
    paper = Paper(tmp_path, turned=turned)
    copy = paper.redactor.make_redacted_copy(paper.attachment, [paper.page], {1: paper.boxes})
    (page,) = copy.pages_with_known_text
    assert page.text.count(COVER) == len(paper.boxes)
    assert page.turn == 0
    assert privacy.find_personal_data(page.text, 1) == ()
    drawn = pypdfium2.PdfDocument(copy.content)[0]
    assert drawn.get_width() < drawn.get_height()  # upright
    picture = drawn.render(scale=1).to_pil().convert("L")
    for box in paper.boxes:
        middle = (
            (box.left + box.right) * picture.width // 20_000,
            (box.top + box.bottom) * picture.height // 20_000,
        )
        assert picture.getpixel(middle) < 40


def test_a_box_over_half_of_the_number_is_refused(tmp_path: Path) -> None:
    paper = Paper(tmp_path)
    box = paper.boxes[0]
    half = dataclasses.replace(box, left=(box.left + box.right) // 2)
    with pytest.raises(RedactionIncomplete) as refused:
        paper.redactor.make_redacted_copy(paper.attachment, [paper.page], {1: [half]})
    assert refused.value.code == "redaction-incomplete"
    left = refused.value.readable
    assert all(each.page == 1 and "…" in each.text and NUMBER not in each.text for each in left)
    areas = [each.area for each in left if each.area]
    assert any(area.left < half.left and abs(area.top - half.top) < 200 for area in areas)
    copy = paper.redactor.make_redacted_copy(paper.attachment, [paper.page], {1: [half, *areas]})
    assert privacy.find_personal_data(copy.pages_with_known_text[0].text, 1) == ()


def test_a_box_beside_the_number_is_refused_although_the_text_lacks_it(tmp_path: Path) -> None:
    """Stored positions may be wrong: only the finished picture tells whether the number is covered."""
    paper = Paper(tmp_path)
    shifted = [
        dataclasses.replace(line, top=line.top + 900, bottom=line.bottom + 900) for line in paper.page.lines
    ]
    moved = dataclasses.replace(paper.page, lines=tuple(shifted))
    (find,) = privacy.find_personal_data(moved.text, 1)
    with pytest.raises(Conflict) as refused:
        paper.redactor.make_redacted_copy(
            paper.attachment, [moved], {1: boxes_of_finds(moved, [(find.start, find.end)])}
        )
    assert refused.value.code == "redaction-incomplete"


def test_a_copy_without_boxes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        Redactor(LocalFiles(tmp_path / "files"), tmp_path, jobs=1).make_redacted_copy(None, [], {1: []})  # type: ignore[arg-type]


def test_more_pages_with_numbers_than_are_read_again_in_time_are_refused_at_once(tmp_path: Path) -> None:
    paper = Paper(tmp_path)
    pages = [dataclasses.replace(paper.page, number=n) for n in range(1, MOST_PAGES_READ_AGAIN + 2)]
    with pytest.raises(TooLarge):
        paper.redactor.make_redacted_copy(
            paper.attachment, pages, {page.number: paper.boxes for page in pages}
        )
    some = dict.fromkeys(range(2, MOST_PAGES_READ_AGAIN + 2), paper.boxes) | {1: []}
    with pytest.raises(Unavailable):  # gets as far as drawing pages that the file does not have
        paper.redactor.make_redacted_copy(paper.attachment, pages, some)


def test_pictures_that_were_read_again_are_not_read_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = Paper(tmp_path)
    given = paper.attachment, [paper.page], {1: paper.boxes}
    monkeypatch.setattr("indexer.extraction.redaction.MOST_PAGES_READ_AGAIN", 0)
    with pytest.raises(TooLarge):
        paper.redactor.make_redacted_copy(*given)
    found = paper.redactor.read_pictures_again(*given, {1: paper.boxes}, [1])
    assert found.pictures.keys() == {1}
    assert found.readable == ()
    assert paper.redactor.make_redacted_copy(*given, read_again=[found]).pages_with_known_text
    for_others = dataclasses.replace(found, numbers="0" * 64)
    with pytest.raises(TooLarge):  # it was looked for other numbers
        paper.redactor.make_redacted_copy(*given, read_again=[for_others])


def test_a_picture_with_something_left_is_read_again_whatever_was_said_of_it(tmp_path: Path) -> None:
    paper = Paper(tmp_path)
    box = paper.boxes[0]
    half = {1: [dataclasses.replace(box, left=(box.left + box.right) // 2)]}
    given = paper.attachment, [paper.page], half
    found = paper.redactor.read_pictures_again(*given, {1: paper.boxes}, [1, 2])
    assert found.pictures == {}
    assert {each.page for each in found.readable} == {1}
    whole = paper.redactor.read_pictures_again(
        paper.attachment, [paper.page], {1: paper.boxes}, {1: paper.boxes}, [1]
    )
    with pytest.raises(RedactionIncomplete):  # another picture was read
        paper.redactor.make_redacted_copy(*given, {1: paper.boxes}, read_again=[whole])


def test_text_whose_place_is_not_known_is_left_out_of_a_page_with_boxes() -> None:
    page = _page("ก ลับ\nข้าง", (Line(0, 0, 100, (0, 100)), Line(6, 200, 300, (0, 100, 200, 300, 400))))
    kept = with_text_covered(page, [Rectangle(9000, 9000, 9100, 9100)])
    assert "ลับ" not in kept.text
    assert kept.text.split() == ["ก", "ข้าง"]
    assert with_text_covered(page, ()).text == page.text


def test_a_cluster_is_covered_whole_or_not_at_all() -> None:
    page = _page("กำนัน", (Line(0, 0, 100, (0, 100, 200, 300, 400, 500)),))
    kept = with_text_covered(page, [Rectangle(0, 0, 50, 100)])
    assert kept.text == f"{COVER}นัน"
    assert [len(line.edges) - 1 for line in kept.lines] == [1, 3]
    assert spans_inside(page.text, page.lines, [Rectangle(0, 0, 160, 100)]) == [(0, 2)]


def test_a_letter_whose_place_has_no_width_is_covered_with_its_neighbours() -> None:
    """The recogniser gives some letters the position of the next one: they are under the box all the same."""
    page = _page("เลข123", (Line(0, 0, 100, (0, 100, 200, 300, 400, 400, 500)),))
    kept = with_text_covered(page, [Rectangle(295, 0, 520, 100)])
    assert kept.text == f"เลข{COVER}"


def test_only_numbers_are_looked_for_as_digits() -> None:
    """An e-mail address has no digits, and the few of a house's number stand everywhere."""
    text = "นายเอก ใจดี บ้านเลขที่ 1/2 หมู่ 3 ตำบลหนองปลา อีเมล ek@example.com โทร. 081-234-5678"
    assert {each.type for each in privacy.find_personal_data(text, 1)} == {"address", "email", "phone"}
    page = _page(text, ())
    covered = dataclasses.replace(page, text="")
    assert personal_digits_covered_up([page], [covered]) == ["0812345678"]


@pytest.mark.parametrize("source", TextSource)
def test_the_box_of_a_word_takes_all_of_the_word_and_nothing_else_out_of_the_text(source: TextSource) -> None:
    """Wherever the word stands in its line, also at the border of the page, and cut inside a cluster."""
    text = "นางกำนัน"
    for left in (0, 40, 9400):
        edges = tuple(left + 100 * place for place in range(len(text) + 1))
        page = dataclasses.replace(_page(text, (Line(0, 500, 700, edges),)), source=source)
        for start, end, kept in ((3, 5, f"นาง{COVER}นัน"), (3, 4, f"นาง{COVER}นัน"), (0, 3, f"{COVER}กำนัน")):
            areas = [box_without_margins(page, box) for box in boxes_of_finds(page, [(start, end)])]
            assert with_text_covered(page, areas).text == kept


@pytest.mark.parametrize(("source", "most"), [(TextSource.EMBEDDED, 0), (TextSource.OCR, 25)])
def test_the_box_of_a_word_ends_at_the_letters_beside_it(source: TextSource, most: int) -> None:
    """It may reach over a space, and where recognition placed the letters, over a quarter of the next one."""
    text = "นางกำนัน ดี"
    edges = (*range(1000, 1900, 100), 1830, 1900, 1900)
    page = dataclasses.replace(_page(text, (Line(0, 500, 700, edges),)), source=source)
    for start, end in ((3, 5), (3, 4)):  # the second is cut inside a cluster
        (box,) = boxes_of_finds(page, [(start, end)])
        assert (edges[3] - most, edges[5] + most) == (box.left, box.right)
    (box,) = boxes_of_finds(page, [(5, 8)])
    assert (edges[5] - most, 1830 + round(most * 0.7)) == (box.left, box.right)
    (box,) = boxes_of_finds(page, [(9, 11)])
    assert box.left <= 1800
    assert box.right > 1900


def test_the_marks_above_the_letters_of_a_word_are_covered_and_the_line_above_keeps_its_text() -> None:
    """Two lines of 200 units with 40 between them; tone marks stand above the top of their line."""
    lines = (Line(0, 260, 460, (0, 100, 200, 300)), Line(4, 500, 700, tuple(range(0, 600, 100))))
    page = _page("บนน\nป่วยด", lines)
    (box,) = boxes_of_finds(page, [(4, 9)])
    assert box.top <= 500 - 60  # three tenths of the line's height
    assert with_text_covered(page, [box_without_margins(page, box)]).text == f"บนน\n{COVER}"


def _page(text: str, lines: tuple[Line, ...]) -> Page:
    return Page(
        attachment_id=1,
        number=1,
        text=text,
        raw=text,
        source=TextSource.OCR,
        confidence=1.0,
        lines=lines,
        rules=1,
    )


@pytest.mark.parametrize("pixels", [1, 2, 5, 9, 16, 17, 40])
def test_a_box_of_any_size_is_proved_to_be_black(tmp_path: Path, pixels: int) -> None:
    """Boxes of that many pixels of a copy, narrow ones and low ones, at many places of the JPEG's grid."""
    small, large = 10_000 * pixels // 1654, 1_500
    boxes = [
        Rectangle(left, top, left + across, top + down)
        for place in range(6)
        for left, top, across, down in (
            (503 + 1_205 * place, 507, small, large),
            (503 + 1_205 * place, 3_009 + 7 * place, small, small),
            (511, 5_003 + 611 * place, large, small),
        )
    ]
    bare = tmp_path / "bare.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        pdf.save(bare)
    (tmp_path / "1.jpg").write_bytes(burn_page(bare, 1, 0, boxes))
    assemble_searchable_pdf(tmp_path, [_page("", ())], tmp_path / "copy.pdf")
    assert is_black(tmp_path / "copy.pdf", 1, boxes)
    for box in boxes:
        assert not is_black(bare, 1, [box])


def test_a_box_that_is_half_white_is_not_black(tmp_path: Path) -> None:
    bare = tmp_path / "bare.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        pdf.save(bare)
    box = Rectangle(1_000, 1_000, 1_060, 1_400)  # 10 pixels wide
    (tmp_path / "1.jpg").write_bytes(burn_page(bare, 1, 0, [dataclasses.replace(box, bottom=1_200)]))
    assemble_searchable_pdf(tmp_path, [_page("", ())], tmp_path / "copy.pdf")
    assert not is_black(tmp_path / "copy.pdf", 1, [box])
