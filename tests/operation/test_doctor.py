"""The diagnosis names what is wrong on a machine, and the command that it names mends it."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pyrage
import pytest

from archive.model import Failure, Role
from archive.site_profile import SiteProfile
from indexer.extraction import sandbox
from indexer.worker import LEASE
from storage.backup import rehearsal
from storage.backup.manifest import GENERATION_FORMAT
from tests.operation.archives import close, flip, opened, overwrite, run, stored
from web import diagnosis
from web.accounts.passwords import hash_password

HEARTBEAT = "worker-alive"
MENDED = 'site_name = "เทศบาลตำบลหนองปลาดุก"\nbase_url = "https://archive.nongpladuk.go.th"\n'


def found(data: Path) -> tuple[int, dict[str, dict[str, object]]]:
    ran = run(data, "doctor", "--json")
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    return ran.exit_code, {each["code"]: each for each in json.loads(ran.stdout)}


@pytest.fixture(scope="module")
def cared_for_once(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cared-for")
    data = shutil.copytree(filled, folder / "data")
    (data / "prakat.toml").write_text(MENDED, encoding="utf-8")
    services = opened(data)
    services.people.accounts.add("somsri", hash_password("รหัสผ่านยาวพอสมควร"), Role.ADMIN)
    close(services)
    assert run(data, "nightly", str(folder / "backups")).exit_code == 0
    return data


@pytest.fixture
def cared_for(cared_for_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The archive of an officer who did everything, on a machine that has everything."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(diagnosis, "_sync_seconds", lambda _folder: 0.002)
    data = shutil.copytree(cared_for_once, tmp_path / "data")
    (data / HEARTBEAT).touch()
    return data


def test_nothing_is_wrong_where_everything_was_done(cared_for: Path) -> None:
    status, codes = found(cared_for)
    assert status == 0, codes
    assert all(each["is_advice"] for each in codes.values())
    assert "postmaster@archive.nongpladuk.go.th" in str(codes["no-contact"]["message"])
    services = opened(cared_for)
    services.site_profiles.save(SiteProfile(email="saraban@nongpladuk.go.th"), actor="somsri")
    close(services)
    assert "no-contact" not in found(cared_for)[1]


def test_a_new_machine_lacks_an_archive_and_gets_none_by_looking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    status, codes = found(data)
    assert status == 1
    assert "prakat restore" in str(codes["no-archive"]["remedy"])
    assert not data.exists()
    data.mkdir(mode=0o700)  # as the manual makes it before an archive is restored into it
    assert "no-archive" in found(data)[1]
    assert run(data, "stats").exit_code == 1
    assert list(data.iterdir()) == []


def open_to_others(data: Path) -> None:
    next((data / "files").iterdir()).chmod(0o755)


def no_heartbeat(data: Path) -> None:
    (data / HEARTBEAT).unlink()


def clock_set_back(data: Path) -> None:
    in_an_hour = time.time() + 3600
    os.utime(data / HEARTBEAT, (in_an_hour, in_an_hour))


def wrong_setting(data: Path) -> None:
    (data / "prakat.toml").write_text(MENDED + "colour = 'red'\n", encoding="utf-8")


def key_that_is_not_there(data: Path) -> None:
    (data / "prakat.toml").write_text(
        MENDED + 'backup_signing_key = "/nowhere/backup.pem"\n', encoding="utf-8"
    )


def trusts_everybody(data: Path) -> None:
    (data / "prakat.toml").write_text(MENDED + 'trusted_proxies = "0.0.0.0/0"\n', encoding="utf-8")


def unencrypted_site(data: Path) -> None:
    plain = MENDED.replace("https://", "http://") + "ocr_jobs = 500\nsecret_key = 'short'\n"
    (data / "prakat.toml").write_text(plain, encoding="utf-8")


def nameless(data: Path) -> None:
    (data / "prakat.toml").unlink()


def no_backup(data: Path) -> None:
    (data / "last-backup.json").unlink()


def nobody(data: Path) -> None:
    run(data, "user", "disable", "somsri")


def refuse_to_fork(_memory_mb: int) -> tuple[int, Connection]:
    raise BrokenPipeError


def no_index(data: Path) -> None:
    (data / "index" / "current").unlink()


REMEDIES = {"no-tls": "เปิดให้ใช้ผ่าน https", "no-backup": "systemctl start prakat-nightly"}
"""Part of the remedy, by code, where the whole of it is more than a command."""


@pytest.mark.parametrize(
    ("harm", "codes"),
    [
        (open_to_others, {"open-to-others"}),
        (no_heartbeat, {"no-worker"}),
        (clock_set_back, {"no-worker"}),
        (wrong_setting, {"settings"}),
        (key_that_is_not_there, {"settings"}),
        (trusts_everybody, {"proxies"}),
        (unencrypted_site, {"no-tls", "ocr-jobs", "secret-key"}),
        (nameless, {"site-name", "base-url"}),
        (no_backup, {"no-backup"}),
        (nobody, {"no-admin"}),
        (no_index, {"index"}),
    ],
)
def test_each_trouble_is_named_with_what_mends_it(
    cared_for: Path, harm: Callable[[Path], None], codes: set[str]
) -> None:
    harm(cared_for)
    status, named = found(cared_for)
    assert status == 1
    assert codes == {code for code, each in named.items() if not each["is_advice"]}
    assert all(REMEDIES.get(code, "") in named[code]["remedy"] != "" for code in codes)
    shown = run(cared_for, "doctor")
    assert all(f"[{code}]" in shown.stdout for code in codes)
    assert shown.stderr.startswith("พบ")


def old_backup(data: Path, _patch: pytest.MonkeyPatch) -> None:
    note = json.loads((data / "last-backup.json").read_text())
    four_days_ago = (dt.datetime.now(dt.UTC) - dt.timedelta(days=4)).strftime(GENERATION_FORMAT)
    (data / "last-backup.json").write_text(json.dumps(note | {"generation": four_days_ago}))


def old_nightly(data: Path, _patch: pytest.MonkeyPatch) -> None:
    note = json.loads((data / "nightly.json").read_text())
    for name in ("began_at", "finished_at"):
        note[name] = (dt.datetime.fromisoformat(note[name]) - dt.timedelta(days=4)).isoformat()
    (data / "nightly.json").write_text(json.dumps(note))


def no_nightly(data: Path, _patch: pytest.MonkeyPatch) -> None:
    (data / "nightly.json").unlink()


def sample_account(data: Path, _patch: pytest.MonkeyPatch) -> None:
    services = opened(data)
    services.people.accounts.add("demo", "hash", Role.STAFF)
    close(services)
    (data / "sample-sign-in.txt").write_text("(staff sign-in): demo / secret\n", encoding="utf-8")


def two_settings(_data: Path, _patch: pytest.MonkeyPatch) -> None:
    Path("prakat.toml").write_text(MENDED, encoding="utf-8")


def no_temporary_space(data: Path, _patch: pytest.MonkeyPatch) -> None:
    (data / "prakat.toml").write_text(f"{MENDED}max_upload_mb = 100_000_000\n", encoding="utf-8")


def scanner_down(data: Path, _patch: pytest.MonkeyPatch) -> None:
    (data / "prakat.toml").write_text(f'{MENDED}clamd = "127.0.0.1:9"\n', encoding="utf-8")


def network_disk(data: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(diagnosis, "_NETWORK_DISKS", {diagnosis._file_system(data)})


def slow_disk(_data: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(diagnosis, "_sync_seconds", lambda _folder: 0.2)


def few_open_files(_data: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(diagnosis, "LEAST_OPEN_FILES", 1 << 40)


def no_library(data: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setitem(diagnosis._LIBRARIES, "s3", "no_such_library")
    (data / "prakat.toml").write_text(f'{MENDED}files = "s3://prakat?endpoint=http://127.0.0.1:9"\n')


def no_own_model(data: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(diagnosis, "OWN_MODEL", data / "nothing")


def failed_reading(data: Path, _patch: pytest.MonkeyPatch) -> None:
    services = opened(data)
    [paper, *_] = services.attachments.by_announcement([2])[2]
    services.jobs.queue_again([paper.id])
    assert services.jobs.claim("w", lease=LEASE, now=dt.datetime.now(dt.UTC))
    services.jobs.fail(paper.id, "w", Failure("crashed", "อ่านไม่ได้"))
    close(services)


@pytest.mark.parametrize(
    ("harm", "code", "remedy"),
    [
        (old_backup, "old-backup", "prakat nightly"),
        (old_nightly, "old-nightly", "prakat-nightly.timer"),
        (no_nightly, "no-nightly", "systemctl enable --now prakat-nightly.timer"),
        (sample_account, "sample-account", "prakat user disable demo"),
        (two_settings, "two-settings", "prakat.toml.bak"),
        (no_temporary_space, "temporary-space", "TMPDIR"),
        (scanner_down, "cannot-ask", "prakat check"),
        (network_disk, "network-disk", "Move the archive"),
        (slow_disk, "slow-disk", "Move the archive"),
        (few_open_files, "open-files", "LimitNOFILE"),
        (no_library, "library", "install"),
        (no_own_model, "own-model", "install"),
        (failed_reading, "failed-reading", "prakat reread --failed"),
    ],
)
def test_one_more_trouble_is_named_with_what_mends_it(
    cared_for: Path,
    monkeypatch: pytest.MonkeyPatch,
    harm: Callable[[Path, pytest.MonkeyPatch], None],
    code: str,
    remedy: str,
) -> None:
    assert code not in found(cared_for)[1]
    harm(cared_for, monkeypatch)
    status, named = found(cared_for)
    assert remedy in str(named[code]["remedy"])
    assert status == (0 if all(each["is_advice"] for each in named.values()) else 1)


def test_what_only_a_careful_officer_does_is_advised(cared_for: Path) -> None:
    advised = {"same-disk", "plain-backup", "second-factor", "no-scanner", "no-contact"}
    assert advised == found(cared_for)[1].keys() - {"root"}
    with (cared_for / "prakat.toml").open("a", encoding="utf-8") as settings:
        settings.write('second_factor = "admins"\nclamd = "127.0.0.1:9"\n')
    assert not {"second-factor", "no-scanner"} & found(cared_for)[1].keys()


def test_what_the_remedy_says_mends(cared_for: Path) -> None:
    open_to_others(cared_for)
    assert found(cared_for)[1]["open-to-others"]["remedy"] == "prakat check --repair"
    assert run(cared_for, "check", "--repair").exit_code == 0
    assert "open-to-others" not in found(cared_for)[1]


def test_a_machine_without_models_is_told_which(cared_for: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "SYSTEM_MODELS", (cared_for / "nothing",))
    monkeypatch.setattr(sandbox, "_fork", refuse_to_fork)
    status, codes = found(cared_for)
    assert status == 1
    assert str(codes["models"]["remedy"]).startswith("apt-get install tesseract-ocr-tha")
    assert "journalctl -u prakat" in str(codes["sandbox"]["remedy"])


def test_a_full_disk_is_told_in_figures_with_what_may_be_deleted(
    cared_for: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnosis, "LEAST_FREE", 1 << 60)
    named = found(cared_for)[1]["disk-space"]
    assert re.search(r"เหลือ [\d,]+ MB .* ควรเหลือ [\d,]+ MB", str(named["message"]))
    assert "pictures/" in str(named["remedy"])


def test_a_rehearsal_that_lacked_room_or_key_has_its_own_remedy(
    cared_for: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups = str(tmp_path / "backups")
    with monkeypatch.context() as full:
        full.setattr(rehearsal, "FREE_AFTERWARDS", 1 << 60)
        assert run(cared_for, "nightly", backups).exit_code == 1
    named = found(cared_for)[1]["nightly"]
    assert "pictures/" in str(named["remedy"])
    assert "--verify" not in str(named["remedy"])
    key = pyrage.x25519.Identity.generate().to_public()
    with (cared_for / "prakat.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\nbackup_recipient = "{key}"\n')
    assert run(cared_for, "nightly", backups).exit_code == 0
    status, codes = found(cared_for)
    assert status == 0
    assert codes["skipped-rehearsal"]["is_advice"]
    assert "--identity" in str(codes["skipped-rehearsal"]["remedy"])
    assert codes["plain-generations"]["is_advice"]
    plain = tmp_path / "backups" / "plain"  # what the remedy says
    plain.mkdir()
    for name in ("generations", "files", "state", "manifest.json"):
        (tmp_path / "backups" / name).rename(plain / name)
    assert run(cared_for, "backup", f"{backups}/").exit_code == 0
    assert "plain-generations" not in found(cared_for)[1]


@pytest.mark.parametrize("how", ["gone", "cut", "flipped"])
def test_an_original_that_is_gone_or_harmed_is_named_with_its_announcement(cared_for: Path, how: str) -> None:
    victim = stored(cared_for)[3]
    services = opened(cared_for)
    [owner] = services.attachments.with_file(victim.name)
    close(services)
    content = victim.read_bytes()
    if how == "gone":
        victim.unlink()
    elif how == "cut":
        overwrite(victim, content[:100])
    else:
        flip(victim, 100)
        assert "originals" not in found(cared_for)[1]  # only reading it tells
        assert run(cared_for, "check").exit_code == 1
    status, codes = found(cared_for)
    assert status == 1
    assert f"ในเรื่องที่ {owner.announcement_id} (" in str(codes["originals"]["message"])
    assert "prakat check" in str(codes["originals"]["remedy"])
