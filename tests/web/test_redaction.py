"""A redacted document, attacked: nothing that was covered is to be had from anything that residents reach."""

from __future__ import annotations

import hashlib
import io
import json
import re
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from archive.model import Attachment, HoldReason, Role, Status
from archive.privacy import COVER
from archive.thai import thai_digits
from tests.factories.memos import memo
from tests.operation.archives import run
from tests.web.conftest import Site, heading, open_site
from web.sample.scans import ScanLook, make_scan

NAME = "ประหยัดทรัพย์มะม่วงหวาน"
MISSPELT = "ประหยัดทรัพย์มะม่วงหวาย"
NUMBER = "1-2345-67890-12-1"
DIGITS = NUMBER.replace("-", "")
SECRETS = (NUMBER, DIGITS, NAME)
REASON = "ระเบียบให้ประกาศก่อนปิดข้อมูล"


@pytest.mark.parametrize("is_file_told", [True, False])  # entries of earlier versions do not tell it
def test_a_text_from_before_the_redaction_comes_back_by_no_undo(site: Site, is_file_told: bool) -> None:
    made = site.announcement("ประกาศรายชื่อ")
    attachment = site.attach(made.id, memo("นางสมศรี เพราะป่วยมานาน", subject="เงินช่วยเหลือ"))
    site.work()
    commands = site.services.commands
    commands.pages.correct(attachment.id, 1, "นางสมศรี ป่วยมานานแล้ว", actor="test")
    corrected = site.services.history.entries(made.id)[-1]
    if not is_file_told:
        with sqlite3.connect(site.services.settings.data / "prakat.sqlite") as database:
            database.execute(
                """UPDATE history SET before = json_remove(before, '$.sha256') WHERE action = 'correct'"""
            )
        database.close()
    commands.pages.correct(attachment.id, 1, "นางสมศรี ป่วยมานาน", actor="test")
    staff, address = site.signed_in(Role.STAFF), f"/staff/attachments/{attachment.id}/redact"
    marked = staff.post(address, data={"words": "สมศรี", "mark": "1"}).text
    boxes = re.findall(r'name="box" value="([^"]+)"', marked)
    assert staff.post(address, data={"box": boxes, "known": boxes}).status_code == 302
    site.work()
    history = staff.get(f"/staff/announcements/{made.id}/history").text
    assert f"/staff/history/{corrected.id}/undo" not in history
    staff.post(f"/staff/history/{corrected.id}/undo", data={"confirmed": "yes"})
    assert "สมศรี" not in site.services.pages.get(attachment.id, 1).text
    assert "ป่วยมานานแล้ว" not in staff.get(f"/staff/attachments/{attachment.id}/pages/1").text


