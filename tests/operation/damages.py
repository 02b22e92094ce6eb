"""Damages that an archive may suffer: rows, files, index, database and backup, by accident or by a hand.

Each names what ``prakat check`` must find. Those of rows are of different rows, so that they can be
inflicted together.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from archive.disclosure import DisclosureEntry, DisclosureItem, DisclosureRule, Period
from archive.model import CollectionLine, Role
from storage.backup.manifest import BackupManifest
from storage.hash_chain import append_missing_entries
from storage.sqlite import Sqlite
from tests.factories.archives import ACTOR, add, fill
from tests.operation.archives import close, flip, generation, level, opened, overwrite, run, stored

COUNT = 60  # announcements: those of even number have an attachment, every fifth is a draft


@dataclass(frozen=True, slots=True)
class Damage:
    """``found``: code and subject of the finding; None where it is harmless and need not be found."""

    name: str
    inflict: Callable[[Path], None]
    found: tuple[str, str] | None


def make_archive(folder: Path) -> Path:
    """Make an archive with people and collections, its backup, and its database as it was a while ago.

    Returns the data directory. One incident is open, so that somebody may try to get rid of it.
    """
    data = folder / "data"
    services = opened(data)
    fill(services, COUNT)
    for name, role in (
        ("chief", Role.ADMIN),
        ("somsri", Role.STAFF),
        ("somchai", Role.STAFF),
        ("malee", Role.STAFF),
    ):
        services.people.accounts.add(name, f"hash of {name}", role)
    services.people.accounts.disable_and_sign_out("malee")
    services.people.second_factors.store_unconfirmed(1, "sealed secret")
    now = dt.datetime.now(dt.UTC)
    services.people.sign_ins.open_session(
        2, "session-key", password_hash="hash of somsri", device="Firefox", now=now
    )
    for name in ("importer", "mirror", "revoked", "old"):
        services.people.tokens.add(name, f"hash of {name}")
    services.people.tokens.revoke("revoked")
    for title in ("ข้อบัญญัติ", "แผนพัฒนา", "งบประมาณ"):
        services.commands.collections.save(
            None, title=title, body="", items=[CollectionLine("ปี 2564", 1)], actor=ACTOR
        )
    services.commands.collections.save(
        3, title="งบประมาณรายจ่าย", body="", items=[CollectionLine("ปี 2564", 2)], actor=ACTOR
    )
    item = DisclosureItem(
        key="own", section=DisclosureRule.OIT, number="O99", title="รายการของเรา", period=Period.YEARLY
    )
    services.disclosure.save_item(2564, item, replaced=None, actor=ACTOR)
    for item_key in ("structure", "duties"):
        filled = DisclosureEntry(year=2564, item=item_key, part=0, announcement_id=1)
        services.disclosure.assign(filled, actor=ACTOR)
    services.incidents.record("changes-lost", "database", "3 (45 > 42)")
    close(services)
    shutil.copy(data / "prakat.sqlite", folder / "older.sqlite")
    services = opened(data)
    for number in range(COUNT + 1, COUNT + 4):
        add(services, number)
    level(services)
    close(services)
    (folder / "backup").mkdir()
    assert run(data, "backup", str(folder / "backup")).exit_code == 0
    return data


def sql(data: Path, script: str) -> None:
    """Change the database behind the archive's back."""
    with closing(sqlite3.connect(data / "prakat.sqlite")) as other:
        other.executescript(script)


def _row(name: str, subject: str, script: str, code: str = "record-altered") -> Damage:
    return Damage(name, lambda data: sql(data, script), (code, subject))


def _copy(table: str, id: int, to: int, **changes: str) -> str:
    """Return SQL that inserts a copy of a row with another id, and with other values in some columns."""
    assigned = ", ".join(f"{name} = {value}" for name, value in {"id": str(to), **changes}.items())
    return (
        f"CREATE TABLE copied AS SELECT * FROM {table} WHERE id = {id}; UPDATE copied SET {assigned};"
        f"INSERT INTO {table} SELECT * FROM copied; DROP TABLE copied"
    )


