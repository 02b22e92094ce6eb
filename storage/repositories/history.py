"""Entries of the history, and the change counter that tells search what to index again."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from archive.errors import no_such_announcement
from archive.model import Change
from storage import mappers
from storage.engine import EngineRepository, Queries, Row
from storage.hash_chain import append_entries
from storage.rows import read_rows, select_row, select_rows, update_row
from storage.tenancy import PARENTS

_FOLLOWED_CLOCK = dt.timedelta(days=1)  # how far ahead of the clock times of updates may run
_TICK = dt.timedelta(microseconds=1)  # between two times of updates: as exactly as they are stored
_bulk: ContextVar[str] = ContextVar("bulk", default="")


@contextmanager
def bulk_change(name: str) -> Iterator[None]:
    """Mark the changes that are written during the context as made at once, under ``name``."""
    token = _bulk.set(name)
    try:
        yield
    finally:
        _bulk.reset(token)


def bulk_name() -> str:
    """Return the name under which changes are made at once at present; "" for a single change."""
    return _bulk.get()


def announcement_row(engine: Queries, id: int, *, should_lock: bool = False) -> Row:
    """Return the stored row of an announcement; ``NotFound`` when the archive has no such announcement.

    With ``should_lock``, which needs a transaction, other writers of the announcement wait.
    """
    lock_rows = "FOR NO KEY UPDATE" if should_lock else ""
    row = select_row(engine, "announcement", f"id = :id {lock_rows}", id=id)
    if row is None:
        raise no_such_announcement()
    return row


def next_change_number(engine: Queries) -> int:
    """Raise the change counter and return its new value. Call this inside a transaction.

    A second writer waits in this function until the first one commits. So the counter grows in the order
    of commits, and a process that follows the counter never misses a change.
    """
    raised = engine.rows("UPDATE counter SET value = value + 1 WHERE name = 'change' RETURNING value")
    return int(raised[0]["value"])


def mark_updated(engine: Queries, announcement_id: int) -> None:
    """Set ``updated_at`` and raise ``change``, so that search indexes it again; call in a transaction."""
    change, at = next_change_number(engine), next_update_time(engine)
    update_row(engine, "announcement", announcement_id, change=change, updated_at=at)


def next_update_time(engine: Queries) -> str:
    """Return the time for ``updated_at``, after all before it; call after ``next_change_number``.

    The present time as text, or one just after the newest ``updated_at`` where a clock went back: so who asks
    for what changed since some moment misses nothing. A time more than a day ahead, written while a clock was
    wrong, is not followed. Call this in the transaction of ``next_change_number``.
    """
    now = dt.datetime.now(dt.UTC)
    newest = engine.row(
        """SELECT updated_at FROM announcement
           WHERE +organisation_id IN :organisations AND updated_at < :limit
           ORDER BY updated_at DESC, id DESC LIMIT 1""",
        limit=mappers.time_text(now + _FOLLOWED_CLOCK),
    )
    after = dt.datetime.fromisoformat(newest["updated_at"]) + _TICK if newest else now
    return mappers.time_text(max(now, after))


def set_replaced_text_change(engine: Queries, announcement_id: int) -> None:
    """Note that a text is gone since the ``change`` just raised; call in that transaction.

    An older index still finds the announcement by that text.
    """
    engine.run(
        """UPDATE announcement SET replaced_text_change = change
           WHERE organisation_id IN :organisations AND id = :id""",
        id=announcement_id,
    )


def changed_fields(
    before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, object]]:
    """Return what ``before`` and ``after`` say of the fields that ``after`` has with another value."""
    changed = {name: value for name, value in after.items() if name not in before or before[name] != value}
    return {name: before[name] for name in changed if name in before}, changed


def append_change(
    engine: Queries,
    record_id: int,
    action: str,
    *,
    table: str = "history",
    actor: str,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    """Append an entry to an announcement's history in a transaction; does not raise the change counter.

    ``mark_updated`` does. ``table``: another history, of the record that its rows belong to.
    """
    column, parent = PARENTS[table]
    made = engine.rows(
        f"""INSERT INTO {table} ({column}, at, actor, action, before, after, reason, bulk, organisation_id)
            SELECT id, :at, :actor, :action, :before, :after, :reason, :bulk, organisation_id
            FROM {parent} WHERE organisation_id IN :organisations AND id = :record_id
            RETURNING id""",  # noqa: S608  # our own names
        bulk=bulk_name(),
        record_id=record_id,
        at=mappers.now_text(),
        actor=actor,
        action=action,
        before=mappers.history_json(before or {}),
        after=mappers.history_json(after or {}),
        reason=reason,
    )
    append_entries(engine, (table, made[0]["id"]))


def rewrite_change(
    engine: Queries, entry: Row, rewrite: Callable[[Mapping[str, object]], dict[str, object]]
) -> None:
    """Replace both sides of a stored change in a transaction; a damaged side becomes empty.

    Any other side becomes what ``rewrite`` makes of it. Nobody can say what a damaged one tells. A side
    that changes renews the entry in the hash chain.
    """
    _replace_sides(engine, entry, lambda side: rewrite(side) if side is not None else {})


def replace_attachment_id(engine: Queries, entry: Row, id_before: int, id_now: int) -> None:
    """Replace an attachment's id in the sides of a stored change that have it; call in a transaction.

    With the id that the attachment has now, the change can be undone and its text erased.
    """

    def renamed(side: Mapping[str, object] | None) -> Mapping[str, object] | None:
        is_told = side is not None and side.get("attachment_id") == id_before
        return {**(side or {}), "attachment_id": id_now} if is_told else side

    _replace_sides(engine, entry, renamed)


def _replace_sides(
    engine: Queries,
    entry: Row,
    replaced: Callable[[Mapping[str, object] | None], Mapping[str, object] | None],
) -> None:
    """Store what ``replaced`` makes of both sides of a change. A damaged side is None; None is left as is."""
    told = {name: readable_side(entry[name]) for name in ("before", "after")}
    left = {name: replaced(side) for name, side in told.items()}
    if left != told:
        sides = {
            name: entry[name] if side is None else mappers.history_json(side) for name, side in left.items()
        }
        update_row(engine, "history", entry["id"], **sides)
        append_entries(engine, ("history", entry["id"]))


def changes_of_texts(engine: Queries, announcement_id: int) -> list[Row]:
    """Return the changes of texts of an announcement's pages that people made or asked for, oldest first."""
    return select_rows(
        engine,
        "history",
        "announcement_id = :id AND action IN ('correct', 'reread') ORDER BY id",
        id=announcement_id,
    )


