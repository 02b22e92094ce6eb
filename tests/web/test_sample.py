"""The sample archive, as a newcomer meets it."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import pdfplumber
import pytest

from archive.errors import Unavailable
from archive.model import DocumentKind, Status, TextSource
from tests.web.conftest import Site, open_site
from web.commands.sample import sample
from web.sample.archive import complete_sample


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = open_site(Path(tmp_path_factory.mktemp("sample")) / "data")
    complete_sample(site.services, lambda _done, _total: None)
    site.work()
    return site


def test_it_shows_many_kinds_years_and_authors(site: Site) -> None:
    found, total = site.services.announcements.list_page(statuses=list(Status), page=1, per_page=50)
    assert total >= 31
    assert len({each.kind for each in found}) >= 8
    assert len({each.published_on.year for each in found}) >= 5
    assert len({each.author for each in found}) >= 4
    assert {each.status for each in found} >= {Status.PUBLISHED, Status.DRAFT, Status.WITHDRAWN}


def test_the_announcement_of_the_participation_centre_is_there_in_full(site: Site) -> None:
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


def test_filling_it_again_adds_nothing(site: Site) -> None:
    before = site.services.history.last_change()
    complete_sample(site.services, lambda _done, _total: None)
    assert site.services.history.last_change() == before


def test_a_years_disclosures_are_collected_once(site: Site) -> None:
    complete_sample(site.services, lambda _done, _total: None)
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
