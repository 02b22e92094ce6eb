"""Queries about relations between announcements: which one cancels, amends or replaces which."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence

from archive.citations import mentions_document_number
from archive.errors import no_such_announcement
from archive.model import Relation, RelationKind, Status
from archive.thai import thai_digits
from storage import mappers
from storage.engine import EngineRepository, Queries, Row
from storage.hash_chain import append_entries
from storage.repositories import history
from storage.rows import delete_rows, insert_row, read_rows, select_row

_FOUND_AT_MOST = 200  # announcements that a rough search returns before their texts are compared
_STATED_POSITION = "stated relations"  # name in the table of counters
_NUMBER = re.compile(r"\d+/\d+")
_IS_PUBLISHED = """EXISTS (SELECT 1 FROM announcement WHERE organisation_id IN :organisations
    AND id = {id} AND status = 'published')"""
_NEWER_IS_PUBLISHED, _OLDER_IS_PUBLISHED = (_IS_PUBLISHED.format(id=id) for id in ("newer_id", "older_id"))
_NOT_TRASHED = "(SELECT id FROM announcement WHERE organisation_id IN :organisations AND status <> 'trashed')"


class EngineRelations(EngineRepository):
    """Adapter of ``Relations`` for any ``Engine``."""

    def decide(self, newer_id: int, older_id: int, kind: RelationKind | None, *, actor: str) -> None:
        code = kind.value if kind else ""
        names = {each.value: each.passive_code for each in RelationKind}
        with self._engine.write():
            newer = history.announcement_row(self._engine, newer_id)
            older = history.announcement_row(self._engine, older_id)
            if older["organisation_id"] != newer["organisation_id"]:
                raise no_such_announcement()
            known = select_row(
                self._engine,
                "relation",
                "newer_id = :newer_id AND older_id = :older_id",
                newer_id=newer_id,
                older_id=older_id,
            )
            if known is not None and known["kind"] == code:
                return
            made = self._engine.rows(
                """INSERT INTO relation (organisation_id, newer_id, older_id, kind)
                   VALUES (:organisation_id, :newer_id, :older_id, :kind)
                   ON CONFLICT (newer_id, older_id) DO UPDATE SET kind = excluded.kind RETURNING id""",
                organisation_id=newer["organisation_id"],
                newer_id=newer_id,
                older_id=older_id,
                kind=code,
            )
            append_entries(self._engine, ("relation", made[0]["id"]))
            before = known["kind"] if known is not None else ""
            _append_decision(self._engine, newer_id, older_id, before, code, actor)
            _append_decision(
                self._engine, older_id, newer_id, names.get(before, ""), names.get(code, ""), actor
            )
            history.mark_updated(self._engine, newer_id)
            if newer["status"] == Status.PUBLISHED:  # else nobody who reads the older one is told
                history.mark_updated(self._engine, older_id)

    def list_decisions(self, announcement_id: int) -> list[Relation]:
        return read_rows(
            self._engine, mappers.relation, "(newer_id = :id OR older_id = :id)", id=announcement_id
        )

    def list_public(self) -> list[Relation]:
        is_public = f"kind <> '' AND {_NEWER_IS_PUBLISHED} AND {_OLDER_IS_PUBLISHED}"
        return read_rows(self._engine, mappers.relation, is_public)

    def undecided_citations_of(self, older_id: int) -> dict[int, set[str]]:
        found = self._engine.rows(
            f"""SELECT newer_id, search_text FROM stated_relation
                WHERE organisation_id IN :organisations AND older_id = :older_id AND {_NEWER_IS_PUBLISHED}
                AND NOT EXISTS (SELECT 1 FROM relation WHERE relation.organisation_id IN :organisations
                    AND relation.newer_id = stated_relation.newer_id AND relation.older_id = :older_id)
                ORDER BY newer_id""",  # noqa: S608  # our own condition
            older_id=older_id,
        )
        texts: dict[int, set[str]] = {}
        for row in found:
            texts.setdefault(row["newer_id"], set()).add(row["search_text"])
        return texts

    def ids_no_longer_in_force(self) -> frozenset[int]:
        return self._older_of([kind for kind in RelationKind if kind.ends])

    def amended_ids(self) -> frozenset[int]:
        return self._older_of([RelationKind.AMENDS])

    def _older_of(self, kinds: Sequence[RelationKind]) -> frozenset[int]:
        """Return the ids of the announcements that a published one changes in one of these ways."""
        found = self._engine.rows(
            f"""SELECT older_id AS id FROM relation WHERE organisation_id IN :organisations
                AND kind IN :kinds AND {_NEWER_IS_PUBLISHED}""",  # noqa: S608
            kinds=[kind.value for kind in kinds],
        )
        return frozenset(row["id"] for row in found)

    def stated_position(self) -> int:
        row = self._engine.row("SELECT value FROM counter WHERE name = :name", name=_STATED_POSITION)
        return int(row["value"]) if row else 0

    def mark_outdated(self, fields_text: str) -> None:
        found = self._engine.rows(
            """SELECT id, search_text FROM stated_relation WHERE organisation_id IN :organisations
               AND is_outdated = 0 AND :fields_text LIKE '%' || search_text || '%'""",
            fields_text=fields_text,
        )
        if not found:
            return
        ids = [
            row["id"]
            for row in found
            if not _NUMBER.fullmatch(row["search_text"])
            or mentions_document_number(fields_text, row["search_text"])  # 5/2560, not 15/2560
        ]
        with self._engine.write(is_durable=False):
            self._engine.run(
                """UPDATE stated_relation SET is_outdated = 1
                   WHERE organisation_id IN :organisations AND id IN :ids""",
                ids=ids,
            )

    def list_outdated_ids(self, *, limit: int) -> list[int]:
        found = self._engine.rows(
            """SELECT DISTINCT newer_id AS id FROM stated_relation
               WHERE organisation_id IN :organisations AND is_outdated = 1 ORDER BY 1 LIMIT :limit""",
            limit=limit,
        )
        return _ids(found)

    def replace_stated(
        self, stated: Mapping[int, Sequence[tuple[str, int | None]]], *, position: int
    ) -> None:
        patterns = {
            newer_id: dict.fromkeys((_without_wildcards(text), older_id) for text, older_id in citations)
            for newer_id, citations in stated.items()
        }
        with self._engine.write(is_durable=False):
            for newer_id, citations in patterns.items():
                delete_rows(self._engine, "stated_relation", newer_id=newer_id)
                newer = history.announcement_row(self._engine, newer_id)
                for search_text, older_id in citations:
                    insert_row(
                        self._engine,
                        "stated_relation",
                        organisation_id=newer["organisation_id"],
                        newer_id=newer_id,
                        search_text=search_text,
                        older_id=older_id,
                    )
            self._engine.run(
                """INSERT INTO counter (name, value) VALUES (:name, :position)
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
                name=_STATED_POSITION,
                position=position,
            )

    def find_ids_naming_document_number(self, number: str) -> list[int]:
        found = self._engine.rows(
            f"""SELECT id, title AS said FROM announcement
                WHERE organisation_id IN :organisations AND status <> 'trashed'
                AND (title LIKE :arabic OR title LIKE :thai)
                UNION ALL
                SELECT announcement_id AS id, details AS said FROM attachment
                WHERE organisation_id IN :organisations AND status <> 'detached'
                AND details LIKE :arabic AND announcement_id IN {_NOT_TRASHED}
                ORDER BY 1 LIMIT :most""",  # noqa: S608
            arabic=f"%{number}%",
            thai=f"%{thai_digits(number)}%",
            most=_FOUND_AT_MOST,
        )
        return _ids([row for row in found if mentions_document_number(row["said"], number)])

    def find_ids_by_title_phrase(self, phrase: str) -> list[int]:
        found = self._engine.rows(
            """SELECT id FROM announcement WHERE organisation_id IN :organisations AND status <> 'trashed'
               AND title LIKE :phrase ORDER BY id LIMIT :most""",
            phrase=f"%{_without_wildcards(phrase)}%",
            most=_FOUND_AT_MOST,
        )
        return _ids(found)

    def find_ids_by_date(self, date: dt.date) -> list[int]:
        found = self._engine.rows(
            f"""SELECT id FROM announcement
                WHERE organisation_id IN :organisations AND status <> 'trashed' AND published_on = :day
                UNION
                SELECT announcement_id AS id FROM attachment
                WHERE organisation_id IN :organisations AND status <> 'detached'
                AND details LIKE :stated AND announcement_id IN {_NOT_TRASHED}
                ORDER BY 1 LIMIT :most""",  # noqa: S608
            day=date.isoformat(),
            stated=f'%"value": "{date.isoformat()}"%',
            most=_FOUND_AT_MOST,
        )
        return _ids(found)


def _without_wildcards(text: str) -> str:
    """Return the text as part of a pattern of LIKE."""
    return text.replace("%", "").replace("_", "")


def _ids(found: Sequence[Row]) -> list[int]:
    return sorted({row["id"] for row in found})


def _append_decision(engine: Queries, id: int, other_id: int, before: str, after: str, actor: str) -> None:
    """Append the decision to the history of one of the two announcements."""
    history.append_change(
        engine,
        id,
        "relate",
        actor=actor,
        before={"relation": f"{before} {other_id}"} if before else None,
        after={"relation": f"{after or 'dismissed'} {other_id}"},
    )
