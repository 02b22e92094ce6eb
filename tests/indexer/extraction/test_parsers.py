"""Upload and reading agree on the type of every file: both accept it, or both refuse it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from archive import filetype
from archive.errors import Invalid
from archive.filetype import FILE_TYPES
from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.parsers import PARSERS
from indexer.extraction.reading_errors import MESSAGES, UnreadableFile
from tests.factories.hostile_files import one_page


def photograph(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "navy").save(out, form)
    return out.getvalue()


def heic(major: bytes, *compatible: bytes) -> bytes:
    """Returns a photograph whose file names the given brands."""
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (300, 200), "navy")).save(out)
    content = out.getvalue()
    size = int.from_bytes(content[:4], "big")
    brands = b"".join(compatible).ljust(size - 16, b"\0")
    return content[:8] + major + content[12:16] + brands + content[size:]


def stored_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.pdf", one_page())
    return out.getvalue()


def test_every_accepted_type_has_its_parser() -> None:
    assert PARSERS.keys() == FILE_TYPES.keys()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (heic(b"heic", b"mif1", b"heic"), "image/heic"),
        (heic(b"heim", b"mif1"), "image/heic"),
        (heic(b"heif", b"mif1"), "image/heif"),
        (heic(b"MiHE", b"mif1", b"heic"), "image/heic"),
        (heic(b"miaf", b"heix"), "image/heic"),
        (heic(b"hevc", b"mif1"), "image/heic"),
        (photograph("JPEG")[:2] + b"\xff\xfe\x00\x0a%PDF-1.7" + photograph("JPEG")[2:], "image/jpeg"),
        (photograph("JPEG"), "image/jpeg"),
        (photograph("PNG"), "image/png"),
        (photograph("TIFF"), "image/tiff"),
        (b"\n" * 900 + one_page(), "application/pdf"),
    ],
)
def test_an_accepted_file_is_read(content: bytes, media_type: str, tmp_path: Path) -> None:
    assert filetype.detect_file_type(io.BytesIO(content)).media_type == media_type
    path = tmp_path / "file"
    path.write_bytes(content)
    with EmbeddedTextDocument(path) as document:
        assert document.outline.page_count == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (stored_zip(), "not-a-pdf"),
        (heic(b"avif", b"mif1", b"heic"), "not-a-pdf"),
        (heic(b"heic", b"miaf"), "not-a-pdf"),
        (heic(b"msf1", b"heif"), "not-a-pdf"),
        (b"<html>", "not-a-pdf"),
        (b"RIFF\0\0\0\0WAVEfmt ", "not-a-pdf"),
        (b"BM, in full", "not-a-pdf"),
        (photograph("GIF"), "not-a-pdf"),
    ],
)
def test_a_refused_file_is_not_read(content: bytes, code: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        filetype.detect_file_type(io.BytesIO(content))
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as refused:
        EmbeddedTextDocument(path)
    assert refused.value.code == code
    assert code in MESSAGES
