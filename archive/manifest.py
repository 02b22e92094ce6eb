"""A line of an import manifest → a draft with its files. The form is part of the contract with other
programs: one JSON object to a line."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from archive import thai
from archive.errors import Invalid
from archive.model import Draft, Kind, Status

_KNOWN = {
    *("ref", "title", "body", "author", "published_on", "views"),
    *("kind", "category", "status", "old_url", "attachments"),
}


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file beside the manifest; ``path`` is relative and stays below the manifest's directory."""

    path: PurePosixPath
    label: str
    kind: Kind | None
    stored_at: dt.datetime | None = None  # when an older site took it in


@dataclass(frozen=True, slots=True)
class ListedAnnouncement:
    draft: Draft
    status: Status
    files: tuple[ListedFile, ...]


def parse_line(line: str) -> ListedAnnouncement:
    """Raises ``Invalid`` that says what is wrong with the line."""
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"ไม่ใช่ JSON ที่ถูกต้อง (not JSON): {error}") from error
    if not isinstance(given, dict):
        raise Invalid("แต่ละบรรทัดต้องเป็น JSON object (not an object)")
    if unknown := given.keys() - _KNOWN:
        raise Invalid(f"ไม่รู้จักช่อง {', '.join(sorted(unknown))} (unknown field)")
    return ListedAnnouncement(
        Draft(
            ref=_text(given, "ref", required=True),
            title=_text(given, "title", required=True),
            body=_text(given, "body"),
            author=_text(given, "author"),
            published_on=_date(given),
            views=_views(given),
            kind=_kind(given) or Kind.ANNOUNCEMENT,
            category=_text(given, "category"),
            old_url=_text(given, "old_url") or None,
        ),
        _status(given),
        tuple(_files(given)),
    )


def _text(given: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    value = given.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value.strip()):
        raise Invalid(f"ช่อง {name} ต้องเป็นข้อความ (must be text)", field=name)
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Invalid(f"ช่อง {name} มีอักขระที่ไม่สมบูรณ์ (half a character)", field=name)
    return value


def _date(given: Mapping[str, Any]) -> dt.date:
    return thai.parse_date(_text(given, "published_on", required=True))


def _views(given: Mapping[str, Any]) -> int:
    views = given.get("views", 0)
    if isinstance(views, bool) or not isinstance(views, int):
        raise Invalid("ช่อง views ต้องเป็นจำนวนเต็ม (must be a whole number)", field="views")
    return views


def _kind(given: Mapping[str, Any]) -> Kind | None:
    name = _text(given, "kind")
    if name and name not in set(Kind):
        raise Invalid(f"ไม่รู้จักประเภท {name} (unknown kind)", field="kind")
    return Kind(name) if name else None


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
