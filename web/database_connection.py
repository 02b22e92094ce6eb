"""Opens the database alone, which is all that commands on accounts need: dictionaries take longer to load."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import SettingsError
from archive.model import Organisation
from archive.ports import People
from storage import data_directory
from storage.engine import Engine
from storage.move import is_move_unfinished
from storage.permissions import make_directory_private, paths_open_to_others
from storage.repositories.organisations import EngineOrganisations
from storage.repositories.records import open_people
from storage.sqlite import Sqlite
from storage.tenancy import OrganisationQueries
from web.settings import Settings

if TYPE_CHECKING:
    from storage.postgres import Postgres


def open_people_alone(
    settings: Settings, choose: Callable[[Sequence[Organisation]], Organisation | None]
) -> People:
    """Open the accounts of the organisation that ``choose`` picks of all; no index and no files are opened.

    ``choose`` returns None for the only organisation. The database is made and migrated where needed. Raises
    what ``web.bootstrap.build_services`` raises.
    """

    def refuse_beside_traces() -> None:
        from web import archive_traces  # an empty database is rare, and the index that it looks into is slow

        archive_traces.refuse_where_archive_has_traces(settings)

    engine = open_database(settings, refuse_beside_traces)
    chosen = choose(EngineOrganisations(engine).all())
    return open_people(OrganisationQueries(engine, chosen.id) if chosen else engine)


def open_database(settings: Settings, before_filling_empty: Callable[[], None]) -> Sqlite | Postgres:
    """Open the database that the settings name, or create it where there is none.

    ``before_filling_empty`` is called before an empty database is made; what it raises keeps it from being
    made. Raises ``SettingsError`` when the data directory cannot be made, when the database needs a library
    that is missing, or while an archive is still being moved to it.
    """
    _make_data_directory(settings.data)
    engine = open_database_engine(settings.database, settings.data, before_filling_empty)
    _refuse_unfinished_move(engine)
    return engine


def open_database_engine(
    database: str, data: Path, before_filling_empty: Callable[[], None] = lambda: None
) -> Sqlite | Postgres:
    """Open, make where missing, and migrate the database: ``sqlite`` for the file in ``data``, or an address.

    ``before_filling_empty`` as for ``open_database``. Raises ``SettingsError`` when its library is missing.
    """
    if database == "sqlite":
        engine = Sqlite(data / data_directory.DATABASE, before_filling_empty)
        data_directory.delete_names_of_finished_restore(data)
        return engine
    with require_library("PRAKAT_DATABASE"):
        from storage.postgres import Postgres
    return Postgres(database, before_filling_empty)


def has_database_file(settings: Settings) -> bool:
    """Return True where the data directory has an embedded database."""
    return (settings.data / data_directory.DATABASE).exists()


def data_open_to_others(settings: Settings) -> list[Path]:
    """Return the paths in the data directory that other users may read and ``check --repair`` closes."""
    return paths_open_to_others(settings.data)


def _make_data_directory(data: Path) -> None:
    """Raises ``SettingsError`` when the directory cannot be made."""
    try:
        make_directory_private(data)
    except OSError as error:
        raise SettingsError(f"สร้างที่เก็บข้อมูล {data} ไม่ได้ (cannot make PRAKAT_DATA): {error}") from error


def _refuse_unfinished_move(engine: Engine) -> None:
    """Closes the engine and raises ``SettingsError`` while an archive is still being moved to it."""
    if is_move_unfinished(engine):
        engine.close()
        raise SettingsError(
            "การย้ายคลังมาที่ฐานข้อมูลนี้ยังไม่เสร็จ กรุณาใช้คำสั่ง prakat move เดิมให้เสร็จก่อน"
            " (an archive is still being moved here: run that prakat move to its end)"
        )


@contextmanager
def require_library(setting: str) -> Iterator[None]:
    """Raises ``SettingsError`` when the library of a big engine is missing; the small server needs none."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"{setting} ต้องใช้ไลบรารี {error.name} ที่ยังไม่ได้ติดตั้ง ในโฟลเดอร์ที่ดาวน์โหลดโปรแกรม ใช้คำสั่ง"
            f" (install it, in the folder of the release): {libraries_command()}"
        ) from error


def wheel_name() -> str:
    """Return the name of the wheel of this version, which lies in the folder of the release."""
    from importlib.metadata import version  # slow to import, and asked for only where something is missing

    return f"prakat-{version('prakat')}-py3-none-any.whl"


def libraries_command() -> str:
    """Return the command that installs the libraries of the large engines from the release's own wheel."""
    return f"{Path(sys.executable).with_name('pip')} install './{wheel_name()}[scale]'"
