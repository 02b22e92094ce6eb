"""The sample archive, as a newcomer meets it with ``make run``."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pdfplumber
import pytest

from archive.errors import Unavailable
from archive.model import DocumentKind, Status, TextSource
from tests.torture.service import free_port
from tests.web.conftest import Site, open_site, until
from web.commands.sample import sample
from web.sample.archive import complete_sample

RUN = Path(__file__).parents[2] / "scripts" / "run.sh"
MAKING = "making the sample archive"


@contextmanager
def running(data: Path, *, seconds: float) -> Iterator[tuple[str, str]]:
    """Starts what ``make run`` starts once all is installed; yields the address and what was printed."""
    port, log = free_port(), data.with_name("log")
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert served.poll() is None, log.read_text()
        with suppress(OSError), urlopen(f"{address}/healthz", timeout=5):
            return True
        return False

    with log.open("w") as said:
        served = subprocess.Popen([RUN, str(data), str(port)], stdout=said, stderr=said, process_group=0)
    try:
        until(answers, seconds=seconds)
        yield address, log.read_text()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(served.pid, signal.SIGTERM)
        served.wait(60)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    data = Path(tmp_path_factory.mktemp("sample")) / "data"
    with running(data, seconds=400) as (address, printed):
        assert MAKING in printed
        assert address in printed
        assert (data / "sample-sign-in.txt").read_text() in printed
    site = open_site(data)
    site.work()
    return site


def test_a_second_run_keeps_the_data_and_makes_nothing_anew(site: Site) -> None:
    data, before = site.services.settings.data, site.services.history.last_change()
    with running(data, seconds=30) as (address, printed):
        assert MAKING not in printed
        assert address in printed
        assert (data / "sample-sign-in.txt").read_text() in printed
    assert site.services.history.last_change() == before


def test_it_shows_many_kinds_years_and_authors_and_the_centre_in_full(site: Site) -> None:
    found, total = site.services.announcements.list_page(statuses=list(Status), page=1, per_page=50)
    assert total >= 31
    assert len({each.kind for each in found}) >= 8
    assert len({each.published_on.year for each in found}) >= 5
    assert len({each.author for each in found}) >= 4
    assert {each.status for each in found} >= {Status.PUBLISHED, Status.DRAFT, Status.WITHDRAWN}
    record = site.services.announcements.get(1)
    assert "ศูนย์ส่งเสริมการมีส่วนร่วม" in record.title
    assert (record.author, record.views) == ("จับกังไซเบอร์", 492)
    assert record.published_on == dt.date(2021, 6, 9)
    assert "\n1. " in record.body
    attachments = site.services.attachments.by_announcement([1])[1]
    assert [each.kind for each in attachments] == [DocumentKind.MEMO, DocumentKind.LETTER, DocumentKind.ORDER]
    assert [each.position for each in attachments] == [1, 2, 3]


def test_scans_hold_pictures_only_and_are_found_by_what_is_in_them(site: Site) -> None:
    found = [
        each for group in site.services.attachments.by_announcement(range(1, 60)).values() for each in group
    ]
    scans = [
        each
        for each in found
        if {page.source for page in site.services.pages.by_attachment(each.id)} == {TextSource.OCR}
    ]
    assert len(scans) >= 4
    for scan in scans:
        with site.services.files.local_path(scan.sha256) as path, pdfplumber.open(path) as pdf:
            assert not any(page.chars for page in pdf.pages)
    answer = site.client().get("/api/v1/search", query_string={"q": '"หอกระจายข่าวบ้านดอนมะกอก"'}).json
    (result,) = answer["results"]
    (page,) = result["pages"]  # the others have กระจาย, but not the phrase
    assert (result["id"], page["attachment_id"], page["page"]) == (1, scans[0].id, 2)


def test_filling_it_again_adds_nothing_and_collects_a_year_s_disclosures_once(site: Site) -> None:
    before = site.services.history.last_change()
    complete_sample(site.services, lambda _done, _total: None)
    assert site.services.history.last_change() == before
    [collection] = site.services.collections.all()
    page = site.client().get(f"/collections/{collection.id}").text
    assert page.count('href="/announcements/') == sum(
        item.announcement_id is not None for item in collection.items
    )
    assert "O12 ประกาศเกี่ยวกับการจัดซื้อจัดจ้าง" in page
    disclosed = site.client().get("/disclosure", follow_redirects=True).text
    assert "ประกาศราคากลางโครงการปรับปรุงภูมิทัศน์" in disclosed


def test_without_the_library_that_makes_it_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for loaded in [name for name in sys.modules if name.startswith("web.sample")]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, "fpdf", None)
    monkeypatch.setenv("PRAKAT_DATA", str(tmp_path / "data"))
    with pytest.raises(Unavailable, match=r"requirements-run\.lock"):
        sample.callback()  # type: ignore[misc]
    assert not (tmp_path / "data").exists()
