"""A town's queries to SQLite cost the same however many records its neighbours keep."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from archive.model import Status
from archive.worklist import WorklistFilters
from storage.engine import Queries, Row
from storage.repositories.history import EngineHistory, append_change, next_update_time
from storage.repositories.jobs import EngineJobs
from storage.repositories.records import open_people, open_records
from storage.sqlite import Sqlite
from storage.tenancy import OrganisationQueries
from tests.factories.records import ACTOR, NOW

HERE, NEXT_DOOR = 1, 2
FEW, MANY = 20, 2_000


def fill(engine: Sqlite, organisation: int, count: int) -> None:
    """Announcements with a paper of a page each, visited today."""
    today, at = dt.datetime.now(dt.UTC).date().isoformat(), NOW.isoformat()
    with engine.write():
        known = engine.rows("SELECT coalesce(max(id), 0) AS id FROM announcement")[0]["id"]
        ids = [{"id": known + number, "whose": organisation} for number in range(1, count + 1)]
        engine.run_many(
            f"""INSERT INTO announcement (id, title, body, author, published_on, kind, category, views,
                    status, change, created_at, updated_at, organisation_id)
                VALUES (:id, 'a', '{"ก" * 5_000}', '', '2021-06-09', 'news', '', 0,
                    'published', :id, '{at}', '{at}', :whose)""",
            ids,
        )
        engine.run_many(
            f"""INSERT INTO attachment (id, announcement_id, position, label, filename, kind, media_type,
                    size, sha256, status, created_at, queued_at, organisation_id)
                VALUES (:id, :id, 1, 'a', 'a.pdf', 'news', 'application/pdf',
                    1, :id, 'ready', '{at}', '{at}', :whose)""",
            ids,
        )
        engine.run_many(
            """INSERT INTO page (attachment_id, number, source, confidence, turn, rules, corrected, problem,
                   text, raw, lines, doubts, organisation_id)
               VALUES (:id, 1, 'ocr', 0.99, 0, 1, 0, '', '', '', '', '', :whose)""",
            ids,
        )
        engine.run_many(
            f"""INSERT INTO day_visits (day, announcement_id, count, organisation_id)
                VALUES ('{today}', :id, 1, :whose)""",
            ids,
        )


def steps(engine: Sqlite, ask: Callable[[], object]) -> int:
    """Returns the number of steps of SQLite's virtual machine until the answer is there."""
    connection, taken = engine._connection().db.conn, 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    connection.set_progress_handler(count, 1)
    ask()
    connection.set_progress_handler(None, 0)
    return taken


def test_neighbours_cost_nothing(tmp_path: Path) -> None:
    engine = Sqlite(tmp_path / "prakat.db")
    scope = OrganisationQueries(engine, HERE)
    records, jobs = open_records(scope), EngineJobs(scope)
    asked: dict[str, Callable[[], object]] = {
        "announcements": records.announcements.count_by_status,
        "papers": jobs.count_by_status,
        "visits": lambda: records.usage_statistics.visits_by_day(days=14),
        "doubtful": lambda: records.pages.list_needing_check(least_confidence=0.93, limit=100),
        "pages": records.pages.count_by_source,
        "months": records.announcements.count_by_month,
        "misses": records.usage_statistics.list_missed_searches,
        "list": lambda: records.announcements.list_page(statuses=[Status.PUBLISHED], page=1, per_page=30),
        "ids": records.announcements.published_ids,
        "one": lambda: records.attachments.get(1),
        "page": lambda: records.pages.texts_by_attachment([1]),
    }
    fill(engine, HERE, FEW)
    alone = {name: steps(engine, ask) for name, ask in asked.items()}
    answers = {name: ask() for name, ask in asked.items()}
    fill(engine, NEXT_DOOR, MANY)
    beside = {name: steps(engine, ask) for name, ask in asked.items()}
    assert {name: ask() for name, ask in asked.items()} == answers
    assert all(taken > 0 for taken in alone.values())
    assert {name: taken for name, taken in beside.items() if taken > 2 * alone[name]} == {}
    engine.close()


class PlannedSqlite(Sqlite):
    """SQLite that keeps the plan of each query, one line a step."""

    def __init__(self, path: Path) -> None:
        self.plans: list[str] = []
        super().__init__(path)

    def rows(self, sql: str, **values: object) -> list[Row]:
        if sql.startswith("SELECT"):
            plan = super().rows(f"EXPLAIN QUERY PLAN {sql}", **values)
            self.plans.append("\n".join(step["detail"] for step in plan))
        return super().rows(sql, **values)


