"""Queries of the staff's worklist."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from archive.model import Status
from archive.worklist import (
    EXPIRES_SOON,
    LEAST_CONFIDENCE,
    FoundProblem,
    Problem,
    WorklistFilters,
    WorklistRow,
)
from storage import mappers
from storage.engine import EngineRepository
from storage.repositories.pages import NEEDS_CHECK
from storage.rows import read_rows

_STATED_ANEW_POSITION = "stated anew"  # name in the table of counters
_MOST_VALUES = 300  # authors or categories that are offered
_BATCH = 100  # records whose texts are read at a time


def _attachments_where(condition: str) -> str:
    """Return the query for the records with an attachment of which the condition is true."""
    return f"""SELECT announcement.id AS announcement_id, min(attachment.id) AS attachment_id, 0 AS page
        FROM announcement JOIN attachment ON attachment.announcement_id = announcement.id
        WHERE announcement.organisation_id IN :organisations
        AND +attachment.organisation_id IN :organisations AND {condition} AND {{which}}
        GROUP BY announcement.id"""  # noqa: S608  # our own conditions


def _fields_where(condition: str) -> str:
    """Return the query for the records of whose own fields the condition is true."""
    return f"""SELECT announcement.id AS announcement_id, NULL AS attachment_id, 0 AS page
        FROM announcement WHERE organisation_id IN :organisations AND {condition} AND {{which}}"""  # noqa: S608


_UNFINISHED = "announcement.status IN ('draft', 'published')"

_PROBLEMS = {
    Problem.PERSONAL_DATA: _attachments_where(
        f"{_UNFINISHED} AND attachment.hold = 'personal-data' AND attachment.status <> 'detached'"
    ),
    Problem.PUBLIC_PERSONAL_DATA: _attachments_where(
        """announcement.status = 'published' AND attachment.has_undecided_finds > 0
            AND attachment.status <> 'detached'"""
    ),
    Problem.UNCONFIRMED: _attachments_where(
        """announcement.status = 'published' AND attachment.hold = 'unconfirmed'
            AND attachment.status = 'ready'"""
    ),
    # by its own index, which has few records, not by that of all published ones
    Problem.STATED_ANEW: """SELECT announcement.id AS announcement_id, NULL AS attachment_id, 0 AS page
        FROM announcement WHERE +organisation_id IN :organisations
        AND is_stated_anew = 1 AND status || '' = 'published' AND {which}""",
    Problem.FAILED: _attachments_where(f"{_UNFINISHED} AND attachment.status = 'failed'"),
    Problem.DOUBTFUL: f"""SELECT announcement.id AS announcement_id,
            min(page.attachment_id) AS attachment_id, min(page.number) AS page
        FROM announcement JOIN attachment ON attachment.announcement_id = announcement.id
        JOIN page ON page.attachment_id = attachment.id
        WHERE announcement.organisation_id IN :organisations
        AND +attachment.organisation_id IN :organisations AND +page.organisation_id IN :organisations
        AND {_UNFINISHED} AND attachment.status <> 'detached' AND {NEEDS_CHECK}
        AND {{which}} GROUP BY announcement.id""",  # noqa: S608  # our own conditions
    Problem.RELATION: f"""SELECT announcement.id AS announcement_id, NULL AS attachment_id, 0 AS page
        FROM stated_relation JOIN announcement ON announcement.id = stated_relation.newer_id
        JOIN announcement AS older ON older.id = stated_relation.older_id
        WHERE stated_relation.organisation_id IN :organisations
        AND +announcement.organisation_id IN :organisations AND +older.organisation_id IN :organisations
        AND {_UNFINISHED} AND older.status <> 'trashed' AND NOT EXISTS (
            SELECT 1 FROM relation WHERE relation.organisation_id IN :organisations
            AND relation.newer_id = stated_relation.newer_id AND relation.older_id = older.id)
        AND {{which}} GROUP BY announcement.id""",  # noqa: S608  # our own conditions
    Problem.UNTITLED: _fields_where("status = 'draft' AND title = ''"),
    Problem.SCHEDULED: _fields_where("status = 'draft' AND publish_at IS NOT NULL"),
    Problem.EXPIRING: _fields_where("status = 'published' AND expires_on BETWEEN :today AND :soon"),
}
"""Problem → query for the records that have it. ``{which}`` is replaced by a condition on the records."""


class EngineWorklist(EngineRepository):
    """Adapter of ``Worklist`` for any ``Engine``."""

    def list_rows(
        self, filters: WorklistFilters, *, today: dt.date, page: int, per_page: int
    ) -> tuple[list[WorklistRow], int]:
        ids, total = self._page_of_ids(filters, today, page, per_page)
        found = read_rows(self._engine, mappers.announcement, "id IN :ids", ids=ids)
        shown = sorted(found, key=lambda each: ids.index(each.id))
        actors = self._last_actors(ids)
        problems = self._problems(ids, today)
        return [
            WorklistRow(
                announcement=each,
                changed_by=actors.get(each.id, ""),
                problems=tuple(one for one in problems if one.announcement_id == each.id),
            )
            for each in shown
        ], total

    def _page_of_ids(
        self, filters: WorklistFilters, today: dt.date, page: int, per_page: int
    ) -> tuple[list[int], int]:
        """Return the ids on one page of the worklist, and the total number of records."""
        condition, values = _condition(filters, today)
        start = (page - 1) * per_page
        if filters.ids is not None:  # few: their order is given
            sql = f"SELECT id FROM announcement WHERE {condition}"  # noqa: S608  # our own text
            passed = {row["id"] for row in self._engine.rows(sql, **values)}
            ids = [id for id in filters.ids if id in passed]
            return ids[start : start + per_page], len(ids)
        total = self._engine.rows(
            f"SELECT count(*) AS n FROM announcement WHERE {condition}",  # noqa: S608
            **values,
        )
        found = self._engine.rows(
            f"""SELECT id FROM announcement WHERE {condition}
                ORDER BY updated_at DESC, id DESC LIMIT :limit OFFSET :offset""",  # noqa: S608
            limit=per_page,
            offset=start,
            **values,
        )
        return [row["id"] for row in found], int(total[0]["n"])

    def count_by_problem(self, *, today: dt.date) -> dict[Problem, int]:
        values = _problem_values(today)
        return {
            problem: int(
                self._engine.rows(
                    f"SELECT count(*) AS n FROM ({_PROBLEMS[problem].format(which='1 = 1')}) AS found",  # noqa: S608
                    **values,
                )[0]["n"]
            )
            for problem in Problem
        }

    def count_by_status(self, filters: WorklistFilters, *, today: dt.date) -> dict[Status, int]:
        condition, values = _condition(filters, today)
        found = self._engine.rows(
            f"SELECT status, count(*) AS n FROM announcement WHERE {condition} GROUP BY status",  # noqa: S608
            **values,
        )
        counted = {row["status"]: int(row["n"]) for row in found}
        return {status: counted.get(status.value, 0) for status in Status}

    def most_used_values(self, field: Literal["author", "category"]) -> list[str]:
        found = self._engine.rows(
            f"""SELECT {field} AS value, count(*) AS n FROM announcement
                WHERE organisation_id IN :organisations AND {field} <> ''
                GROUP BY {field} ORDER BY 2 DESC, 1 LIMIT :limit""",  # noqa: S608  # one of two names
            limit=_MOST_VALUES,
        )
        return [row["value"] for row in found]

    def stated_anew_position(self) -> int:
        row = self._engine.row("SELECT value FROM counter WHERE name = :name", name=_STATED_ANEW_POSITION)
        return int(row["value"]) if row else 0

    def store_stated_anew(self, marked: Mapping[int, bool], *, position: int | None = None) -> None:
        with self._engine.write(is_durable=False):
            for value in (False, True):
                self._engine.run(
                    """UPDATE announcement SET is_stated_anew = :value
                       WHERE organisation_id IN :organisations AND id IN :ids AND is_stated_anew <> :value""",
                    value=int(value),
                    ids=[id for id, is_marked in marked.items() if is_marked is value],
                )
            if position is not None:
                self._engine.run(
                    """INSERT INTO counter (name, value) VALUES (:name, :position)
                       ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
                    name=_STATED_ANEW_POSITION,
                    position=position,
                )

    def last_changed_unpublished_texts(self, *, limit: int) -> Iterator[tuple[int, str]]:
        found = self._engine.rows(
            """SELECT id FROM announcement
               WHERE organisation_id IN :organisations AND status <> 'published'
               ORDER BY updated_at DESC, id DESC LIMIT :limit""",
            limit=limit,
        )
        ids = [row["id"] for row in found]
        for start in range(0, len(ids), _BATCH):
            yield from self._texts(ids[start : start + _BATCH])

    def _texts(self, ids: Sequence[int]) -> Iterator[tuple[int, str]]:
        texts: dict[int, list[str]] = {id: [] for id in ids}
        for sql in (
            """SELECT id, title, category, author, body FROM announcement
               WHERE organisation_id IN :organisations AND id IN :ids""",
            """SELECT announcement_id AS id, label, filename FROM attachment
               WHERE organisation_id IN :organisations AND announcement_id IN :ids
               AND status <> 'detached'""",
            """SELECT attachment.announcement_id AS id, page.text FROM page
               JOIN attachment ON attachment.id = page.attachment_id
               WHERE page.organisation_id IN :organisations
               AND +attachment.organisation_id IN :organisations
               AND attachment.announcement_id IN :ids AND attachment.status <> 'detached'
               ORDER BY page.attachment_id, page.number""",
        ):
            for row in self._engine.rows(sql, ids=ids):
                id, *values = (row[name] for name in row.keys())  # noqa: SIM118  # sqlite3.Row
                texts[id] += [value for value in values if isinstance(value, str)]
        for id, parts in texts.items():
            yield id, "\n".join(parts)

    def _last_actors(self, ids: Sequence[int]) -> dict[int, str]:
        found = self._engine.rows(
            """SELECT announcement_id, actor FROM history
               WHERE +organisation_id IN :organisations AND id IN
                   (SELECT max(id) FROM history WHERE organisation_id IN :organisations
                    AND announcement_id IN :ids GROUP BY announcement_id)""",
            ids=list(ids),
        )
        return {row["announcement_id"]: row["actor"] for row in found}

    def _problems(self, ids: Sequence[int], today: dt.date) -> list[FoundProblem]:
        values = _problem_values(today)
        return [
            FoundProblem(row["announcement_id"], problem, row["attachment_id"], row["page"] or 0)
            for problem, sql in _PROBLEMS.items()
            for row in self._engine.rows(sql.format(which="announcement.id IN :ids"), ids=list(ids), **values)
        ]


