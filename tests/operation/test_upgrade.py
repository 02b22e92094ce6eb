"""Archives of earlier versions open in every later one, and can be gone back to.

``first-release.tar`` and ``before-0.2.0.tar`` are backups that those versions made. They are never made
again.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive.model import ReadingStatus, Status
from tests.factories.archives import draft
from tests.operation.archives import close, opened, run
from web.accounts.passwords import verify_password
from web.bootstrap import Services
from web.cli import main

FACTORIES = Path(__file__).parents[1] / "factories"
KEPT = FACTORIES / "first-release.tar"


def test_the_first_release_opens(tmp_path: Path) -> None:
    data = tmp_path / "data"

    def prakat(*arguments: str) -> str:
        ran = CliRunner().invoke(main, arguments, env={"PRAKAT_DATA": str(data)})
        assert ran.exit_code == 0, ran.output
        return ran.stdout

    prakat("restore", str(KEPT))
    prakat("check")
    services = opened(data)
    counts = services.announcements.count_by_status()
    assert [counts[status] for status in (Status.PUBLISHED, Status.WITHDRAWN, Status.DRAFT)] == [1, 1, 1]
    record = services.announcements.get(1)
    assert (record.title, record.views) == ("ประกาศซ่อมถังประปาหมู่บ้าน", 492)
    assert record.body.endswith("2. ซ่อมแซม")
    (attachment,) = services.attachments.by_announcement([1])[1]
    assert (attachment.filename, attachment.status) == ("บันทึกข้อความ.pdf", ReadingStatus.READY)
    assert attachment.details.fields["number"].value == "นป 52301/412"
    known = services.people.accounts.by_name("somsri")
    assert known is not None
    assert verify_password(known[1], "รหัสผ่านยาวพอสมควร")
    answer = json.loads(prakat("search", "ถังประปาบ้านดอนมะกอก", "--json"))
    assert [page["page"] for result in answer["results"] for page in result["pages"]] == [1]


EARLIER = FACTORIES / "before-0.2.0.tar"


def test_the_version_before_0_2_0_opens_and_can_be_gone_back_to(tmp_path: Path) -> None:
    before = EARLIER.read_bytes()
    data, backups = tmp_path / "data", tmp_path / "backups"

    def prakat(*arguments: str, place: Path = data) -> str:
        ran = CliRunner().invoke(main, arguments, env={"PRAKAT_DATA": str(place)})
        assert ran.exit_code == 0, ran.output
        return ran.stdout

    prakat("restore", str(EARLIER))
    prakat("check")
    services = opened(data)
    record = services.announcements.get(1)
    assert (record.title, record.views, record.category) == ("ประกาศสอบราคาจ้างก่อสร้างถนน", 493, "จัดซื้อจัดจ้าง")
    assert [services.announcements.get(id).status for id in (2, 3, 4)] == [
        Status.WITHDRAWN,
        Status.DRAFT,
        Status.TRASHED,
    ]
    assert "แก้โดยเจ้าหน้าที่" in services.pages.get(1, 1).text
    (collection,) = services.collections.all()
    assert collection.items[0].announcement_id == 1
    assert [change.action for change in services.history.entries(2)] == ["create", "withdraw"]
    services.commands.announcements.revise(1, {"title": "แก้ในรุ่นใหม่"}, actor="somsri")
    prakat("reindex")
    prakat("backup", f"{backups}/")
    # Back to the version before: its own backup, which the upgrade has not touched, is restored as it was.
    assert EARLIER.read_bytes() == before
    prakat("restore", str(EARLIER), place=tmp_path / "again")
    assert opened(tmp_path / "again").records.announcements.get(1).title == "ประกาศสอบราคาจ้างก่อสร้างถนน"
    prakat("restore", str(backups), place=tmp_path / "new")
    assert opened(tmp_path / "new").records.announcements.get(1).title == "แก้ในรุ่นใหม่"


_LAST_COMMIT_OF_0_1_0 = "399a620691238d929caa7ac0465cbed4d0cfcc4d"
_BOOTSTRAP = "import sys; sys.argv[0] = 'prakat'; from web.cli import main; main()"


@pytest.fixture
def earlier_program(tmp_path: Path) -> Callable[..., str]:
    """The program of 0.1.0, out of this project's history, with the libraries that are installed here."""
    pytest.importorskip("feedgen", reason="feedgen, which 0.1.0 needs, is not installed")
    rooms = ["archive", "indexer", "storage", "web"]
    taken = subprocess.run(
        ["git", "archive", _LAST_COMMIT_OF_0_1_0, *rooms],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
    )
    if taken.returncode != 0:
        pytest.skip("the history of the project, which has 0.1.0, is not here (a shallow clone, a release)")
    program = tmp_path / "0.1.0"
    with tarfile.open(fileobj=io.BytesIO(taken.stdout)) as archive:
        archive.extractall(program, filter="data")

    def prakat(data: Path, *arguments: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(program), "PRAKAT_DATA": str(data)}
        command = [sys.executable, "-c", _BOOTSTRAP, *arguments]
        ran = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    return prakat


