"""Parses the lines of an import manifest into drafts with their files.

The format is a contract with other programs: one JSON object on each line.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from archive import thai
from archive.errors import Invalid
from archive.fields import ANNOUNCEMENT_FIELDS, AnnouncementField, FieldType
from archive.model import DocumentKind, Draft, Status

_DRAFTED = [field for field in ANNOUNCEMENT_FIELDS if field.is_given_at_creation]
MANIFEST_FIELDS = (*(field.name for field in _DRAFTED), "status", "attachments")
"""Names that the object on a line may have."""


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file beside the manifest, as ``parse_line`` checked it: ``path`` stays below its directory.

    The path is relative to the manifest.
    """

    path: PurePosixPath
    label: str
    kind: DocumentKind | None
    stored_at: dt.datetime | None = None  # time at which an older site stored the file
    filename: str = ""  # its name for readers, where that on the disk is none

    @property
    def name(self) -> str:
        """The file's name for readers."""
        return self.filename or self.path.name


@dataclass(frozen=True, slots=True)
class ListedAnnouncement:
    """An announcement of an import manifest, with the files that it lists."""

    draft: Draft
    status: Status
    files: tuple[ListedFile, ...]


def parse_line(line: str) -> ListedAnnouncement:
    """Parse a line, published unless ``status`` is draft; ``Invalid`` for any fault, also without ``ref``.

    The error's message tells the fault in the line.
    """
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"ไม่ใช่ JSON ที่ถูกต้อง (not JSON): {error}") from error
    if not isinstance(given, dict):
        raise Invalid("แต่ละบรรทัดต้องเป็น JSON object (not an object)")
    if unknown := given.keys() - set(MANIFEST_FIELDS):
        raise Invalid(
            f"ไม่รู้จักช่อง {', '.join(sorted(unknown))} (unknown field) ช่องที่ใช้ได้ (the fields are):"
            f" {', '.join(MANIFEST_FIELDS)}"
        )
    return ListedAnnouncement(
        Draft(**{field.name: _value(given, field) for field in _DRAFTED}),
        _status(given),
        tuple(_files(given)),
    )


def _text(given: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    value = given.get(name)
    if value is None and not required:
        return ""
    if value is None:
        raise Invalid(f"ขาดช่อง {name} (it is missing)", field=name)
    if not isinstance(value, str) or (required and not value.strip()):
        raise Invalid(f"ช่อง {name} ต้องเป็นข้อความ (must be text)", field=name)
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Invalid(f"ช่อง {name} มีอักขระที่ไม่สมบูรณ์ (half a character)", field=name)
    return value


def _value(given: Mapping[str, Any], field: AnnouncementField) -> Any:
    is_required = field.is_required or field.name == "ref"  # imports recognise announcements by it
    match field.type:
        case FieldType.COUNT:
            return _count(given, field.name)
        case FieldType.KIND:
            return _kind(given, field.name) or field.default
        case FieldType.FLAG:
            return _flag(given, field.name)
    text = _text(given, field.name, required=is_required)
    if not text:
        return field.default
    return thai.parse_date(text) if field.type is FieldType.DATE else text


def _count(given: Mapping[str, Any], name: str) -> int:
    count = given.get(name, 0)
    if isinstance(count, bool) or not isinstance(count, int):
        raise Invalid(f"ช่อง {name} ต้องเป็นจำนวนเต็ม (must be a whole number)", field=name)
    return count


def _flag(given: Mapping[str, Any], name: str) -> bool:
    flag = given.get(name, False)
    if not isinstance(flag, bool):
        raise Invalid(f"ช่อง {name} ต้องเป็น true หรือ false (must be true or false)", field=name)
    return flag


def _kind(given: Mapping[str, Any], name: str = "kind") -> DocumentKind | None:
    code = _text(given, name)
    if code and code not in set(DocumentKind):
        raise Invalid(f"ไม่รู้จักประเภท {code} (unknown kind)", field=name)
    return DocumentKind(code) if code else None


def _status(given: Mapping[str, Any]) -> Status:
    name = _text(given, "status") or Status.PUBLISHED
    if name not in (Status.DRAFT, Status.PUBLISHED):
        raise Invalid("ช่อง status ต้องเป็น draft หรือ published", field="status")
    return Status(name)


def _files(given: Mapping[str, Any]) -> Iterator[ListedFile]:
    listed = given.get("attachments") or []
    if not isinstance(listed, list) or not all(isinstance(file, dict) for file in listed):
        raise Invalid("ช่อง attachments ต้องเป็นรายการ (must be a list of objects)", field="attachments")
    for file in listed:
        path = PurePosixPath(_text(file, "path", required=True).replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            raise Invalid(f"ไฟล์ {path} อยู่นอกโฟลเดอร์ของรายการนำเข้า (outside)", field="attachments")
        yield ListedFile(path, _text(file, "label"), _kind(file))
