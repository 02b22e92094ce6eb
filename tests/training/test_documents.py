"""Training lines cut from PDFs that the test makes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest

from indexer.extraction.pdf.parser import EmbeddedPage, PdfReader
from tests.factories.documents import shaped
from training.documents import crops, draws_thai_digits, pieces, write_set
from training.lineset import HEIGHT, LineSet

TEXT = [
    "ที่ มท ๐๘๐๘.๒/ว ๑๒๓๔ ลงวันที่ ๑๕ มกราคม ๒๕๖๗",
    "เรื่อง การจัดทำงบประมาณรายจ่ายประจำปี",
    "เรียน นายกเทศมนตรีเทศบาลตำบลบ้านใหม่",
    "ด้วยกรมส่งเสริมการปกครองท้องถิ่นได้กำหนดแนวทางปฏิบัติ",
    "ชื่อ .................... นามสกุล ....................",
]


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    return shaped(tmp_path / "letter.pdf", [TEXT])


def _page(path: Path) -> EmbeddedPage:
    with closing(PdfReader(path)) as reader:
        return reader.page(1)


def test_pieces_are_stretches_of_the_lines_in_their_words(letter: Path) -> None:
    found = [piece.text for piece in pieces(_page(letter), np.random.default_rng(1))]
    for line in TEXT[:4]:
        assert "".join(line.split()) in "".join("".join(found).split())
    assert "ชื่อ นามสกุล" in found
    assert not any("..." in text for text in found)


def test_a_piece_stands_where_its_ink_is(letter: Path) -> None:
    with pypdfium2.PdfDocument(letter) as document:
        picture = np.asarray(document[0].render(scale=2, grayscale=True).to_pil().convert("L"))
    for piece in pieces(_page(letter), np.random.default_rng(1)):
        height, width = picture.shape
        bottom = round(piece.baseline * height)
        top = round((piece.baseline - 0.4 * piece.em) * height)
        left, right = round(piece.left * width), round(piece.right * width)
        assert (picture[top:bottom, left:right] < 128).any()
        assert (picture[top:bottom, left - 3 : left - 1] > 128).all()


def test_pictures_are_as_high_as_the_network_takes_and_show_something(letter: Path) -> None:
    page = _page(letter)
    with pypdfium2.PdfDocument(letter) as document:
        lines = list(crops(document, page, np.random.default_rng(2)))
    assert len(lines) >= 5
    for picture, text, _ in lines:
        assert picture.shape[0] == HEIGHT
        assert picture.shape[1] > 4 * len(text)
        assert picture.max() - picture.min() > 40


def test_the_same_seed_gives_the_same_lines(letter: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        assert write_set([(letter, 1)], tmp_path / f"{name}.npz", 7) > 0
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()
    lines = LineSet.load(tmp_path / "first.npz")
    assert set(lines.sources) == {"letter.pdf"}
    assert len(lines.pictures) == len(lines.texts) == len(lines.wear)


def test_text_drawn_over_text_is_left_out(tmp_path: Path) -> None:
    path = shaped(tmp_path / "plain.pdf", [TEXT[:4]])
    over = shaped(tmp_path / "over.pdf", [["ข้อความอื่นที่พิมพ์ทับลงไปบนบรรทัดแรก"]])
    with pikepdf.open(path) as document, pikepdf.open(over) as other:
        document.pages[0].add_overlay(other.pages[0])
        document.save(tmp_path / "both.pdf")
    found = " ".join(piece.text for piece in pieces(_page(tmp_path / "both.pdf"), np.random.default_rng(1)))
    assert "เรียน" in found
    assert "มกราคม" not in found
    assert "พิมพ์ทับ" not in found


def test_a_font_that_draws_thai_digits_for_arabic_codes_is_known(letter: Path, tmp_path: Path) -> None:
    assert not draws_thai_digits(letter, 1)
    with pikepdf.open(letter) as document:
        for font in document.pages[0].resources.Font.values():
            font.BaseFont = pikepdf.Name("/ABCDEE+TH#20SarabunIT#f9")
        document.save(tmp_path / "digits.pdf")
    assert draws_thai_digits(tmp_path / "digits.pdf", 1)