def readable_side(stored: str) -> dict[str, object] | None:
    """Return one side of a stored change; None when it is damaged."""
    with contextlib.suppress(ValueError):
        if isinstance(side := json.loads(stored), dict):
            return side
    return None


class EngineHistory(EngineRepository):
    """Adapter of ``History`` for any ``Engine``."""

    def entries(self, announcement_id: int) -> list[Change]:
        announcement_row(self._engine, announcement_id)
        return read_rows(self._engine, mappers.change, "announcement_id = :id", id=announcement_id)

    def last_entry_id(self, announcement_id: int) -> int:
        found = self._engine.row(
            """SELECT id FROM history WHERE organisation_id IN :organisations AND announcement_id = :id
               ORDER BY id DESC LIMIT 1""",
            id=announcement_id,
        )
        return int(found["id"]) if found else 0

    def changed_since(self, change: int, *, limit: int) -> list[tuple[int, int]]:
        found = self._engine.rows(
            """SELECT id, change FROM announcement
               WHERE organisation_id IN :organisations AND change > :change
               ORDER BY change LIMIT :limit""",
            change=change,
            limit=limit,
        )
        return [(row["id"], row["change"]) for row in found]

    def ids_to_hide_since(self, change: int) -> set[int]:
        found = self._engine.rows(
            """SELECT id FROM announcement WHERE +organisation_id IN :organisations AND change > :change
               AND (status <> 'published' OR replaced_text_change > :change OR EXISTS (
                   SELECT 1 FROM attachment
                   WHERE organisation_id IN :organisations AND announcement_id = announcement.id
                   AND hidden_change > :change))""",
            change=change,
        )
        return {row["id"] for row in found}

    def last_change(self) -> int:
        return int(self._engine.rows("SELECT value FROM counter WHERE name = 'change'")[0]["value"])

    def queue_for_indexing(self, ids: Sequence[int]) -> None:
        with self._engine.write():
            for row in self._engine.rows(
                "SELECT id FROM announcement WHERE organisation_id IN :organisations AND id IN :ids",
                ids=list(ids),
            ):
                update_row(self._engine, "announcement", row["id"], change=next_change_number(self._engine))
