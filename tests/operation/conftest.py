"""One filled archive, copied for each test that harms it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.archives import fill
from tests.operation.archives import close, opened
from web.bootstrap import Services


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("filled") / "data"
    services = opened(data)
    fill(services)
    close(services)
    return data


@pytest.fixture
def data(filled: Path, tmp_path: Path) -> Path:
    """A data directory that the test may harm."""
    return shutil.copytree(filled, tmp_path / "data")


@pytest.fixture
def services(data: Path) -> Iterator[Services]:
    services = opened(data)
    yield services
    close(services)
