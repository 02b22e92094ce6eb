"""File names and labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import validation
from archive.errors import Invalid
from archive.filetype import FILE_TYPES, PDF


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ประกาศ รับสมัคร.pdf", "ประกาศ รับสมัคร.pdf"),
        ("SCAN.PDF", "SCAN.PDF"),
        ("C:\\Users\\somsri\\คำสั่ง.pdf", "คำสั่ง.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("/etc/cron.d/ประกาศ.pdf", "ประกาศ.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("...", "เอกสาร.pdf"),
        ("", "เอกสาร.pdf"),
        ("ก\x00ข\nค\u202egnp.exe", "กข คgnp.exe.pdf"),
        ('a"b<c>|d?.pdf', "abcd.pdf"),
        ("ที่ มท 0808.2", "ที่ มท 0808.2.pdf"),
        ("นำ\u0e49.pdf", "น้ำ.pdf"),
    ],
)
def test_safe_filename(given: str, kept: str) -> None:
    assert validation.safe_filename(given, PDF.media_type) == kept


def test_other_names_for_the_same_type_are_kept() -> None:
    assert validation.safe_filename("ก.JPEG", "image/jpeg") == "ก.JPEG"
    assert validation.safe_filename("ก.tiff", "image/tiff") == "ก.tiff"
    assert validation.safe_filename("ก.png", "image/jpeg") == "ก.png.jpg"


@given(st.text(max_size=300), st.sampled_from(sorted(FILE_TYPES)))
def test_any_name_becomes_a_safe_one(name: str, media_type: str) -> None:
    safe = validation.safe_filename(name, media_type)
    assert 0 < len(safe.encode()) <= 200
    assert not set(safe) & set('/\\\x00\r\n":*?<>|')
    assert not safe.startswith((".", " "))
    assert "." in safe
    assert validation.safe_filename(safe, media_type) == safe


def test_labels() -> None:
    assert validation.label_or_file_name("", "คำสั่ง_ที่_12.pdf") == "คำสั่ง ที่ 12"
    assert validation.label_or_file_name("  บันทึก\nข้อความ ", "x.pdf") == "บันทึก ข้อความ"
    with pytest.raises(Invalid) as refused:
        validation.label_or_file_name("ก" * 301, "x.pdf")
    assert refused.value.field == "label"
