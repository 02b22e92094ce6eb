"""Hash chain over the rows of an archive. ``prakat check`` uses the chain to detect tampering.

Each write of a protected row appends an entry in the same transaction: the SHA-256 of the row, and the
SHA-256 of the entry together with the hash of the entry before it. A row that was changed, inserted or
deleted outside this program differs from its last entry. A changed entry breaks the chain. A chain that was
computed anew has another head than the one in the backups and in the log.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

from archive.fields import ANNOUNCEMENT_FIELDS
from archive.model import IntegrityIncident
from archive.ports import Fault
from storage.engine import Engine, Queries, Row
from storage.mappers import incident, now_text
from storage.rows import insert_row
from storage.tenancy import OrganisationQueries, tenancy_condition

PROTECTED: Mapping[str, Sequence[str]] = {
    "announcement": [
        *"organisation_id status reason created_at".split(),
        *(field.name for field in ANNOUNCEMENT_FIELDS),
    ],
    "history": "announcement_id at actor action before after reason bulk".split(),
    "attachment": (
        "announcement_id label filename kind media_type size sha256 created_at"
        " hold decided is_redacted replaces"
    ).split(),
    "erasure": (
        "organisation_id announcement_id attachment_id scope ordered_by reason files at actor"
    ).split(),
    "collection": "organisation_id title body updated_at updated_by".split(),
    "collection_history": "collection_id at actor action before after reason bulk".split(),
    "disclosure_item": (
        "organisation_id year item section number title period keywords is_hidden undone_at"
    ).split(),
    "disclosure_history": "disclosure_item_id at actor action before after reason bulk".split(),
    "disclosure_entry": "organisation_id announcement_id year item part".split(),
    "relation": "organisation_id newer_id older_id kind".split(),
    "site_profile": (
        "organisation_id address phone email hours privacy accessibility"
        " emblem_id emblem_type emblem saved_at saved_by"
    ).split(),
    "organisation": "slug name host".split(),
    "person": "organisation_id name password_hash role disabled created_at division".split(),
    "token": "organisation_id name hash scopes expires_at created_at revoked_at".split(),
    "session": "person_id key_hash device started_at".split(),
    "incident": "found_at code subject detail acknowledged_at acknowledged_by".split(),
}
"""Table → columns that are in the digest of a row.

An empty column counts as absent, so that a migration may add a column.
"""

READING = "reading"
"""Subject of the entry for an attachment's reading: its outcome, details and pages.

The entry is appended when the reading ends.
"""

_READING_COLUMNS = ("page_count", "details", "status", "error_code", "error_message")

_PARTS: Mapping[str, Mapping[str, str]] = {
    READING: {
        "page": "attachment_id, number, source, confidence, turn, corrected, "
        "problem, text, raw, lines, doubts"
    },
    "attachment": {
        "file_version": "attachment_id, number, filename, media_type, size, sha256, is_redacted, texts, "
        "replaced_at, replaced_by",
    },
    "collection": {"collection_item": "collection_id, position, label, announcement_id"},
    "person": {
        "second_factor": "person_id, sealed_secret, confirmed_at",
        "recovery_code": "person_id, hash, used_at",
    },
}
"""Subject → tables whose rows are part of its digest, each with its columns.