def _entry(name: str, announcement: int, action: str, assigned: str) -> Damage:
    """Alter the first entry of an announcement's history with this action."""
    return _row(
        name,
        f"history {{{announcement} {action}}}",
        f"""UPDATE history SET {assigned} WHERE id = (SELECT min(id) FROM history
            WHERE announcement_id = {announcement} AND action = '{action}')""",
    )


def _write_words(data: Path) -> None:
    (data / "words.txt").write_bytes("หนองปลาดุก\n".encode("cp874"))


ROWS = (
    _row("title altered", "announcement 1", "UPDATE announcement SET title = 'อื่น' WHERE id = 1"),
    _row("body altered", "announcement 2", "UPDATE announcement SET body = 'อื่น' WHERE id = 2"),
    _row("author altered", "announcement 3", "UPDATE announcement SET author = 'อื่น' WHERE id = 3"),
    _row(
        "date altered", "announcement 4", "UPDATE announcement SET published_on = '2020-01-01' WHERE id = 4"
    ),
    _row("draft made public", "announcement 5", "UPDATE announcement SET status = 'published' WHERE id = 5"),
    _row("kind altered", "announcement 6", "UPDATE announcement SET kind = 'order' WHERE id = 6"),
    _row(
        "withdrawn made public", "announcement 7", "UPDATE announcement SET status = 'published' WHERE id = 7"
    ),
    _row(
        "published withdrawn", "announcement 8", "UPDATE announcement SET status = 'withdrawn' WHERE id = 8"
    ),
    _row("views altered", "announcement 9", "UPDATE announcement SET views = 99999 WHERE id = 9"),
    _row(
        "time to publish set",
        "announcement 10",
        "UPDATE announcement SET publish_at = '2099-01-01' WHERE id = 10",
    ),
    _row(
        "given to another town",
        "announcement 11",
        "UPDATE announcement SET organisation_id = 2 WHERE id = 11",
    ),
    _row("old address altered", "announcement 12", "UPDATE announcement SET old_url = '/x' WHERE id = 12"),
    _row("reason of withdrawal", "announcement 14", "UPDATE announcement SET reason = 'อื่น' WHERE id = 14"),
    _row(
        "announcement deleted",
        "announcement 13",
        "DELETE FROM history WHERE announcement_id = 13; DELETE FROM announcement WHERE id = 13",
        "record-deleted",
    ),
    _row("announcement inserted", "announcement 900", _copy("announcement", 1, 900), "record-inserted"),
    _row(
        "date unreadable",
        "announcement 15",
        "UPDATE announcement SET published_on = 'ไม่ทราบ' WHERE id = 15",
        "record-damaged",
    ),
    _row(
        "text is no UTF-8",
        "announcement 16",
        "UPDATE announcement SET title = CAST(x'bbc3d0a1d2c8' AS TEXT) WHERE id = 16",
        "record-damaged",
    ),
    _row(
        "publication struck from the history",
        "history {17 publish}",
        "DELETE FROM history WHERE announcement_id = 17 AND action = 'publish'",
        "record-deleted",
    ),
    _entry("actor changed", 18, "publish", "actor = 'ก'"),
    _entry("reason changed", 19, "publish", "reason = 'ก'"),
    _entry("action changed", 21, "publish", "action = 'revise'"),
    _entry("what was before changed", 22, "publish", "before = '{}'"),
    _entry("time changed", 23, "create", "at = '2020-01-01T00:00:00+00:00'"),
    _entry("entry moved", 24, "create", "announcement_id = 1"),
    _row("entry invented", "history 9000", _copy("history", 1, 9000), "record-inserted"),
    _row(
        "whole history deleted",
        "history {26 create}",
        "DELETE FROM history WHERE announcement_id = 26",
        "record-deleted",
    ),
    _row(
        "points to another original",
        "attachment 1",
        "UPDATE attachment SET sha256 = (SELECT sha256 FROM attachment WHERE id = 30) WHERE id = 1",
    ),
    _row(
        "served as a web page", "attachment 2", "UPDATE attachment SET media_type = 'text/html' WHERE id = 2"
    ),
    _row("file name altered", "attachment 3", "UPDATE attachment SET filename = 'x.exe' WHERE id = 3"),
    _row("label altered", "attachment 4", "UPDATE attachment SET label = 'อื่น' WHERE id = 4"),
    _row(
        "moved to another announcement",
        "attachment 5",
        "UPDATE attachment SET announcement_id = 1 WHERE id = 5",
    ),
    _row("size altered", "attachment 6", "UPDATE attachment SET size = 1 WHERE id = 6"),
    _row(
        "attachment deleted",
        "attachment 7",
        "DELETE FROM page WHERE attachment_id = 7; DELETE FROM attachment WHERE id = 7",
        "record-deleted",
    ),
    _row(
        "attachment inserted",
        "attachment 800",
        _copy("attachment", 8, 800, announcement_id="1"),
        "record-inserted",
    ),
    _row("finds of personal data removed", "reading 9", "UPDATE attachment SET details = '{}' WHERE id = 9"),
    _row(
        "details unreadable",
        "attachment 10",
        "UPDATE attachment SET details = '{' WHERE id = 10",
        "record-damaged",
    ),
    _row(
        "reading called failed",
        "reading 11",
        "UPDATE attachment SET status = 'failed', error_code = 'x', error_message = 'x' WHERE id = 11",
    ),
    _row(
        "text of a page altered",
        "reading 12",
        "UPDATE page SET text = 'อื่น' WHERE attachment_id = 12 AND number = 1",
    ),
    _row(
        "page deleted",
        "attachment 13",
        "DELETE FROM page WHERE attachment_id = 13 AND number = 1",
        "pages-missing",
    ),
    _row(
        "page inserted",
        "reading 14",
        """CREATE TABLE p AS SELECT * FROM page WHERE attachment_id = 14 AND number = 1;
           UPDATE p SET number = 99; INSERT INTO page SELECT * FROM p; DROP TABLE p""",
    ),
    _row(
        "page called corrected",
        "reading 15",
        "UPDATE page SET corrected = 1 WHERE attachment_id = 15 AND number = 1",
    ),
    _row(
        "lines of a page altered",
        "reading 16",
        "UPDATE page SET lines = x'00' WHERE attachment_id = 16 AND number = 1",
    ),
    _row("number of pages altered", "reading 17", "UPDATE attachment SET page_count = 1 WHERE id = 17"),
    _row("administrator inserted", "person 700", _copy("person", 1, 700, name="'root'"), "record-inserted"),
    _row("staff made administrator", "person 2", "UPDATE person SET role = 'admin' WHERE id = 2"),
    _row("second factor removed", "person 1", "DELETE FROM second_factor WHERE person_id = 1"),
    _row("password replaced", "person 3", "UPDATE person SET password_hash = 'x' WHERE id = 3"),
    _row("disabled account enabled", "person 4", "UPDATE person SET disabled = 0 WHERE id = 4"),
    _row("sign-in invented", "session 600", _copy("session", 1, 600, key_hash="'x'"), "record-inserted"),
    _row("token inserted", "token 500", _copy("token", 1, 500, hash="'x'", name="'x'"), "record-inserted"),
    _row("token replaced", "token 1", "UPDATE token SET hash = 'y' WHERE id = 1"),
    _row("token given to the province", "token 2", "UPDATE token SET organisation_id = 0 WHERE id = 2"),
    _row("revoked token revived", "token 3", "UPDATE token SET revoked_at = NULL WHERE id = 3"),
    _row("token deleted", "token 4", "DELETE FROM token WHERE id = 4", "record-deleted"),
    _row("collection renamed", "collection 1", "UPDATE collection SET title = 'อื่น' WHERE id = 1"),
    _row(
        "collection lists another",
        "collection 2",
        "UPDATE collection_item SET announcement_id = 3 WHERE collection_id = 2",
    ),
    _row(
        "history of a collection altered",
        "collection_history 3",
        "UPDATE collection_history SET actor = 'ก' WHERE id = 3",
    ),
    _row("item to disclose renumbered", "disclosure_item 1", "UPDATE disclosure_item SET number = 'O1'"),
    _row(
        "history of an item to disclose altered",
        "disclosure_history 1",
        "UPDATE disclosure_history SET actor = 'ก'",
    ),
    _row(
        "announcement taken out of an item to disclose",
        "disclosure_entry 1",
        "DELETE FROM disclosure_entry WHERE id = 1",
        "record-deleted",
    ),
    _row(
        "announcement put under another item to disclose",
        "disclosure_entry 2",
        "UPDATE disclosure_entry SET item = 'contact' WHERE id = 2",
    ),
    _row(
        "host of the site altered",
        "organisation 1",
        "UPDATE organisation SET host = 'evil.example' WHERE id = 1",
    ),
    _row("evidence of a loss deleted", "incident 1", "DELETE FROM incident WHERE id = 1", "record-deleted"),
    Damage("an original flipped", lambda data: flip(stored(data)[0], 100), ("file-damaged", "")),
    Damage("an original cut", lambda data: overwrite(stored(data)[1], b"%PDF"), ("file-damaged", "")),
    Damage("an original gone", lambda data: stored(data)[2].unlink(), ("file-missing", "")),
    Damage("words.txt in TIS-620", _write_words, ("words-encoding", "words.txt")),
)
"""Damages that may be inflicted together."""


