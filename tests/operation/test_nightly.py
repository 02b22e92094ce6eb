"""The work of every night: each step is done, what it finds is kept, and monitoring sees it."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pyrage
import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from archive.errors import Invalid
from indexer.scrub import RECORD
from storage.backup import rehearsal
from storage.data_directory import DATABASE
from tests.operation.archives import flip, overwrite, run, stored
from tests.web.test_following import Mailbox, mailbox  # noqa: F401  # a fixture
from web import backup_restore
from web.app import create_app
from web.backup_restore import rehearse_restore
from web.bootstrap import Services
from web.cli import main
from web.nightly import OVERDUE, RESULT, read_nightly, run_nightly
from web.serving.metrics import exposition


def outcomes(services: Services, destination: Path) -> dict[str, bool]:
    return {step.name: step.is_ok for step in run_nightly(services, destination).steps}


def nightly_readiness(services: Services) -> str:
    answer = create_app(services).test_client().get("/readyz").json
    return str(answer["checks"]["nightly"])  # type: ignore[index]


def test_a_good_night_is_kept_and_seen(services: Services, tmp_path: Path) -> None:
    assert read_nightly(services.settings) is None
    assert nightly_readiness(services) == "ok"
    ran = run(services.settings.data, "nightly", str(tmp_path / "backups"))
    assert ran.exit_code == 0, ran.output
    assert [line[0] for line in ran.stdout.splitlines()] == ["✓"] * 4
    kept = read_nightly(services.settings)
    assert kept is not None
    assert kept.is_ok
    assert [step.name for step in kept.steps] == ["backup", "check", "scrub", "restore"]
    assert nightly_readiness(services) == "ok"
    assert not list(services.settings.data.glob("*rehearsal*"))
    families = {
        family.name: family for family in text_string_to_metric_families(exposition(services).decode())
    }
    assert {sample.value for sample in families["prakat_nightly_ok"].samples} == {1.0}
    (ended,) = families["prakat_nightly_timestamp_seconds"].samples
    assert ended.value == pytest.approx(kept.finished_at.timestamp())


def test_a_damaged_original_is_said_by_the_steps_that_meet_it(services: Services, tmp_path: Path) -> None:
    flip(stored(services.settings.data)[0], 100)
    ran = run(services.settings.data, "nightly", str(tmp_path / "backups"))
    assert ran.exit_code == 1
    assert read_nightly(services.settings) is not None
    assert "file-damaged" in ran.stdout
    said = nightly_readiness(services)
    assert "nightly run failed" in said
    assert str(tmp_path) not in said  # strangers may read it
    assert "file-damaged" not in said


def test_where_the_backup_disk_is_not_mounted_nothing_is_written_and_it_is_told(
    services: Services, tmp_path: Path
) -> None:
    kept = tmp_path / "backups"
    assert all(outcomes(services, kept).values())
    kept.rename(tmp_path / "unmounted")
    for is_mount_point_there in (False, True):
        if is_mount_point_there:
            kept.mkdir()
        step = run_nightly(services, kept).steps[0]
        assert (step.name, step.is_ok) == ("backup", False)
        assert f"prakat backup {kept}/" in step.detail
        assert kept.exists() is is_mount_point_there
    assert list(kept.iterdir()) == []
    kept.rmdir()
    (tmp_path / "unmounted").rename(kept)
    assert all(outcomes(services, kept).values())
    kept.rename(tmp_path / "old disk")
    assert run(services.settings.data, "backup", f"{kept}/").exit_code == 0  # a new one is begun on purpose
    assert all(outcomes(services, kept).values())


def test_on_another_backup_disk_nothing_is_written_and_it_is_told(services: Services, tmp_path: Path) -> None:
    kept, old = tmp_path / "backups", tmp_path / "old disk"
    assert all(outcomes(services, kept).values())
    shutil.copytree(kept, old)
    assert all(outcomes(services, kept).values())
    kept.rename(tmp_path / "unmounted")
    old.rename(kept)  # its generations are earlier than the last backup
    before = sorted(kept.rglob("*"))
    assert not outcomes(services, kept)["backup"]
    assert sorted(kept.rglob("*")) == before


def test_after_a_restore_the_disk_that_it_came_from_must_be_there(services: Services, tmp_path: Path) -> None:
    kept, restored = tmp_path / "backups", tmp_path / "restored"
    assert all(outcomes(services, kept).values())
    assert run(restored, "restore", str(kept)).exit_code == 0
    kept.rename(tmp_path / "unmounted")
    ran = run(restored, "nightly", str(kept))
    assert ran.exit_code == 1
    assert ran.stdout.startswith("✗")
    assert not kept.exists()
    (tmp_path / "unmounted").rename(kept)
    assert run(restored, "nightly", str(kept)).exit_code == 0


def test_a_restored_copy_asks_nothing_of_the_backup_of_the_archive_it_came_from(
    services: Services, tmp_path: Path
) -> None:
    backup, copy = tmp_path / "backup.tar", tmp_path / "copy"
    assert run(services.settings.data, "backup", str(backup)).exit_code == 0
    assert run(copy, "restore", str(backup)).exit_code == 0
    assert run(services.settings.data, "backup", str(backup)).exit_code == 0  # in its place
    ran = run(copy, "check")
    assert ran.exit_code == 0, ran.output


def test_a_failed_backup_is_told_with_its_own_remedy(services: Services, tmp_path: Path) -> None:
    kept = tmp_path / "backups"
    assert all(outcomes(services, kept).values())
    blocked = tmp_path / "file"
    blocked.write_text("no directory", encoding="utf-8")
    assert not outcomes(services, blocked / "backups")["backup"]
    ran = run(services.settings.data, "doctor", "--json")
    remedies = [each["remedy"] for each in json.loads(ran.stdout) if each["code"] == "nightly"]
    assert f"df -h {kept}" in remedies[0]
    assert "systemctl start prakat-nightly" in remedies[0]
    assert all("systemctl start prakat-nightly" in remedy for remedy in remedies)


def test_a_spoiled_backup_fails_the_rehearsal(services: Services, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    assert all(outcomes(services, backups).values())
    (database, *_) = (path for path in (backups / "state").iterdir() if path.stat().st_size > 50_000)
    manifest = rehearse_restore(services.settings, backups)
    assert DATABASE in manifest.members
    overwrite(database, b"not a database")
    with pytest.raises(Invalid) as refused:
        rehearse_restore(services.settings, backups)
    assert refused.value.code == "backup-damaged"
    assert not list(services.settings.data.glob("*rehearsal*"))


def test_findings_of_the_slow_scrub_fail_its_step(services: Services, tmp_path: Path) -> None:
    found = json.dumps({"damaged_files": {"ab" * 32: "damaged"}})
    (services.settings.data / RECORD).write_text(found)
    assert outcomes(services, tmp_path / "backups")["scrub"] is False


def test_a_step_that_fails_unforeseen_stops_no_other_and_is_kept(services: Services, tmp_path: Path) -> None:
    state = services.settings.data / RECORD
    state.write_text("[" * 100_000)  # what nobody thinks of
    expected = {"backup": True, "check": True, "scrub": False, "restore": True}
    assert outcomes(services, tmp_path / "backups") == expected
    state.unlink()
    kept = read_nightly(services.settings)
    assert kept is not None
    [detail] = [step.detail for step in kept.steps if not step.is_ok]
    assert detail.startswith("RecursionError: ")
    assert "nightly run failed" in nightly_readiness(services)


def test_an_archive_of_days_ago_without_night_and_backup_is_not_ready(
    services: Services, tmp_path: Path
) -> None:
    assert nightly_readiness(services) == "ok"  # begun a moment ago
    before = (dt.datetime.now(dt.UTC) - OVERDUE).isoformat(timespec="microseconds")
    with services.database.write():  # type: ignore[attr-defined]
        services.database.run("UPDATE announcement SET updated_at = :before", before=before)  # type: ignore[attr-defined]
    assert "no nightly run yet" in nightly_readiness(services)
    services.backups.make_backup(tmp_path / "backup.tar", lambda *_: None)  # an officer's own way
    assert nightly_readiness(services) == "ok"


def test_a_missed_night_is_seen(services: Services, tmp_path: Path) -> None:
    run_nightly(services, tmp_path / "backups")
    path = services.settings.data / RESULT
    kept = json.loads(path.read_text(encoding="utf-8"))
    kept["finished_at"] = (dt.datetime.now(dt.UTC) - OVERDUE - dt.timedelta(minutes=1)).isoformat()
    path.write_text(json.dumps(kept), encoding="utf-8")
    assert "overdue" in nightly_readiness(services)


def mail_settings(services: Services, server: Mailbox) -> dict[str, str]:
    """Returns the environment of a command of this archive that mails the night's result to ``server``."""
    return {
        "PRAKAT_SMTP_URL": f"smtp://127.0.0.1:{server.port}",
        "PRAKAT_SMTP_SENDER": "prakat@archive.example",
        "PRAKAT_BASE_URL": "http://archive.example",
        "PRAKAT_NIGHTLY_MAIL": "somchai@archive.example",
        "PRAKAT_DATA": str(services.settings.data),
    }


