"""Queries about collections: lists of announcements that staff put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from archive.errors import NotFound
from archive.model import Change, Collection, CollectionLine
from storage import mappers
from storage.engine import EngineRepository, Queries
from storage.hash_chain import append_entries
from storage.repositories.history import append_change, changed_fields
from storage.rows import delete_rows, insert_row, read_rows, select_rows, update_row
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
            columns = {"title": title, "body": body, "updated_at": mappers.now_text(), "updated_by": actor}
            if id is not None:
                update_row(self._engine, "collection", id, **columns)
                kept = id
            else:
                organisation = current_organisation(self._engine)
                made = insert_row(self._engine, "collection", organisation_id=organisation, **columns)
                kept = int(made["id"])
            _save_items(self._engine, kept, items)
            action = "create" if id is None else "revise"
            before, after = changed_fields(before, wanted)
            append_change(
                self._engine,
                kept,
                action,
                table="collection_history",
                actor=actor,
                before=before,
                after=after,
                reason=reason,
            )
            append_entries(self._engine, ("collection", kept))
            return self.get(kept)

    def history(self, id: int) -> list[Change]:
        self.get(id)
        return read_rows(self._engine, mappers.collection_change, "collection_id = :id", id=id)

    def get(self, id: int) -> Collection:
        found = self._read("id = :id", id=id)
        if not found:
            raise NotFound("ไม่พบชุดประกาศนี้ กรุณาเลือกจากหน้าชุดประกาศ")
        return found[0]

    def all(self) -> list[Collection]:
        return self._read()

    def with_announcement(self, announcement_id: int) -> list[Collection]:
        return self._read(
            """id IN (SELECT collection_id FROM collection_item
                      WHERE organisation_id IN :organisations AND announcement_id = :id)""",
            id=announcement_id,
        )

    def _read(self, condition: str = "", **values: object) -> list[Collection]:
        """Return the readable collections, each with its items, the newest first. See ``read_rows``."""
        found = read_rows(self._engine, mappers.collection, condition, order="id DESC", **values)
        lines = select_rows(
            self._engine,
            "collection_item",
            "collection_id IN :ids ORDER BY collection_id, position",
            ids=[each.id for each in found],
        )
        items: dict[int, list[CollectionLine]] = {}
        for line in lines:
            items.setdefault(line["collection_id"], []).append(
                CollectionLine(line["label"], line["announcement_id"])
            )
        return [replace(each, items=tuple(items.get(each.id, ()))) for each in found]


def _save_items(engine: Queries, id: int, items: Sequence[CollectionLine]) -> None:
    """Replace the items of a collection. Call this inside a transaction that seals the collection."""
    delete_rows(engine, "collection_item", collection_id=id)
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


def _history_fields(collection: Collection) -> dict[str, object]:
    """Return the fields of a collection that people write: title, body and items."""
    return {"title": collection.title, "body": collection.body, "items": _lines(collection.items)}


def _lines(items: Sequence[CollectionLine]) -> list[list[object]]:
    """Return the items in their JSON form: lists of label and announcement id."""
    return [[item.label, item.announcement_id] for item in items]