def _alter_with_digest(data: Path) -> None:
    """Alter a title and the digest in its last entry, but not the chain after it."""
    sql(
        data,
        """UPDATE announcement SET title = 'อื่น' WHERE id = 20;
           UPDATE audit SET digest = (SELECT digest FROM audit WHERE number = 1) WHERE number =
               (SELECT max(number) FROM audit WHERE subject = 'announcement' AND subject_id = 20)""",
    )


def _alter_with_chain(data: Path) -> None:
    """Alter a title and make the whole chain anew, as whoever knows the code can."""
    sql(data, "UPDATE announcement SET title = 'อื่น' WHERE id = 20; DELETE FROM audit")
    engine = Sqlite(data / "prakat.sqlite")
    with engine.write():
        append_missing_entries(engine)
    engine.close()


def _cut_tail(data: Path) -> None:
    """Take back the last collection with its history and entries, as if it had never been."""
    sql(
        data,
        """DELETE FROM collection_item WHERE collection_id = 3;
           DELETE FROM collection_history WHERE collection_id = 3; DELETE FROM collection WHERE id = 3;
           DELETE FROM audit WHERE number >= (SELECT min(number) FROM audit
               WHERE subject = 'collection' AND subject_id = 3)""",
    )


def _lose_index_entry(data: Path) -> None:
    services = opened(data)
    services.index.update([], [1], position=services.index.position())
    close(services)


