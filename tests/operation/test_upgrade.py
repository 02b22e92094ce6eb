"""An archive of the first release opens in every later one. ``first-release.tar`` is never made again."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from archive.model import Reading, Status
from tests.operation.archives import opened
from web.accounts.passwords import verify
from web.cli import main

KEPT = Path(__file__).with_name("first-release.tar")


def test_the_first_release_opens(tmp_path: Path) -> None:
    data = tmp_path / "data"

    def prakat(*arguments: str) -> str:
        ran = CliRunner().invoke(main, arguments, env={"PRAKAT_DATA": str(data)})
        assert ran.exit_code == 0, ran.output
        return ran.stdout

    prakat("restore", str(KEPT))
    prakat("check")
    services = opened(data)
    counts = services.announcements.counts()
    assert [counts[status] for status in (Status.PUBLISHED, Status.WITHDRAWN, Status.DRAFT)] == [1, 1, 1]
    record = services.announcements.get(1)
    assert (record.title, record.views) == ("ประกาศซ่อมถังประปาหมู่บ้าน", 492)
    assert record.body.endswith("2. ซ่อมแซม")
    (attachment,) = services.attachments.by_announcement([1])[1]
    assert (attachment.filename, attachment.status) == ("บันทึกข้อความ.pdf", Reading.READY)
    assert attachment.details.fields["number"].value == "นป 52301/412"
    known = services.people.by_name("somsri")
    assert known is not None
    assert verify(known[1], "รหัสผ่านยาวพอสมควร")
    answer = json.loads(prakat("search", "ถังประปาบ้านดอนมะกอก", "--json"))
    assert [page["page"] for result in answer["results"] for page in result["pages"]] == [1]
