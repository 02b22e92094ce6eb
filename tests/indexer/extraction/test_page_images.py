"""Pictures of pages show their hits where the words stand, and are made once."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from archive.errors import Unavailable
from archive.model import Attachment, Line, Page, Rectangle, TextSource
from indexer.extraction import page_images, sandbox
from indexer.extraction.disk_cache import DiskCache
from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.page_images import (
    PagePictures,
    hit_rectangles,
    mark_and_crop,
    page_picture,
    piece_around_hit,
)
from storage.files.local import LocalFiles
from tests.factories.documents import embedded_page, shaped, stored_attachment

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXT = "ประกาศเทศบาลตำบลหนองปลาดุก"
WORD = "เทศบาล"
HIT = (TEXT.index(WORD), TEXT.index(WORD) + len(WORD))


def page_of(path: Path) -> Page:
    with EmbeddedTextDocument(path) as document:
        read = document.read_page(1)
    return embedded_page(read)


def attached(files: LocalFiles, path: Path) -> Attachment:
    with path.open("rb") as stream:
        stored = files.add(stream, limit=10**9)
    return stored_attachment(stored)


def marked(picture: Image.Image) -> tuple[int, int, int, int]:
    """The box around everything that is coloured, in pixels."""
    red, _, blue = picture.convert("RGB").split()
    coloured = [
        index for index, (r, b) in enumerate(zip(red.tobytes(), blue.tobytes(), strict=True)) if r - b > 80
    ]
    columns = [index % picture.width for index in coloured]
    rows = [index // picture.width for index in coloured]
    return min(columns), min(rows), max(columns), max(rows)


def painted(path: Path, page: Page, width: int = 800) -> Image.Image:
    boxes = tuple(hit_rectangles(page, (HIT,)))
    webp = sandbox.run_in_sandbox(page_picture, path, 1, width, page.turn, seconds=20)
    picture = Image.open(io.BytesIO(mark_and_crop(webp, width, boxes, None)))
    assert picture.format == "WEBP"
    return picture


@pytest.mark.parametrize("turn", [0, 90])
def test_a_hit_is_marked_where_its_word_stands(tmp_path: Path, turn: int) -> None:
    path = shaped(tmp_path / "a.pdf", [[TEXT, TEXT]], size=20)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[0].rotate(turn, relative=False)
        pdf.save(path)
    page = page_of(path)
    picture = painted(path, page)
    assert picture.width == 800
    assert picture.height == pytest.approx(1131, abs=2)
    left, top, right, bottom = marked(picture)
    per_point = 800 / 595.28
    line = page.lines[0]
    assert left == pytest.approx(line.edges[HIT[0]] * 800 / 10_000, abs=4)
    assert right == pytest.approx(line.edges[HIT[1]] * 800 / 10_000, abs=4)
    assert top < (80 - 10) * per_point < 80 * per_point < bottom


def test_a_mark_ends_between_letters() -> None:
    """The recogniser's places are off by a third of a letter; the marker's colour covers whole letters."""
    picture = Image.new("RGB", (1000, 100), "white")
    for left in range(100, 900, 40):  # letters 30 pixels wide
        picture.paste((0, 0, 0), (left, 20, left + 30, 80))
    page_images._mark(picture, Rectangle(3120, 1000, 6300, 9000))  # from 12 pixels within a letter to 10
    marked = [x for x in range(1000) if picture.getpixel((x, 15)) != (255, 255, 255)]
    assert 290 <= marked[0] <= 300
    assert 610 <= marked[-1] <= 620


def test_hits_on_one_line_that_touch_are_one(tmp_path: Path) -> None:
    page = page_of(shaped(tmp_path / "a.pdf", [[TEXT, TEXT]]))
    second = len(TEXT) + 1
    assert len(hit_rectangles(page, ((0, 6), (6, 12)))) == 1
    assert len(hit_rectangles(page, ((0, 6), (second, second + 6)))) == 2
    assert len(hit_rectangles(page, ((0, second + 6),))) == 2
    assert hit_rectangles(page, ()) == []


def test_rectangles_stay_on_the_page() -> None:
    page = Page(
        attachment_id=1, number=1, text="กข", raw="", source=TextSource.OCR, confidence=0.9,
        lines=(Line(0, 5, 9_995, (0, 5_000, 10_000)),),
    )  # fmt: skip
    assert hit_rectangles(page, ((0, 99),)) == [Rectangle(0, 0, 10_000, 10_000)]


def test_a_page_whose_positions_are_not_known_has_no_places(tmp_path: Path) -> None:
    page = page_of(shaped(tmp_path / "a.pdf", [[TEXT]]))
    assert hit_rectangles(replace(page, corrected=True, lines=()), (HIT,)) == []


def test_a_picture_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = LocalFiles(tmp_path / "files")
    path = shaped(tmp_path / "a.pdf", [[TEXT]])
    attachment, page = attached(files, path), page_of(path)
    album = PagePictures(files, tmp_path / "cache")
    first = album.page_picture(attachment, page, width=300)
    marked_one = album.page_picture(attachment, page, width=300, hits=(HIT,))
    assert first != marked_one
    monkeypatch.setattr(sandbox, "run_in_sandbox", None)
    assert album.page_picture(attachment, page, width=300) == first
    assert (
        PagePictures(files, tmp_path / "cache").page_picture(attachment, page, width=300, hits=(HIT,))
        == marked_one
    )


def test_the_cache_keeps_to_its_size(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path / "files")
    path = shaped(tmp_path / "a.pdf", [[TEXT]])
    attachment, page = attached(files, path), page_of(path)
    for width in (300, 301):
        PagePictures(files, tmp_path / "cache", cache_bytes=1).page_picture(attachment, page, width=width)
    assert list((tmp_path / "cache").glob("*/*")) == []


def test_nothing_is_left_of_a_forgotten_office_file(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path / "files")
    path = shaped(tmp_path / "a.pdf", [[TEXT]])
    attachment, page = replace(attached(files, path), media_type=DOCX), page_of(path)
    converted = DiskCache(tmp_path / "cache-converted", 10**6)
    converted.put_if_possible(f"{attachment.sha256}.pdf", path.read_bytes())
    album = PagePictures(files, tmp_path / "cache")
    album.page_picture(attachment, page, width=300, hits=(HIT,))
    assert len(list(tmp_path.glob("cache*/*/*"))) == 6  # the PDF and two pictures, with their checksums
    album.forget(attachment.sha256)
    assert list(tmp_path.glob("cache*/*/*")) == []


def test_what_a_full_disk_cut_off_is_forgotten_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    cache = DiskCache(tmp_path, 10**6)
    with monkeypatch.context() as disk:
        disk.setattr(Path, "replace", fail)
        cache.put_if_possible("ab12.webp", b"a picture")
    assert len(list(tmp_path.glob("*/*"))) == 1
    cache.forget("ab12")
    assert list(tmp_path.glob("*/*")) == []


def test_a_picture_of_a_file_that_is_erased_meanwhile_is_not_kept(tmp_path: Path) -> None:
    class ErasedFiles(LocalFiles):
        @contextmanager
        def local_path(self, sha256: str) -> Iterator[Path]:
            with super().local_path(sha256) as path:
                yield path
            self.remove(sha256)
            album.forget(sha256)

    files = ErasedFiles(tmp_path / "files")
    path = shaped(tmp_path / "a.pdf", [[TEXT]])
    album = PagePictures(files, tmp_path / "cache")
    album.page_picture(attached(files, path), page_of(path), width=300, hits=(HIT,))
    assert list(tmp_path.glob("cache*/*/*")) == []


def test_pictures_of_many_queries_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = LocalFiles(tmp_path / "files")
    path = shaped(tmp_path / "a.pdf", [[TEXT]])
    attachment, page = attached(files, path), page_of(path)
    monkeypatch.setattr(page_images, "MOST_MARKED", 3)
    monkeypatch.setattr(page_images.DiskCache, "_CHECK_EVERY", 2)
    album = PagePictures(files, tmp_path / "cache")
    for end in range(2, 12):
        album.page_picture(attachment, page, width=240, hits=((0, end),))
    assert len(list((tmp_path / "cache-marked").glob("*/*.webp"))) <= 4
    assert len(list((tmp_path / "cache").glob("*/*.webp"))) == 1  # the page itself was drawn once


def test_the_piece_around_a_hit(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path / "files")
    path = shaped(tmp_path / "a.pdf", [[TEXT]])
    attachment, page = attached(files, path), page_of(path)
    album = PagePictures(files, tmp_path / "cache")
    shown = Image.open(io.BytesIO(album.page_picture(attachment, page, width=480, hits=(HIT,), crop_at=HIT)))
    assert shown.width == 480
    assert shown.height < 240
    assert marked_area(shown) > 0
    head = Image.open(io.BytesIO(album.page_picture(attachment, page, width=480, crop_at=(0, 0))))
    assert head.width == 480
    assert marked_area(head) == 0


def test_the_piece_shows_the_line_with_most_of_the_hit_and_cuts_no_word() -> None:
    lines = [
        Line(0, 1_000, 1_200, (800, 9_000)),
        Line(1, 5_000, 5_200, (1_500, 9_000)),
        Line(2, 5_300, 5_500, (1_400, 9_100)),
    ]
    few, most = Rectangle(900, 980, 1_300, 1_220), Rectangle(2_000, 4_980, 4_000, 5_220)
    piece = piece_around_hit([few, most], lines)
    assert piece.left < 1_400
    assert piece.right > 9_100
    assert piece.top < 5_000 < 5_500 < piece.bottom
    assert piece.top > 1_200


@pytest.mark.parametrize("hit", range(12))
def test_the_piece_cuts_no_line_in_half(hit: int) -> None:
    rows = [(top, top + 260) for top in range(1_800, 6_000, 350)]
    lines = [
        Line(number, top, bottom, (1_000, 9_000 if number % 3 else 4_000))
        for number, (top, bottom) in enumerate(rows)
    ]
    lines.append(Line(99, 1_900, 2_100, (6_000, 9_000)))  # beside the first
    top, bottom = rows[hit]
    piece = piece_around_hit([Rectangle(2_000, top - 20, 3_000, bottom + 20)], lines)
    assert piece.top <= top < bottom <= piece.bottom
    assert not any(top < edge < bottom for edge in (piece.top, piece.bottom) for top, bottom in rows)
    assert 3 <= sum(piece.top <= top and bottom <= piece.bottom for top, bottom in rows) <= 5
    assert piece.left < 1_000 < 9_000 < piece.right


def test_without_hits_the_piece_is_of_the_first_lines() -> None:
    lines = [Line(0, 1_800, 2_000, (1_000, 9_000)), Line(1, 2_100, 2_300, (1_000, 9_000))]
    piece = piece_around_hit([], lines)
    assert 1_700 < piece.top <= 1_800
    assert piece.bottom >= 2_300
    assert piece_around_hit([], []).bottom > 0


def test_a_hit_beyond_the_page_s_edge_still_has_a_piece() -> None:
    lines = [Line(0, 7_300, 10_000, (900, 1_200)), Line(2, 10_000, 10_000, (2_200, 8_200))]
    piece = piece_around_hit([Rectangle(2_200, 9_980, 8_200, 10_000)], lines)
    assert piece.bottom - piece.top > 100


def test_a_piece_of_one_short_line_has_the_shape_of_all(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path / "files")
    path = shaped(tmp_path / "a.pdf", [[TEXT]])
    attachment, page = attached(files, path), page_of(path)
    album = PagePictures(files, tmp_path / "cache")
    shown = Image.open(io.BytesIO(album.page_picture(attachment, page, width=480, hits=(HIT,), crop_at=HIT)))
    assert shown.size == (480, 128)
    assert shown.convert("L").crop((0, 0, 480, 4)).getextrema()[0] > 200  # paper, no half of a line


def marked_area(picture: Image.Image) -> int:
    """Returns the number of pixels that are as yellow as a hit."""
    return sum(
        count
        for count, (red, green, blue) in picture.convert("RGB").getcolors(1 << 24) or ()
        if red > 220 and green > 190 and blue < 140
    )


def test_a_page_that_cannot_be_drawn_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = LocalFiles(tmp_path / "files")
    path = shaped(tmp_path / "a.pdf", [[TEXT]])
    page = page_of(path)
    path.write_bytes(b"%PDF-1.7\n")
    album = PagePictures(files, tmp_path / "cache")
    attachment = attached(files, path)
    with pytest.raises(Unavailable) as first:
        album.page_picture(attachment, page, width=300)
    monkeypatch.setattr(page_images, "sandbox", None)
    with pytest.raises(Unavailable) as second:
        album.page_picture(attachment, page, width=300)
    assert first.value.code == second.value.code == "damaged"


def test_a_failure_that_another_thread_notes_meanwhile_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FilledWhileCopied(dict[str, tuple[float, str]]):
        def copy(self) -> dict[str, tuple[float, str]]:
            copied = super().copy()
            self.update(noted)
            return copied

    files = LocalFiles(tmp_path / "files")
    good, bad = shaped(tmp_path / "a.pdf", [[TEXT]]), tmp_path / "b.pdf"
    page = page_of(good)
    bad.write_bytes(b"%PDF-1.7\n")
    album, attachment = PagePictures(files, tmp_path / "cache"), attached(files, bad)
    with pytest.raises(Unavailable):
        album.page_picture(attachment, page, width=300)
    noted, album._failed = album._failed, FilledWhileCopied()
    album.page_picture(attached(files, good), page, width=300)
    monkeypatch.setattr(page_images, "sandbox", None)
    with pytest.raises(Unavailable):
        album.page_picture(attachment, page, width=300)


@pytest.mark.parametrize(("form", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("TIFF", "a.tif")])
def test_a_picture_of_a_scan_is_shown(tmp_path: Path, form: str, name: str) -> None:
    path = tmp_path / name
    Image.new("RGB", (300, 400), "navy").save(path, form)
    webp = sandbox.run_in_sandbox(page_picture, path, 1, 150, 0, seconds=20)
    with Image.open(io.BytesIO(webp)) as picture:
        assert (picture.width, picture.height) == (150, 200)
        assert picture.getpixel((75, 100))[2] > 100
