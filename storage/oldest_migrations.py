"""The oldest migrations of the schema, never edited; a new one is added in ``storage.migrations``.

They make records, people, visits, collections and organisations.
"""

from __future__ import annotations

from storage.migration_types import Migration

OLDEST_MIGRATIONS = (
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
        tables_copied_with_ids=("person",),
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
)
