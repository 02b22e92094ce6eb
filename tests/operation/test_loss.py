"""A lost database is reported as a loss: neither an archive nor a backup begins anew."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import pytest

from archive.errors import SettingsError, Unavailable
from storage.backup.manifest import BackupManifest
from storage.backup.retention import RetentionRule
from tests.factories.archives import ACTOR, add, draft
from tests.operation.archives import checked, close, everything, opened, run, stored
from web.bootstrap import Services, build_services
from web.settings import Settings


def lose_database(data: Path) -> None:
    for path in data.glob("prakat.sqlite*"):
        path.unlink()


@pytest.mark.parametrize(
    "arguments", [("stats",), ("backup", "b.tar"), ("worker",), ("serve",), ("search", "ก")]
)
def test_no_command_begins_an_empty_archive_where_one_was(data: Path, arguments: tuple[str, ...]) -> None:
    lose_database(data)
    before = sorted(data.rglob("*"))
    result = run(data, *arguments)
    assert result.exit_code == 2
    assert "prakat restore" in result.stderr
    assert sorted(data.rglob("*")) == before


@pytest.mark.parametrize("left", ["files", "index", "last-backup.json"])
def test_each_thing_that_is_left_says_that_there_was_one(data: Path, tmp_path: Path, left: str) -> None:
    assert run(data, "backup", str(tmp_path / "b.tar")).exit_code == 0
    (data / left).rename(tmp_path / "left")
    other = tmp_path / "other"
    other.mkdir()
    (tmp_path / "left").rename(other / left)
    with pytest.raises(SettingsError, match="prakat restore"):
        opened(other)


def test_beginning_anew_beside_servers_takes_new_places_there(data: Path) -> None:
    lose_database(data)
    with pytest.raises(SettingsError) as alone:
        build_services(Settings(data=data))
    assert "PRAKAT_SEARCH" not in str(alone.value)
    with pytest.raises(SettingsError, match="a new, empty place in PRAKAT_SEARCH; delete nothing"):
        build_services(Settings(data=data, search="opensearch+http://127.0.0.1:9"))


def test_an_emptied_database_is_a_lost_one(data: Path) -> None:
    lose_database(data)
    (data / "prakat.sqlite").touch()
    assert run(data, "stats").exit_code == 2


def test_nothing_is_written_to_a_database_that_was_removed(data: Path, services: Services) -> None:
    (data / "prakat.sqlite").unlink()
    with pytest.raises(Unavailable) as refusal:
        services.commands.announcements.create(draft(60), actor=ACTOR)
    assert refusal.value.code == "database-gone"
    assert not (data / "prakat.sqlite").exists()


def test_an_archive_that_went_back_is_not_backed_up(data: Path, tmp_path: Path) -> None:
    for destination in (tmp_path / "b.tar", tmp_path / "b"):
        if not destination.suffix:
            destination.mkdir()
        assert run(data, "backup", str(destination)).exit_code == 0
        before = {path: path.read_bytes() for path in tmp_path.glob("b*/**/*") if path.is_file()}
        other = opened(tmp_path / f"other{destination.suffix}")
        add(other, 1)
        close(other)
        result = run(tmp_path / f"other{destination.suffix}", "backup", str(destination))
        assert result.exit_code == 1
        assert "--accept-loss" in result.stderr
        assert "24" in result.stderr
        assert {path: path.read_bytes() for path in tmp_path.glob("b*/**/*") if path.is_file()} == before
        forced = run(tmp_path / f"other{destination.suffix}", "backup", str(destination), "--accept-loss")
        assert forced.exit_code == 0


def test_a_backup_of_an_older_version_is_compared_too(data: Path, tmp_path: Path) -> None:
    """The backup's manifest says nothing of the records; the backup's database does."""
    destination = tmp_path / "b"
    destination.mkdir()
    assert run(data, "backup", str(destination)).exit_code == 0
    as_of_old(destination)
    other = opened(tmp_path / "other")
    add(other, 1)
    close(other)
    result = run(tmp_path / "other", "backup", str(destination))
    assert result.exit_code == 1
    assert "--accept-loss" in result.stderr


def test_a_backup_directory_of_an_older_version_restores_and_becomes_a_generation(
    data: Path, services: Services, tmp_path: Path
) -> None:
    destination = tmp_path / "b"
    destination.mkdir()
    assert run(data, "backup", str(destination)).exit_code == 0
    as_of_old(destination)
    before = everything(services)
    assert run(tmp_path / "first", "restore", str(destination)).exit_code == 0
    add(services, 31)
    assert run(data, "backup", str(destination)).exit_code == 0
    names = run(data, "restore", str(destination), "--list").stdout.split()
    assert len(names) == 2
    assert run(tmp_path / "second", "restore", str(destination), "--generation", names[0]).exit_code == 0
    for place in ("first", "second"):
        other = opened(tmp_path / place)
        assert everything(other) == before
        close(other)


def as_of_old(destination: Path) -> None:
    """Change a backup to the form before generations: one manifest, without the records."""
    (generation,) = (destination / "generations").iterdir()
    generation.unlink()
    generation.parent.rmdir()
    manifest = BackupManifest.from_bytes((destination / "manifest.json").read_bytes())
    manifest.archive = None
    (destination / "manifest.json").write_bytes(manifest.seal_to_bytes())


def test_check_compares_with_the_last_backup(data: Path, filled: Path, tmp_path: Path) -> None:
    services = opened(data)
    for number in range(41, 44):
        add(services, number)
    close(services)
    assert run(data, "reindex").exit_code == 0
    assert run(data, "backup", str(tmp_path / "b.tar")).exit_code == 0
    assert checked(data) == (0, set())
    lose_database(data)
    (data / "prakat.sqlite").write_bytes((filled / "prakat.sqlite").read_bytes())
    assert run(data, "reindex").exit_code == 0
    status, codes = checked(data)
    assert status == 1
    assert "archive-went-back" in codes


def test_a_restore_drill_of_every_generation(
    data: Path, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every kept generation comes back as the archive was when it was made, record by record."""
    destination = tmp_path / "b"
    destination.mkdir()
    begun = dt.datetime(2025, 1, 1, 3, 0, tzinfo=dt.UTC)
    moments: dict[str, dict[int, object]] = {}
    for step in range(16):
        moment = begun + dt.timedelta(days=9 * step, hours=step)
        monkeypatch.setattr("storage.backup.writer._now", lambda moment=moment: moment)
        made = add(services, 100 + 2 * step)
        if step % 3 == 2:
            (attachment, *_) = services.attachments.by_announcement([made])[made]
            services.attachments.detach(attachment.id, actor=ACTOR)
        arguments = ("backup", str(destination), "--keep-days", "4", "--keep-months", "4")
        assert run(data, *arguments).exit_code == 0
        moments[moment.strftime("%Y-%m-%dT%H%M%SZ")] = everything(services)
    kept = run(data, "restore", str(destination), "--list").stdout.split()
    assert kept == sorted(kept)
    assert len(kept) == 6  # four days of April and May, the last of February and March
    for name in kept:
        assert run(tmp_path / name, "restore", str(destination), "--generation", name).exit_code == 0
        other = opened(tmp_path / name)
        assert everything(other) == moments[name]
        close(other)
        assert checked(tmp_path / name) == (0, set())


