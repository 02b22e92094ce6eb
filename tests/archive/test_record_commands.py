"""The archive's verbs, on real engines."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from archive import thai
from archive.errors import Conflict, Invalid, NotFound, TooLarge
from archive.model import (
    Announcement,
    DocumentKind,
    Draft,
    ExtractedField,
    LocatedPersonalData,
    Page,
    PersonalDataSpan,
    ReadingResults,
    ReadingStatus,
    Status,
    TextSource,
)
from archive.ports import Files, Jobs
from archive.record_commands import RecordCommands
from archive.repositories import Records
from archive.suggested_fields import is_meaningless_title, suggest_fields, suggested_label
from indexer.extraction.metadata import extract_fields

ACTOR = "สมศรี"
PDF = b"%PDF-1.7\n%stuff"
NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
NATIONAL_ID = PersonalDataSpan(type="national-id", page=1, start=0, end=13)


def draft(**fields: object) -> Draft:
    return Draft(**{"title": "ประกาศ", "published_on": dt.date(2021, 6, 9), **fields})  # type: ignore[arg-type]


def upload(
    commands: RecordCommands, announcement: Announcement, content: bytes = PDF, filename: str = "ประกาศ.pdf"
) -> int:
    attachment, _ = commands.attachments.attach(
        announcement.id, io.BytesIO(content), filename=filename, actor=ACTOR
    )
    return attachment.id


def read_with(
    jobs: Jobs, *found: PersonalDataSpan, fields: Mapping[str, ExtractedField] | None = None
) -> None:
    job = jobs.claim("w", lease=dt.timedelta(minutes=1), now=NOW)
    assert job is not None
    details = ReadingResults(personal_data=found, fields=dict(fields or {}))
    jobs.finish(job.id, "w", page_count=1, details=details, rules=1)


@pytest.mark.parametrize(
    ("positions", "order"),
    [
        ({"D": 2, "A": 4}, "BDCA"),
        ({"A": 3, "B": 1}, "BCAD"),
        ({"D": 1, "C": 1}, "CDAB"),
        ({"C": 1, "D": 1}, "CDAB"),
        ({"A": 4, "B": 4}, "CDAB"),
        ({"A": 99, "D": 0}, "DBCA"),
        ({"C": 3}, "ABCD"),
    ],
)
def test_each_moved_attachment_stands_where_it_was_put(
    records: Records, commands: RecordCommands, positions: dict[str, int], order: str
) -> None:
    made = commands.announcements.create(draft(), actor=ACTOR)
    ids = {name: upload(commands, made, PDF + name.encode(), f"{name}.pdf") for name in "ABCD"}
    commands.attachments.move(
        made.id, {ids[name]: position for name, position in positions.items()}, actor=ACTOR
    )
    assert [each.filename[0] for each in records.attachments.by_announcement([made.id])[made.id]] == [*order]


def test_an_attachment_of_another_announcement_is_not_moved(commands: RecordCommands) -> None:
    made, other = (commands.announcements.create(draft(), actor=ACTOR) for _ in range(2))
    upload(commands, made)
    with pytest.raises(Conflict):
        commands.attachments.move(made.id, {upload(commands, other): 1}, actor=ACTOR)


def test_text_is_kept_in_its_canonical_form(commands: RecordCommands) -> None:
    made = commands.announcements.create(
        draft(
            title="  ประกาศ\u200b  รับสมัคร\n",
            body="\n\nบรรทัดแรก  \r\n  - ข้อหนึ่ง\r\n\r\nนำ\u0e49\n",
            author=" จับกัง ",
            ref="",
        ),
        actor=ACTOR,
    )
    assert made.title == "ประกาศ รับสมัคร"
    assert made.body == "บรรทัดแรก\n  - ข้อหนึ่ง\n\nน้ำ"
    assert made.author == "จับกัง"
    assert made.ref is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", " \u200b\n"),
        ("title", "ก" * 501),
        ("title", None),
        ("body", "ก" * 500_001),
        ("body", 5),
        ("author", "ก" * 201),
        ("category", "ก" * 101),
        ("views", -1),
        ("views", True),
        ("views", "492"),
        ("kind", "poster"),
        ("published_on", dt.date(2564, 6, 9)),
        ("published_on", dt.date(1500, 1, 1)),
        ("published_on", "2021-06-09"),
        ("ref", "ก" * 301),
        ("ref", " 17"),
        ("ref", "17\u200b"),
        ("old_url", "/news\n17"),
        ("publish_at", dt.datetime(2026, 1, 1)),  # noqa: DTZ001  # a time without its zone is refused
        ("status", "published"),
        ("id", 5),
    ],
)
def test_a_broken_rule_names_its_field(
    commands: RecordCommands, records: Records, field: str, value: object
) -> None:
    made = commands.announcements.create(draft(), actor=ACTOR)
    with pytest.raises(Invalid) as refused:
        commands.announcements.revise(made.id, {field: value}, actor=ACTOR)
    assert refused.value.field == field
    assert any("ก" <= character <= "๛" for character in refused.value.message)
    assert records.announcements.get(made.id) == made
    if field in Draft.__slots__:
        with pytest.raises(Invalid):
            commands.announcements.create(draft(**{field: value}), actor=ACTOR)


def test_a_kind_may_come_as_its_word(commands: RecordCommands) -> None:
    made = commands.announcements.create(draft(), actor=ACTOR)
    assert commands.announcements.revise(made.id, {"kind": "order"}, actor=ACTOR).kind is DocumentKind.ORDER


def test_a_new_record_is_a_draft_or_public(commands: RecordCommands) -> None:
    assert (
        commands.announcements.create(draft(), actor=ACTOR, status=Status.PUBLISHED).status
        is Status.PUBLISHED
    )
    for status in (Status.WITHDRAWN, Status.TRASHED):
        with pytest.raises(Invalid):
            commands.announcements.create(draft(), actor=ACTOR, status=status)


def test_a_page_is_corrected_in_canonical_text(commands: RecordCommands, records: Records) -> None:
    made = commands.announcements.create(draft(), actor=ACTOR)
    attachment = upload(commands, made)
    read = Page(
        attachment_id=attachment, number=1, text="นา", raw="นา", source=TextSource.OCR, confidence=0.4
    )
    records.pages.save(read)
    corrected = commands.pages.correct(attachment, 1, "นำ\u0e49\r\nใจ", actor=ACTOR)
    assert (corrected.text, corrected.corrected) == ("น้ำ\nใจ", True)
    with pytest.raises(Invalid):
        commands.pages.correct(attachment, 1, "ก" * 200_001, actor=ACTOR)
    commands.publication.trash(made.id, actor=ACTOR)
    with pytest.raises(Conflict):
        commands.pages.correct(attachment, 1, "น้ำ", actor=ACTOR)


VERBS = {
    "publish": Status.PUBLISHED,
    "withdraw": Status.WITHDRAWN,
    "trash": Status.TRASHED,
    "restore": Status.DRAFT,
}
ALLOWED = {
    Status.DRAFT: {"publish", "trash"},
    Status.PUBLISHED: {"withdraw"},
    Status.WITHDRAWN: {"restore", "trash"},
    Status.TRASHED: {"restore"},
}


def do(commands: RecordCommands, verb: str, id: int) -> Announcement:
    match verb:
        case "publish":
            return commands.publication.publish(id, actor=ACTOR)
        case "withdraw":
            return commands.publication.withdraw(id, actor=ACTOR, reason="ประกาศผิดฉบับ")
        case "trash":
            return commands.publication.trash(id, actor=ACTOR)
        case _:
            return commands.publication.restore_as_draft(id, actor=ACTOR)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("verb", VERBS)
def test_every_step_from_every_status(
    commands: RecordCommands, records: Records, status: Status, verb: str
) -> None:
    made = commands.announcements.create(draft(), actor=ACTOR)
    records.announcements.set_status(made.id, status, actor=ACTOR)
    if verb in ALLOWED[status]:
        assert do(commands, verb, made.id).status is VERBS[verb]
    else:
        with pytest.raises(Conflict):
            do(commands, verb, made.id)
        assert records.announcements.get(made.id).status is status


def test_withdrawing_takes_a_reason(commands: RecordCommands, records: Records) -> None:
    made = commands.announcements.create(draft(), actor=ACTOR, status=Status.PUBLISHED)
    with pytest.raises(Invalid) as refused:
        commands.publication.withdraw(made.id, actor=ACTOR, reason=" \n")
    assert refused.value.field == "reason"
    assert commands.publication.withdraw(made.id, actor=ACTOR, reason=" ผิดฉบับ ").reason == "ผิดฉบับ"


@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.TRASHED])
def test_what_is_out_of_sight_cannot_be_changed(
    commands: RecordCommands, records: Records, status: Status
) -> None:
    made = commands.announcements.create(draft(), actor=ACTOR)
    attachment = upload(commands, made)
    records.announcements.set_status(made.id, status, actor=ACTOR)
    for change in (
        lambda: commands.announcements.revise(made.id, {"title": "ใหม่"}, actor=ACTOR),
        lambda: upload(commands, made, b"%PDF other"),
        lambda: commands.attachments.relabel(attachment, label="ใหม่", kind=DocumentKind.ORDER, actor=ACTOR),
        lambda: commands.attachments.reorder(made.id, [attachment], actor=ACTOR),
        lambda: commands.attachments.detach(attachment, actor=ACTOR),
    ):
        with pytest.raises(Conflict):
            change()


def test_personal_data_is_published_for_a_stated_reason_only(
    commands: RecordCommands, jobs: Jobs, records: Records
) -> None:
    made = commands.announcements.create(draft(), actor=ACTOR)
    attachment = upload(commands, made)
    read_with(jobs, NATIONAL_ID)
    assert commands.publication.undecided_personal_data(made.id) == (
        LocatedPersonalData(attachment, NATIONAL_ID),
    )
    with pytest.raises(Conflict) as refused:
        commands.publication.publish(made.id, actor=ACTOR, reason="  ")
    assert refused.value.code == "personal-data"
    commands.publication.publish(made.id, actor=ACTOR, reason="เจ้าของยินยอมแล้ว")
    assert records.history.entries(made.id)[-1].reason == "เจ้าของยินยอมแล้ว"


def test_publication_at_a_time(
    commands: RecordCommands, jobs: Jobs, records: Records, caplog: pytest.LogCaptureFixture
) -> None:
    plain, personal = (
        commands.announcements.create(draft(title=title), actor=ACTOR) for title in ("หนึ่ง", "สอง")
    )
    upload(commands, personal)
    read_with(jobs, NATIONAL_ID)
    for made in (plain, personal):
        commands.announcements.revise(made.id, {"publish_at": NOW}, actor=ACTOR)
    assert commands.publication.publish_due_or_unschedule(NOW - dt.timedelta(seconds=1), actor="timer") == []
    assert commands.publication.publish_due_or_unschedule(NOW, actor="timer") == [plain.id]
    held = records.announcements.get(personal.id)
    assert (held.status, held.publish_at) == (Status.DRAFT, None)
    assert [(each.announcement, each.why) for each in caplog.records if each.name == "prakat.schedule"] == [  # type: ignore[attr-defined]
        (personal.id, "personal-data")
    ]
    assert commands.publication.publish_due_or_unschedule(NOW, actor="timer") == []


def test_what_is_still_read_waits_beyond_its_time(
    commands: RecordCommands, records: Records, jobs: Jobs
) -> None:
    made = commands.announcements.create(draft(), actor=ACTOR)
    upload(commands, made)
    commands.announcements.revise(made.id, {"publish_at": NOW}, actor=ACTOR)
    assert commands.publication.publish_due_or_unschedule(NOW, actor="timer") == []
    assert records.announcements.get(made.id).publish_at == NOW
    read_with(jobs)
    assert commands.publication.publish_due_or_unschedule(NOW, actor="timer") == [made.id]


def test_a_draft_is_scheduled_for_a_time_ahead_only(commands: RecordCommands, records: Records) -> None:
    made = commands.announcements.create(draft(), actor=ACTOR)
    ahead = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    with pytest.raises(Invalid) as refused:
        commands.announcements.schedule(made.id, dt.datetime.now(dt.UTC), actor=ACTOR)
    assert (refused.value.field, refused.value.code) == ("publish_at", "past-time")
    assert records.announcements.get(made.id).publish_at is None
    assert commands.announcements.schedule(made.id, ahead, actor=ACTOR).publish_at == ahead
    commands.publication.publish(made.id, actor=ACTOR)
    with pytest.raises(Conflict):
        commands.announcements.schedule(made.id, NOW, actor=ACTOR)


def test_only_drafts_can_be_timed(commands: RecordCommands) -> None:
    made = commands.announcements.create(draft(), actor=ACTOR, status=Status.PUBLISHED)
    with pytest.raises(Conflict):
        commands.announcements.revise(made.id, {"publish_at": NOW}, actor=ACTOR)


@pytest.mark.parametrize(
    ("content", "media_type", "filename"),
    [
        (b"%PDF-1.4", "application/pdf", "สแกน.pdf"),
        (b"\n" * 900 + b"%PDF-1.4", "application/pdf", "สแกน.pdf"),
        (b"\xff\xd8\xff\xe0JFIF", "image/jpeg", "สแกน.jpg"),
        (b"\x89PNG\r\n\x1a\n....", "image/png", "สแกน.png"),
        (b"II*\x00....", "image/tiff", "สแกน.tif"),
        (b"MM\x00*....", "image/tiff", "สแกน.tif"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "image/heic", "สแกน.heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "image/heic", "สแกน.heic"),
        (b"\x00\x00\x00\x14ftypmif1\x00\x00\x00\x00mif1", "image/heif", "สแกน.heif"),
    ],
)
def test_the_type_is_what_the_bytes_say(
    commands: RecordCommands, files: Files, content: bytes, media_type: str, filename: str
) -> None:
    made = commands.announcements.create(draft(), actor=ACTOR)
    attachment, new = commands.attachments.attach(
        made.id, io.BytesIO(content), filename=filename, actor=ACTOR
    )
    assert new
    assert (attachment.media_type, attachment.filename, attachment.label) == (media_type, filename, "สแกน")
    with files.open(attachment.sha256) as stream:
        assert stream.read() == content


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00",
        b"<html>",
        b"PK\x03\x04 docx",
        b"PK\x03\x04 a.pdf stored as it is: %PDF-1.7",
        b"\n" * 1100 + b"%PDF-1.4",
        b"\xff\xff\xff\xffftypisom\x00\x00\x00\x00mp41",
        b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1miaf",
        b"\x00\x00\x00\x18ftyp",
    ],
)
def test_other_files_are_refused_and_not_kept(commands: RecordCommands, files: Files, content: bytes) -> None:
    made = commands.announcements.create(draft(), actor=ACTOR)
    with pytest.raises(Invalid) as refused:
        upload(commands, made, content, "ประกาศ.pdf")
    assert (refused.value.field, refused.value.code) == ("file", "not-a-document")
    assert list(files.all()) == []


def test_an_empty_file_is_said_to_be_empty(commands: RecordCommands) -> None:
    with pytest.raises(Invalid) as refused:
        upload(commands, commands.announcements.create(draft(), actor=ACTOR), b"")
    assert refused.value.code == "empty-file"


def test_size_limit_and_missing_record(commands: RecordCommands, files: Files) -> None:
    made = commands.announcements.create(draft(), actor=ACTOR)
    with pytest.raises(TooLarge):
        upload(commands, made, PDF + b"x" * 10_000)
    with pytest.raises(NotFound):
        commands.attachments.attach(made.id + 1, io.BytesIO(PDF), filename="ก.pdf", actor=ACTOR)
    assert list(files.all()) == []


def test_the_same_bytes_again(commands: RecordCommands) -> None:
    made = commands.announcements.create(draft(), actor=ACTOR)
    first, new = commands.attachments.attach(made.id, io.BytesIO(PDF), filename="ก.pdf", actor=ACTOR)
    again, new_again = commands.attachments.attach(made.id, io.BytesIO(PDF), filename="ข.pdf", actor=ACTOR)
    assert (new, new_again) == (True, False)
    assert again == first


@pytest.mark.parametrize(
    ("title", "filename", "expected"),
    [
        ("12 announce worn200", "12 announce worn200.pdf", True),
        ("สแกน 0012", "สแกน_0012.pdf", True),
        ("ประกาศ.pdf", "อื่น.pdf", True),
        ("Pune 219521f3", "Pune_219521f3 (ปิดข้อมูลส่วนบุคคล).pdf", True),  # a redacted copy
        ("ประกาศราคากลาง", "ประกาศราคากลาง.pdf", False),
        ("Public hearing", "scan1.pdf", False),
    ],
)
def test_the_name_of_a_file_is_told_from_a_title(
    commands: RecordCommands, records: Records, title: str, filename: str, expected: bool
) -> None:
    attachment = records.attachments.get(
        upload(commands, commands.announcements.create(draft(), actor=ACTOR), filename=filename)
    )
    assert is_meaningless_title(title, [attachment]) is expected


def test_no_record_is_published_under_a_title_that_ends_like_a_file(commands: RecordCommands) -> None:
    made = commands.announcements.create(draft(title="scan 0012.pdf"), actor=ACTOR)
    with pytest.raises(Invalid, match="ชื่อเรื่องเป็นชื่อไฟล์") as refused:
        commands.publication.publish(made.id, actor=ACTOR)
    assert (refused.value.field, refused.value.code) == ("title", "file-name")
    commands.announcements.revise(made.id, {"title": "ซ่อมถนน"}, actor=ACTOR)
    commands.publication.publish(made.id, actor=ACTOR)
    with pytest.raises(Invalid, match="ชื่อเรื่องเป็นชื่อไฟล์"):
        commands.announcements.revise(made.id, {"title": "ประกาศ.docx", "body": "ใหม่"}, actor=ACTOR)


def test_a_title_that_names_a_file_is_published_as_it_was_given(
    commands: RecordCommands, records: Records, jobs: Jobs
) -> None:
    """A program titles a record by its document's number, as its file is named; nothing read replaces it."""
    number = "มท 0808.2-ว123"
    given = draft(title=number, published_on=thai.today())
    for is_read in (False, True):
        made = commands.announcements.create(given, actor=ACTOR)
        paper = upload(commands, made, filename=f"{number}.pdf")
        if is_read:
            read = {
                name: ExtractedField(value=value, confidence=0.9)
                for name, value in (("subject", "ซ่อมถนน"), ("date", "2021-06-09"), ("kind", "order"))
            }
            for _ in range(2):
                read_with(jobs, fields=read)
        published = commands.publication.publish(made.id, actor=ACTOR)
        assert (published.title, published.published_on) == (number, given.published_on)
        assert (published.kind, published.author) == (given.kind, "")
        assert records.attachments.get(paper).label == number