@pytest.fixture
def planned(tmp_path: Path) -> PlannedSqlite:
    """Returns a database with records of two towns."""
    engine = PlannedSqlite(tmp_path / "prakat.db")
    fill(engine, HERE, FEW)
    fill(engine, NEXT_DOOR, FEW)
    engine.plans.clear()
    return engine


@pytest.fixture(params=[False, True], ids=["one town", "all towns"])
def scope(planned: PlannedSqlite, request: pytest.FixtureRequest) -> Queries:
    """Returns the queries of one town, or of the whole database."""
    return planned if request.param else OrganisationQueries(planned, HERE)


def test_the_time_of_an_update_is_found_without_sorting(planned: PlannedSqlite, scope: Queries) -> None:
    next_update_time(scope)
    [plan] = planned.plans
    assert "announcement_by_update" in plan
    assert "TEMP B-TREE" not in plan
    planned.close()


def test_a_search_reads_only_what_changed_since(planned: PlannedSqlite, scope: Queries) -> None:
    EngineHistory(scope).ids_to_hide_since(FEW - 2)
    [plan] = planned.plans
    assert "announcement_by_change" in plan
    assert "SCAN" not in plan
    planned.close()


_REACHED = re.compile(r"(?:SEARCH|SCAN) (\w+) USING (?:COVERING )?(?:INDEX )?(\w+)")

_BY_ID = "INTEGER"  # SQLite says: INTEGER PRIMARY KEY
_PROBLEMS = {
    ("announcement", _BY_ID),
    ("announcement", "announcement_by_expiry"),
    ("announcement", "announcement_due"),
    ("announcement", "announcement_of_organisation"),
    ("attachment", _BY_ID),
    ("attachment", "attachment_by_personal_data_rules"),
    ("attachment", "sqlite_autoindex_attachment_1"),
    ("page", "page_uncorrected"),
    ("stated_relation", "stated_relation_by_newer"),
    ("older", _BY_ID),
    ("relation", "sqlite_autoindex_relation_1"),
}


def test_a_condition_a_table_makes_no_plan_worse(planned: PlannedSqlite) -> None:
    """The condition on a second table must not lead SQLite to an index that begins with the organisation."""
    scope = OrganisationQueries(planned, HERE)
    records, people = open_records(scope), open_people(scope)
    list_page = partial(records.announcements.list_page, statuses=[Status.PUBLISHED], page=1, per_page=30)
    find_session = partial(people.sign_ins.find_live_session, "key", idle=dt.timedelta(hours=1), now=NOW)
    plans: list[tuple[Callable[[], object], set[tuple[str, str]]]] = [
        (list_page, {("announcement", _BY_ID), ("announcement", "announcement_of_organisation")}),
        (find_session, {("session", "sqlite_autoindex_session_1"), ("person", _BY_ID)}),
        (
            partial(records.worklist.count_by_problem, today=NOW.date()),
            {*_PROBLEMS, ("announcement", "announcement_stated_anew")},
        ),
        (
            partial(
                records.worklist.list_rows, WorklistFilters(ids=(2, 3)), today=NOW.date(), page=1, per_page=9
            ),
            {
                *_PROBLEMS,
                ("announcement", "announcement_by_ref"),
                ("history", _BY_ID),
                ("history", "history_by_announcement"),
            },
        ),
        (
            lambda: [*records.worklist.last_changed_unpublished_texts(limit=9)],
            {
                ("announcement", "announcement_by_ref"),
                ("attachment", "sqlite_autoindex_attachment_1"),
                ("page", "sqlite_autoindex_page_1"),
            },
        ),
    ]
    with planned.write():
        planned.run("UPDATE announcement SET status = 'withdrawn' WHERE id IN (1, 2)")
    for ask, wanted in plans:
        planned.plans.clear()
        ask()
        assert {reached for plan in planned.plans for reached in _REACHED.findall(plan)} == wanted
    planned.close()


def test_a_long_history_makes_its_last_entry_no_harder_to_find(
    planned: PlannedSqlite, scope: Queries
) -> None:
    history = EngineHistory(scope)

    def write_entries(count: int) -> None:
        with planned.write():
            for _ in range(count):
                append_change(scope, 1, "revise", actor=ACTOR)

    write_entries(10)
    few = steps(planned, lambda: history.last_entry_id(1))
    write_entries(500)
    assert steps(planned, lambda: history.last_entry_id(1)) <= few
    planned.close()