def test_files_go_from_a_backup_only_when_no_generation_names_them(
    data: Path, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination = tmp_path / "b"
    destination.mkdir()
    begun = dt.datetime(2025, 1, 1, 3, 0, tzinfo=dt.UTC)
    victim = services.attachments.get(1)

    def backed_up(day: int) -> bool:
        moment = begun + dt.timedelta(days=day)
        monkeypatch.setattr("storage.backup.writer._now", lambda: moment)
        arguments = ("backup", str(destination), "--keep-days", "2", "--keep-months", "0")
        assert run(data, *arguments).exit_code == 0
        return any(path.name == victim.sha256 for path in stored(destination))

    assert backed_up(1)
    forget(data, victim.sha256)
    assert backed_up(2)
    assert backed_up(3)
    assert not backed_up(4)  # three are kept whatever their day
    assert len(stored(destination)) == 11


def test_no_month_is_kept_where_none_is_asked_for() -> None:
    names = [f"2025-{month:02}-{day:02}T030000Z" for month in (1, 2, 3, 4) for day in (1, 2)]
    assert RetentionRule(1, 0, newest=1).kept_generations(names) == {names[-1]}
    assert RetentionRule(0, 2, newest=1).kept_generations(names) == {names[-3], names[-1]}
    assert RetentionRule(3, 0, newest=1).kept_generations(names) == set(names[-3:])


def forget(data: Path, sha256: str) -> None:
    """Delete the attachment without a trace: neither the attachment nor its history names the file."""
    with sqlite3.connect(data / "prakat.sqlite") as other:
        other.execute("PRAGMA foreign_keys = ON")  # its pages go with it
        other.execute("DELETE FROM attachment WHERE sha256 = ?", [sha256])
    other.close()
