"""Backups of an archive that lives on servers: the same form, from the same command, back onto either."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive.model import Role
from tests.contracts.engines import prefix, schema
from tests.factories.archives import ACTOR, add, written_meanwhile
from tests.operation.archives import answers, close, everything, flip, stored
from web.archive_move import move_archive
from web.bootstrap import build_services
from web.cli import main
from web.settings import Settings

pytestmark = pytest.mark.skipif("SCALE_DATABASE" not in os.environ, reason="run by make test-scale")


@pytest.fixture(params=["both", "database", "files"])
def servers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Settings]]:
    """Two empty places with servers for the database, the files, or both."""
    with ExitStack() as stack:
        places = []
        for name in ("first", "second"):
            folder = tmp_path / name
            database = "sqlite" if request.param == "files" else stack.enter_context(schema(folder))
            files = "local" if request.param == "database" else stack.enter_context(prefix(folder))
            places.append(Settings(data=folder, database=database, files=files))
        yield places


@pytest.fixture
def served(servers: list[Settings], data: Path) -> Settings:
    """The first place, with the filled archive in it."""
    services = build_services(Settings(data=data))
    services.people.accounts.add("somsri", "hash", Role.ADMIN)
    services.people.tokens.add("importer", "token-hash")
    services.dictionary.add_entry("หนองปลาดุก")
    close(services)
    move_archive(Settings(data=data), servers[0], lambda *_: None)
    return servers[0]


def run(settings: Settings, *arguments: str | Path) -> Result:
    environment = {
        f"PRAKAT_{name}": str(getattr(settings, name.lower())) for name in ("DATA", "DATABASE", "FILES")
    }
    return CliRunner().invoke(main, [*map(str, arguments)], env=environment)


def done(settings: Settings, *arguments: str | Path) -> Result:
    result = run(settings, *arguments)
    assert result.exit_code == 0, result.output
    return result


def held(settings: Settings) -> tuple[object, ...]:
    services = build_services(settings)
    told = (
        everything(services),
        answers(services),
        services.people.accounts.everyone(),
        [token.name for token in services.people.tokens.all()],
        (settings.data / "words.txt").read_text(),
        (settings.data / "secret-key").read_text(),
    )
    close(services)
    return told


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_from_servers_onto_others_and_into_a_directory(
    served: Settings, servers: list[Settings], tmp_path: Path, kind: str
) -> None:
    done(served, "reindex")
    before = held(served)
    destination = tmp_path / "backup"
    if kind == "directory":
        destination.mkdir()
    done(served, "backup", destination)
    for place in (servers[1], Settings(data=tmp_path / "home")):
        done(place, "restore", destination)
        assert held(place) == before
        done(place, "check")
        assert not (place.data / "unpacked").exists()


def test_from_a_directory_onto_servers(data: Path, servers: list[Settings], tmp_path: Path) -> None:
    services = build_services(Settings(data=data))
    services.dictionary.add_entry("หนองปลาดุก")
    close(services)
    done(Settings(data=data), "reindex")
    done(Settings(data=data), "backup", tmp_path / "b.tar")
    done(servers[0], "restore", tmp_path / "b.tar")
    assert held(servers[0]) == held(Settings(data=data))


def test_a_damaged_original_of_a_backup_is_named_and_kept(
    data: Path, servers: list[Settings], tmp_path: Path
) -> None:
    victim = stored(data)[2]
    flip(victim, 30)
    assert run(Settings(data=data), "backup", tmp_path / "b.tar").exit_code == 1
    result = run(servers[0], "restore", tmp_path / "b.tar")
    assert result.exit_code == 1
    kept = servers[0].data / "damaged-originals" / victim.name
    assert f"{kept}" in result.stderr
    assert kept.read_bytes() == victim.read_bytes()
    assert not (servers[0].data / "unpacked").exists()
    services = build_services(servers[0])
    assert {each.sha256 for each in services.files.all()} == {each.name for each in stored(data)} - {
        victim.name
    }
    close(services)


def test_only_what_is_new_and_what_was_damaged_is_copied(served: Settings, tmp_path: Path) -> None:
    destination = tmp_path / "backup"
    destination.mkdir()
    done(served, "backup", destination)
    victim = stored(destination)[2]
    flip(victim, 30)
    services = build_services(served)
    add(services, 30)
    close(services)
    result = run(served, "backup", destination)
    assert result.exit_code == 1
    assert victim.name in result.stderr
    assert "ใหม่ 1 ไฟล์" in result.stderr
    assert "ใหม่ 0 ไฟล์" in done(served, "backup", destination).stderr


def test_one_moment_while_others_write(served: Settings, tmp_path: Path) -> None:
    services = build_services(served)
    with written_meanwhile(services) as written:
        promised = list(written)
        done(served, "backup", tmp_path / "b.tar")
        after = len(written)
    assert after > len(promised)
    live = everything(services)
    close(services)
    done(Settings(data=tmp_path / "home"), "restore", tmp_path / "b.tar")
    other = build_services(Settings(data=tmp_path / "home"))
    kept = everything(other)
    assert set(promised) <= set(kept)
    assert len([id for id, record in kept.items() if live[id] != record]) <= 1
    assert other.database.find_faults() == []
    close(other)


def test_a_served_archive_is_never_restored_onto(served: Settings, data: Path, tmp_path: Path) -> None:
    done(served, "backup", tmp_path / "b.tar")
    before = everything(services := build_services(served))
    result = run(served, "restore", tmp_path / "b.tar")
    assert result.exit_code == 1
    assert "not empty" in result.stderr
    assert everything(services) == before
    services.commands.announcements.revise(1, {"title": "ยังแก้ไขได้"}, actor=ACTOR)
    close(services)
