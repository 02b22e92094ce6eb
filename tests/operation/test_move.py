"""An archive carried to other engines and back is the same archive."""

from __future__ import annotations

import datetime as dt
import io
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive.disclosure import DisclosureEntry
from archive.errors import Conflict, SettingsError
from archive.model import AttemptLimit, CollectionLine, Draft, Role
from storage.move import TABLES
from storage.sqlite import Sqlite
from tests.contracts.engines import prefix, schema
from tests.contracts.processes import KILLED, ended, in_child
from tests.factories.archives import ACTOR, NOW, fill_rare_tables
from tests.operation.archives import answers, close, everything, overwrite, run, stored
from web.archive_move import move_archive
from web.bootstrap import build_services
from web.cli import main
from web.settings import Settings


@pytest.fixture
def data(data: Path) -> Path:
    """An archive with people, visits, a collection, relations, earlier and detached files."""
    services = build_services(Settings(data=data))
    fill_rare_tables(services)
    services.commands.collections.save(
        None, title="ITA", body="", items=[CollectionLine("O1", 2)], actor=ACTOR
    )
    services.disclosure.assign(DisclosureEntry(year=2564, item="o1", part=0, announcement_id=2), actor=ACTOR)
    records, people = services.records, services.people
    last = [row["id"] for row in services.database.rows("SELECT id FROM attachment ORDER BY id")][-1]  # type: ignore[attr-defined]
    records.attachments.detach(last, actor=ACTOR)
    for visitor in range(5):
        records.usage_statistics.count_visit(1 + visitor % 2, f"{visitor}", now=dt.datetime.now(dt.UTC))
    records.usage_statistics.record_missed_search_unless_personal("ภาษีป้าย")
    somsri = people.accounts.add("สมศรี", "hash", Role.ADMIN)
    people.sign_ins.open_session(somsri.id, "key", password_hash="hash", device="Firefox", now=NOW)
    people.tokens.add("เว็บหลัก", "token-hash")
    limit = AttemptLimit(key="สมศรี", free=5, longest_pause=dt.timedelta(seconds=30))
    people.sign_ins.count_failure_unless_paused([limit], now=NOW)
    close(services)
    (data / "words.txt").write_text("หนองปลาดุก\n")
    assert run(data, "reindex").exit_code == 0
    return data


@pytest.fixture(
    params=[
        "directory",
        pytest.param(
            "servers",
            marks=pytest.mark.skipif("SCALE_FILES" not in os.environ, reason="run by make test-scale"),
        ),
    ]
)
def target(request: pytest.FixtureRequest, data: Path, tmp_path: Path) -> Iterator[Settings]:
    """Empty engines to move to."""
    if request.param == "directory":
        yield Settings(data=tmp_path / "target")
        return
    with schema(tmp_path) as database, prefix(tmp_path) as files:
        yield Settings(data=data, database=database, files=files)


def quiet(_step: str, _done: int, _total: int) -> None:
    """Shows no progress bar."""


def told(settings: Settings) -> tuple[object, ...]:
    """Returns everything that an archive holds, down to the rows and the ids that it will give next."""
    services = build_services(settings)
    rows = {
        table: sorted(map(repr, (dict(row) for row in services.database.rows(f"SELECT * FROM {table}"))))  # type: ignore[attr-defined]
        for table in (*TABLES, "counter")
    }
    ids = {
        table: services.database.highest_id_ever_assigned(table)
        for table, key in TABLES.items()
        if key == ("id",)
    }  # type: ignore[attr-defined]
    answer = everything(services), rows, ids, services.people.accounts.everyone(), list(services.files.all())
    close(services)
    return answer


def answered(settings: Settings) -> list[object]:
    services = build_services(settings)
    answer = answers(services)
    close(services)
    return answer


def moved(source: Settings, *to: str) -> None:
    environment = {
        "PRAKAT_DATA": str(source.data),
        "PRAKAT_DATABASE": source.database,
        "PRAKAT_FILES": source.files,
    }
    options = [option for place in to for option in ("--to", place)]
    result = CliRunner().invoke(main, ["move", *options], env=environment)
    assert result.exit_code == 0, result.output


def test_there_and_back_nothing_is_different(data: Path, target: Settings, tmp_path: Path) -> None:
    source, home = Settings(data=data), Settings(data=tmp_path / "home")
    before, answers_before = told(source), answered(source)
    assert before[0]
    moved(source, *([str(target.data)] if target.database == "sqlite" else [target.database, target.files]))
    assert told(target) == before
    assert answered(target) == answers_before
    moved(target, str(home.data))
    assert told(home) == before == told(source)
    assert answered(home) == answers_before
    assert (home.data / "words.txt").read_text() == "หนองปลาดุก\n"
    assert (home.data / "secret-key").read_text() == (data / "secret-key").read_text()