def test_the_officer_is_told_by_mail(
    services: Services,
    tmp_path: Path,
    mailbox: Mailbox,  # noqa: F811
) -> None:
    told = mail_settings(services, mailbox)
    ran = CliRunner().invoke(main, ["nightly", str(tmp_path / "backups")], env=told)
    assert ran.exit_code == 0, ran.output
    (message,) = mailbox.messages
    assert message["To"] == "somchai@archive.example"
    assert message["Subject"].startswith("งานกลางคืนสำเร็จ")
    assert message.get_content().count("✓") == 4
    mailbox.refuse = "550 no such person"
    assert "was not sent" in CliRunner().invoke(main, ["nightly", str(tmp_path / "backups")], env=told).output


def test_the_officer_is_told_by_mail_of_a_night_that_could_not_begin(
    services: Services,
    tmp_path: Path,
    mailbox: Mailbox,  # noqa: F811
) -> None:
    flip(services.settings.data / DATABASE, 0)
    told = mail_settings(services, mailbox)
    ran = CliRunner().invoke(main, ["nightly", str(tmp_path / "backups")], env=told)
    assert ran.exit_code != 0
    (message,) = mailbox.messages
    assert message["Subject"].startswith("งานกลางคืนไม่สำเร็จ")
    assert "✗" in message.get_content()
    mailbox.refuse = "550 no such person"
    refused = CliRunner().invoke(main, ["nightly", str(tmp_path / "backups")], env=told)
    assert "was not sent" in refused.output
    assert str(refused.exception) == str(ran.exception)


