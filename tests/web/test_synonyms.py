"""Staff teach the search that two words mean the same, and see which lost searches that helps."""

from __future__ import annotations

import html

from archive.model import Role
from indexer.reindex import rebuild
from tests.web.conftest import Site

FORM = {"said": "ตลิ่งพัง", "written": "ตลิ่งทรุดตัว, ตลิ่งถูกกัดเซาะ"}
ENTRY = "ตลิ่งพัง ~ ตลิ่งทรุดตัว ~ ตลิ่งถูกกัดเซาะ"
EFFECT = "“ตลิ่งพัง” ค้นไม่พบ 2 ครั้ง จะพบ 1 เรื่อง"


def test_an_entry_is_tried_added_removed_and_put_back(site: Site) -> None:
    made = site.announcement("ซ่อมแซมตลิ่งถูกกัดเซาะริมคลอง")
    site.work()
    for _ in range(2):
        site.services.usage_statistics.record_missed_search_unless_personal("ตลิ่งพัง")
    staff = site.signed_in(Role.STAFF)
    preview = html.unescape(staff.post("/staff/synonyms/add", data=FORM | {"preview": "1"}).text)
    assert EFFECT in preview
    assert site.services.dictionary.local_synonyms() == []
    answer = staff.post("/staff/synonyms/add", data=FORM)
    assert answer.status_code == 302
    page = html.unescape(staff.get(answer.location).text)
    assert ENTRY in page
    assert EFFECT in page
    assert "กำลังปรับปรุงการค้นหา" in page
    rebuild(site.services.records, site.services.index)  # as the worker does when it sees new words
    found = site.client().get("/api/v1/search?q=ตลิ่งพัง").json
    assert [each["id"] for each in found["results"]] == [made.id]
    gone = staff.post("/staff/synonyms/remove", data={"entry": ENTRY})
    assert site.services.dictionary.local_synonyms() == []
    assert "/staff/synonyms/restore" in staff.get(gone.location).text
    staff.post("/staff/synonyms/restore", data={"entry": ENTRY})
    assert site.services.dictionary.local_synonyms() == [ENTRY]
    log = [(each.is_added, each.entry) for each in site.services.dictionary.changes()]
    assert log == [(True, ENTRY), (False, ENTRY), (True, ENTRY)]
    shown = staff.get("/staff/synonyms").text.split('id="log"')[1]
    assert site.services.dictionary.changes()[0].actor in shown
    assert shown.count("/staff/synonyms/remove") == 2  # each addition of what is in use can be undone
    assert staff.post("/staff/synonyms/remove", data={"entry": "ไม่มี ~ คำนี้"}).status_code == 404


def test_what_is_no_entry_is_refused(site: Site) -> None:
    staff = site.signed_in(Role.STAFF)
    for wrong in (
        {"said": "ตลิ่ง", "written": ""},
        {"said": "ก ~ ข", "written": "ค=ง"},
        {"said": "ตลิ่ง", "written": "!!"},
        {"said": "ab->cd", "written": "ตลิ่ง"},  # which the file would take for a translation
        {"said": "ก" * 61, "written": "ขค"},
    ):
        assert staff.post("/staff/synonyms/add", data=wrong).status_code == 200
    assert site.services.dictionary.local_synonyms() == []


def test_a_missed_search_gives_the_dictionary_one_plain_word(site: Site) -> None:
    staff = site.signed_in(Role.STAFF)
    usage = site.services.usage_statistics
    usage.record_missed_search_unless_personal("โคกสูง")
    for wrong in ("หมา ~ สุนัข", "ทต = เทศบาล", "dog -> สุนัข", "# โคกสูง", "!!", "ก" * 61):
        page = staff.post("/staff/misses", data={"query": "โคกสูง", "word": wrong}, follow_redirects=True).text
        assert "ในพจนานุกรมแล้ว" not in page
        assert "~ = #" in html.unescape(page) or "ต้องมีตัวอักษร" in page
    assert site.services.dictionary.changes() == []
    assert [each.query for each in usage.list_missed_searches()] == ["โคกสูง"]
    page = staff.post("/staff/misses", data={"query": "โคกสูง", "word": "โคก\tสูง"}, follow_redirects=True).text
    assert "เพิ่ม “โคก สูง” ในพจนานุกรมแล้ว" in page
    assert "โคกสูง" in site.services.dictionary.current().words
    assert [(each.is_added, each.entry) for each in site.services.dictionary.changes()] == [(True, "โคก สูง")]
    assert usage.list_missed_searches() == []


def test_everyday_words_find_official_ones(site: Site) -> None:
    titles = {
        "น้ำไม่ไหล": "แจ้งงดจ่ายน้ำประปาหมู่ที่ 3",
        "ไฟดับ": "ประกาศดับกระแสไฟฟ้าเพื่อซ่อมแซมสายส่ง",
        "ขยะเหม็น": "เปลี่ยนวันเก็บขนขยะมูลฝอย",
        "ลูกเข้าโรงเรียน": "รับสมัครเด็กเล็กเข้าศูนย์พัฒนา",
    }
    ids = {word: site.announcement(title).id for word, title in titles.items()}
    site.announcement("แจ้งเตือนน้ำไหลหลากและน้ำท่วมฉับพลัน")
    site.work()
    for word, id in ids.items():
        found = site.client().get("/api/v1/search", query_string={"q": word}).json
        assert found["results"][0]["id"] == id, word
