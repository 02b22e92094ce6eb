"""Validation of texts in announcements and attachments, with error messages in Thai."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import PurePosixPath, PureWindowsPath

from archive import thai
from archive.errors import Invalid, gettext_noop
from archive.filetype import FILE_TYPES

LONGEST_NAME = 100  # most characters in the name of a person or a token

LONGEST_LABEL = 300  # most characters in the label of an attachment

REDACTED_ENDING = " (ปิดข้อมูลส่วนบุคคล)"  # end of the file name of a redacted copy, before its extension

_END_OF_COPY = re.compile(rf"( \d+-\d+)?{re.escape(REDACTED_ENDING)}$")
_FILENAME_BYTES = 180  # most file systems allow 255 bytes, and a Thai letter takes three
_FORBIDDEN_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')


def checked_required_text(text: str, *, field: str, field_label: str, length: int) -> str:
    """Return the text as one line. Raises ``Invalid`` when the text is empty or too long.

    ``field_label``: the field's Thai name, for the error message. ``length``: most characters.
    """
    line = one_line(text)
    if not line:
        raise Invalid("กรุณากรอก%(what)s", field=field, code="required", what=field_label)
    return checked_length(line, field, field_label, length)


def checked_account_name(text: str) -> str:
    """Return the name of a person or token as one line of 1 to 100 characters; ``Invalid`` otherwise."""
    return checked_required_text(text, field="name", field_label=gettext_noop("ชื่อ"), length=LONGEST_NAME)


def checked_division(text: str) -> str:
    """Return the division of a person as one line, which may be empty. Raises ``Invalid``."""
    return checked_length(one_line(text), "division", gettext_noop("สังกัด"), 200)


def checked_page_text(text: str) -> str:
    """Return the text of a page, as a person corrected it, with its line breaks. Raises ``Invalid``."""
    return checked_length(thai.canonical_text(text), "text", gettext_noop("ข้อความของหน้า"), 200_000)


def checked_collection_heading(text: str) -> str:
    """Return a heading of a collection as one line, which may be empty. Raises ``Invalid``."""
    return checked_length(one_line(text), "items", gettext_noop("หัวข้อ"), 300)


def checked_body(text: str) -> str:
    """Return a body text with its line breaks, without trailing spaces. Raises ``Invalid`` when too long."""
    lines = (line.rstrip() for line in thai.canonical_text(text).split("\n"))
    return checked_length("\n".join(lines).strip("\n"), "body", gettext_noop("ข้อความ"), 500_000)


def checked_report_text(text: str) -> str:
    """Return the text of a resident's report, with its line breaks; it may be empty. Raises ``Invalid``."""
    return checked_length(thai.canonical_text(text).strip(), "text", gettext_noop("ข้อความ"), 1_000)


def label_or_file_name(text: str, filename: str) -> str:
    """Return the label as given, else by the file's name, else เอกสารแนบ; ``Invalid`` over 300 characters.

    Of a file's name, the extension goes and spaces stand for ``_``. Of the name of a redacted copy its ending
    goes, and the numbers before it: what is left is its kind.
    """
    stem = _END_OF_COPY.sub("", PurePosixPath(filename).stem)
    given = one_line(text) or one_line(stem.replace("_", " "))
    return checked_length(given or "เอกสารแนบ", "label", gettext_noop("ชื่อเอกสารแนบ"), LONGEST_LABEL)


def safe_filename(name: str, media_type: str) -> str:
    """Return the uploader's file name without folders and reserved characters, with a fitting extension.

    Thai letters stay. Folders, control characters, reserved characters and leading dots are removed. The
    extension is one of ``media_type``, so that no file is downloaded under the name of a program.
    """
    base = PureWindowsPath(thai.canonical_text(name).replace("\n", " ")).name
    base = re.sub(r"\s+", " ", _FORBIDDEN_IN_NAMES.sub("", base)).strip(" .")
    extensions = FILE_TYPES[media_type].extensions
    stem, end = PurePosixPath(base).stem, PurePosixPath(base).suffix
    if end.lower() not in extensions:
        stem, end = base, extensions[0]
    return f"{_fitting(stem, _FILENAME_BYTES).strip(' .') or 'เอกสาร'}{end}"


def _fitting(text: str, size: int) -> str:
    """Return the longest prefix of whole clusters that fits into ``size`` bytes of UTF-8."""
    borders = thai.cluster_borders(text)
    used = 0
    for start, end in pairwise(borders):
        used += len(text[start:end].encode())
        if used > size:
            return text[:start]
    return text


def one_line(text: str) -> str:
    """Return the text in its canonical form, with single spaces for line breaks and runs of spaces."""
    return re.sub(r"\s+", " ", thai.canonical_text(text)).strip()


def checked_length(text: str, field: str, field_label: str, length: int) -> str:
    """Return the text. Raises ``Invalid`` when the text has more than ``length`` characters."""
    if len(text) > length:
        raise Invalid(
            "%(what)sยาวเกินไป (%(size)s ตัวอักษร) กรุณาย่อให้ไม่เกิน %(most)s ตัวอักษร",
            field=field,
            code="too-long",
            what=field_label,
            size=f"{len(text):,}",
            most=f"{length:,}",
        )
    return text
