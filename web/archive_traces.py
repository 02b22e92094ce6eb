"""Traces of an archive in a data directory whose database is missing: it is lost then, not new."""

from __future__ import annotations

from pathlib import Path

from archive.errors import PrakatError, SettingsError
from indexer.analysis.dictionary import Dictionary
from storage import data_directory
from storage.backup.last_backup import NOTE
from web.adapters import open_files, open_index
from web.settings import Settings

USUAL_DATA = Path("/var/lib/prakat")
"""Place of the data in the manual and of the units."""


def may_hold_archive(settings: Settings) -> bool:
    """Returns True where the data directory has a trace of an archive, or the database is elsewhere."""
    traces = (data_directory.DATABASE, data_directory.FILES, "index", NOTE)
    return settings.database != "sqlite" or any((settings.data / name).exists() for name in traces)


def is_archive_elsewhere(settings: Settings) -> bool:
    """Returns True where the default data directory has no archive, and that of the service has one.

    A directory of the service that this user may not enter counts as one that has.
    """
    if settings.data != Settings().data or may_hold_archive(settings):
        return False
    try:
        return may_hold_archive(Settings(data=USUAL_DATA))
    except PermissionError:
        return True


def refuse_where_archive_has_traces(settings: Settings) -> None:
    """Raise ``SettingsError`` where an archive has left traces; looks at no database: the caller has.

    Traces are originals, an index or a backup's note. They say that the database is lost, not new. Only the
    caller knows that it is missing: every archive in use has originals and an index.
    """
    data = settings.data
    evidence = {
        "ไฟล์ต้นฉบับ (originals)": any(True for _ in open_files(settings).all()),
        "ดัชนี (an index)": _has_index(settings),
        f"บันทึกการสำรอง ({NOTE})": (data / NOTE).exists(),
    }
    found = ", ".join(name for name, is_there in evidence.items() if is_there)
    if found:
        place = data / data_directory.DATABASE if settings.database == "sqlite" else "PRAKAT_DATABASE"
        servers = {
            "PRAKAT_FILES": settings.files != Settings().files,
            "PRAKAT_SEARCH": settings.search != Settings().search,
        }
        named = ", ".join(name for name, is_server in servers.items() if is_server)
        raise SettingsError(
            f"ไม่พบฐานข้อมูลที่ {place} แต่ยังมี {found} ของคลังเดิม จึงไม่เริ่มคลังว่าง"
            f" ย้ายโฟลเดอร์ {data} ไปไว้ที่อื่นแล้วกู้คืนด้วย prakat restore ถ้าไม่มีข้อมูลสำรอง เริ่มใหม่ในโฟลเดอร์ว่าง"
            + (f" และตั้ง {named} เป็นที่ใหม่ซึ่งยังว่าง ไม่ต้องลบของเดิม" if named else "")
            + " (the database is gone, but not what belongs to it: move the data directory away and restore a"
            " backup; without one, begin anew in an empty directory"
            + (f", with a new, empty place in {named}; delete nothing)" if named else ")")
        )


def _has_index(settings: Settings) -> bool:
    if settings.search == "whoosh" and not (settings.data / "index").exists():
        return False
    try:
        return open_index(settings, Dictionary(settings.data / data_directory.WORDS)).position() > 0
    except PrakatError:  # a damaged or unreachable index says nothing
        return False
