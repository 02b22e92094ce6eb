"""Uploaded files are read: scans, signed papers, photographs, files that nobody can open."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pikepdf
import pillow_heif
import pypdfium2
import pytest

from archive.model import Attachment, Role, Status, TextSource
from indexer.extraction.attachment_reader import RULES, TEXT_RULES
from indexer.extraction.office import libreoffice
from tests.factories.memos import memo
from tests.factories.office_files import docx, paragraph
from tests.factories.signing import SIGNER, make_signer, sign
from tests.web.conftest import Site
from web.sample.scans import ScanLook, make_scan

PERSONAL = "ให้นายสมมติ เลขประจำตัวประชาชน ๑-๑๐๑๗-๐๐๒๓๐-๗๐-๘ โทร. ๐๘๑-๒๓๔-๕๖๗๘ ตรวจรับถังประปา"


def photograph(form: str) -> bytes:
    """A memo as a phone or a scanner without PDF gives it."""
    with pypdfium2.PdfDocument(memo("ขอถังประปาบ้านดอนมะกอก")) as pdf:
        image = pdf[0].render(scale=150 / 72).to_pil().convert("RGB")
    target = io.BytesIO()
    if form == "HEIF":
        pillow_heif.register_heif_opener()
    image.save(target, form, dpi=(150, 150))
    return target.getvalue()


def locked() -> bytes:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(memo("ลับ"))) as pdf:
        pdf.save(target, encryption=pikepdf.Encryption(user="x", owner="y"))
    return target.getvalue()


def text_of(site: Site, attachment: Attachment) -> str:
    return "\n".join(page.text for page in site.services.pages.by_attachment(attachment.id))


def test_a_signed_scan_is_read_and_its_original_stays(site: Site, tmp_path: Path) -> None:
    announcement = site.announcement("ซ่อมถังประปา")
    paper = sign(make_scan(memo(PERSONAL), ScanLook(noise=12, quality=45), seed=3), make_signer(tmp_path))
    attachment = site.attach(announcement.id, paper)
    site.work()

    read = site.services.attachments.get(attachment.id)
    assert (read.status, read.signed) == ("ready", True)
    (signature,) = read.details.signatures
    assert (signature.signer, signature.intact, signature.trusted) == (SIGNER, True, False)
    assert read.details.fields["number"].value == "นป 52301/412"
    assert read.details.fields["date"].value == "2021-06-09"
    assert {data.type for data in read.details.personal_data} == {"national-id", "phone"}
    (page,) = site.services.pages.by_attachment(attachment.id)
    assert page.source is TextSource.OCR
    assert page.lines

    site.services.commands.attachments.release_with_reason(
        attachment.id, reason="เจ้าของยินยอมแล้ว", actor="test"
    )
    client = site.client()
    assert client.get(f"/api/v1/attachments/{attachment.id}").json["signed"] is True
    assert client.get(f"/api/v1/attachments/{attachment.id}/file", buffered=True).data == paper
    assert SIGNER in client.get(f"/announcements/{announcement.id}/attachments/{attachment.id}").text
    clerk = site.signed_in(Role.STAFF).get(f"/staff/announcements/{announcement.id}").text
    assert SIGNER in clerk


def test_a_scan_can_be_had_with_its_text_over_it(site: Site) -> None:
    announcement = site.announcement("ซ่อมถังประปา")
    attachment = site.attach(announcement.id, make_scan(memo("ขอถังประปาบ้านดอนมะกอก"), ScanLook(), seed=3))
    drawn = site.attach(announcement.id, memo("เอกสารที่พิมพ์จากเครื่อง"))
    draft = site.announcement("ร่าง", status=Status.DRAFT)
    hidden = site.attach(draft.id, make_scan(memo("ยังไม่เปิดเผย"), ScanLook(turn=180), seed=4))
    site.work()

    client = site.client()
    address = f"/announcements/{announcement.id}/attachments/{{}}/searchable.pdf"
    offered = client.get(f"/announcements/{announcement.id}").text
    assert address.format(attachment.id) in offered
    assert address.format(drawn.id) not in offered
    copy = client.get(address.format(attachment.id), buffered=True)
    assert copy.mimetype == "application/pdf"
    with pypdfium2.PdfDocument(copy.data) as pdf:
        assert "ถังประปาบ้านดอนมะกอก" in "".join(pdf[0].get_textpage().get_text_range().split())
    again = client.get(address.format(attachment.id), buffered=True)
    assert again.data == copy.data
    assert client.get(address.format(drawn.id)).status_code == 404
    assert client.get(address.format(hidden.id)).status_code == 404  # not of this announcement
    for browser in (client, site.signed_in(Role.STAFF)):
        answer = browser.get(f"/announcements/{draft.id}/attachments/{hidden.id}/searchable.pdf")
        assert answer.status_code == 404


def test_a_corrected_page_is_copied_with_the_correction(site: Site) -> None:
    announcement = site.announcement("ซ่อมถังประปา")
    attachment = site.attach(announcement.id, make_scan(memo("ขอถังประปา"), ScanLook(), seed=3))
    site.work()
    site.services.commands.pages.correct(attachment.id, 1, "ข้อความที่คนแก้แล้ว\nบรรทัดที่สอง", actor="test")
    copy = site.client().get(
        f"/announcements/{announcement.id}/attachments/{attachment.id}/searchable.pdf", buffered=True
    )
    with pypdfium2.PdfDocument(copy.data) as pdf:
        assert "ข้อความที่คนแก้แล้ว" in pdf[0].get_textpage().get_text_range()


def test_pictures_are_read_as_scans(site: Site) -> None:
    announcement = site.announcement("ถังประปา")
    brought = {
        form: site.attach(announcement.id, photograph(form), filename=f"ภาพ.{form.lower()}")
        for form in ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "HEIF")
    }
    site.work()
    for form, attachment in brought.items():
        read = site.services.attachments.get(attachment.id)
        assert (form, read.status, read.page_count) == (form, "ready", 1)
        assert "ถังประปาบ้านดอนมะกอก" in text_of(site, attachment)


def test_an_office_file_is_found_and_downloaded_without_libreoffice(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libreoffice, "SEARCH_PATH", "/nowhere")
    announcement = site.announcement("ราคากลาง", status=Status.PUBLISHED)
    content = docx(paragraph("ราคากลางถังประปาบ้านดอนมะกอก") + paragraph("โทร. ๐๘๑-๒๓๔-๕๖๗๘"))
    attachment = site.attach(announcement.id, content, filename="ราคากลาง.docx")
    site.work()
    assert site.services.attachments.get(attachment.id).hold is not None  # of the phone number
    site.services.commands.attachments.release_with_reason(attachment.id, reason="เบอร์สำนักงาน", actor="test")
    site.work()
    client = site.client()
    found = client.get("/api/v1/search?q=ดอนมะกอก").get_json()["results"]
    assert [(page["attachment_id"], page["page"]) for page in found[0]["pages"]] == [(attachment.id, 1)]
    address = f"/announcements/{announcement.id}/attachments/{attachment.id}"
    for page in (address, f"/announcements/{announcement.id}", "/search?q=ดอนมะกอก"):
        assert ".webp" not in client.get(page).text
    page = client.get(f"{address}?q=ดอนมะกอก").text
    assert "ไม่มีภาพของไฟล์ Office นี้" in page
    assert page.count('id="hit-1"') == 1  # where results lead to
    assert re.search('<mark id="hit-1">[^<]*ดอนมะกอก', page)
    file = client.get(f"{address}/file")
    assert file.data == content
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.mimetype.endswith("wordprocessingml.document")


@pytest.mark.parametrize(
    ("make", "code"),
    [(locked, "password"), (lambda: b"%PDF-1.7\n" + b"\x00" * 900, "truncated")],
)
def test_what_cannot_be_opened_says_why(site: Site, make: object, code: str) -> None:
    announcement = site.announcement("เปิดไม่ได้")
    assert callable(make)
    attachment = site.attach(announcement.id, make())
    site.work()
    answer = site.client().get(f"/api/v1/attachments/{attachment.id}", headers=site.token()).json
    assert (answer["status"], answer["error"]["code"]) == ("failed", code)
    assert answer["error"]["message"]


def test_a_rereading_touches_what_it_can_better(site: Site) -> None:
    announcement = site.announcement("ถังประปา")
    drawn = site.attach(announcement.id, memo("ขอถังประปา"))
    scanned = site.attach(announcement.id, make_scan(memo("ขอถังประปาใหม่"), ScanLook(), seed=3))
    site.work()
    jobs, records = site.services.jobs, site.services.records
    assert jobs.list_outdated(RULES) == []
    assert jobs.list_outdated(RULES + 1) == [scanned.id]  # better recognition: not for text
    assert jobs.list_outdated(TEXT_RULES + 1) == [drawn.id, scanned.id]

    (lost,) = records.pages.by_attachment(scanned.id)
    records.pages.save(replace(lost, text="", lines=(), doubts=(), problem="timeout"))
    jobs.queue_again([scanned.id])
    site.work()
    assert records.pages.by_attachment(scanned.id) == [lost]
