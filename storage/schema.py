"""The tables, as ordered, named migrations. A migration that was released is never edited.

Times are ISO 8601 text in UTC with microseconds, so that they sort as text; dates are ISO text;
``{id}`` and ``{bytes}`` are filled in with the engine's own words for a key that is never used
twice and for binary data.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.engine import Engine
from storage.rows import now_text


@dataclass(frozen=True, slots=True)
class Dialect:
    """The few words in which engines differ."""

    id: str
    bytes: str


@dataclass(frozen=True, slots=True)
class Migration:
    name: str
    statements: tuple[str, ...]


MIGRATIONS = (
    Migration(
        "records",
        (
            """CREATE TABLE counter (name TEXT PRIMARY KEY, value BIGINT NOT NULL)""",
            """INSERT INTO counter (name, value) VALUES ('change', 0)""",
            """CREATE TABLE announcement (
                id {id},
                title TEXT NOT NULL,
                body TEXT NOT NULL,
                author TEXT NOT NULL,
                published_on TEXT NOT NULL,
                kind TEXT NOT NULL,
                category TEXT NOT NULL,
                views BIGINT NOT NULL,
                visits BIGINT NOT NULL DEFAULT 0,
                status TEXT NOT NULL,
                ref TEXT UNIQUE,
                old_url TEXT,
                publish_at TEXT,
                reason TEXT NOT NULL DEFAULT '',
                change BIGINT NOT NULL,
                created_at TEXT NOT NULL,
                updated_at TEXT NOT NULL
            )""",
            """CREATE INDEX announcement_by_status ON announcement (status, published_on, id)""",
            """CREATE INDEX announcement_by_date ON announcement (published_on, id)""",
            """CREATE UNIQUE INDEX announcement_by_change ON announcement (change)""",
            """CREATE INDEX announcement_by_old_url ON announcement (old_url) WHERE old_url IS NOT NULL""",
            """CREATE INDEX announcement_due ON announcement (status, publish_at)
                WHERE publish_at IS NOT NULL""",
            """CREATE TABLE attachment (
                id {id},
                announcement_id BIGINT NOT NULL REFERENCES announcement (id),
                position BIGINT NOT NULL,
                label TEXT NOT NULL,
                filename TEXT NOT NULL,
                kind TEXT NOT NULL,
                media_type TEXT NOT NULL,
                size BIGINT NOT NULL,
                sha256 TEXT NOT NULL,
                page_count BIGINT,
                status TEXT NOT NULL,
                error_code TEXT,
                error_message TEXT,
                details TEXT NOT NULL DEFAULT '{{}}',
                rules BIGINT NOT NULL DEFAULT 0,
                created_at TEXT NOT NULL,
                queued_at TEXT NOT NULL,
                attempts BIGINT NOT NULL DEFAULT 0,
                worker TEXT,
                leased_until TEXT,
                UNIQUE (announcement_id, sha256)
            )""",
            """CREATE INDEX attachment_by_file ON attachment (sha256)""",
            """CREATE INDEX attachment_queue ON attachment (status, attempts, rules, queued_at, id)""",
            """CREATE TABLE page (
                attachment_id BIGINT NOT NULL REFERENCES attachment (id) ON DELETE CASCADE,
                number BIGINT NOT NULL,
                source TEXT NOT NULL,
                confidence DOUBLE PRECISION,
                turn BIGINT NOT NULL,
                rules BIGINT NOT NULL,
                corrected BIGINT NOT NULL,
                problem TEXT NOT NULL,
                text TEXT NOT NULL,
                raw {bytes} NOT NULL,
                lines {bytes} NOT NULL,
                doubts {bytes} NOT NULL,
                PRIMARY KEY (attachment_id, number)
            )""",
            """CREATE INDEX page_by_source ON page (source)""",
            """CREATE TABLE history (
                id {id},
                announcement_id BIGINT NOT NULL REFERENCES announcement (id),
                at TEXT NOT NULL,
                actor TEXT NOT NULL,
                action TEXT NOT NULL,
                before TEXT NOT NULL,
                after TEXT NOT NULL,
                reason TEXT NOT NULL
            )""",
            """CREATE INDEX history_by_announcement ON history (announcement_id, id)""",
        ),
    ),
    Migration(
        "visits and misses",
        (
            """CREATE TABLE visit (
                announcement_id BIGINT NOT NULL REFERENCES announcement (id),
                visitor TEXT NOT NULL,
                at TEXT NOT NULL,
                PRIMARY KEY (announcement_id, visitor)
            )""",
            """CREATE INDEX visit_by_time ON visit (at)""",
            """CREATE TABLE miss (query TEXT PRIMARY KEY, count BIGINT NOT NULL, last_at TEXT NOT NULL)""",
        ),
    ),
    Migration(
        "people",
        (
            """CREATE TABLE person (
                id {id},
                name TEXT NOT NULL UNIQUE,
                password_hash TEXT NOT NULL,
                role TEXT NOT NULL,
                disabled BIGINT NOT NULL DEFAULT 0,
                created_at TEXT NOT NULL
            )""",
            """CREATE TABLE token (
                id {id},
                name TEXT NOT NULL,
                hash TEXT NOT NULL UNIQUE,
                created_at TEXT NOT NULL,
                revoked_at TEXT
            )""",
            """CREATE UNIQUE INDEX token_by_name ON token (name) WHERE revoked_at IS NULL""",
        ),
    ),
    Migration(
        "sign-ins",
        (
            """CREATE TABLE session (
                id {id},
                person_id BIGINT NOT NULL REFERENCES person (id),
                key_hash TEXT NOT NULL UNIQUE,
                device TEXT NOT NULL,
                started_at TEXT NOT NULL,
                seen_at TEXT NOT NULL
            )""",
            """CREATE INDEX session_by_person ON session (person_id)""",
            """CREATE TABLE failure (id {id}, key TEXT NOT NULL, at TEXT NOT NULL)""",
            """CREATE INDEX failure_by_key ON failure (key, at)""",
        ),
    ),
    Migration(
        "visits of days",
        ("""CREATE TABLE visits_of_day (day TEXT PRIMARY KEY, count BIGINT NOT NULL)""",),
    ),
)


def migrate(engine: Engine, dialect: Dialect) -> None:
    """Apply what is missing, in order, in one transaction; processes that start together queue up.

    A database that has everything is not written to.
    """
    if engine.has_table("migration") and not _missing(engine):
        return
    with engine.write():
        engine.run("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL)")
        for migration in _missing(engine):
            for statement in migration.statements:
                engine.run(statement.format(id=dialect.id, bytes=dialect.bytes))
            engine.run(
                "INSERT INTO migration (name, applied_at) VALUES (:name, :at)",
                name=migration.name,
                at=now_text(),
            )


def _missing(engine: Engine) -> list[Migration]:
    applied = {row["name"] for row in engine.rows("SELECT name FROM migration")}
    return [migration for migration in MIGRATIONS if migration.name not in applied]
