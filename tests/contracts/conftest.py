"""The engines on which every contract runs. A second engine is one more line in ``ENGINES``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive.ports import Files, Jobs, People, Records
from storage.engine import Engine
from storage.files import LocalFiles
from storage.jobs import EngineJobs
from storage.people import EnginePeople
from storage.records import EngineRecords
from storage.sqlite import Sqlite

ENGINES: dict[str, Callable[[Path], Engine]] = {"sqlite": lambda folder: Sqlite(folder / "prakat.db")}
STORES: dict[str, Callable[[Path], Files]] = {"local": lambda folder: LocalFiles(folder / "files")}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    engine = ENGINES[request.param](tmp_path)
    yield engine
    engine.close()


@pytest.fixture
def records(engine: Engine) -> Records:
    return EngineRecords(engine)


@pytest.fixture
def jobs(engine: Engine) -> Jobs:
    return EngineJobs(engine)


@pytest.fixture
def people(engine: Engine) -> People:
    return EnginePeople(engine)


@pytest.fixture(params=STORES)
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    return STORES[request.param](tmp_path)