The first column is the owner's id, the second one gives the order of the rows.
"""

SUBJECTS = (*PROTECTED, READING)
PEOPLE = ("person", "token", "session")

_GENESIS = hashlib.sha256(b"prakat").digest()
_BATCH = 500  # rows that are examined at a time
_LOOKS = 3  # times that a difference is checked, since a concurrent write may cause it

Key = tuple[str, int]
"""A subject and the id of its row."""


def append_entries(engine: Queries, *keys: Key) -> None:
    """Append an entry for the present state, or the absence, of each row. Call this inside a transaction."""
    now = {
        key: digest
        for subject in {subject for subject, _ in keys}
        for key, digest in _digests(engine, subject, [id for one, id in keys if one == subject]).items()
    }
    _append(engine, {key: now.get(key, b"") for key in keys})


@contextmanager
def write_with_entries_of_changed_people(engine: Queries) -> Iterator[None]:
    """Open a transaction; at its end, append an entry for each changed person, token and session."""
    with engine.write():
        before = _people(engine)
        yield
        now = _people(engine)
        _append(
            engine,
            {key: now.get(key, b"") for key in sorted(before | now) if before.get(key) != now.get(key)},
        )


def append_missing_entries(engine: Engine) -> None:
    """Append an entry for every row that has none; call this inside a transaction.

    Tables that later migrations create are left out.
    This starts the chain of an existing archive.
    """
    for subject in SUBJECTS:
        if subject in PROTECTED and not engine.has_table(subject):
            continue
        for lowest in range(0, _highest(engine, subject), _BATCH):
            found = _digests(engine, subject, range(lowest + 1, lowest + _BATCH + 1))
            known = _entries(engine, subject, lowest, lowest + _BATCH)
            _append(engine, {key: digest for key, digest in found.items() if key not in known})


def append_entries_of_all_holds_and_decisions(engine: Queries) -> None:
    """Append an entry for every attachment that is held or has decisions about personal data."""
    held = engine.rows("SELECT id FROM attachment WHERE hold <> '' OR decided <> ''")
    append_entries(engine, *(("attachment", row["id"]) for row in held))


def last_entry(engine: Queries) -> tuple[int, str]:
    """Return the number of the last entry and its hash in hexadecimal; ``(0, "")`` where there is none."""
    row = engine.row("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
    return (int(row["number"]), bytes(row["hash"]).hex()) if row else (0, "")


_OPEN_INCIDENTS = "SELECT * FROM incident WHERE acknowledged_at IS NULL ORDER BY id"


def open_incidents(engine: Queries) -> list[IntegrityIncident]:
    """Return the incidents that nobody has acknowledged, oldest first."""
    return [incident(row) for row in engine.rows(_OPEN_INCIDENTS)]


def insert_incident(engine: Queries, fault: Fault) -> None:
    """Add an open incident. Call this inside a transaction."""
    made = insert_row(
        engine,
        "incident",
        found_at=now_text(),
        code=fault.code,
        subject=fault.subject,
        detail=fault.detail,
    )
    append_entries(engine, ("incident", made["id"]))


class AuditTrail:
    """Adapter of ``archive.ports.Audit`` for any ``Engine``."""

    def __init__(self, engine: Queries) -> None:
        self._engine = engine

    def last_entry(self) -> tuple[int, str]:
        return last_entry(self._engine)

    def find_faults(self) -> Iterator[Fault]:
        """Yield where the chain is broken, then every row that is not as it was written."""
        known = {
            row["subject"]
            for row in self._engine.rows(
                "SELECT subject FROM incident WHERE code = 'audit-broken' AND acknowledged_at IS NOT NULL"
            )
        }
        yield from (fault for fault in self._broken_links() if fault.subject not in known)
        for subject in SUBJECTS:
            for key, code in self._differing(subject):
                yield Fault(code, f"{key[0]} {key[1]}", self._describe(key))

    def acknowledge_and_accept_all(self, actor: str) -> list[IntegrityIncident]:
        with self._engine.write():
            for fault in [*self.find_faults()]:
                insert_incident(self._engine, fault)
            append_entries(
                self._engine, *(key for subject in SUBJECTS for key, _ in self._differing(subject))
            )
            opened = [row["id"] for row in self._engine.rows(_OPEN_INCIDENTS)]
            for id in opened:
                self._engine.run(
                    "UPDATE incident SET acknowledged_at = :at, acknowledged_by = :actor WHERE id = :id",
                    at=now_text(),
                    actor=actor,
                    id=id,
                )
            append_entries(self._engine, *(("incident", id) for id in opened))
            found = self._engine.rows("SELECT * FROM incident WHERE id IN :ids ORDER BY id", ids=opened)
        return [incident(row) for row in found]

    def _broken_links(self) -> Iterator[Fault]:
        number, last = 0, _GENESIS
        while entries := self._engine.rows(
            "SELECT * FROM audit WHERE number > :number ORDER BY number LIMIT :limit",
            number=number,
            limit=_BATCH,
        ):
            for entry in entries:
                if entry["number"] != number + 1:
                    yield Fault("audit-broken", f"audit {number + 1}", "missing")
                elif _link(last, entry) != bytes(entry["hash"]):
                    yield Fault(
                        "audit-broken",
                        f"audit {entry['number']}",
                        f"{entry['subject']} {entry['subject_id']}",
                    )
                number, last = int(entry["number"]), bytes(entry["hash"])

    def _differing(self, subject: str) -> Iterator[tuple[Key, str]]:
        for lowest in range(0, _highest(self._engine, subject), _BATCH):
            entries = _entries(self._engine, subject, lowest, lowest + _BATCH)
            found = _digests(self._engine, subject, range(lowest + 1, lowest + _BATCH + 1))
            for key in sorted(entries | found):
                if entries.get(key, b"") != found.get(key, b"") and (code := self._settled_difference(key)):
                    yield key, code

    def _settled_difference(self, key: Key) -> str:
        """Compare a row with its entry again: it may be in writing. Returns the fault's code or ``""``."""
        subject, id = key
        for _ in range(_LOOKS):
            before = _entries(self._engine, subject, id - 1, id).get(key)
            found = _digests(self._engine, subject, [id]).get(key, b"")
            if before == _entries(self._engine, subject, id - 1, id).get(key):
                break
        if (before or b"") == found or (subject == READING and not self._is_read(id)):
            return ""
        if not found:
            return "record-deleted"
        return "record-altered" if before else "record-inserted"

    def _is_read(self, attachment_id: int) -> bool:
        """Return True when the reading of an attachment is over. Until then pages are saved one by one."""
        row = self._engine.row("SELECT status FROM attachment WHERE id = :id", id=attachment_id)
        return row is not None and row["status"] in ("ready", "failed")

    def _describe(self, key: Key) -> str:
        """Return a text with the time of the row's last entry and the announcement that owns the row."""
        subject, id = key
        row = self._engine.row(
            "SELECT at FROM audit WHERE subject = :subject AND subject_id = :id ORDER BY number DESC LIMIT 1",
            subject=subject,
            id=id,
        )
        written = f"last written {row['at']}" if row else "never written by the archive"
        owner = "attachment" if subject == READING else subject
        if owner not in ("history", "attachment"):
            return written
        found = self._engine.row(f"SELECT announcement_id FROM {owner} WHERE id = :id", id=id)  # noqa: S608
        return f"announcement {found['announcement_id']}, {written}" if found else written


