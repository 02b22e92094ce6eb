"""Queries about public files that a released file replaced: how residents saw them, for the way back.

An earlier file as such (``file_versions``) has the bytes and texts alone. Here are the decisions about its
personal data too, and its pages with places and corrections, so that residents can have it back at once.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archive import holding
from storage import mappers
from storage.engine import Queries, Row
from storage.hash_chain import READING, append_entries
from storage.repositories import history
from storage.rows import delete_rows, insert_row, select_row, select_rows, update_row

FILE_COLUMNS = tuple(
    "filename media_type size sha256 page_count status error_code error_message details rules "
    "personal_data_rules has_undecided_finds queued_at attempts hold decided is_redacted".split()
)
"""Columns of an attachment that are those of its file, and of what was read from it and decided on it."""

_PENDING = ("waiting", "reading")


@dataclass(frozen=True, slots=True)
class ReplacedPublicFile:
    """A public file as residents saw it, its pages, and the history's changes that its release renamed.

    ``number``: its number among the attachment's earlier files. ``columns``: those of ``FILE_COLUMNS``.
    ``pages``: rows of its pages. ``renamed``: ``(id, side)`` of each change of the history that named the
    attachment whose file replaced it. ``last_change``: id of the newest change before it was replaced.
    ``earlier_files_of_waiting``: how many earlier files that attachment had.
    """

    number: int
    columns: Mapping[str, Any]
    pages: Sequence[Mapping[str, Any]]
    renamed: Sequence[tuple[int, str]]
    last_change: int
    earlier_files_of_waiting: int


def set_file(engine: Queries, attachment_id: int, columns: Mapping[str, Any]) -> None:
    """Give an attachment a file's columns in a transaction; the caller appends its chain entry after."""
    file = {name: columns[name] for name in FILE_COLUMNS}
    update_row(engine, "attachment", attachment_id, **file, worker=None, leased_until=None)


def store_replaced_public_file(
    engine: Queries, replaced: Row, waiting_id: int, renamed: Sequence[tuple[int, str]], last_change: int
) -> None:
    """Store a public file and its pages, before those of the attachment ``waiting_id`` take their place.

    Call this after ``store_earlier_version``, in its transaction, and before the pages and earlier files of
    the attachment ``waiting_id`` are moved to ``replaced``. ``renamed`` and ``last_change``: see
    ``ReplacedPublicFile``.
    """
    pages = select_rows(engine, "page", "attachment_id = :id ORDER BY number", id=replaced["id"])
    state = {
        "columns": {name: replaced[name] for name in FILE_COLUMNS},
        "pages": [dict(page) for page in pages],
        "renamed": renamed,
        "last_change": last_change,
        "earlier_files_of_waiting": _count_earlier_files(engine, waiting_id, above=0),
    }
    engine.run(
        """INSERT INTO replaced_public_file (organisation_id, attachment_id, number, state)
           SELECT organisation_id, attachment_id, max(number), :state FROM file_version
           WHERE organisation_id IN :organisations AND attachment_id = :id
           GROUP BY organisation_id, attachment_id""",
        id=replaced["id"],
        state=zlib.compress(json.dumps(state, default=_base64).encode()),
    )


def find_replaced_public_file(engine: Queries, attachment_id: int) -> ReplacedPublicFile | None:
    """Return the public file that the present file replaced; None if another file came since, or none.

    None too where nothing of the public file is kept.
    """
    row = engine.row(
        """SELECT number, state FROM replaced_public_file
           WHERE organisation_id IN :organisations AND attachment_id = :id ORDER BY number DESC LIMIT 1""",
        id=attachment_id,
    )
    if row is None:
        return None
    file = replaced_public_file(row)
    if _count_earlier_files(engine, attachment_id, above=file.number) != file.earlier_files_of_waiting:
        return None
    return file


def delete_replaced_public_files(engine: Queries, announcement_id: int) -> None:
    """Delete in a transaction what is kept of an announcement's public files: no release can be undone."""
    deleted = engine.rows(
        """DELETE FROM replaced_public_file WHERE organisation_id IN :organisations AND attachment_id IN (
               SELECT id FROM attachment
               WHERE organisation_id IN :organisations AND announcement_id = :id)
           RETURNING attachment_id""",
        id=announcement_id,
    )
    append_entries(engine, *(("attachment", id) for id in sorted({row["attachment_id"] for row in deleted})))


@mappers.mapper_of("replaced_public_file")
def replaced_public_file(row: Row) -> ReplacedPublicFile:
    """Return the public file of a stored row."""
    state = json.loads(zlib.decompress(row["state"]), object_hook=_bytes)
    return ReplacedPublicFile(number=row["number"], **state)