def _problem_values(today: dt.date) -> dict[str, object]:
    soon = today + EXPIRES_SOON
    return {"least_confidence": LEAST_CONFIDENCE, "today": today.isoformat(), "soon": soon.isoformat()}


def _condition(filters: WorklistFilters, today: dt.date) -> tuple[str, dict[str, object]]:
    """Return the filters as a condition in SQL, and its values."""
    conditions = ["organisation_id IN :organisations", "status IN :statuses"]
    values: dict[str, object] = {"statuses": [status.value for status in filters.statuses]}
    for name in ("author", "category", "kind"):
        if wanted := getattr(filters, name):
            conditions.append(f"{name} = :{name}")
            values[name] = mappers.stored_value(wanted)
    if filters.person:
        conditions.append(
            """(assigned_to = :person OR (assigned_to = '' AND id IN
                (SELECT announcement_id FROM history
                 WHERE organisation_id IN :organisations AND action = 'create' AND actor = :person)))"""
        )
        values["person"] = filters.person
    if filters.changed_since is not None:
        conditions.append("updated_at >= :changed_since")
        values["changed_since"] = mappers.time_text(filters.changed_since)
    if filters.ids is not None:
        conditions.append("id IN :ids")
        values["ids"] = list(filters.ids)
    if filters.problem is not None:
        found = _PROBLEMS[filters.problem].format(which="1 = 1")
        conditions.append(f"id IN (SELECT announcement_id FROM ({found}) AS found)")  # noqa: S608
        values |= _problem_values(today)
    return " AND ".join(conditions), values
