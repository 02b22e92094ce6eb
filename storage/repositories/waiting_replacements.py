"""Queries about files that wait to replace the file of a public attachment.

Such a file is an attachment of its own, so that it is read and decided on as every other one. It is held
while it waits, and no list of an announcement's attachments has it.
"""

from __future__ import annotations

from archive.model import HoldReason
from archive.ports import NewFile
from storage import mappers
from storage.engine import Queries, Row
from storage.hash_chain import READING, append_entries
from storage.repositories import history
from storage.repositories.attachment_positions import next_position
from storage.repositories.file_versions import store_earlier_version
from storage.rows import delete_rows, insert_row, select_row, select_rows, update_row

_FILE_COLUMNS = (
    "filename media_type size sha256 page_count status error_code error_message details rules "
    "personal_data_rules has_undecided_finds queued_at attempts hold decided is_redacted"
).split()
"""Columns of an attachment that are those of its file, and of what was read from it and decided on it."""


def replacement_row(engine: Queries, attachment_id: int) -> Row | None:
    """Return the row of the attachment that waits to replace this one's file; None where none waits."""
    return select_row(engine, "attachment", "replaces = :id AND status <> 'detached'", id=attachment_id)


def columns_of_new_file(file: NewFile) -> dict[str, object]:
    """Return the columns of an attachment that a new file sets."""
    return {
        "filename": file.filename,
        "media_type": file.media_type,
        "size": file.stored.size,
        "sha256": file.stored.sha256,
    }


def insert_replacement(engine: Queries, attachment: Row, file: NewFile, hold: HoldReason) -> Row:
    """Add in a transaction an attachment that waits to replace another's file; the caller saw none wait."""
    now = mappers.now_text()
    row = insert_row(
        engine,
        "attachment",
        organisation_id=attachment["organisation_id"],
        announcement_id=attachment["announcement_id"],
        position=0,
        label=attachment["label"],
        kind=attachment["kind"],
        **columns_of_new_file(file),
        status="waiting",
        hold=hold.value,
        replaces=attachment["id"],
        created_at=now,
        queued_at=now,
    )
    append_entries(engine, ("attachment", row["id"]), (READING, row["id"]))
    return row


def move_file_to_replaced_attachment(engine: Queries, waiting: Row) -> Row | None:
    """Move a waiting file to the one it replaces, or list it alone (None) where that one is detached.

    Returns the old row of the attachment that it replaces; None too when it replaces none. Where that
    attachment is detached, the waiting one becomes an attachment like every other. Otherwise the row of
    ``waiting`` is deleted. Call this inside the transaction that ends the hold.
    """
    if waiting["replaces"] is None:
        return None
    replaced = select_row(
        engine, "attachment", "id = :id AND status <> 'detached' FOR NO KEY UPDATE", id=waiting["replaces"]
    )
    if replaced is None:
        _add_to_list(engine, waiting)
        return None
    changes = _changes(engine, waiting, replaced)
    actors = [each["actor"] for each in changes if each["action"] in ("replace", "redact")]
    store_earlier_version(engine, replaced, actor=actors[-1] if actors else "")
    _move_parts(engine, waiting["id"], replaced["id"])
    now = select_rows(engine, "attachment", "id = :id", id=waiting["id"])[0]
    delete_rows(engine, "attachment", id=waiting["id"])
    update_row(
        engine,
        "attachment",
        replaced["id"],
        **{name: now[name] for name in _FILE_COLUMNS},
        worker=None,
        leased_until=None,
    )
    for change in changes:
        history.replace_attachment_id(engine, change, waiting["id"], replaced["id"])
    history.mark_updated(engine, replaced["announcement_id"])
    history.set_replaced_text_change(engine, replaced["announcement_id"])
    append_entries(
        engine,
        *((subject, row["id"]) for row in (waiting, replaced) for subject in ("attachment", READING)),
    )
    return replaced


def _add_to_list(engine: Queries, waiting: Row) -> None:
    position = next_position(engine, waiting["announcement_id"])
    update_row(engine, "attachment", waiting["id"], replaces=None, position=position)
    append_entries(engine, ("attachment", waiting["id"]))


def _changes(engine: Queries, waiting: Row, replaced: Row) -> list[Row]:
    """Return the changes of the two attachments, oldest first."""
    found = select_rows(
        engine, "history", "announcement_id = :id ORDER BY id", id=replaced["announcement_id"]
    )
    ids = (waiting["id"], replaced["id"])
    return [
        each for each in found if any(_told_attachment_id(each, side) in ids for side in ("before", "after"))
    ]


def _told_attachment_id(change: Row, side: str) -> object:
    """Return the attachment's id in one side of a change; None without one, or when the side is damaged."""
    return (history.readable_side(change[side]) or {}).get("attachment_id")


def _move_parts(engine: Queries, waiting_id: int, replaced_id: int) -> None:
    """Move the pages and the earlier files; those come after the earlier files that are there."""
    delete_rows(engine, "page", attachment_id=replaced_id)
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