def test_the_log_says_where_a_slow_redaction_took_its_time(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    made = site.announcement("ประกาศรายชื่อ", status=Status.DRAFT)
    attachment = site.attach(made.id, memo("รายชื่อผู้มีสิทธิ", subject="รายชื่อ"), "รายชื่อ.pdf")
    site.work()
    staff = site.signed_in(Role.STAFF)
    caplog.set_level("INFO", "prakat.request")
    box = "1,1000,1000,4000,2000,drawn"
    answer = staff.post(f"/staff/attachments/{attachment.id}/redact", data={"box": [box], "known": [box]})
    assert answer.status_code == 302
    line = [each for each in caplog.records if each.name == "prakat.request"][-1].__dict__
    steps = [line["draw_ms"], line["assemble_ms"], line["verify_ms"], line["save_ms"]]
    assert min(steps) > 0
    assert sum(steps) <= line["ms"]


def test_a_found_address_keeps_its_village_together(site: Site) -> None:
    made = site.announcement("ประกาศรายชื่อ", status=Status.DRAFT)
    attachment = site.attach(made.id, memo("นายสมมติ ตัวอย่างดี บ้านเลขที่ ๑๒/๓ หมู่ ๔ ตำบลหนองปลาดุก"), "รายชื่อ.pdf")
    site.work()
    page = site.signed_in(Role.STAFF).get(f"/staff/attachments/{attachment.id}/redact").text
    found = page[page.index("data-boxes") : page.index("data-making")]
    assert "หมู่ ๔" in found or "หมู่ 4" in found
    assert re.search(r'<span class="words">[^<]*(?:<wbr[^>]*>[^<]*)*หมู่ [๔4]', found)


class Redacted:
    """A published document that was read by residents with its secrets, and was then redacted."""

    def __init__(self, data: Path) -> None:
        self.site = open_site(data)
        commands = self.site.services.commands
        made = self.site.announcement("ประกาศรายชื่อผู้ได้รับเงินช่วยเหลือ", status=Status.DRAFT)
        text = f"ประชาชนเลขที่ {NUMBER} นาย{NAME} มีสิทธิได้รับเงินช่วยเหลือ"
        self.original = _laden_with_secrets(memo(text, subject="รายชื่อผู้มีสิทธิ"))
        self.attachment = self.site.attach(made.id, self.original, f"{NAME} {DIGITS}.pdf")
        commands.attachments.relabel(
            self.attachment.id, label="บัญชีรายชื่อ", kind=self.attachment.kind, actor="test"
        )
        self.site.work()
        commands.publication.publish(made.id, actor="test", reason=REASON)
        self.site.work()
        self.addresses = self._addresses(made.id)
        client = self.site.client()
        self.before = {path: client.get(path) for path in self.addresses}
        staff = self.site.signed_in(Role.STAFF)
        page = f"/staff/attachments/{self.attachment.id}/redact"
        boxes = re.findall(r'name="box" value="([^"]+)"', staff.get(page).text)
        marked = staff.post(page, data={"box": boxes, "known": boxes, "words": f"นาย{NAME}", "mark": "1"})
        self.misspelt = staff.post(page, data={"words": MISSPELT, "mark": "1"})
        self.near = staff.post(page, data={"words": MISSPELT, "near": NAME, "mark": "1"})
        boxes = [_drawn_anew(box) for box in re.findall(r'name="box" value="([^"]+)"', marked.text)]
        self.refused = staff.post(page, data={"box": [_right_half(box) for box in boxes]})
        self.answer = staff.post(page, data={"box": boxes, "known": boxes})
        self.unread = {path: client.get(path) for path in self.addresses}
        self.site.work()
        self.staff, self.announcement = staff, made

    def _addresses(self, id: int) -> list[str]:
        attachment = self.attachment.id
        shown = f"/announcements/{id}/attachments/{attachment}"
        return [
            f"/announcements/{id}",
            f"/announcements/{id}?q={NAME}",
            f"/announcements/{id}/certificate",
            shown,
            f"{shown}?q={DIGITS}",
            f"{shown}/file",
            f"{shown}/searchable.pdf",
            f"{shown}/pages/1.webp?width=1000",
            f"{shown}/pages/1.webp?width=1000&q={NAME}",
            f"{shown}/pages/1.webp?width=1000&q={NAME}&crop=hit",
            f"/api/v1/announcements/{id}",
            f"/api/v1/attachments/{attachment}",
            f"/api/v1/attachments/{attachment}/pages",
            f"/api/v1/attachments/{attachment}/file",
            f"/api/v1/attachments/{attachment}/pages/1.webp",
            *(
                f"{page}?q={secret}"
                for secret in SECRETS
                for page in ("/search", "/api/v1/search", "/feed.xml")
            ),
            f"/api/v1/suggest?q={NAME[:9]}",
            f"/api/v1/suggest?q={DIGITS[:4]}",
            "/open-data/announcements.csv",
            "/open-data/announcements.jsonl",
            "/sitemap.xml",
            "/",
        ]

    def now(self) -> Attachment:
        return self.site.services.attachments.get(self.attachment.id)


def _right_half(box: str) -> str:
    page, left, *others = box.split(",")
    return ",".join((page, str((int(left) + int(others[1])) // 2), *others))


def _drawn_anew(box: str) -> str:
    """The box of typed words as one that a person drew, moved and enlarged in its place; others unchanged."""
    page, left, top, right, bottom, origin = box.split(",")
    if origin != "typed":
        return box
    return ",".join((page, left, str(int(top) - 20), right, str(int(bottom) + 20), "drawn"))


def _laden_with_secrets(pdf: bytes) -> bytes:
    """The document with its secrets in metadata, an annotation, an embedded file and an earlier revision."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.docinfo["/Title"] = f"{NUMBER} {NAME}"
        with opened.open_metadata() as metadata:
            metadata["dc:description"] = NUMBER
        opened.attachments["secret.txt"] = NUMBER.encode()
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[0, 0, 9, 9], Contents=NUMBER
        )
        opened.pages[0].obj.Annots = pikepdf.Array([opened.make_indirect(note)])
        opened.save(target)
    return target.getvalue() + f"\n% {NUMBER} {NAME}\n%%EOF\n".encode()


@pytest.fixture(scope="module")
def redacted(tmp_path_factory: pytest.TempPathFactory) -> Redacted:
    return Redacted(Path(tmp_path_factory.mktemp("redacted")) / "data")


def _tells(data: bytes) -> list[str]:
    """The secrets that the bytes tell, in any script and encoding that a reader may try."""
    forms = [(secret, form.encode(code)) for secret in SECRETS for form in _forms(secret) for code in _CODES]
    return sorted({secret for secret, form in forms if form in data or form.hex().encode() in data})


_CODES = ("utf-8", "utf-16-be", "utf-16-le")


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield thai_digits(secret)
    yield json.dumps(secret)[1:-1]


def test_the_way_there_worked(redacted: Redacted) -> None:
    """The secrets were public, in each kind of place that is attacked below."""
    told = {path for path, answer in redacted.before.items() if _tells(answer.data)}
    assert any("/pages" in path for path in told)
    assert any(path.endswith("/file") for path in told)
    assert redacted.before[f"/api/v1/search?q={NAME}"].json["total"] == 1
    assert redacted.answer.status_code == 302
    now = redacted.now()
    assert (now.is_redacted, now.hold, now.status) == (True, None, "ready")
    assert now.sha256 != redacted.attachment.sha256


def test_residents_are_not_sent_to_an_original_that_they_have_not(site: Site, tmp_path: Path) -> None:
    made, staff = site.announcement("ประกาศรายชื่อ"), site.signed_in(Role.STAFF)
    scan = make_scan(memo(f"ประชาชนเลขที่ {NUMBER} มีสิทธิ", subject="รายชื่อ"), ScanLook(), seed=3)
    attachment = site.attach(made.id, scan)
    site.work()
    address = f"/staff/attachments/{attachment.id}/redact"
    boxes = re.findall(r'name="box" value="([^"]+)"', staff.get(address).text)
    assert staff.post(address, data={"box": boxes, "known": boxes}).status_code == 302
    site.work()
    paper = f"/announcements/{made.id}/attachments/{attachment.id}"
    pages = {path: site.client().get(path).text for path in (paper, f"{paper}/text")}
    run(site.services.settings.data, "export-site", str(tmp_path / "usb"))
    copied = tmp_path / "usb" / "announcements" / f"{made.id}.html"
    pages["static copy"] = copied.read_text(encoding="utf-8").replace('<wbr aria-hidden="true">', "")
    for path, page in pages.items():
        assert "โปรดยึดภาพในไฟล์ที่ปิดข้อมูลแล้ว" in page, path
    pages["certificate"] = site.client().get(f"/announcements/{made.id}/certificate").text
    for path, page in pages.items():
        assert "ต้นฉบับ" not in page, path
    assert "สำเนาที่ปิดข้อมูลส่วนบุคคลแล้ว" in pages["certificate"]
    assert "ไฟล์ที่ปิดข้อมูลส่วนบุคคลแล้ว" in pages["static copy"]


def test_no_address_tells_what_was_covered(redacted: Redacted) -> None:
    """Neither while the copy waits to be read nor afterwards. What was asked for may be echoed."""
    client = redacted.site.client()
    for path in redacted.addresses:
        for answer in (redacted.unread[path], client.get(path)):
            asked = parse_qs(urlsplit(path).query).get("q", ["none"])[0]
            data = answer.data.replace(asked.encode(), b"")
            assert _tells(data) == [], path


def test_search_knows_nothing_of_it(redacted: Redacted) -> None:
    client = redacted.site.client()
    for secret in SECRETS:
        found = client.get("/api/v1/search", query_string={"q": f'"{secret}"'}).json
        assert (found["total"], found["did_you_mean"]) == (0, None), secret
    for start in (NAME[:6], NAME[:9], DIGITS[:3], DIGITS[:6]):
        assert client.get("/api/v1/suggest", query_string={"q": start}).json["suggestions"] == [], start
    found = client.get("/api/v1/search", query_string={"q": "มีสิทธิได้รับเงินช่วยเหลือ"}).json
    assert found["total"] == 1  # the rest of the page is found as before
    assert COVER in "".join(
        piece["text"] for page in found["results"][0]["pages"] for piece in page["segments"]
    )


def test_the_file_holds_pictures_and_text_alone(redacted: Redacted) -> None:
    client = redacted.site.client()
    data = client.get(f"/api/v1/attachments/{redacted.attachment.id}/file").data
    assert data.count(b"%%EOF") == 1  # no earlier revision
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert "/Info" not in pdf.trailer
        assert not {"/Metadata", "/Names", "/AcroForm", "/OCProperties"} & set(pdf.Root.keys())
        assert not pdf.attachments
        assert all("/Annots" not in page.obj for page in pdf.pages)
        for thing in pdf.objects:
            if isinstance(thing, pikepdf.Stream):
                assert _tells(thing.read_raw_bytes() + _unpacked(thing)) == []
    assert _tells(data) == []
    document = pypdfium2.PdfDocument(data)
    text = document[0].get_textpage().get_text_range()
    assert "มีสิทธิได้รับเงินช่วยเหลือ" in "".join(text.split())
    assert not any(secret in "".join(text.split()) for secret in SECRETS)


def _unpacked(stream: pikepdf.Stream) -> bytes:
    try:
        return bytes(stream.read_bytes())
    except (pikepdf.PdfError, zlib.error):  # a picture
        return b""


def test_the_picture_is_black_and_no_cache_gives_the_old_one(redacted: Redacted) -> None:
    client = redacted.site.client()
    path = next(path for path in redacted.addresses if path.endswith("pages/1.webp?width=1000"))
    old = redacted.before[path]
    new = client.get(path, headers={"If-None-Match": old.headers["ETag"]})
    assert new.status_code == 200
    assert new.data != old.data
    before, after = (Image.open(io.BytesIO(answer.data)).convert("L") for answer in (old, new))
    assert _dark(after) > _dark(before) + 2_000
    file = next(path for path in redacted.addresses if path.endswith("/file"))
    again = client.get(file, headers={"If-None-Match": redacted.before[file].headers["ETag"]})
    assert (again.status_code, again.data == redacted.original) == (200, False)


def _dark(picture: Image.Image) -> int:
    return sum(picture.histogram()[:40])


def test_the_original_stays_for_staff_alone(redacted: Redacted) -> None:
    page = f"/staff/attachments/{redacted.attachment.id}"
    assert redacted.staff.get(f"{page}/versions/1/file").data == redacted.original
    assert COVER in redacted.staff.get(f"{page}/versions/1").text
    nobody, token = redacted.site.client(), redacted.site.token()
    for address in ("/versions/1", "/versions/1/file"):
        assert nobody.get(page + address).status_code == 302
        assert nobody.get(page + address, headers=token).status_code == 302


def test_going_back_to_the_original_waits_for_a_decision(redacted: Redacted) -> None:
    """The file to go back to is held, and residents see the redacted copy until then."""
    id, copy = redacted.attachment.id, redacted.now()
    redacted.staff.post(f"/staff/attachments/{id}/versions/1/restore")
    redacted.site.work()
    waiting = redacted.site.services.attachments.replacements([id])[id]
    assert (waiting.sha256, waiting.hold) == (redacted.attachment.sha256, HoldReason.PERSONAL_DATA)
    assert redacted.now() == copy
    client = redacted.site.client()
    assert client.get(f"/api/v1/attachments/{waiting.id}/file").status_code == 404
    shown = client.get(f"/api/v1/attachments/{id}/file", buffered=True).data
    assert hashlib.sha256(shown).hexdigest() == copy.sha256
    assert client.get("/api/v1/search", query_string={"q": DIGITS}).json["total"] == 0


@pytest.mark.parametrize("value", ["1,0,0,9,9", "x,0,0,9,9,drawn", "1,9,9,1,1,drawn", "1,0,0,99999,9,drawn"])
def test_a_box_that_is_none_is_refused(redacted: Redacted, value: str) -> None:
    page = f"/staff/attachments/{redacted.attachment.id}/redact"
    assert redacted.staff.post(page, data={"box": value}).status_code == 400


def test_what_can_still_be_read_is_said_with_its_place_and_covered_next(redacted: Redacted) -> None:
    page = redacted.refused.text
    assert "ยังไม่ได้เปลี่ยนไฟล์" in page
    notice = page.split('role="alert"')[1].split("</div>")[0]
    assert re.search(r'href="#page-1">หน้า 1</a>\s*“[^”]{1,8}…[^”]{1,8}”\s*· เพิ่มกรอบคลุมที่นี้ให้แล้ว', notice)
    assert not any(secret in notice for secret in SECRETS)
    assert re.search(r'name="box" value="1,[\d,]+,readable" checked', page)


def test_spellings_that_reading_may_have_made_of_a_word_are_offered(redacted: Redacted) -> None:
    offered = re.findall(r'name="near" value="([^"]+)"', redacted.misspelt.text)
    assert offered == [NAME]
    assert "กรุณาดูภาพทุกหน้าก่อนบันทึก" in redacted.misspelt.text
    assert not re.search(r'name="box" value="[\d,]+,typed"', redacted.misspelt.text)
    assert re.search(r'name="box" value="[\d,]+,typed" checked', redacted.near.text)
    assert 'name="near"' not in redacted.near.text


def test_without_a_box_nothing_is_replaced(redacted: Redacted) -> None:
    before = redacted.now().sha256
    redacted.staff.post(f"/staff/attachments/{redacted.attachment.id}/redact")
    assert redacted.now().sha256 == before


def test_the_name_of_the_original_in_the_store_is_told_nowhere(redacted: Redacted) -> None:
    client = redacted.site.client()
    for path in redacted.addresses:
        assert redacted.attachment.sha256.encode() not in client.get(path).data, path


def _covered(page: str) -> list[bool]:
    """Returns, for each box that a page proposes, True when it is ticked."""
    return [bool(tick) for tick in re.findall(r'name="box" value="[^"]+"( checked)?', page)]


@pytest.mark.parametrize("left", ["×××", ""])
def test_a_number_that_was_only_taken_out_of_the_text_is_still_covered_in_the_picture(
    site: Site, left: str
) -> None:
    made = site.announcement("ประกาศรายชื่อ", status=Status.DRAFT)
    attachment = site.attach(made.id, memo(f"ประชาชนเลขที่ {NUMBER} มีสิทธิ", subject="รายชื่อ"))
    site.work()
    staff, address = site.signed_in(Role.STAFF), f"/staff/attachments/{attachment.id}/redact"
    assert _covered(staff.get(address).text) == [True]
    text = site.services.pages.get(attachment.id, 1).text
    number = next(find for find in site.services.attachments.get(attachment.id).details.personal_data)
    corrected = text[: number.start] + left + text[number.end :]
    site.services.commands.pages.correct(attachment.id, 1, corrected, actor="test")
    assert _covered(staff.get(address).text) == [True]
    explained = {"ground": "not-personal", "reason": "ดูภาพของหน้าแล้วเป็นเลขตัวอย่าง"}
    staff.post(f"/staff/attachments/{attachment.id}", data=explained)
    page = staff.get(address).text
    assert _covered(page) == [False]
    assert "พิจารณาให้ประชาชนเห็นแล้ว" in page
    boxes = re.findall(r'name="known" value="([^"]+)"', page)
    assert _covered(staff.post(address, data={"known": boxes, "all": "1"}).text) == [True]


def test_a_number_is_proposed_wherever_it_stands_again_and_the_boxes_are_listed_by_page(site: Site) -> None:
    made = site.announcement("ประกาศรายชื่อ", status=Status.DRAFT)
    text = "นายสมชาย เลขประจำตัวประชาชน 3-1005-00123-45-7 ได้รับสิทธิ"  # a wrong check digit
    between = [f"ข้อ {number} ให้ผู้มีสิทธิมารายงานตัว ณ สำนักงานเทศบาลภายในเวลาที่กำหนด" for number in range(40)]
    attachment = site.attach(made.id, memo(text, *between, "ลงชื่อ ๓ ๑๐๐๕ ๐๐๑๒๓ ๔๕ ๗"))
    site.work()
    page = site.signed_in(Role.STAFF).get(f"/staff/attachments/{attachment.id}/redact").text
    assert {find.page for find in site.services.attachments.get(attachment.id).details.personal_data} == {1}
    _, *groups = page.split("data-page-boxes=")
    assert [group.count('name="box"') for group in groups] == [1, 0, 1]
    assert [group.count("1 แห่ง") for group in groups] == [1, 0, 1]


def _line_on_personal_data(page: str) -> str:
    [line] = [
        each for each in re.findall(r"<li class.*?</li>", page, re.DOTALL) if "<b>ข้อมูลส่วนบุคคล</b>" in each
    ]
    return " ".join(line.split())


def test_the_checklist_never_says_that_nothing_personal_is_left(site: Site) -> None:
    """No program finds every name or health condition: a person has to look."""
    staff = site.signed_in(Role.STAFF)
    plain = site.announcement("ประกาศราคากลาง", status=Status.DRAFT, body="ราคากลางถนน")
    line = _line_on_personal_data(staff.get(f"/staff/announcements/{plain.id}/publish").text)
    assert "ระบบหาพบเฉพาะ" in line
    assert "กรุณาตรวจดูเอง" in line
    made = site.announcement("ประกาศรายชื่อ", status=Status.DRAFT)
    attachment = site.attach(made.id, memo(f"ประชาชนเลขที่ {NUMBER} นางสมศรี มีสิทธิ", subject="รายชื่อ"))
    site.work()
    assert "กรุณาตรวจดูเอง" in _line_on_personal_data(staff.get(f"/staff/announcements/{made.id}/publish").text)
    address = f"/staff/attachments/{attachment.id}/redact"
    boxes = re.findall(r'name="box" value="([^"]+)"', staff.get(address).text)
    assert staff.post(address, data={"box": boxes, "known": boxes}).status_code == 302
    site.work()
    line = _line_on_personal_data(staff.get(f"/staff/announcements/{made.id}/publish").text)
    assert "ปิดข้อมูลในข้อความแล้ว 1 แห่ง" in line
    assert "กรุณาตรวจดูเอง" in line
    assert "✓" not in line
    many = staff.get(f"/staff/publish?id={made.id}&id={plain.id}").text
    assert many.count("ระบบหาพบเฉพาะ") == 1


def test_a_copy_does_not_bear_the_name_of_its_original(site: Site) -> None:
    """A clerk names a file after the person whom it is about: neither name nor label of the copy tells it."""
    made = site.announcement("ประกาศรายชื่อ", status=Status.DRAFT)
    attachment = site.attach(made.id, memo(f"ประชาชนเลขที่ {NUMBER} มีสิทธิ", subject="รายชื่อ"), f"{NAME}.pdf")
    site.work()
    staff = site.signed_in(Role.STAFF)
    address = f"/staff/attachments/{attachment.id}/redact"
    boxes = re.findall(r'name="box" value="([^"]+)"', staff.get(address).text)
    staff.post(address, data={"box": boxes, "known": boxes})
    site.work()
    now = site.services.attachments.get(attachment.id)
    assert NAME not in now.filename + now.label
    assert now.is_redacted
    assert now.filename.endswith(".pdf")
    site.services.commands.publication.publish(made.id, actor="test")
    client, document = site.client(), f"/announcements/{made.id}/attachments/{attachment.id}"
    for path in (
        f"{document}/file",
        f"{document}/searchable.pdf",
        document,
        f"/announcements/{made.id}",
        f"/announcements/{made.id}/certificate",
        f"/api/v1/announcements/{made.id}",
        f"/api/v1/attachments/{attachment.id}",
        "/open-data/announcements.csv",
        "/open-data/announcements.jsonl",
        "/feed.xml",
        f"/oai?verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:localhost:{made.id}",
    ):
        answer = client.get(path)
        assert _tells(answer.data + unquote(str(answer.headers)).encode()) == [], path
    assert NAME in staff.get(f"/staff/attachments/{attachment.id}").text


@pytest.mark.parametrize("is_by_program", [False, True])
def test_a_copy_is_headed_by_what_it_states(site: Site, is_by_program: bool) -> None:
    made = site.announcement("ประกาศรายชื่อผู้มีสิทธิ", status=Status.DRAFT)
    original = memo(f"ประชาชนเลขที่ {NUMBER} มีสิทธิ", subject="รายชื่อผู้มีสิทธิ", number="นป 52301/9")
    attachment = site.attach(made.id, original, "krupong 8e1fd15b.pdf")
    site.work()
    staff = site.signed_in(Role.STAFF)
    address = f"/staff/attachments/{attachment.id}"
    boxes = re.findall(r'name="box" value="([^"]+)"', staff.get(f"{address}/redact").text)
    staff.post(f"{address}/redact", data={"box": boxes, "known": boxes})
    assert site.services.attachments.get(attachment.id).label == "ประกาศ"
    assert heading(staff.get(address).text) == made.title  # nothing of the copy is read yet
    site.work()
    name = "บันทึกข้อความ ที่ นป 52301/9 เรื่อง รายชื่อผู้มีสิทธิ"
    for path in (address, f"{address}/pages/1", f"/announcements/{made.id}/attachments/{attachment.id}"):
        assert heading(staff.get(path).text) == name, path
    if is_by_program:
        site.client().post(f"/api/v1/announcements/{made.id}/publish", headers=site.token())
    else:
        staff.post(f"/staff/announcements/{made.id}/publish", data={"when": "now"})
    assert site.services.announcements.get(made.id).status is Status.PUBLISHED
    assert site.services.attachments.get(attachment.id).label == name


def test_words_that_are_covered_leave_the_letters_beside_them_in_the_text(site: Site) -> None:
    made = site.announcement("ประกาศรายชื่อ", status=Status.DRAFT)
    attachment = site.attach(made.id, memo("นางสมศรี เพราะป่วยเป็นโรคลมชักมานาน", subject="เงินช่วยเหลือ"))
    site.work()
    staff, address = site.signed_in(Role.STAFF), f"/staff/attachments/{attachment.id}/redact"
    boxes: list[str] = []
    for words in ("สมศรี", "ลมชัก"):
        marked = staff.post(address, data={"box": boxes, "known": boxes, "words": words, "mark": "1"}).text
        boxes = re.findall(r'name="box" value="([^"]+)"', marked)
    assert "คำที่ระบุ“สมศรี”" in re.sub(
        r"<[^>]+>|\s", "", marked
    )  # by which a clerk tells the boxes of the list apart
    assert staff.post(address, data={"box": boxes, "known": boxes}).status_code == 302
    site.work()
    text = site.services.pages.get(attachment.id, 1).text
    assert f"นาง{COVER}" in text
    assert f"โรค{COVER}มานาน" in text
    assert not re.search("สมศรี|ลมชัก", text)
    copy = site.services.attachments.get(attachment.id)
    with site.services.files.open(copy.sha256) as file:
        document = pypdfium2.PdfDocument(file.read())
    drawn = "".join(document[0].get_textpage().get_text_range().split())
    assert "โรค" in drawn
    assert not re.search("สมศรี|ลมชัก", drawn)


def test_pages_that_a_script_had_read_again_are_not_read_once_more(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = site.announcement("ประกาศรายชื่อ")
    attachment = site.attach(made.id, memo(f"นายทองดี เลขประจำตัวประชาชน {NUMBER}", subject="รายชื่อ"))
    site.work()
    monkeypatch.setattr("indexer.extraction.redaction.MOST_PAGES_READ_AGAIN", 0)  # as for a long document
    staff, address = site.signed_in(Role.STAFF), f"/staff/attachments/{attachment.id}/redact"
    page = staff.get(address).text
    assert f'data-read-again="{address}/pages"' in page
    boxes = re.findall(r'name="box" value="([^"]+)"', page)
    form = {"box": boxes, "known": boxes, "sha256": attachment.sha256}
    assert "ปิดเลขของบุคคลได้ครั้งละไม่เกิน 0 หน้า" in staff.post(address, data=form).text
    found = staff.post(f"{address}/pages", data=form | {"page": ["1", "2"]}).get_json()
    assert found["unfinished"] == []
    for proof in (found["proof"] + "x", "", staff.post(f"{address}/pages", data=form).get_json()["proof"]):
        assert "ปิดเลขของบุคคลได้ครั้งละไม่เกิน" in staff.post(address, data=form | {"proof": proof}).text
    other = staff.post(f"{address}/pages", data=form | {"sha256": "0" * 64, "page": "1"})
    assert other.status_code == 409
    answer = staff.post(address, data=form | {"proof": found["proof"]})
    assert answer.status_code == 302
    assert site.services.attachments.get(attachment.id).is_redacted


def test_what_a_script_found_still_readable_is_said_with_its_place(site: Site) -> None:
    made = site.announcement("ประกาศรายชื่อ")
    attachment = site.attach(made.id, memo(f"นายทองดี เลขประจำตัวประชาชน {NUMBER}", subject="รายชื่อ"))
    site.work()
    staff, address = site.signed_in(Role.STAFF), f"/staff/attachments/{attachment.id}/redact"
    (box,) = re.findall(r'name="box" value="([^"]+)"', staff.get(address).text)
    page, left, top, right, bottom, _type = box.split(",")
    half = ",".join([page, str((int(left) + int(right)) // 2), top, right, bottom, "drawn"])
    form = {"box": half, "known": half, "sha256": attachment.sha256, "page": "1"}
    found = staff.post(f"{address}/pages", data=form).get_json()
    assert found["unfinished"] == [1]
    said = staff.post(address, data=form | {"proof": found["proof"], "unfinished": "1"}).text
    assert "ตรวจสำเนาแล้วยังอ่านข้อมูลที่ต้องปิดได้" in said
    assert "ยังอ่านได้" in said
    assert not site.services.attachments.get(attachment.id).is_redacted
