"""Converts a directory that paperless-ngx's ``document_exporter`` wrote into drafts with their files."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from archive import thai
from archive.errors import Invalid
from archive.importers.manifest import ListedAnnouncement, ListedFile
from archive.model import Draft, Status

MANIFEST = "manifest.json"
DOCUMENT_MANIFESTS = "*-manifest.json"
"""File names of single documents' manifests, in any folder of the export."""

_DOCUMENT = "documents.document"
_NAMES = ("documents.correspondent", "documents.documenttype")
"""Models in paperless' export that documents refer to and that have names."""

_FILE = "__exported_file_name__"
_ARCHIVE_FILE = "__exported_archive_name__"


@dataclass(frozen=True, slots=True)
class ExportedDocument:
    """A document of the export: its raw fields, its correspondent, its type as category, and its file.

    ``number`` is paperless' own.
    """

    number: int
    fields: Mapping[str, Any]
    correspondent: str
    category: str
    file: str


def parse_manifests(texts: Iterable[str]) -> list[ExportedDocument]:
    """Return the documents of an export's manifests. Raises ``Invalid`` for another file or no document.

    With paperless' ``--split-manifest`` each document has one of its own, beside the export's.
    """
    try:
        entries = [entry for text in texts for entry in json.loads(text)]
        named = {
            model: {entry["pk"]: str(entry["fields"]["name"]) for entry in entries if entry["model"] == model}
            for model in _NAMES
        }
        documents = list(_documents(entries, named))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid(f"ไม่ใช่ไฟล์ส่งออกของ paperless-ngx (not an export of paperless-ngx): {error!r}") from error
    if not documents:
        raise Invalid("ชุดส่งออกของ paperless-ngx นี้ไม่มีเอกสาร (the export of paperless-ngx has no document)")
    return documents


def _documents(
    entries: list[dict[str, Any]], named: Mapping[str, Mapping[int, str]]
) -> Iterator[ExportedDocument]:
    for entry in entries:
        if entry["model"] != _DOCUMENT:
            continue
        fields = entry["fields"]
        yield ExportedDocument(
            int(entry["pk"]),
            fields,
            named["documents.correspondent"].get(fields.get("correspondent"), ""),
            named["documents.documenttype"].get(fields.get("document_type"), ""),
            str(entry.get(_FILE) or entry.get(_ARCHIVE_FILE) or ""),
        )


def as_listed_announcement(document: ExportedDocument) -> ListedAnnouncement:
    """Return a document as a draft, its ref by checksum; ``Invalid`` without a date or a file.

    Paperless knows no difference of public and not. The file is the original. Without a checksum, the ref is
    paperless' number. The title may be missing: it is checked when the draft is made.
    """
    title = str(document.fields.get("title", "")).strip()
    path = PurePosixPath(document.file)
    if not document.file or path.is_absolute() or ".." in path.parts:
        raise Invalid(
            f"เอกสาร {document.number} ไม่มีไฟล์ในชุดส่งออก (no file in the export)", field="attachments"
        )
    draft = Draft(
        title=title,
        author=document.correspondent,
        category=document.category,
        published_on=_date(document.fields),
        ref=f"paperless:{document.fields.get('checksum') or document.number}",
    )
    added_at = _moment(document.fields.get("added"))
    return ListedAnnouncement(draft, Status.DRAFT, (ListedFile(path, title, None, added_at),))


def _date(fields: Mapping[str, Any]) -> dt.date:
    """Returns the document's date; earlier versions of paperless state midnight of it, in UTC."""
    created = str(fields.get("created_date") or fields.get("created") or "")
    moment = _moment(created)
    return thai.day_in_thailand(moment) if moment else thai.parse_date(created[:10])


def _moment(text: object) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
