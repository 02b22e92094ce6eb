"""Fixtures of the contract suites: each engine, each store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.ports import Files, Jobs, Leases, Organisations, People
from archive.repositories import Records
from indexer.search.ports import SearchIndex
from storage.engine import Engine
from storage.hash_chain import AuditTrail
from storage.repositories.jobs import EngineJobs
from storage.repositories.leases import EngineLeases
from storage.repositories.organisations import EngineOrganisations
from storage.repositories.records import open_people, open_records
from tests.contracts.engines import (
    ENGINES,
    INDEXES,
    SQLITE_NAME,
    STORES,
    IndexOpener,
    Opener,
    StoreOpener,
)
from tests.empty_database import place_empty_database


@pytest.fixture(params=ENGINES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    with ENGINES[request.param](tmp_path) as opener:
        yield opener


@pytest.fixture
def engine(opened: Opener, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    place_empty_database(tmp_path / SQLITE_NAME)  # a server has a schema of its own
    engine = opened()
    yield engine
    if "behind_its_back" not in request.keywords:
        assert [*AuditTrail(engine).find_faults()] == []  # every write of every test went through the chain
    engine.close()


@pytest.fixture
def records(engine: Engine) -> Records:
    return open_records(engine)


@pytest.fixture
def jobs(engine: Engine) -> Jobs:
    return EngineJobs(engine)


@pytest.fixture
def people(engine: Engine) -> People:
    return open_people(engine)


@pytest.fixture
def leases(engine: Engine) -> Leases:
    return EngineLeases(engine)


@pytest.fixture
def organisations(engine: Engine) -> Organisations:
    return EngineOrganisations(engine)


@pytest.fixture(params=STORES)
def opened_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreOpener]:
    with STORES[request.param](tmp_path) as opener:
        yield opener


@pytest.fixture
def files(opened_store: StoreOpener) -> Files:
    return opened_store()


@pytest.fixture(params=INDEXES)
def opened_index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IndexOpener]:
    with INDEXES[request.param](tmp_path) as opener:
        yield opener


@pytest.fixture
def index(opened_index: IndexOpener) -> SearchIndex:
    return opened_index()
