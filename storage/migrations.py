"""Schema of the database as ordered migrations: add a new one at the end of ``MIGRATIONS``, edit none.

A released migration is never edited. A migration that changes rows which ``storage.hash_chain`` protects must
append entries for them in ``then``.

Times are ISO 8601 text in UTC with microseconds, so that they sort as text; dates are ISO text. ``{id}``,
``{text}`` and ``{bytes}`` are replaced by the engine's column types for a key that is never used twice, for
text that sorts by its code points, and for binary data.
"""

from __future__ import annotations

from storage.engine import Engine
from storage.hash_chain import (
    append_entries,
    append_entries_of_all_holds_and_decisions,
    append_missing_entries,
)
from storage.migration_types import Migration
from storage.oldest_migrations import OLDEST_MIGRATIONS
from storage.tenancy import PARENTS

_PARTS_OF_RECORDS = (
    "attachment page history visit waiting_visit day_visits collection_item collection_history session"
    " second_factor recovery_code"
).split()
"""Tables that got the column ``organisation_id`` by a migration; later tables have it from the beginning."""


def _drop_replaced_public_files(engine: Engine) -> None:
    """Drop the table of replaced public files, whose rows were part of the digests of attachments."""
    owners = engine.rows("SELECT DISTINCT attachment_id FROM replaced_public_file ORDER BY attachment_id")
    engine.run("DROP TABLE replaced_public_file")
    append_entries(engine, *(("attachment", row["attachment_id"]) for row in owners))