def _harm_database(data: Path) -> None:
    content = bytearray((data / "prakat.sqlite").read_bytes())
    for place in range(len(content) // 2, len(content) // 2 + 40_000, 512):
        content[place : place + 256] = b"\xff" * 256
    overwrite(data / "prakat.sqlite", bytes(content))


def _go_back(data: Path) -> None:
    """Replace the database by the one in an older copy."""
    shutil.copy(data.with_name("older.sqlite"), data / "prakat.sqlite")
    shutil.rmtree(data / "index")


def _sum_again(data: Path) -> None:
    """Replace the database in the backup by another, and make the sums right."""
    backup = data.with_name("backup")
    manifest = BackupManifest.from_bytes((backup / "manifest.json").read_bytes())
    content = (backup / manifest.path_of_member("prakat.sqlite")).read_bytes() + bytes(4096)
    manifest.members["prakat.sqlite"] = hashlib.sha256(content).hexdigest()
    (backup / manifest.path_of_member("prakat.sqlite")).write_bytes(content)
    for path in (backup / "manifest.json", *(backup / "generations").iterdir()):
        path.write_bytes(manifest.seal_to_bytes())


def _flip_in_backup(data: Path) -> None:
    _flip_largest(data.with_name("backup") / "state", "*")


def _flip_largest(folder: Path, pattern: str) -> None:
    flip(max(folder.glob(pattern), key=lambda path: path.stat().st_size), 500)


def _remove_manifest(data: Path) -> None:
    (data.with_name("backup") / "manifest.json").unlink()


def _remove_copy_of_original(data: Path) -> None:
    stored(data.with_name("backup"))[0].unlink()


def _flip_copy_of_original(data: Path) -> None:
    flip(stored(data.with_name("backup"))[0], 100)


WHOLES = (
    Damage(
        "an entry of the chain deleted",
        lambda data: sql(data, "DELETE FROM audit WHERE number = 9"),
        ("audit-broken", "audit 9"),
    ),
    Damage("an entry made to fit", _alter_with_digest, ("audit-broken", "")),
    Damage("the whole chain made anew", _alter_with_chain, ("audit-broken", "")),
    Damage("the last changes taken back", _cut_tail, ("audit-broken", "")),
    Damage(
        "change counter set back",
        lambda data: sql(data, "UPDATE counter SET value = 5 WHERE name = 'change'"),
        ("index-ahead", "index"),
    ),
    Damage("database harmed", _harm_database, ("database-damaged", "database")),
    Damage("database replaced by an older one", _go_back, ("archive-went-back", "")),
    Damage("index flipped", lambda data: _flip_largest(generation(data), "MAIN_*"), ("index-damaged", "")),
    Damage("index gone", lambda data: shutil.rmtree(data / "index"), ("index-missing", "")),
    Damage("an entry of the index lost", _lose_index_entry, ("index-lacks", "announcement 1")),
    Damage("backup summed again", _sum_again, ("backup-altered", "")),
    Damage("database in the backup flipped", _flip_in_backup, ("backup-altered", "")),
    Damage("backup without a manifest", _remove_manifest, ("backup-altered", "")),
    Damage("a copy of an original gone", _remove_copy_of_original, ("backup-altered", "")),
    # Harmless: the archive has the original, and the next backups read every copy again and mend it.
    Damage("a copy of an original flipped", _flip_copy_of_original, None),
    # Harmless: it signs everybody out.
    Damage("key of the sessions replaced", lambda data: (data / "secret-key").write_text("0" * 64), None),
    # Harmless: order and counts that decide nothing.
    Damage(
        "order of attachments",
        lambda data: sql(data, "UPDATE attachment SET position = 9 WHERE id = 1"),
        None,
    ),
    Damage("counted visits", lambda data: sql(data, "UPDATE announcement SET visits = 9 WHERE id = 1"), None),
)
"""Damages that are inflicted each by itself."""


def copy_archive(sound: Path, folder: Path) -> Path:
    """Copy an archive with its backup to another folder; returns the data directory."""
    shutil.copytree(sound, folder)
    note = folder / "data" / "last-backup.json"
    note.write_text(note.read_text().replace(str(sound), str(folder)))
    return folder / "data"


def describe(data: Path, subject: str) -> str:
    """Fill in the id of an entry of the history: ``history {17 publish}``, before it is harmed."""
    if "{" not in subject:
        return subject
    announcement, action = subject.split("{")[1].rstrip("}").split()
    with closing(sqlite3.connect(data / "prakat.sqlite")) as other:
        ((id,),) = other.execute(
            "SELECT min(id) FROM history WHERE announcement_id = ? AND action = ?", [announcement, action]
        )
    return f"history {id}"