@pytest.fixture
def age_key(services: Services, tmp_path: Path) -> Path:
    """An age identity whose public key the archive encrypts its backups for."""
    identity = pyrage.x25519.Identity.generate()
    (services.settings.data / "prakat.toml").write_text(f'backup_recipient = "{identity.to_public()}"\n')
    path = tmp_path / "identity.txt"
    path.write_text(f"{identity}\n")
    return path


def test_a_rehearsal_without_the_key_is_skipped_and_with_it_is_made(
    services: Services, age_key: Path, tmp_path: Path
) -> None:
    data, backups = services.settings.data, tmp_path / "backups"
    ran = run(data, "nightly", str(backups))
    assert ran.exit_code == 0, ran.output
    assert [line[0] for line in ran.stdout.splitlines()] == ["✓", "✓", "✓", "–"]
    assert f"prakat nightly {backups}/ --identity" in ran.stdout
    assert nightly_readiness(services) == "ok"
    assert 'step="restore"' not in exposition(services).decode()
    kept = read_nightly(services.settings)
    assert kept is not None
    assert kept.is_ok
    assert kept.is_rehearsal_overdue  # never made
    ran = run(data, "nightly", str(backups), "--identity", str(age_key))
    assert [line[0] for line in ran.stdout.splitlines()] == ["✓"] * 4
    assert run(data, "nightly", str(backups)).exit_code == 0
    kept = read_nightly(services.settings)
    assert kept is not None
    assert kept.steps[-1].is_skipped
    assert not kept.is_rehearsal_overdue


@pytest.mark.usefixtures("age_key")
def test_damage_in_an_encrypted_backup_is_found_without_the_key(services: Services, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    assert run(services.settings.data, "nightly", str(backups)).exit_code == 0
    kept = max((backups / "state").iterdir(), key=lambda path: path.stat().st_size)
    flip(kept, 100)
    with pytest.raises(Invalid) as refused:
        backup_restore.compare_stored_backup(services.settings, backups)
    assert refused.value.code == "backup-damaged"


def test_no_room_for_a_rehearsal_is_kept_as_its_reason(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal, "FREE_AFTERWARDS", 1 << 60)
    step = run_nightly(services, tmp_path / "backups").steps[-1]
    assert (step.name, step.is_ok, step.code) == ("restore", False, "no-room")