def test_an_imported_title_that_is_the_name_of_a_file_stays_until_another_is_given(
    commands: RecordCommands,
) -> None:
    made = commands.announcements.create(draft(title="ประกาศ.doc"), status=Status.PUBLISHED, actor=ACTOR)
    same = {"title": "ประกาศ.doc", "body": "แก้ไข"}
    assert commands.announcements.revise(made.id, same, actor=ACTOR).body == "แก้ไข"


def test_a_paper_without_a_subject_is_named_by_its_title(commands: RecordCommands, records: Records) -> None:
    """The title of the first paper counts only where no paper states a subject."""
    id = upload(commands, commands.announcements.create(draft(), actor=ACTOR), filename="scan_01.pdf")
    paper = replace(records.attachments.get(id), status=ReadingStatus.READY)
    plan = replace(
        paper, details=ReadingResults(fields={"title": ExtractedField(value="แผนพัฒนาสามปี", confidence=0.8)})
    )
    notice = replace(
        paper, details=ReadingResults(fields={"subject": ExtractedField(value="ใช้แผน", confidence=0.9)})
    )
    assert suggest_fields([paper, plan]).fields == {"title": "แผนพัฒนาสามปี"}
    assert suggest_fields([plan, notice]).fields == {"title": "ใช้แผน"}
    assert suggested_label(plan) == "แผนพัฒนาสามปี"