def test_ids_that_were_used_are_not_used_again(data: Path, target: Settings) -> None:
    move_archive(Settings(data=data), target, quiet)
    services = build_services(target)
    highest = max(
        one.id for found in services.attachments.by_announcement(range(1, 100)).values() for one in found
    )
    made, _ = services.commands.attachments.attach(
        1, io.BytesIO(b"%PDF-1.7 new"), filename="ก.pdf", actor=ACTOR
    )
    # Of the two between, one was taken off before the move, and one waits to replace the file of another.
    assert made.id == highest + 3
    close(services)


def test_killed_again_and_again_it_goes_on(data: Path, target: Settings) -> None:
    source = Settings(data=data)

    def dying(steps: int) -> Callable[[str, int, int], None]:
        countdown = iter(range(steps))

        def die(_step: str, _done: int, _total: int) -> None:
            if next(countdown, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        return die

    for steps in (0, 1, 4, 10):  # after the files, and in the midst of the tables
        assert ended(in_child(lambda steps=steps: move_archive(source, target, dying(steps)))) == KILLED  # type: ignore[misc]
        if steps:
            with pytest.raises(SettingsError):
                build_services(target)
    move_archive(source, target, quiet)
    assert told(target) == told(source)


def test_it_is_not_moved_onto_something_else(data: Path, target: Settings) -> None:
    source = Settings(data=data)
    move_archive(source, target, quiet)
    with pytest.raises(Conflict) as refused:
        move_archive(source, target, quiet)
    assert refused.value.code == "not-empty"


def test_what_changes_meanwhile_is_brought_after(data: Path, target: Settings) -> None:
    source = Settings(data=data)
    services = build_services(source)
    changed = False

    def change(step: str, done: int, total: int) -> None:
        nonlocal changed
        if step == "records" and done == total and not changed:
            changed = True
            attachment = services.attachments.by_announcement([2])[2][0]
            services.attachments.detach(attachment.id, actor=ACTOR)
            services.announcements.revise(1, {"title": "แก้ไขระหว่างย้าย"}, actor=ACTOR)

    with pytest.raises(Conflict) as refused:
        move_archive(source, target, change)
    assert refused.value.code == "changed-meanwhile"
    with pytest.raises(SettingsError):
        build_services(target)
    move_archive(source, target, quiet)
    close(services)
    assert told(target) == told(source)


def test_a_person_suspended_meanwhile_is_not_let_in_at_the_target(data: Path, target: Settings) -> None:
    services = build_services(Settings(data=data))

    def suspend(step: str, done: int, total: int) -> None:
        if step == "records" and done == total:
            services.people.accounts.disable_and_sign_out("สมศรี")

    with pytest.raises(Conflict) as refused:
        move_archive(Settings(data=data), target, suspend)
    assert refused.value.code == "changed-meanwhile"
    with pytest.raises(SettingsError):
        build_services(target)
    move_archive(Settings(data=data), target, quiet)
    close(services)
    assert told(target) == told(Settings(data=data))


def test_work_that_goes_on_is_refused_with_a_clear_message(data: Path, target: Settings) -> None:
    services = build_services(Settings(data=data))

    def work(step: str, _done: int, _total: int) -> None:
        if step == "records":
            services.announcements.create(
                Draft(title="ระหว่างย้าย", published_on=dt.date(2021, 6, 9)), actor=ACTOR
            )

    with pytest.raises(Conflict) as refused:
        move_archive(Settings(data=data), target, work)
    assert refused.value.code == "changed-meanwhile"
    move_archive(Settings(data=data), target, quiet)
    close(services)
    assert told(target) == told(Settings(data=data))


def test_a_damaged_original_is_named_and_not_passed_on(data: Path, target: Settings) -> None:
    harmed = stored(data)[0]
    overwrite(harmed, b"damaged")
    assert move_archive(Settings(data=data), target, quiet).damaged_sha256 == [harmed.name]
    services = build_services(target)
    assert not services.files.exists(harmed.name)
    close(services)


def test_every_table_is_moved(tmp_path: Path) -> None:
    engine = Sqlite(tmp_path / "prakat.sqlite")
    tables = {row["name"] for row in engine.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables - {"sqlite_sequence", "migration", "counter"} == set(TABLES)
    engine.close()


def test_to_where_it_is_there_is_nothing_to_move(data: Path) -> None:
    result = run(data, "move", "--to", str(data))
    assert result.exit_code == 2
    assert "nothing to move" in result.stderr