MIGRATIONS = (
    *OLDEST_MIGRATIONS,
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
        then=append_missing_entries,
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
        then=append_entries_of_all_holds_and_decisions,
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
    Migration(
        "reports of residents",
        (
            """CREATE TABLE report (
                id {id},
                organisation_id BIGINT NOT NULL,
                kind {text} NOT NULL,
                text {text} NOT NULL,
                announcement_id BIGINT REFERENCES announcement (id),
                attachment_id BIGINT REFERENCES attachment (id),
                page BIGINT,
                query {text} NOT NULL,
                count BIGINT NOT NULL,
                made_at {text} NOT NULL,
                done_at {text},
                done_by {text} NOT NULL
            )""",
            """CREATE INDEX report_by_time ON report (done_at, made_at)""",
        ),
    ),
    Migration(
        "erasures",
        (
            """CREATE TABLE erasure (
                id {id},
                organisation_id BIGINT NOT NULL,
                announcement_id BIGINT NOT NULL REFERENCES announcement (id),
                attachment_id BIGINT NOT NULL REFERENCES attachment (id),
                scope {text} NOT NULL,
                ordered_by {text} NOT NULL,
                reason {text} NOT NULL,
                files {text} NOT NULL,
                at {text} NOT NULL,
                actor {text} NOT NULL
            )""",
        ),
    ),
    Migration(
        "followers by e-mail",
        (
            """CREATE TABLE subscription (
                id {id},
                organisation_id BIGINT NOT NULL,
                address {text} NOT NULL,
                key {text} NOT NULL UNIQUE,
                search {text} NOT NULL,
                frequency {text} NOT NULL,
                language {text} NOT NULL,
                made_at {text} NOT NULL,
                asked_at {text},
                confirmed_at {text},
                position BIGINT NOT NULL,
                looked_at {text}
            )""",
            """CREATE INDEX subscription_by_address ON subscription (address)""",
            """CREATE INDEX subscription_by_position ON subscription (position, id)""",
        ),
    ),
    Migration(
        "disclosure of information",
        (
            """CREATE TABLE disclosure_item (
                id {id},
                organisation_id BIGINT NOT NULL,
                year BIGINT NOT NULL,
                item {text} NOT NULL,
                section {text} NOT NULL,
                number {text} NOT NULL,
                title {text} NOT NULL,
                period {text} NOT NULL,
                keywords {text} NOT NULL,
                is_hidden BIGINT NOT NULL,
                UNIQUE (organisation_id, year, item)
            )""",
            """CREATE TABLE disclosure_history (
                id {id},
                organisation_id BIGINT NOT NULL,
                disclosure_item_id BIGINT NOT NULL REFERENCES disclosure_item (id),
                at {text} NOT NULL,
                actor {text} NOT NULL,
                action {text} NOT NULL,
                before {text} NOT NULL,
                after {text} NOT NULL,
                reason {text} NOT NULL,
                bulk {text} NOT NULL
            )""",
            """CREATE INDEX disclosure_history_by_time ON disclosure_history (at)""",
            """CREATE TABLE disclosure_entry (
                id {id},
                organisation_id BIGINT NOT NULL,
                announcement_id BIGINT NOT NULL REFERENCES announcement (id),
                year BIGINT NOT NULL,
                item {text} NOT NULL,
                part BIGINT NOT NULL,
                UNIQUE (announcement_id, year, item, part)
            )""",
            """CREATE INDEX disclosure_entry_by_year ON disclosure_entry (organisation_id, year)""",
        ),
    ),
    Migration(
        "site profile",
        (
            """CREATE TABLE site_profile (
                id {id},
                organisation_id BIGINT NOT NULL,
                address {text} NOT NULL,
                phone {text} NOT NULL,
                email {text} NOT NULL,
                hours {text} NOT NULL,
                privacy {text} NOT NULL,
                accessibility {text} NOT NULL,
                emblem_id BIGINT,
                emblem_type {text} NOT NULL,
                emblem {bytes} NOT NULL,
                saved_at {text} NOT NULL,
                saved_by {text} NOT NULL
            )""",
            """CREATE INDEX site_profile_of_organisation ON site_profile (organisation_id, id)""",
        ),
    ),
    Migration(
        "division and last sign-in of people",
        (
            """ALTER TABLE person ADD COLUMN division {text} NOT NULL DEFAULT ''""",
            """ALTER TABLE person ADD COLUMN last_sign_in_at {text}""",
        ),
    ),
    Migration(
        "erasures of an announcement's own text",
        (
            # attachment_id NULL: the announcement's own text was erased
            """CREATE TABLE erasure_of_any (
                id {id},
                organisation_id BIGINT NOT NULL,
                announcement_id BIGINT NOT NULL REFERENCES announcement (id),
                attachment_id BIGINT REFERENCES attachment (id),
                scope {text} NOT NULL,
                ordered_by {text} NOT NULL,
                reason {text} NOT NULL,
                files {text} NOT NULL,
                at {text} NOT NULL,
                actor {text} NOT NULL
            )""",
            """INSERT INTO erasure_of_any (id, organisation_id, announcement_id, attachment_id, scope,
                    ordered_by, reason, files, at, actor)
                SELECT id, organisation_id, announcement_id, attachment_id, scope, ordered_by, reason, files,
                    at, actor FROM erasure""",
            """DROP TABLE erasure""",
            """ALTER TABLE erasure_of_any RENAME TO erasure""",
        ),
        tables_copied_with_ids=("erasure",),
    ),
    Migration(
        "undoing that a list of items was checked",
        ("""ALTER TABLE disclosure_item ADD COLUMN undone_at {text}""",),  # NULL: the row counts
    ),
    Migration(
        "replacements of public files",
        (
            """ALTER TABLE attachment ADD COLUMN replaces BIGINT""",  # id of another attachment
            """CREATE INDEX attachment_replacing ON attachment (replaces) WHERE replaces IS NOT NULL""",
        ),
    ),
    Migration(
        "newer rules that find personal data",
        (
            """ALTER TABLE attachment ADD COLUMN personal_data_rules BIGINT NOT NULL DEFAULT 0""",
            # 1: residents see the attachment, although nobody has decided about something found in it
            """ALTER TABLE attachment ADD COLUMN has_undecided_finds BIGINT NOT NULL DEFAULT 0""",
            """CREATE INDEX attachment_by_personal_data_rules
                ON attachment (status, organisation_id, personal_data_rules)""",
        ),
    ),
    Migration(
        "public files that a released file replaced",
        (
            # state: the row of the attachment and its pages as residents saw them, packed
            """CREATE TABLE replaced_public_file (
                organisation_id BIGINT NOT NULL,
                attachment_id BIGINT NOT NULL REFERENCES attachment (id) ON DELETE CASCADE,
                number BIGINT NOT NULL,
                state {bytes} NOT NULL,
                PRIMARY KEY (attachment_id, number)
            )""",
        ),
    ),
    Migration(
        "replaced texts of announcements",
        (
            # the change at which a text was taken out; an older index still finds it
            """ALTER TABLE announcement ADD COLUMN replaced_text_change BIGINT NOT NULL DEFAULT 0""",
        ),
    ),
    Migration(
        "heights of lines in scans",
        ("""ALTER TABLE page ADD COLUMN line_height BIGINT NOT NULL DEFAULT 0""",),
    ),
    Migration("no kept states of replaced public files", (), then=_drop_replaced_public_files),
    Migration(
        "relations that texts state",
        (
            # older_id NULL: the archive does not have what is cited
            """CREATE TABLE stated_relation (
                id {id},
                organisation_id BIGINT NOT NULL,
                newer_id BIGINT NOT NULL REFERENCES announcement (id),
                search_text {text} NOT NULL,
                older_id BIGINT REFERENCES announcement (id)
            )""",
            """CREATE INDEX stated_relation_by_newer ON stated_relation (newer_id)""",
            """CREATE INDEX stated_relation_by_older ON stated_relation (older_id)""",
        ),
    ),
    Migration(
        "outdated relations that texts state",
        (
            # 1: something that the text may mean has changed since it was read
            """ALTER TABLE stated_relation ADD COLUMN is_outdated BIGINT NOT NULL DEFAULT 0""",
            """CREATE INDEX stated_relation_outdated ON stated_relation (newer_id) WHERE is_outdated = 1""",
        ),
    ),
    Migration(
        "published records whose documents state otherwise",
        (
            # 1: the worklist has it; see archive/stated_anew.py
            """ALTER TABLE announcement ADD COLUMN is_stated_anew BIGINT NOT NULL DEFAULT 0""",
            """CREATE INDEX announcement_stated_anew ON announcement (id) WHERE is_stated_anew = 1""",
        ),
    ),
)