def _people(engine: Queries) -> dict[Key, bytes]:
    return {
        key: digest
        for subject in PEOPLE
        for key, digest in _digests(
            engine,
            subject,
            [
                row["id"]
                for row in engine.rows(f"SELECT id FROM {subject} WHERE {tenancy_condition(engine, subject)}")  # noqa: S608
            ],
        ).items()
    }


def _digests(engine: Queries, subject: str, ids: Sequence[int]) -> dict[Key, bytes]:
    """Return the digests of those rows that exist."""
    table, columns = ("attachment", _READING_COLUMNS) if subject == READING else (subject, PROTECTED[subject])
    found = engine.rows(
        f"SELECT * FROM {table} WHERE {tenancy_condition(engine, table)} AND id IN :ids",  # noqa: S608
        ids=list(ids),
    )
    parts = _digests_of_parts(engine, subject, [row["id"] for row in found])
    return {(subject, row["id"]): _digest(row, columns, parts.get(row["id"], ())) for row in found}


def _digests_of_parts(engine: Queries, subject: str, ids: Sequence[int]) -> dict[int, list[str]]:
    parts: dict[int, list[str]] = {}
    for table, columns in _PARTS.get(subject, {}).items():
        if not _is_there(engine, table):
            continue
        owner, order, *rest = columns.split(", ")
        for id in ids:  # one owner at a time, since the pages of one attachment may be large
            for row in engine.rows(
                f"""SELECT {columns} FROM {table} WHERE {tenancy_condition(engine, table)} AND {owner} = :id
                    ORDER BY {order}""",  # noqa: S608  # our own names
                id=id,
            ):
                parts.setdefault(id, []).append(_digest(row, (order, *rest)).hex())
    return parts


def _is_there(engine: Queries, table: str) -> bool:
    """Return False while the migration that creates a table has yet to run."""
    return isinstance(engine, OrganisationQueries) or cast(Engine, engine).has_table(table)


def _digest(row: Row, columns: Iterable[str], parts: Iterable[str] = ()) -> bytes:
    present = set(row.keys())  # columns of a later version are missing while its migrations run
    values = {name: row[name] for name in columns if name in present and row[name] not in (None, "", 0)}
    return hashlib.sha256(json.dumps([values, *parts], sort_keys=True, default=_plain).encode()).digest()


def _plain(value: object) -> str:
    return hashlib.sha256(bytes(value)).hexdigest() if isinstance(value, bytes | memoryview) else str(value)


def _entries(engine: Queries, subject: str, above: int, upto: int) -> dict[Key, bytes]:
    """Return the digest in the last entry of each row in a range of ids; empty where the row was deleted."""
    found = engine.rows(
        """SELECT subject_id, digest FROM audit
           WHERE subject = :subject AND subject_id > :above AND subject_id <= :upto ORDER BY number""",
        subject=subject,
        above=above,
        upto=upto,
    )
    return {(subject, row["subject_id"]): bytes(row["digest"]) for row in found}


def _highest(engine: Queries, subject: str) -> int:
    table = "attachment" if subject == READING else subject
    found = engine.rows(
        f"""SELECT coalesce(max(id), 0) AS id FROM {table}
            UNION SELECT coalesce(max(subject_id), 0) FROM audit WHERE subject = :subject""",  # noqa: S608
        subject=subject,
    )
    return max(int(row["id"]) for row in found)


def _append(engine: Queries, digests: Mapping[Key, bytes]) -> None:
    if not digests:
        return
    row = engine.row("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
    number, last = (int(row["number"]), bytes(row["hash"])) if row else (0, _GENESIS)
    entries = []
    for (subject, id), digest in digests.items():
        number += 1
        entry: dict[str, object] = {
            "number": number,
            "at": now_text(),
            "subject": subject,
            "subject_id": id,
            "digest": digest,
        }
        entry["hash"] = last = _link(last, entry)
        entries.append(entry)
    engine.run_many(
        """INSERT INTO audit (number, at, subject, subject_id, digest, hash)
           VALUES (:number, :at, :subject, :subject_id, :digest, :hash)""",
        entries,
    )


def _link(last: bytes, entry: Row) -> bytes:
    """Return the hash of an entry; ``last`` is the hash of the entry before it."""
    told = f"{entry['number']}|{entry['at']}|{entry['subject']}|{entry['subject_id']}|"
    return hashlib.sha256(last + told.encode() + bytes(entry["digest"])).digest()
