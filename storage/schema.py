"""Schema of the database, as ordered, named migrations. A released migration is never edited.

A migration that changes rows which ``storage.hash_chain`` protects must append entries for them in ``then``.

Times are ISO 8601 text in UTC with microseconds, so that they sort as text; dates are ISO text. ``{id}``,
``{text}`` and ``{bytes}`` are replaced by the engine's column types for a key that is never used twice, for
text that sorts by its code points, and for binary data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from storage.engine import Engine
from storage.hash_chain import seal_everything, seal_held
from storage.tenancy import PARENTS


@dataclass(frozen=True, slots=True)
class Migration:
    name: str
    statements: tuple[str, ...]
    carried: tuple[str, ...] = ()  # tables whose rows were copied with their ids: new ids must be higher
    then: Callable[[Engine], None] | None = None  # a step that SQL cannot do; runs after the statements


_PARTS_OF_RECORDS = (
    "attachment",
    "page",
    "history",
    "visit",
    "waiting_visit",
    "day_visits",
    "collection_item",
    "collection_history",
    "session",
    "second_factor",
    "recovery_code",
)
"""Tables that got the column ``organisation_id`` by a migration; later tables have it from the beginning."""

MIGRATIONS = (
    Migration(
        "records",
        (
            """CREATE TABLE counter (name {text} PRIMARY KEY, value BIGINT NOT NULL)""",
            """INSERT INTO counter (name, value) VALUES ('change', 0)""",
            """CREATE TABLE announcement (
                id {id},
                title {text} NOT NULL,
                body {text} NOT NULL,
                author {text} NOT NULL,
                published_on {text} NOT NULL,
                kind {text} NOT NULL,
                category {text} NOT NULL,
                views BIGINT NOT NULL,
                visits BIGINT NOT NULL DEFAULT 0,
                status {text} NOT NULL,
                ref {text} UNIQUE,
                old_url {text},
                publish_at {text},
                reason {text} NOT NULL DEFAULT '',
                change BIGINT NOT NULL,
                created_at {text} NOT NULL,
                updated_at {text} NOT NULL
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
                label {text} NOT NULL,
                filename {text} NOT NULL,
                kind {text} NOT NULL,
                media_type {text} NOT NULL,
                size BIGINT NOT NULL,
                sha256 {text} NOT NULL,
                page_count BIGINT,
                status {text} NOT NULL,
                error_code {text},
                error_message {text},
                details {text} NOT NULL DEFAULT '{{}}',
                rules BIGINT NOT NULL DEFAULT 0,
                created_at {text} NOT NULL,
                queued_at {text} NOT NULL,
                attempts BIGINT NOT NULL DEFAULT 0,
                worker {text},
                leased_until {text},
                UNIQUE (announcement_id, sha256)
            )""",
            """CREATE INDEX attachment_by_file ON attachment (sha256)""",
            """CREATE INDEX attachment_queue ON attachment (status, attempts, rules, queued_at, id)""",
            """CREATE TABLE page (
                attachment_id BIGINT NOT NULL REFERENCES attachment (id) ON DELETE CASCADE,
                number BIGINT NOT NULL,
                source {text} NOT NULL,
                confidence DOUBLE PRECISION,
                turn BIGINT NOT NULL,
                rules BIGINT NOT NULL,
                corrected BIGINT NOT NULL,
                problem {text} NOT NULL,
                text {text} NOT NULL,
                raw {bytes} NOT NULL,
                lines {bytes} NOT NULL,
                doubts {bytes} NOT NULL,
                PRIMARY KEY (attachment_id, number)
            )""",
            """CREATE INDEX page_by_source ON page (source)""",
            """CREATE TABLE history (
                id {id},
                announcement_id BIGINT NOT NULL REFERENCES announcement (id),
                at {text} NOT NULL,
                actor {text} NOT NULL,
                action {text} NOT NULL,
                before {text} NOT NULL,
                after {text} NOT NULL,
                reason {text} NOT NULL
            )""",
            """CREATE INDEX history_by_announcement ON history (announcement_id, id)""",
        ),
    ),
    Migration(
        "visits and misses",
        (
            """CREATE TABLE visit (
                announcement_id BIGINT NOT NULL REFERENCES announcement (id),
                visitor {text} NOT NULL,
                at {text} NOT NULL,
                PRIMARY KEY (announcement_id, visitor)
            )""",
            """CREATE INDEX visit_by_time ON visit (at)""",
            """CREATE TABLE miss (
                query {text} PRIMARY KEY,
                count BIGINT NOT NULL,
                last_at {text} NOT NULL
            )""",
        ),
    ),
    Migration(
        "people",
        (
            """CREATE TABLE person (
                id {id},
                name {text} NOT NULL UNIQUE,
                password_hash {text} NOT NULL,
                role {text} NOT NULL,
                disabled BIGINT NOT NULL DEFAULT 0,
                created_at {text} NOT NULL
            )""",
            """CREATE TABLE token (
                id {id},
                name {text} NOT NULL,
                hash {text} NOT NULL UNIQUE,
                created_at {text} NOT NULL,
                revoked_at {text}
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
                key_hash {text} NOT NULL UNIQUE,
                device {text} NOT NULL,
                started_at {text} NOT NULL,
                seen_at {text} NOT NULL
            )""",
            """CREATE INDEX session_by_person ON session (person_id)""",
            """CREATE TABLE failure (id {id}, key {text} NOT NULL, at {text} NOT NULL)""",
            """CREATE INDEX failure_by_key ON failure (key, at)""",
        ),
    ),
    Migration(
        "visits of days",
        ("""CREATE TABLE visits_of_day (day {text} PRIMARY KEY, count BIGINT NOT NULL)""",),
    ),
    Migration(
        "visits that wait for nobody",
        (
            """CREATE TABLE waiting_visit (
                id {id},
                announcement_id BIGINT NOT NULL REFERENCES announcement (id),
                day {text} NOT NULL
            )""",
            """CREATE INDEX waiting_visit_by_announcement ON waiting_visit (announcement_id)""",
            # Visits from before counts were kept for each announcement stay, under announcement 0.
            """CREATE TABLE day_visits (
                day {text} NOT NULL,
                announcement_id BIGINT NOT NULL,
                count BIGINT NOT NULL,
                PRIMARY KEY (day, announcement_id)
            )""",
            """INSERT INTO day_visits (day, announcement_id, count)
                SELECT day, 0, count FROM visits_of_day""",
            """DROP TABLE visits_of_day""",
            # PostgreSQL locks a row against references while a unique column of that row is changed.
            """DROP INDEX announcement_by_change""",
            """CREATE INDEX announcement_by_change ON announcement (change)""",
        ),
    ),
    Migration(
        "collections",
        (
            """CREATE TABLE collection (
                id {id},
                title {text} NOT NULL,
                body {text} NOT NULL,
                updated_at {text} NOT NULL,
                updated_by {text} NOT NULL
            )""",
            """CREATE TABLE collection_item (
                collection_id BIGINT NOT NULL REFERENCES collection (id),
                position BIGINT NOT NULL,
                label {text} NOT NULL,
                announcement_id BIGINT REFERENCES announcement (id),
                PRIMARY KEY (collection_id, position)
            )""",
            """CREATE INDEX collection_item_by_announcement ON collection_item (announcement_id)""",
        ),
    ),
    Migration(
        "leases",
        (
            """CREATE TABLE lease (
                name {text} PRIMARY KEY,
                holder {text} NOT NULL,
                until {text} NOT NULL
            )""",
        ),
    ),
    Migration(
        "organisations",
        (
            """CREATE TABLE organisation (
                id {id},
                slug {text} NOT NULL UNIQUE,
                name {text} NOT NULL,
                host {text} UNIQUE
            )""",
            # The organisation that owns all rows until there is a second; the settings name it.
            """INSERT INTO organisation (slug, name) VALUES ('main', '')""",
            """ALTER TABLE announcement ADD COLUMN organisation_id BIGINT NOT NULL DEFAULT 1""",
            """CREATE INDEX announcement_of_organisation
                ON announcement (organisation_id, status, published_on, id)""",
            # Each organisation has its own refs and names. SQLite cannot drop a unique column, so the old
            # column stays, empty.
            """ALTER TABLE announcement RENAME COLUMN ref TO ref_of_one""",
            """ALTER TABLE announcement ADD COLUMN ref {text}""",
            """UPDATE announcement SET ref = ref_of_one, ref_of_one = NULL""",
            """CREATE UNIQUE INDEX announcement_by_ref ON announcement (organisation_id, ref)""",
            """ALTER TABLE collection ADD COLUMN organisation_id BIGINT NOT NULL DEFAULT 1""",
            # 0 is the province: its people and programs work in every organisation.
            """CREATE TABLE person_of_many (
                id {id},
                name {text} NOT NULL,
                password_hash {text} NOT NULL,
                role {text} NOT NULL,
                disabled BIGINT NOT NULL DEFAULT 0,
                created_at {text} NOT NULL,
                organisation_id BIGINT NOT NULL DEFAULT 1,
                UNIQUE (organisation_id, name)
            )""",
            """INSERT INTO person_of_many (id, name, password_hash, role, disabled, created_at)
                SELECT id, name, password_hash, role, disabled, created_at FROM person""",
            """CREATE TABLE session_of_many (
                id {id},
                person_id BIGINT NOT NULL REFERENCES person_of_many (id),
                key_hash {text} NOT NULL UNIQUE,
                device {text} NOT NULL,
                started_at {text} NOT NULL,
                seen_at {text} NOT NULL
            )""",
            """INSERT INTO session_of_many (person_id, key_hash, device, started_at, seen_at)
                SELECT person_id, key_hash, device, started_at, seen_at FROM session ORDER BY id""",
            """DROP TABLE session""",
            """DROP TABLE person""",
            """ALTER TABLE person_of_many RENAME TO person""",
            """ALTER TABLE session_of_many RENAME TO session""",
            """CREATE INDEX session_by_person ON session (person_id)""",
            """ALTER TABLE token ADD COLUMN organisation_id BIGINT NOT NULL DEFAULT 1""",
            """DROP INDEX token_by_name""",
            """CREATE UNIQUE INDEX token_by_name ON token (organisation_id, name) WHERE revoked_at IS NULL""",
            # organisation_id 0: searches at the address of all organisations.
            """ALTER TABLE miss RENAME TO miss_of_one""",
            """CREATE TABLE miss (
                organisation_id BIGINT NOT NULL,
                query {text} NOT NULL,
                count BIGINT NOT NULL,
                last_at {text} NOT NULL,
                PRIMARY KEY (organisation_id, query)
            )""",
            """INSERT INTO miss (organisation_id, query, count, last_at)
                SELECT 1, query, count, last_at FROM miss_of_one""",
            """DROP TABLE miss_of_one""",
        ),
        carried=("person",),
    ),
    Migration(
        "history of collections",
        (
            """CREATE TABLE collection_history (
                id {id},
                collection_id BIGINT NOT NULL REFERENCES collection (id),
                at {text} NOT NULL,
                actor {text} NOT NULL,
                action {text} NOT NULL,
                before {text} NOT NULL,
                after {text} NOT NULL,
                reason {text} NOT NULL
            )""",
            """CREATE INDEX collection_history_by_collection ON collection_history (collection_id)""",
        ),
    ),
    Migration(
        "visits of an organisation",
        ("""CREATE INDEX day_visits_of_announcement ON day_visits (announcement_id, day)""",),
    ),
    Migration(
        "scopes of tokens",
        (
            # Existing tokens had all permissions.
            """ALTER TABLE token ADD COLUMN scopes {text} NOT NULL DEFAULT 'publish,read,write'""",
            """ALTER TABLE token ADD COLUMN expires_at {text}""",
            """ALTER TABLE token ADD COLUMN last_used_at {text}""",
        ),
    ),
    Migration(
        "pauses between attempts to sign in",
        (
            """DROP TABLE failure""",
            """CREATE TABLE sign_in_attempt (
                key {text} PRIMARY KEY,
                failures BIGINT NOT NULL,
                last_at {text} NOT NULL,
                next_at {text} NOT NULL
            )""",
            """CREATE INDEX sign_in_attempt_by_time ON sign_in_attempt (last_at)""",
        ),
    ),
    Migration(
        "second factors",
        (
            """CREATE TABLE second_factor (
                person_id BIGINT PRIMARY KEY REFERENCES person (id),
                sealed_secret {text} NOT NULL,
                confirmed_at {text},
                last_step BIGINT NOT NULL
            )""",
            """CREATE TABLE recovery_code (
                person_id BIGINT NOT NULL REFERENCES person (id),
                hash {text} NOT NULL,
                used_at {text},
                PRIMARY KEY (person_id, hash)
            )""",
        ),
    ),
    Migration(
        "audit",
        (
            """CREATE TABLE incident (
                id {id},
                found_at {text} NOT NULL,
                code {text} NOT NULL,
                subject {text} NOT NULL,
                detail {text} NOT NULL,
                acknowledged_at {text},
                acknowledged_by {text}
            )""",
            """CREATE TABLE audit (
                number BIGINT PRIMARY KEY,
                at {text} NOT NULL,
                subject {text} NOT NULL,
                subject_id BIGINT NOT NULL,
                digest {bytes} NOT NULL,
                hash {bytes} NOT NULL
            )""",
            """CREATE INDEX audit_by_subject ON audit (subject, subject_id, number)""",
        ),
        then=seal_everything,
    ),
    Migration(
        "held attachments",
        (
            """ALTER TABLE attachment ADD COLUMN hold {text} NOT NULL DEFAULT ''""",
            """ALTER TABLE attachment ADD COLUMN decided {text} NOT NULL DEFAULT ''""",
            # The change at which residents stopped seeing the attachment; an older index may still show it.
            """ALTER TABLE attachment ADD COLUMN hidden_change BIGINT NOT NULL DEFAULT 0""",
            """CREATE INDEX attachment_held ON attachment (hold) WHERE hold <> ''""",
            """CREATE INDEX attachment_hidden ON attachment (hidden_change) WHERE hidden_change > 0""",
            """UPDATE attachment SET hold = 'unread' WHERE status IN ('waiting', 'reading') AND rules = 0""",
            """UPDATE attachment SET hold = 'personal-data' WHERE details LIKE '%"personal_data": [{{%'""",
            # A person who published in spite of personal data gave a reason; programs never gave one.
            """UPDATE attachment SET hold = '', decided = '["*"]'
                WHERE hold = 'personal-data' AND announcement_id IN (
                    SELECT history.announcement_id FROM history
                    JOIN announcement ON announcement.id = history.announcement_id
                    WHERE announcement.status = 'published' AND history.action = 'publish'
                    AND history.reason NOT IN ('', 'เผยแพร่ผ่าน API'))""",
        ),
        then=seal_held,
    ),
    Migration(
        "expiry of announcements",
        (
            """ALTER TABLE announcement ADD COLUMN expires_on {text}""",
            """CREATE INDEX announcement_by_expiry ON announcement (status, expires_on)""",
        ),
    ),
    Migration(
        "organisation of every row",
        (
            *(
                statement
                for table in _PARTS_OF_RECORDS
                for column, parent in (PARENTS[table],)
                for statement in (
                    # Until now, most installations have had one organisation, whose rows need no update.
                    f"ALTER TABLE {table} ADD COLUMN organisation_id BIGINT NOT NULL DEFAULT 1",
                    f"""UPDATE {table} SET organisation_id =
                            (SELECT organisation_id FROM {parent} WHERE {parent}.id = {table}.{column})
                        WHERE {column} IN (SELECT id FROM {parent} WHERE organisation_id <> 1)""",  # noqa: S608
                )
            ),
            # SQLite prefers an index that begins with the organisation even to the key of a parent row.
            """DROP INDEX announcement_of_organisation""",
            """CREATE INDEX announcement_of_organisation
                ON announcement (status, organisation_id, published_on, id)""",
            """CREATE INDEX attachment_of_organisation ON attachment (status, organisation_id)""",
            """CREATE INDEX page_of_organisation ON page (source, organisation_id, attachment_id)""",
            """CREATE INDEX page_uncorrected ON page (corrected, organisation_id)""",
            """DROP INDEX page_by_source""",
            """CREATE INDEX day_visits_of_organisation ON day_visits (organisation_id, day)""",
            """DROP INDEX day_visits_of_announcement""",
        ),
    ),
    Migration(
        "order of harvests",
        ("""CREATE INDEX announcement_by_update ON announcement (updated_at, id)""",),
    ),
    Migration(
        "relations of announcements",
        (
            # kind '': a person dismissed the relation that a text suggests
            """CREATE TABLE relation (
                id {id},
                organisation_id BIGINT NOT NULL,
                newer_id BIGINT NOT NULL REFERENCES announcement (id),
                older_id BIGINT NOT NULL REFERENCES announcement (id),
                kind {text} NOT NULL,
                UNIQUE (newer_id, older_id)
            )""",
            """CREATE INDEX relation_by_older ON relation (older_id)""",
        ),
    ),
    Migration(
        "earlier files of attachments",
        (
            """ALTER TABLE attachment ADD COLUMN is_redacted BIGINT NOT NULL DEFAULT 0""",
            """CREATE TABLE file_version (
                organisation_id BIGINT NOT NULL,
                attachment_id BIGINT NOT NULL REFERENCES attachment (id) ON DELETE CASCADE,
                number BIGINT NOT NULL,
                filename {text} NOT NULL,
                media_type {text} NOT NULL,
                size BIGINT NOT NULL,
                sha256 {text} NOT NULL,
                is_redacted BIGINT NOT NULL,
                texts {bytes} NOT NULL,
                replaced_at {text} NOT NULL,
                replaced_by {text} NOT NULL,
                PRIMARY KEY (attachment_id, number)
            )""",
            """CREATE INDEX file_version_by_file ON file_version (sha256)""",
        ),
    ),
    Migration(
        "worklist",
        (
            """ALTER TABLE announcement ADD COLUMN assigned_to {text} NOT NULL DEFAULT ''""",
            # Changes that were made at once have the same value.
            """ALTER TABLE history ADD COLUMN bulk {text} NOT NULL DEFAULT ''""",
            """ALTER TABLE collection_history ADD COLUMN bulk {text} NOT NULL DEFAULT ''""",
            """CREATE INDEX history_by_time ON history (at)""",
            """CREATE INDEX history_by_bulk ON history (bulk) WHERE bulk <> ''""",
        ),
    ),
    Migration(
        "announcements that search engines should not list",
        ("""ALTER TABLE announcement ADD COLUMN noindex BIGINT NOT NULL DEFAULT 0""",),
    ),
)