def test_a_page_saved_as_it_was_costs_no_reading_of_the_document_s_fields(
    commands: RecordCommands, records: Records, files: Files, jobs: Jobs
) -> None:
    """The fields are read from all pages inside the transaction, in which nobody else can write."""
    read: list[int] = []

    def count_and_extract(pages: Sequence[Page]) -> dict[str, ExtractedField]:
        read.append(len(pages))
        return extract_fields(pages)

    paper = upload(commands, commands.announcements.create(draft(), actor=ACTOR))
    text = "เรื่อง ซ่อมถนน"
    page = Page(attachment_id=paper, number=1, source=TextSource.OCR, confidence=0.9, text=text, raw=text)
    records.pages.save(page)
    read_with(jobs)
    counting = RecordCommands(records, files, max_upload_bytes=10_000, extract_fields=count_and_extract)
    correct = counting.pages.correct
    for should_mark_corrected in (True, False):
        correct(paper, 1, page.text, actor=ACTOR, should_mark_corrected=should_mark_corrected)
        assert read == [1]  # the mark makes the fields of the page sure
        correct(paper, 1, page.text, actor=ACTOR, should_mark_corrected=should_mark_corrected)
        assert read == [1]
        read.clear()
    stated = records.attachments.get(paper).details.fields
    assert stated["subject"].value == "ซ่อมถนน"
    correct(paper, 1, "เรื่อง ซ่อมถนนใหญ่", actor=ACTOR)
    assert records.attachments.get(paper).details.fields["subject"].value == "ซ่อมถนนใหญ่"
