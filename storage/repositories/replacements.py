"""Queries about files that wait to replace the file of a public attachment.

Such a file is an attachment of its own, so that it is read and decided on as every other one. It is held
while it waits, and no list of an announcement's attachments has it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from archive.model import HoldReason
from archive.ports import StoredFile
from storage import mappers
from storage.engine import Queries, Row
from storage.hash_chain import READING, append_entries
from storage.repositories import history
from storage.repositories.file_versions import store_earlier_version

_FILE_COLUMNS = (
    "filename",
    "media_type",
    "size",
    "sha256",
    "page_count",
    "status",
    "error_code",
    "error_message",
    "details",
    "rules",
    "personal_data_rules",
    "has_undecided_finds",
    "queued_at",
    "attempts",
    "hold",
    "decided",
    "is_redacted",
)
"""Columns of an attachment that are those of its file, and of what was read from it and decided on it."""

_TAKE_OVER = f"""UPDATE attachment SET {", ".join(f"{name} = :{name}" for name in _FILE_COLUMNS)},
        worker = NULL, leased_until = NULL
    WHERE organisation_id IN :organisations AND id = :id"""  # noqa: S608  # our own names


def replacement_row(engine: Queries, attachment_id: int) -> Row | None:
    """Return the row of the attachment that waits to replace this one's file; None where none waits."""
    return engine.row(
        """SELECT * FROM attachment
           WHERE organisation_id IN :organisations AND replaces = :id AND status <> 'detached'""",
        id=attachment_id,
    )


def insert_replacement(
    engine: Queries, attachment: Row, file: StoredFile, *, filename: str, media_type: str, hold: HoldReason
) -> Row:
    """Add an attachment that waits to replace another one's file. Call this inside a transaction."""
    now = mappers.now_text()
    row = engine.rows(
        """INSERT INTO attachment (announcement_id, position, label, filename, kind, media_type,
               size, sha256, status, hold, replaces, created_at, queued_at, organisation_id)
           VALUES (:announcement_id, 0, :label, :filename, :kind, :media_type,
               :size, :sha256, 'waiting', :hold, :replaces, :now, :now, :organisation)
           RETURNING *""",
        announcement_id=attachment["announcement_id"],
        organisation=attachment["organisation_id"],
        label=attachment["label"],
        kind=attachment["kind"],
        replaces=attachment["id"],
        hold=hold.value,
        filename=filename,
        media_type=media_type,
        size=file.size,
        sha256=file.sha256,
        now=now,
    )[0]
    append_entries(engine, ("attachment", row["id"]), (READING, row["id"]))
    return row


def take_over_file(engine: Queries, waiting: Row) -> int:
    """Move file and pages of ``waiting`` to the attachment that it replaces, and delete its row.

    Returns the id that has them now. Nothing is done for an attachment that replaces none. One whose hold
    ends while the other is detached becomes an attachment like every other. Call this inside the transaction
    that ends the hold.
    """
    if waiting["replaces"] is None:
        return int(waiting["id"])
    replaced = engine.row(
        """SELECT * FROM attachment
           WHERE organisation_id IN :organisations AND id = :id AND status <> 'detached'
           FOR NO KEY UPDATE""",
        id=waiting["replaces"],
    )
    if replaced is None:
        _add_to_list(engine, waiting)
        return int(waiting["id"])
    changes = _changes(engine, waiting, replaced)
    actors = [each["actor"] for each in changes if each["action"] in ("replace", "redact")]
    store_earlier_version(engine, replaced, actor=actors[-1] if actors else "")
    _move_parts(engine, waiting["id"], replaced["id"])
    now = engine.rows(
        "SELECT * FROM attachment WHERE organisation_id IN :organisations AND id = :id", id=waiting["id"]
    )[0]
    engine.run(
        "DELETE FROM attachment WHERE organisation_id IN :organisations AND id = :id", id=waiting["id"]
    )
    engine.run(_TAKE_OVER, id=replaced["id"], **{name: now[name] for name in _FILE_COLUMNS})
    for change in changes:
        # With the id that remains, the change can be undone and its text erased.
        history.rewrite_change(engine, change, lambda side: _renamed(side, waiting["id"], replaced["id"]))
    history.mark_updated(engine, replaced["announcement_id"])
    append_entries(
        engine,
        *((subject, row["id"]) for row in (waiting, replaced) for subject in ("attachment", READING)),
    )
    return int(replaced["id"])


def _add_to_list(engine: Queries, waiting: Row) -> None:
    engine.run(
        """UPDATE attachment SET replaces = NULL, position = (
               SELECT coalesce(max(beside.position), 0) + 1 FROM attachment AS beside
               WHERE beside.organisation_id IN :organisations
               AND beside.announcement_id = :announcement_id AND beside.status <> 'detached')
           WHERE organisation_id IN :organisations AND id = :id""",
        id=waiting["id"],
        announcement_id=waiting["announcement_id"],
    )
    append_entries(engine, ("attachment", waiting["id"]))


def _changes(engine: Queries, waiting: Row, replaced: Row) -> list[Row]:
    """Return the changes of the two attachments, oldest first."""
    found = engine.rows(
        """SELECT * FROM history
           WHERE organisation_id IN :organisations AND announcement_id = :id ORDER BY id""",
        id=replaced["announcement_id"],
    )
    ids = (waiting["id"], replaced["id"])
    return [
        each
        for each in found
        if any(json.loads(each[side]).get("attachment_id") in ids for side in ("before", "after"))
    ]


def _move_parts(engine: Queries, waiting_id: int, replaced_id: int) -> None:
    """Move the pages and the earlier files; those come after the earlier files that are there."""
    engine.run(
        "DELETE FROM page WHERE organisation_id IN :organisations AND attachment_id = :id", id=replaced_id
    )
    engine.run(
        """UPDATE page SET attachment_id = :replaced
           WHERE organisation_id IN :organisations AND attachment_id = :waiting""",
        replaced=replaced_id,
        waiting=waiting_id,
    )
    last = engine.rows(
        """SELECT max(number) AS number FROM file_version
           WHERE organisation_id IN :organisations AND attachment_id = :id""",
        id=replaced_id,
    )[0]
    engine.run(
        """UPDATE file_version SET attachment_id = :replaced, number = number + :last
           WHERE organisation_id IN :organisations AND attachment_id = :waiting""",
        replaced=replaced_id,
        waiting=waiting_id,
        last=last["number"],
    )
    erasures = engine.rows(
        "SELECT id FROM erasure WHERE organisation_id IN :organisations AND attachment_id = :id",
        id=waiting_id,
    )
    engine.run(
        """UPDATE erasure SET attachment_id = :replaced
           WHERE organisation_id IN :organisations AND attachment_id = :waiting""",
        replaced=replaced_id,
        waiting=waiting_id,
    )
    append_entries(engine, *(("erasure", row["id"]) for row in erasures))


def _renamed(side: Mapping[str, object], waiting_id: int, replaced_id: int) -> dict[str, object]:
    is_told = side.get("attachment_id") == waiting_id
    return {**side, "attachment_id": replaced_id} if is_told else dict(side)
