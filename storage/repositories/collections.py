"""Queries about collections: lists of announcements that staff put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from archive.errors import NotFound
from archive.model import Change, Collection, CollectionLine
from storage import mappers
from storage.engine import EngineRepository, Queries, Row
from storage.hash_chain import append_entries
from storage.repositories.history import bulk_name
from storage.tenancy import current_organisation


class EngineCollections(EngineRepository):
    """Adapter of ``Collections`` for any ``Engine``."""

    def save(
        self,
        id: int | None,
        *,
        title: str,
        body: str,
        items: Sequence[CollectionLine],
        actor: str,
        reason: str = "",
    ) -> Collection:
        wanted = {"title": title, "body": body, "items": _lines(items)}
        with self._engine.write():
            before = _history_fields(self.get(id)) if id is not None else {}
            if before == wanted:
                return self.get(cast(int, id))
            columns = {"title": title, "body": body, "at": mappers.now_text(), "actor": actor}
            if id is not None:
                self._engine.run(
                    """UPDATE collection
                       SET title = :title, body = :body, updated_at = :at, updated_by = :actor
                       WHERE organisation_id IN :organisations AND id = :id""",
                    id=id,
                    **columns,
                )
                kept = id
            else:
                made = self._engine.rows(
                    """INSERT INTO collection (title, body, updated_at, updated_by, organisation_id)
                       VALUES (:title, :body, :at, :actor, :organisation) RETURNING id""",
                    organisation=current_organisation(self._engine),
                    **columns,
                )
                kept = int(made[0]["id"])
            _save_items(self._engine, kept, items)
            action = "create" if id is None else "revise"
            _note(self._engine, kept, action, actor=actor, before=before, after=wanted, reason=reason)
            append_entries(self._engine, ("collection", kept))
            return self.get(kept)

    def history(self, id: int) -> list[Change]:
        self.get(id)
        found = self._engine.rows(
            """SELECT * FROM collection_history
               WHERE organisation_id IN :organisations AND collection_id = :id ORDER BY id""",
            id=id,
        )
        return [*mappers.map_readable_rows(mappers.change, found, "collection_history")]

    def get(self, id: int) -> Collection:
        row = self._engine.row(
            "SELECT * FROM collection WHERE organisation_id IN :organisations AND id = :id", id=id
        )
        found = self._filled([] if row is None else [row])
        if not found:
            raise _no_collection()
        return found[0]

    def all(self) -> list[Collection]:
        found = self._engine.rows(
            "SELECT * FROM collection WHERE organisation_id IN :organisations ORDER BY id DESC"
        )
        return self._filled(found)

    def with_announcement(self, announcement_id: int) -> list[Collection]:
        found = self._engine.rows(
            """SELECT * FROM collection WHERE organisation_id IN :organisations AND id IN
                   (SELECT collection_id FROM collection_item
                    WHERE organisation_id IN :organisations AND announcement_id = :id)
               ORDER BY id DESC""",
            id=announcement_id,
        )
        return self._filled(found)

    def _filled(self, found: Sequence[Row]) -> list[Collection]:
        lines = self._engine.rows(
            """SELECT * FROM collection_item
               WHERE organisation_id IN :organisations AND collection_id IN :ids
               ORDER BY collection_id, position""",
            ids=[row["id"] for row in found],
        )
        items: dict[int, list[CollectionLine]] = {}
        for line in lines:
            items.setdefault(line["collection_id"], []).append(
                CollectionLine(line["label"], line["announcement_id"])
            )
        return [
            *mappers.map_readable_rows(
                lambda row: mappers.collection(row, items.get(row["id"], [])), found, "collection"
            )
        ]


def _save_items(engine: Queries, id: int, items: Sequence[CollectionLine]) -> None:
    """Replace the items of a collection. Call this inside a transaction that seals the collection."""
    engine.run(
        "DELETE FROM collection_item WHERE organisation_id IN :organisations AND collection_id = :id", id=id
    )
    for position, item in enumerate(items, start=1):
        engine.run(
            """INSERT INTO collection_item (collection_id, position, label, announcement_id, organisation_id)
               SELECT id, :position, :label, CAST(:announcement_id AS BIGINT), organisation_id
               FROM collection WHERE organisation_id IN :organisations AND id = :id""",
            id=id,
            position=position,
            label=item.label,
            announcement_id=item.announcement_id,
        )


def _note(
    engine: Queries,
    id: int,
    action: str,
    *,
    actor: str,
    before: Mapping[str, object],
    after: Mapping[str, object],
    reason: str,
) -> None:
    """Append an entry to the collection's history: the changed fields, before and after."""
    changed = {name for name in after if before.get(name) != after[name]}
    made = engine.rows(
        """INSERT INTO collection_history (collection_id, at, actor, action, before, after, reason, bulk,
               organisation_id)
           SELECT id, :at, :actor, :action, :before, :after, :reason, :bulk, organisation_id FROM collection
           WHERE organisation_id IN :organisations AND id = :id RETURNING id""",
        bulk=bulk_name(),
        id=id,
        at=mappers.now_text(),
        actor=actor,
        action=action,
        before=mappers.history_json({name: value for name, value in before.items() if name in changed}),
        after=mappers.history_json({name: value for name, value in after.items() if name in changed}),
        reason=reason,
    )
    append_entries(engine, ("collection_history", made[0]["id"]))


def _history_fields(collection: Collection) -> dict[str, object]:
    """Return the fields of a collection that people write: title, body and items."""
    return {"title": collection.title, "body": collection.body, "items": _lines(collection.items)}


def _lines(items: Sequence[CollectionLine]) -> list[list[object]]:
    """Return the items in their JSON form: lists of label and announcement id."""
    return [[item.label, item.announcement_id] for item in items]


def _no_collection() -> NotFound:
    return NotFound("ไม่พบชุดประกาศนี้ กรุณาเลือกจากหน้าชุดประกาศ")
