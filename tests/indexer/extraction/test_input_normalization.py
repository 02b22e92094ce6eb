"""Pictures of scans are wrapped without loss, upright and page by page; damaged files are repaired."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pikepdf
import pillow_heif
import pytest
from PIL import Image, ImageChops

from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.image.input_normalization import write_repaired
from indexer.extraction.page_images import rasterize_page
from indexer.extraction.parsers import convert_if_not_pdf
from tests.factories.documents import shaped


def drawing(size: tuple[int, int] = (300, 200)) -> Image.Image:
    picture = Image.new("RGB", size, "white")
    picture.paste("navy", (0, 0, size[0] // 2, size[1] // 2))  # the upper left quarter
    return picture


def test_a_jpeg_goes_in_byte_for_byte(tmp_path: Path) -> None:
    source, wrapped = tmp_path / "a.jpg", tmp_path / "a.pdf"
    drawing().save(source, quality=80)
    convert_if_not_pdf(source, wrapped)
    with pikepdf.open(wrapped) as pdf:
        (image,) = pdf.pages[0].get_images().values()
        assert image.read_raw_bytes() == source.read_bytes()


@pytest.mark.parametrize(("name", "options"), [("a.png", {}), ("a.tif", {"compression": "tiff_lzw"})])
def test_no_pixel_is_lost(tmp_path: Path, name: str, options: dict[str, str]) -> None:
    source, wrapped = tmp_path / name, tmp_path / "a.pdf"
    drawing().save(source, **options)  # type: ignore[arg-type]
    convert_if_not_pdf(source, wrapped)
    with pikepdf.open(wrapped) as pdf:
        (image,) = pdf.pages[0].get_images().values()
        inside = pikepdf.PdfImage(image).as_pil_image().convert("RGB")
    assert ImageChops.difference(inside, drawing()).getbbox() is None


def test_a_picture_with_transparency_gets_white_paper(tmp_path: Path) -> None:
    source, wrapped = tmp_path / "a.png", tmp_path / "a.pdf"
    Image.new("RGBA", (200, 100), (0, 0, 0, 0)).save(source)
    convert_if_not_pdf(source, wrapped)
    assert rasterize_page(wrapped, 1, 72).getpixel((5, 5)) == (255, 255, 255)


def test_a_heic_photograph_is_taken(tmp_path: Path) -> None:
    source, wrapped = tmp_path / "a.heic", tmp_path / "a.pdf"
    pillow_heif.from_pillow(drawing()).save(source)
    convert_if_not_pdf(source, wrapped)
    picture = rasterize_page(wrapped, 1, 72)
    assert picture.width > picture.height
    assert picture.getpixel((9, 9))[2] > picture.getpixel((9, 9))[0] + 60


def test_a_photograph_stands_as_its_camera_says(tmp_path: Path) -> None:
    source, wrapped = tmp_path / "a.jpg", tmp_path / "a.pdf"
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    drawing().save(source, exif=exif)
    convert_if_not_pdf(source, wrapped)
    picture = rasterize_page(wrapped, 1, 72)
    assert picture.height > picture.width
    assert picture.getpixel((picture.width - 9, 9))[0] < 60


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_a_scan_in_grey_is_drawn_in_grey(tmp_path: Path, mode: str) -> None:
    source, wrapped = tmp_path / "a.png", tmp_path / "a.pdf"
    drawing().convert(mode).save(source)
    convert_if_not_pdf(source, wrapped)
    assert rasterize_page(wrapped, 1, 72).mode == ("RGB" if mode == "RGB" else "L")


@pytest.mark.parametrize("mode", ["1", "L", "I;16", "RGB", "RGBA", "CMYK"])
def test_every_frame_of_a_tiff_is_a_page(tmp_path: Path, mode: str) -> None:
    source, wrapped = tmp_path / "a.tif", tmp_path / "a.pdf"
    frames = [drawing(size).convert("I" if mode == "I;16" else mode) for size in [(300, 200), (200, 300)]]
    if mode == "I;16":
        frames = [Image.fromarray((np.asarray(frame) * 257).astype(np.uint16)) for frame in frames]
    frames[0].save(source, save_all=True, append_images=frames[1:])
    convert_if_not_pdf(source, wrapped)
    for number, frame in enumerate(frames, start=1):
        picture = rasterize_page(wrapped, number, 72).convert("RGB")
        assert (picture.width > picture.height) == (frame.width > frame.height)
        assert picture.getpixel((9, 9))[0] < 60
        assert picture.getpixel((picture.width - 9, picture.height - 9))[0] > 240


@pytest.mark.parametrize(("mode", "kind"), [("RGB", "webp"), ("RGBA", "webp"), ("RGB", "png")])
def test_an_animated_picture_is_one_page(tmp_path: Path, mode: str, kind: str) -> None:
    source, wrapped = tmp_path / f"a.{kind}", tmp_path / "a.pdf"
    frames = [Image.new(mode, (300, 200), color) for color in ("red", "blue", "green")]
    frames[0].save(source, save_all=True, append_images=frames[1:])
    convert_if_not_pdf(source, wrapped)
    with pikepdf.open(wrapped) as pages:
        assert len(pages.pages) == 1
    red, _green, blue = rasterize_page(wrapped, 1, 72).getpixel((9, 9))
    assert red > 200 > 60 > blue


def test_a_pdf_is_left_alone(tmp_path: Path) -> None:
    source = shaped(tmp_path / "a.pdf", [["หน้า"]])
    assert not convert_if_not_pdf(source, tmp_path / "b.pdf")
    assert not (tmp_path / "b.pdf").exists()


def test_a_cut_off_pdf_is_repaired_in_a_copy(tmp_path: Path) -> None:
    source = shaped(tmp_path / "a.pdf", [["หน้าแรก"], ["หน้าสอง"]])
    content = source.read_bytes()
    source.write_bytes(content[: content.rindex(b"xref") - 20])
    damaged = source.read_bytes()
    write_repaired(source, tmp_path / "b.pdf")
    with pikepdf.open(io.BytesIO((tmp_path / "b.pdf").read_bytes())) as pdf:
        assert len(pdf.pages) == 2
    with EmbeddedTextDocument(source) as document:
        assert [document.read_page(number).text for number in (1, 2)] == ["หน้าแรก", "หน้าสอง"]
    assert source.read_bytes() == damaged
