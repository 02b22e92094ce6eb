"""The engines and stores on which every contract runs: the embedded ones, and real servers.

The servers are those that ``scripts/scale.sh`` started; it says why where it could not.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
from opensearchpy import OpenSearch

from archive.ports import Files
from indexer.analysis.dictionary import Dictionary
from indexer.engines.opensearch import OpenSearchIndex
from indexer.engines.opensearch.cluster import read_address
from indexer.engines.whoosh import WhooshIndex
from indexer.search.ports import SearchIndex
from storage.engine import Engine
from storage.files.local import LocalFiles
from storage.files.s3 import S3Files
from storage.postgres import Postgres
from storage.sqlite import Sqlite

Opener = Callable[[], Engine]
"""Function that opens the same database, any number of times and in any process."""

SQLITE_NAME = "prakat.db"

StoreOpener = Callable[[], Files]
IndexOpener = Callable[[], SearchIndex]


@contextmanager
def sqlite(folder: Path) -> Iterator[Opener]:
    yield lambda: Sqlite(folder / SQLITE_NAME)


@contextmanager
def postgresql(folder: Path) -> Iterator[Opener]:
    """Yields an opener of a schema of its own, which is gone afterwards."""
    with schema(folder) as address:
        yield lambda: Postgres(address)


@contextmanager
def schema(folder: Path) -> Iterator[str]:
    """The address of an empty schema that belongs to ``folder``."""
    address = _server("SCALE_DATABASE")
    name = _name(folder)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
    yield f"{address}&options=-csearch_path%3D{name}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA {name} CASCADE".encode())


@contextmanager
def local(folder: Path) -> Iterator[StoreOpener]:
    yield lambda: LocalFiles(folder / "files")


@contextmanager
def s3(folder: Path) -> Iterator[StoreOpener]:
    with prefix(folder) as address:
        yield lambda: S3Files(address)


@contextmanager
def prefix(folder: Path) -> Iterator[str]:
    """The address of an empty place in the bucket that belongs to ``folder``."""
    bucket, options = _server("SCALE_FILES").split("?")
    yield f"{bucket}/{_name(folder)}?{options}"


@contextmanager
def whoosh(folder: Path) -> Iterator[IndexOpener]:
    yield lambda: WhooshIndex(folder / "index", Dictionary(folder / "words.txt"))


@contextmanager
def opensearch(folder: Path) -> Iterator[IndexOpener]:
    with alias(folder) as address:
        yield lambda: OpenSearchIndex(address, Dictionary(folder / "words.txt"))


@contextmanager
def alias(folder: Path) -> Iterator[str]:
    """The address of an empty index that belongs to ``folder``, gone afterwards."""
    address = f"{_server('SCALE_SEARCH')}?index={_name(folder)}&refresh=50ms"
    yield address
    with OpenSearch(list(read_address(address).hosts), timeout=60) as client:
        client.indices.delete(index=f"{_name(folder)}-*")


def _name(folder: Path) -> str:
    return "t" + hashlib.sha256(bytes(folder)).hexdigest()[:20]


def _server(variable: str) -> str:
    kind, _, address = os.environ[variable].partition(" ")
    if kind != "at":
        pytest.skip(address)
    return address


ENGINES: dict[str, Callable[[Path], AbstractContextManager[Opener]]] = {"sqlite": sqlite}
STORES: dict[str, Callable[[Path], AbstractContextManager[StoreOpener]]] = {"local": local}
INDEXES: dict[str, Callable[[Path], AbstractContextManager[IndexOpener]]] = {"whoosh": whoosh}
if "SCALE_DATABASE" in os.environ:
    ENGINES["postgresql"] = postgresql
if "SCALE_FILES" in os.environ:
    STORES["s3"] = s3
if "SCALE_SEARCH" in os.environ:
    INDEXES["opensearch"] = opensearch