def test_0_1_0_itself_goes_on_from_its_backup_after_an_upgrade(
    earlier_program: Callable[..., str], tmp_path: Path
) -> None:
    """As the manual says: what was made since the upgrade is exported by the new version, by its numbers."""
    data, backup, bag = tmp_path / "data", tmp_path / "backups", tmp_path / "bag"

    def titles_found(query: str) -> list[str]:
        answer = json.loads(earlier_program(data, "search", query, "--json"))
        return [result["title"] for result in answer["results"]]

    earlier_program(data, "restore", str(EARLIER))
    earlier_program(data, "backup", f"{backup}/")
    later = opened(data)
    made = later.commands.announcements.create(draft(1), actor="somsri")
    later.commands.publication.publish(made.id, actor="somsri", reason="ทดสอบ")
    close(later)
    assert run(data, "export", str(bag), str(made.id)).exit_code == 0

    data.rename(tmp_path / "data.new")
    earlier_program(data, "restore", str(backup))
    earlier_program(data, "check")
    earlier_program(data, "reindex")
    assert titles_found("ถนน") == ["ประกาศสอบราคาจ้างก่อสร้างถนน"]
    assert titles_found("ขยะ") == []
    said = earlier_program(data, "import", str(bag))
    assert said.startswith("เพิ่ม 1 เรื่อง"), said
    earlier_program(data, "reindex")
    assert titles_found("ขยะ") == [draft(1).title]
    earlier_program(data, "check")


def _upgrade_beyond_this_version(services: Services) -> None:
    with services.database.write():  # type: ignore[attr-defined]
        services.database.run(  # type: ignore[attr-defined]
            "INSERT INTO migration (name, applied_at) VALUES ('of a later version', '2030')"
        )


def test_an_earlier_version_refuses_an_archive_that_a_later_one_upgraded(data: Path, tmp_path: Path) -> None:
    services = opened(data)
    _upgrade_beyond_this_version(services)
    close(services)
    before = (data / "prakat.sqlite").read_bytes()
    target = str(tmp_path / "target")
    for command in (
        *(["serve"], ["worker"], ["check", "--repair"], ["stats"], ["reindex"], ["reread", "--failed"]),
        *(["backup", target], ["nightly", target], ["export", target], ["export-site", target]),
        *(["move", "--to", target], ["search", "ถนน"], ["user", "list"], ["sample"]),
    ):
        refused = run(data, *command)
        assert refused.exit_code == 2, command
        assert "รุ่นที่ใหม่กว่า" in refused.stderr
        assert "restore the backup from before the upgrade" in refused.stderr
    assert "รุ่นที่ใหม่กว่า" in run(data, "doctor").output
    assert (data / "prakat.sqlite").read_bytes() == before


def test_an_earlier_version_refuses_a_backup_of_a_later_one_and_leaves_nothing(
    services: Services, tmp_path: Path
) -> None:
    _upgrade_beyond_this_version(services)
    services.backups.make_backup(tmp_path / "backup.tar", lambda *_: None)
    refused = run(tmp_path / "new", "restore", f"{tmp_path}/backup.tar")
    assert refused.exit_code == 2
    assert "รุ่นที่ใหม่กว่า" in refused.stderr
    assert not (tmp_path / "new").exists()


def test_of_two_generations_that_which_this_version_restores_is_named(
    services: Services, tmp_path: Path
) -> None:
    place = tmp_path / "backups"
    place.mkdir()
    services.backups.make_backup(place, lambda *_: None)
    _upgrade_beyond_this_version(services)
    services.backups.make_backup(place, lambda *_: None)
    listed = run(tmp_path / "new", "restore", str(place), "--list").stdout.splitlines()
    (own, later) = (line.split()[0] for line in listed)
    assert (listed[0], "newer version" in listed[1]) == (own, True)
    refused = run(tmp_path / "new", "restore", str(place))
    assert refused.exit_code == 2
    assert f"--generation {own}" in refused.stderr
    (cannot_open,) = (
        each
        for each in json.loads(run(services.settings.data, "doctor", "--json").stdout)
        if each["code"] == "cannot-open"
    )
    assert f"prakat restore {place} --generation {own}" in cannot_open["remedy"]
    assert run(tmp_path / "new", "restore", str(place), "--generation", own).exit_code == 0
    (place / "generations" / f"{own}.json").unlink()
    assert "--generation" not in run(tmp_path / "other", "restore", str(place)).stderr
    assert "--generation" not in run(services.settings.data, "doctor").stdout
    assert later in run(tmp_path / "other", "restore", str(place), "--list").stdout
