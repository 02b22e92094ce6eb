"""Failures that only a server can have: dead connections, records locked by others, no server."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from archive.errors import Unavailable
from storage.postgres import Postgres
from storage.repositories.records import open_records
from storage.tenancy import OWN, OrganisationQueries
from tests.contracts.engines import schema
from tests.factories.records import ACTOR, NOW, published
from web import diagnosis
from web.bootstrap import build_services
from web.settings import Settings

pytestmark = pytest.mark.skipif("SCALE_DATABASE" not in os.environ, reason="run by make test-scale")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with schema(tmp_path) as address:
        yield address


@pytest.fixture
def engine(address: str) -> Iterator[Postgres]:
    engine = Postgres(address)
    yield engine
    engine.close()


def drop_connections(address: str) -> None:
    """Close all connections as a restart of the server does."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE application_name = %s AND pid <> pg_backend_pid()""",
            (address[-20:],),
        )


def test_dead_connections_are_replaced_unnoticed(address: str) -> None:
    engine = Postgres(f"{address}&application_name={address[-20:]}")
    records = open_records(engine)
    made = published(records)
    drop_connections(address)
    assert records.announcements.get(made.id) == made
    drop_connections(address)
    assert published(records).change == made.change + 1
    engine.close()


def test_a_connection_that_dies_in_a_transaction_leaves_nothing(address: str) -> None:
    engine = Postgres(f"{address}&application_name={address[-20:]}")
    records = open_records(engine)
    made = published(records)

    def interrupted() -> None:
        with records.batch():
            published(records)
            drop_connections(address)
            published(records)

    with pytest.raises(Unavailable) as refused:
        interrupted()
    assert refused.value.retry
    assert records.history.last_change() == made.change
    engine.close()


def test_a_visit_does_not_wait_for_whoever_holds_the_record(address: str, engine: Postgres) -> None:
    records = open_records(engine)
    made = published(records)
    other = Postgres(address)
    with other.write():
        open_records(other).announcements.revise(made.id, {"title": "แก้ไข"}, actor=ACTOR)
        assert records.usage_statistics.count_visit(made.id, "a", now=NOW)
        assert records.usage_statistics.count_visit(made.id, "b", now=NOW)
    assert records.announcements.get(made.id).views == 0
    assert records.usage_statistics.count_visit(published(records).id, "c", now=NOW)
    assert records.announcements.get(made.id).views == 2
    other.close()


def test_a_server_that_is_not_there_is_named_as_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        Postgres(f"postgresql://prakat@/postgres?host={tmp_path}")
    assert refused.value.retry


def test_nothing_is_wrong_with_a_sound_database(engine: Postgres) -> None:
    assert engine.find_faults() == []


def test_row_level_security_restricts_a_query_that_forgets_its_organisation(engine: Postgres) -> None:
    for organisation in (1, 2):
        published(open_records(OrganisationQueries(engine, organisation)), str(organisation))
    forgetful = "SELECT title FROM announcement"
    assert [row["title"] for row in engine.rows(forgetful, organisations=[2])] == ["2"]
    with engine.write():
        assert engine.run("UPDATE announcement SET author = 'x'", organisations=[2]) == 1
        with pytest.raises(errors.InsufficientPrivilege), engine.write():
            engine.run("UPDATE announcement SET organisation_id = 1", organisations=[2])
        assert [row["title"] for row in engine.rows(forgetful, organisations=[1])] == ["1"]
    assert sorted(row["author"] for row in engine.rows("SELECT author FROM announcement")) == ["", "x"]


def test_every_table_of_an_organisation_has_a_policy_and_an_unknown_session_sees_nothing(
    engine: Postgres, address: str
) -> None:
    published(open_records(engine))
    assert engine.rows("SELECT 1 AS one FROM history")
    protected = engine.rows(
        """SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid
           WHERE relrowsecurity AND relforcerowsecurity AND relnamespace = current_schema()::regnamespace"""
    )
    assert {row["relname"] for row in protected} == OWN
    with psycopg.connect(address) as unknown:
        assert not any(unknown.execute(f"SELECT 1 FROM {table}".encode()).fetchall() for table in OWN)


def test_a_clock_that_differs_from_the_server_s_is_named_by_the_doctor(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = build_services(Settings(data=tmp_path / "data", database=address))
    assert abs(services.database.clock_difference()) < diagnosis.MOST_CLOCK_DIFFERENCE
    now = time.time
    for ahead in (0, 60, -60):
        monkeypatch.setattr(time, "time", lambda ahead=ahead: now() + ahead)
        told = [each for look in diagnosis.ARCHIVE for each in look(services) if each.code == "clock"]
        assert [re.findall("[0-9]+ วินาที", each.message) for each in told] == [["60 วินาที"]] * (ahead != 0)
    services.database.close()