def row_with_public_file(attachment: Row, file: ReplacedPublicFile) -> dict[str, Any]:
    """Return, without storing it, the row of an attachment with ``file``, held while finds are undecided."""
    row = {**attachment, **file.columns}
    if row["status"] in _PENDING:
        row["status"] = "waiting"
    then, now = mappers.attachment(row), mappers.attachment(attachment)
    return row | mappers.hold_columns(holding.state_of_public_file_before(then, now))


def take_back_public_file(
    engine: Queries, attachment: Row, file: ReplacedPublicFile, cancelled_copy: Row | None
) -> Row:
    """Give an attachment its public file back, delete ``cancelled_copy``; return the row now waiting.

    A new attachment waits, with the present file, to replace that public file again. ``cancelled_copy``: a
    detached attachment that was to replace the present file by that one again. Call this in a transaction.
    """
    if cancelled_copy is not None:
        _delete_cancelled_copy(engine, cancelled_copy)
    set_file(engine, attachment["id"], row_with_public_file(attachment, file))
    present = mappers.attachment(attachment)
    state = holding.state_after_cancelling_decisions(present, is_public=True)
    taken = {name: attachment[name] for name in (*FILE_COLUMNS, "announcement_id", "label", "kind")}
    if present.is_reading_pending:
        taken["status"] = "waiting"
    waiting = insert_row(
        engine,
        "attachment",
        **taken | mappers.hold_columns(state),
        organisation_id=attachment["organisation_id"],
        position=0,
        replaces=attachment["id"],
        created_at=mappers.now_text(),
    )
    _part_pages_and_earlier_files(engine, attachment["id"], waiting["id"], file)
    _rename_in_history(engine, attachment, waiting["id"], file)
    if cancelled_copy is not None:
        for change in history.changes_of_texts(engine, attachment["announcement_id"]):
            history.replace_attachment_id(
                engine, change, ["before", "after"], cancelled_copy["id"], attachment["id"]
            )
    append_entries(
        engine,
        *((subject, row["id"]) for row in (attachment, waiting) for subject in ("attachment", READING)),
    )
    return waiting


def _delete_cancelled_copy(engine: Queries, copy: Row) -> None:
    erasures = engine.rows(
        """UPDATE erasure SET attachment_id = :replaced
           WHERE organisation_id IN :organisations AND attachment_id = :id RETURNING id""",
        replaced=copy["replaces"],
        id=copy["id"],
    )
    delete_rows(engine, "page", attachment_id=copy["id"])
    delete_rows(engine, "attachment", id=copy["id"])
    append_entries(
        engine,
        *(("erasure", row["id"]) for row in erasures),
        *((subject, copy["id"]) for subject in ("attachment", READING)),
    )


def _rename_in_history(engine: Queries, attachment: Row, waiting_id: int, file: ReplacedPublicFile) -> None:
    """Let the changes of the present file, and of its texts since it is public, name its new attachment."""
    for id, side in file.renamed:
        change = select_row(engine, "history", "id = :id", id=id)
        if change is not None:
            history.replace_attachment_id(engine, change, [side], attachment["id"], waiting_id)
    for change in history.changes_of_texts(engine, attachment["announcement_id"]):
        if change["id"] > file.last_change:
            history.replace_attachment_id(engine, change, ["before", "after"], attachment["id"], waiting_id)


def _part_pages_and_earlier_files(
    engine: Queries, attachment_id: int, waiting_id: int, file: ReplacedPublicFile
) -> None:
    """Give each of the two attachments its own pages and earlier files again."""
    engine.run(
        """UPDATE page SET attachment_id = :waiting
           WHERE organisation_id IN :organisations AND attachment_id = :id""",
        id=attachment_id,
        waiting=waiting_id,
    )
    for page in file.pages:
        insert_row(engine, "page", **page)
    delete_rows(engine, "file_version", attachment_id=attachment_id, number=file.number)
    engine.run(
        """UPDATE file_version SET attachment_id = :waiting, number = number - :number
           WHERE organisation_id IN :organisations AND attachment_id = :id AND number > :number""",
        id=attachment_id,
        waiting=waiting_id,
        number=file.number,
    )
    delete_rows(engine, "replaced_public_file", attachment_id=attachment_id, number=file.number)


def has_earlier_files(engine: Queries, attachment_id: int) -> bool:
    """Return True for an attachment whose file was replaced."""
    return _count_earlier_files(engine, attachment_id, above=0) > 0


def _count_earlier_files(engine: Queries, attachment_id: int, *, above: int) -> int:
    counted = engine.rows(
        """SELECT count(*) AS n FROM file_version
           WHERE organisation_id IN :organisations AND attachment_id = :id AND number > :above""",
        id=attachment_id,
        above=above,
    )
    return int(counted[0]["n"])


def _base64(value: bytes | memoryview) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode()}


def _bytes(read: dict[str, Any]) -> object:
    """Return an object of the JSON; bytes for one that ``_base64`` made."""
    return base64.b64decode(read["base64"]) if read.keys() == {"base64"} else read
