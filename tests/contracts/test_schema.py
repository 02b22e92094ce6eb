"""An archive that an earlier release made is carried on by this one."""

from __future__ import annotations

import datetime as dt

import pytest

from archive.model import PROVINCE, Draft, Role
from storage import hash_chain, migrations
from storage.repositories.records import open_people, open_records
from storage.tenancy import OrganisationQueries
from tests.contracts.engines import Opener
from tests.factories.records import attached, published

NOW = dt.datetime(2026, 6, 9, 8, 30, tzinfo=dt.UTC)
NAMES = [migration.name for migration in migrations.MIGRATIONS]


def test_people_and_references_of_one_organisation_become_those_of_the_first(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[: NAMES.index("organisations")])
        engine = opened()
        with engine.write():
            for name in ("first", "somsri"):
                engine.run(
                    """INSERT INTO person (name, password_hash, role, created_at)
                       VALUES (:name, 'secret', 'staff', :at)""",
                    name=name,
                    at=NOW.isoformat(),
                )
            engine.run(
                """INSERT INTO session (person_id, key_hash, device, started_at, seen_at)
                   VALUES (2, 'key', 'phone', :at, :at)""",
                at=NOW.isoformat(),
            )
            engine.run(
                """INSERT INTO announcement (title, body, author, published_on, kind, category, views, ref,
                       status, change, created_at, updated_at)
                   VALUES ('a', '', '', '2021-06-09', 'news', '', 0, 'old/1', 'draft', 1, :at, :at)""",
                at=NOW.isoformat(),
            )
        engine.close()
    engine = opened()
    people, records = open_people(engine), open_records(engine)
    assert [(person.id, person.name) for person in people.accounts.everyone()] == [
        (1, "first"),
        (2, "somsri"),
    ]
    assert [session.device for session in people.sign_ins.list_sessions(2)] == ["phone"]
    found = records.announcements.by_external_ref("old/1")
    assert found is not None
    assert found.title == "a"
    assert people.accounts.add("third", "secret", Role.STAFF).id == 3
    # Another organisation's may be called the same.
    other = OrganisationQueries(engine, 2)
    assert open_people(other).accounts.add("somsri", "secret", Role.STAFF).id == 4
    assert open_records(other).announcements.by_external_ref("old/1") is None
    draft = Draft(title="b", body="", author="", published_on=NOW.date(), ref="old/1")
    assert open_records(other).announcements.create(draft, actor="somsri").ref == "old/1"
    assert open_people(OrganisationQueries(engine, PROVINCE)).accounts.by_name("somsri") is None
    engine.close()


def test_an_attachment_whose_kept_public_file_is_dropped_is_as_it_was_written(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        last = NAMES.index("no kept states of replaced public files")
        earlier.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:last])
        parts = hash_chain._PARTS["attachment"] | {"replaced_public_file": "attachment_id, number, state"}  # type: ignore[operator]
        earlier.setitem(hash_chain._PARTS, "attachment", parts)  # type: ignore[arg-type]
        engine = opened()
        records = open_records(engine)
        paper = attached(records, published(records))
        with engine.write():
            engine.run(
                """INSERT INTO replaced_public_file (organisation_id, attachment_id, number, state)
                   VALUES (1, :id, 1, :state)""",
                id=paper.id,
                state=b"packed",
            )
            hash_chain.append_entries(engine, ("attachment", paper.id))
        assert [*hash_chain.AuditTrail(engine).find_faults()] == []
        engine.close()
    engine = opened()
    assert not engine.has_table("replaced_public_file")
    assert [*hash_chain.AuditTrail(engine).find_faults()] == []
    assert open_records(engine).attachments.get(paper.id) == paper
    engine.close()
