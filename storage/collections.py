"""Queries about collections: lists that staff put together."""

from __future__ import annotations

from collections.abc import Sequence

from archive.errors import NotFound
from archive.model import Collection, Item
from storage import rows
from storage.engine import Queries, Row
from storage.scope import home


class Collections:
    """The part of ``archive.ports.Records`` that is about collections."""

    def __init__(self, engine: Queries) -> None:
        self._engine = engine

    def save_collection(
        self, id: int | None, *, title: str, body: str, items: Sequence[Item], actor: str
    ) -> Collection:
        columns: dict[str, object] = {"title": title, "body": body, "at": rows.now_text(), "actor": actor}
        with self._engine.write():
            if id is None:
                sql = """INSERT INTO collection (title, body, updated_at, updated_by, organisation_id)
                         VALUES (:title, :body, :at, :actor, :home) RETURNING id"""
                columns["home"] = home(self._engine)
            else:
                sql = """UPDATE collection SET title = :title, body = :body, updated_at = :at,
                             updated_by = :actor WHERE id = :id RETURNING id"""
                columns["id"] = id
            row = self._engine.row(sql, **columns)
            if row is None:
                raise _no_collection()
            self._engine.run("DELETE FROM collection_item WHERE collection_id = :id", id=row["id"])
            for position, item in enumerate(items, start=1):
                self._engine.run(
                    """INSERT INTO collection_item (collection_id, position, label, announcement_id)
                       VALUES (:id, :position, :label, :announcement_id)""",
                    id=row["id"],
                    position=position,
                    label=item.label,
                    announcement_id=item.announcement_id,
                )
            return self.collection(row["id"])

    def collection(self, id: int) -> Collection:
        found = self._filled(self._engine.rows("SELECT * FROM collection WHERE id = :id", id=id))
        if not found:
            raise _no_collection()
        return found[0]

    def collections(self) -> list[Collection]:
        return self._filled(self._engine.rows("SELECT * FROM collection ORDER BY id DESC"))

    def collections_with(self, announcement_id: int) -> list[Collection]:
        found = self._engine.rows(
            """SELECT * FROM collection WHERE id IN
                   (SELECT collection_id FROM collection_item WHERE announcement_id = :id)
               ORDER BY id DESC""",
            id=announcement_id,
        )
        return self._filled(found)

    def _filled(self, found: Sequence[Row]) -> list[Collection]:
        lines = self._engine.rows(
            "SELECT * FROM collection_item WHERE collection_id IN :ids ORDER BY collection_id, position",
            ids=[row["id"] for row in found],
        )
        items: dict[int, list[Item]] = {}
        for line in lines:
            items.setdefault(line["collection_id"], []).append(Item(line["label"], line["announcement_id"]))
        return [rows.collection(row, items.get(row["id"], [])) for row in found]


def _no_collection() -> NotFound:
    return NotFound("ไม่พบชุดประกาศนี้ กรุณาเลือกจากหน้าชุดประกาศ")
