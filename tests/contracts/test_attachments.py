"""Contract of every ``Records``: attachments."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest

from archive import privacy
from archive.erasure import ErasureScope
from archive.errors import Conflict, NotFound
from archive.model import (
    Announcement,
    Attachment,
    DocumentKind,
    Failure,
    HoldReason,
    PersonalDataSpan,
    ReadingResults,
    ReadingStatus,
    Status,
)
from archive.ports import Jobs
from archive.record_commands import RecordCommands
from archive.repositories import Records
from archive.worklist import Problem, WorklistFilters
from indexer.extraction.metadata import extract_fields
from storage.engine import Engine
from storage.files.local import LocalFiles
from storage.hash_chain import last_entry
from tests.factories.records import ACTOR, NOW, attached, draft, new_file, page, published, stored


@pytest.fixture
def announcement(records: Records) -> Announcement:
    return published(records)


def order(records: Records, announcement: Announcement) -> list[int]:
    return [
        attachment.id
        for attachment in records.attachments.by_announcement([announcement.id])[announcement.id]
    ]


def test_an_attachment_waits_to_be_read(records: Records, announcement: Announcement) -> None:
    made = attached(records, announcement, b"%PDF-1.7 one")
    assert made == records.attachments.get(made.id)
    assert (made.position, made.status, made.page_count, made.rules) == (1, ReadingStatus.WAITING, None, 0)
    assert (made.filename, made.media_type, made.kind) == (
        "ประกาศ.pdf",
        "application/pdf",
        DocumentKind.ANNOUNCEMENT,
    )
    assert (made.sha256, made.size) == (stored(b"%PDF-1.7 one").sha256, 12)
    assert (made.error, made.signed, made.details) == (None, False, ReadingResults())


def test_the_same_bytes_again_are_the_same_attachment(records: Records, announcement: Announcement) -> None:
    first = attached(records, announcement)
    change = records.history.last_change()
    again, new = records.attachments.attach(
        announcement.id, new_file(b"%PDF-1.7", "อื่น.pdf"), label="อื่น", kind=DocumentKind.ORDER, actor=ACTOR
    )
    assert (again, new) == (first, False)
    assert records.history.last_change() == change
    elsewhere = attached(records, published(records))
    assert [one.id for one in records.attachments.with_file(first.sha256)] == [
        first.id,
        elsewhere.id,
    ]


def test_attaching_to_nothing_is_not_found(records: Records, announcement: Announcement) -> None:
    missing = announcement.id + 1
    with pytest.raises(NotFound):
        records.attachments.attach(
            missing, new_file(b"x", ""), label="", kind=DocumentKind.OTHER, actor=ACTOR
        )
    with pytest.raises(NotFound):
        records.attachments.get(1)
    assert records.attachments.by_announcement([announcement.id, missing]) == {
        announcement.id: [],
        missing: [],
    }


def test_order_can_be_changed(records: Records, announcement: Announcement) -> None:
    first, second, third = (attached(records, announcement, b"%d" % n).id for n in range(3))
    change = records.history.last_change()
    records.attachments.reorder(announcement.id, [third, first, second], actor=ACTOR)
    assert order(records, announcement) == [third, first, second]
    assert records.history.changed_since(change, limit=10) == [(announcement.id, change + 1)]
    entry = records.history.entries(announcement.id)[-1]
    assert (entry.before, entry.after) == (
        {"order": [first, second, third]},
        {"order": [third, first, second]},
    )


def test_an_order_that_is_not_of_these_attachments_is_refused(
    records: Records, announcement: Announcement
) -> None:
    first, second = (attached(records, announcement, b"%d" % n).id for n in range(2))
    for wrong in ([first], [first, first], [first, second, second + 1], []):
        with pytest.raises(Conflict):
            records.attachments.reorder(announcement.id, wrong, actor=ACTOR)
    assert order(records, announcement) == [first, second]


def test_relabelling_is_followed_and_remembered(records: Records, announcement: Announcement) -> None:
    made = attached(records, announcement)
    change = records.history.last_change()
    labelled = records.attachments.relabel(
        made.id, label="คำสั่งที่ 12/2564", kind=DocumentKind.ANNOUNCEMENT, actor=ACTOR
    )
    assert labelled.label == "คำสั่งที่ 12/2564"
    assert records.history.last_change() == change + 1
    entry = records.history.entries(announcement.id)[-1]
    assert entry.before == {"attachment_id": made.id, "label": "ประกาศ"}
    assert entry.after == {"attachment_id": made.id, "label": "คำสั่งที่ 12/2564"}
    records.attachments.relabel(made.id, label="คำสั่งที่ 12/2564", kind=DocumentKind.ANNOUNCEMENT, actor=ACTOR)
    assert records.history.last_change() == change + 1


def test_a_record_of_which_a_label_lost_text_is_hidden_until_search_follows(
    records: Records, announcement: Announcement
) -> None:
    made = attached(records, announcement)
    before = records.history.last_change()
    label = lambda text: records.attachments.relabel(  # noqa: E731
        made.id, label=text, kind=made.kind, actor=ACTOR
    )
    label(f"{made.label} นายสมชาย ใจดี")
    assert records.history.ids_to_hide_since(before) == set()
    label(made.label)
    assert records.history.ids_to_hide_since(before) == {announcement.id}
    assert records.history.ids_to_hide_since(records.history.last_change()) == set()


def test_detaching_closes_the_gap_and_tells_what_was_there(
    records: Records, announcement: Announcement
) -> None:
    first, second, third = (attached(records, announcement, b"%d" % n) for n in range(3))
    change = records.history.last_change()
    records.attachments.detach(second.id, actor=ACTOR)
    assert order(records, announcement) == [first.id, third.id]
    assert records.attachments.get(third.id).position == 2
    assert records.history.last_change() == change + 1
    with pytest.raises(NotFound):
        records.attachments.get(second.id)
    entry = records.history.entries(announcement.id)[-1]
    assert (entry.action, entry.before["sha256"]) == ("detach", second.sha256)
    assert (
        attached(records, announcement, b"another").id > third.id
    )  # an id never comes back as something else


@pytest.mark.parametrize("way", ["reattach", "the same bytes again"])
def test_what_was_taken_off_comes_back_whole(records: Records, announcement: Announcement, way: str) -> None:
    first, second = (attached(records, announcement, b"%d" % n) for n in range(2))
    records.pages.save(page(first, text="ข้อความ"))
    records.pages.correct(first.id, 1, "ข้อความที่คนแก้", actor=ACTOR)
    records.attachments.detach(first.id, actor=ACTOR)
    assert [each.id for each in records.attachments.detached(announcement.id)] == [first.id]
    assert records.pages.count_by_source()["ocr"] == 0
    if way == "reattach":
        records.attachments.reattach(first.id, actor=ACTOR)
    else:
        assert attached(records, announcement, b"0").id == first.id
    assert order(records, announcement) == [second.id, first.id]
    assert [
        each.position for each in records.attachments.by_announcement([announcement.id])[announcement.id]
    ] == [1, 2]
    assert records.pages.get(first.id, 1).text == "ข้อความที่คนแก้"
    assert "reattach" in [entry.action for entry in records.history.entries(announcement.id)]
    assert records.attachments.detached(announcement.id) == []


def test_a_new_version_begins_unread_and_drops_what_is_still_read_of_the_old(
    records: Records, jobs: Jobs, announcement: Announcement
) -> None:
    first = attached(records, announcement, b"old")
    job = jobs.claim("w", lease=dt.timedelta(minutes=1), now=dt.datetime.now(dt.UTC))
    assert job is not None
    file = stored(b"new")
    new = records.attachments.replace(first.id, new_file(b"new", "ใหม่.pdf"), actor=ACTOR)
    assert (new.id, new.sha256, new.status, new.hold) == (first.id, file.sha256, "waiting", HoldReason.UNREAD)
    with pytest.raises(Conflict):
        records.pages.save(page(first), expected_sha256=first.sha256)
    with pytest.raises(Conflict):
        jobs.finish(first.id, "w", page_count=1, details=ReadingResults(), rules=1)
    assert records.pages.by_attachment(first.id) == []
    attached(records, announcement, b"other")
    with pytest.raises(Conflict):
        records.attachments.replace(first.id, new_file(b"other", "a.pdf"), actor=ACTOR)


def test_the_file_before_is_kept_with_its_text(records: Records, announcement: Announcement) -> None:
    first = attached(records, announcement, b"old")
    records.pages.save(page(first, text="ข้อความเดิม"))
    for content in (b"new", b"newer"):
        records.attachments.replace(
            first.id, new_file(content, "ใหม่.pdf"), actor=ACTOR, is_redacted=content == b"new"
        )
    versions = records.file_versions.by_attachment(first.id)
    assert [(each.number, each.sha256, each.is_redacted) for each in versions] == [
        (1, stored(b"old").sha256, False),
        (2, stored(b"new").sha256, True),
    ]
    assert (versions[0].filename, versions[0].replaced_by) == ("ประกาศ.pdf", ACTOR)
    assert records.file_versions.page_texts(first.id, 1) == ["ข้อความเดิม"]
    assert records.file_versions.with_file(stored(b"old").sha256) == versions[:1]
    assert [entry.action for entry in records.history.entries(announcement.id)][-2:] == ["redact", "replace"]
    with pytest.raises(NotFound):
        records.file_versions.page_texts(first.id, 3)


def test_an_erased_attachment_leaves_its_number_and_nothing_else(
    records: Records, announcement: Announcement
) -> None:
    first, second = (attached(records, announcement, content) for content in (b"one", b"two"))
    records.pages.save(page(first, text="ความลับ"))
    records.pages.correct(first.id, 1, "ความลับที่แก้แล้ว", actor=ACTOR)
    records.attachments.replace(first.id, new_file(b"three", "ความลับ.pdf"), actor=ACTOR)
    erased = records.erasures.erase_attachment_or_versions(
        first.id, ErasureScope.ATTACHMENT, ordered_by="คำสั่งศาลที่ 1", reason="ละเมิดสิทธิ", actor=ACTOR
    )
    assert set(erased.files) == {stored(b"one").sha256, stored(b"three").sha256}
    assert records.erasures.all() == [erased]
    assert (records.erasures.last_at(), records.erasures.last_id()) == (erased.at, erased.id)
    assert not any(map(records.erasures.is_used_by_record, erased.files))
    assert [
        each.position for each in records.attachments.by_announcement([announcement.id])[announcement.id]
    ] == [1]
    assert records.attachments.detached(announcement.id) == []
    for gone in (records.attachments.get, records.attachments.get_detached):
        with pytest.raises(NotFound):
            gone(first.id)
    with pytest.raises(NotFound):
        records.erasures.erase_attachment_or_versions(
            first.id, ErasureScope.ATTACHMENT, ordered_by="x", reason="x", actor=ACTOR
        )
    told = repr(records.history.entries(announcement.id))
    assert "ความลับ" not in told
    assert not any(sha256 in told for sha256 in erased.files)
    assert stored(b"two").sha256 in told
    assert announcement.id in records.history.ids_to_hide_since(0)
    with pytest.raises(Conflict) as refused:
        attached(records, announcement, b"one")
    assert refused.value.code == "file-erased"
    again, is_new = records.attachments.attach(  # a person may bring the same bytes again
        announcement.id,
        new_file(b"one", "หนึ่ง.pdf", is_from_person=True),
        label="หนึ่ง",
        kind=DocumentKind.OTHER,
        actor=ACTOR,
    )
    assert (again.id in (first.id, second.id), is_new) == (False, True)


@pytest.mark.parametrize("scope", [ErasureScope.ATTACHMENT, ErasureScope.EARLIER_FILES])
def test_an_erasure_has_one_entry_in_the_chain_for_each_row(
    engine: Engine, records: Records, announcement: Announcement, scope: ErasureScope
) -> None:
    first = attached(records, announcement)
    renewed(records, first, b"new")
    before, _hash = last_entry(engine)
    records.erasures.erase_attachment_or_versions(
        first.id, scope, ordered_by="ศาล", reason="ละเมิด", actor=ACTOR
    )
    written = engine.rows("SELECT subject, subject_id FROM audit WHERE number > :number", number=before)
    told = [(row["subject"], row["subject_id"]) for row in written]
    assert ("attachment", first.id) in told
    assert len(told) == len(set(told)), told


def test_a_damaged_entry_of_the_history_keeps_nothing_from_an_erasure(
    engine: Engine, records: Records, announcement: Announcement
) -> None:
    first = attached(records, announcement)
    with engine.write():
        engine.run(
            "UPDATE history SET after = :torn WHERE action = 'attach'",
            torn=f'{{"attachment_id": {first.id}, "filename": "ความลับ',
        )
    records.erasures.erase_attachment_or_versions(
        first.id, ErasureScope.ATTACHMENT, ordered_by="ศาล", reason="ละเมิด", actor=ACTOR
    )
    assert "ความลับ" not in repr(engine.rows("SELECT after FROM history"))


@pytest.mark.behind_its_back
@pytest.mark.parametrize("found", [(), (PersonalDataSpan(type="phone", page=1, start=0, end=4),)])
def test_a_damaged_entry_of_the_history_keeps_no_new_file_from_its_place(
    engine: Engine, records: Records, jobs: Jobs, public: Attachment, found: tuple[PersonalDataSpan, ...]
) -> None:
    waiting = renewed(records, public, b"new")
    with engine.write():
        engine.run("UPDATE history SET after = '{\"attachment_id\": ' WHERE action = 'attach'")
    read(records, jobs, waiting, "ข้อความใหม่", personal_data=found)
    if found:
        records.attachments.record_decision_to_show(waiting.id, found, reason="ยินยอม", actor=ACTOR)
    assert records.attachments.get(public.id).sha256 == waiting.sha256


def test_earlier_files_are_erased_without_the_present_one(
    records: Records, announcement: Announcement
) -> None:
    first = attached(records, announcement, b"one")
    records.pages.save(page(first, text="ความลับ"))
    records.attachments.replace(first.id, new_file(b"two", "ใหม่.pdf"), actor=ACTOR)
    records.pages.save(page(first, text="ปิดแล้ว"))
    erased = records.erasures.erase_attachment_or_versions(
        first.id, ErasureScope.EARLIER_FILES, ordered_by="คำสั่งศาลที่ 1", reason="ละเมิดสิทธิ", actor=ACTOR
    )
    assert erased.files == (stored(b"one").sha256,)
    assert records.file_versions.by_attachment(first.id) == []
    assert records.attachments.get(first.id).sha256 == stored(b"two").sha256
    assert records.pages.get(first.id, 1).text == "ปิดแล้ว"
    assert stored(b"one").sha256 not in repr(records.history.entries(announcement.id))


@pytest.mark.behind_its_back
@pytest.mark.parametrize("scope", [ErasureScope.ATTACHMENT, ErasureScope.EARLIER_FILES])
def test_files_that_only_the_history_knows_are_erased_too(
    engine: Engine, records: Records, announcement: Announcement, scope: ErasureScope
) -> None:
    """They were replaced before there was a table of earlier files."""
    first, other = attached(records, announcement, b"one"), attached(records, announcement, b"other")
    renewed(records, first, b"two")
    engine.run("DELETE FROM file_version")
    erased = records.erasures.erase_attachment_or_versions(
        first.id, scope, ordered_by="ศาล", reason="ละเมิดสิทธิ", actor=ACTOR
    )
    present = {stored(b"two").sha256} if scope is ErasureScope.ATTACHMENT else set()
    assert set(erased.files) == {stored(b"one").sha256} | present
    told = repr(records.history.entries(announcement.id))
    assert (stored(b"one").sha256 in told, other.sha256 in told) == (False, True)


@pytest.fixture
def public(records: Records, jobs: Jobs, announcement: Announcement) -> Attachment:
    """Returns an attachment that residents see, of one page."""
    made = attached(records, announcement, b"old")
    read(records, jobs, made, "ข้อความเดิม")
    return records.attachments.get(made.id)


def read(records: Records, jobs: Jobs, attachment: Attachment, text: str, **found: object) -> None:
    """Read an attachment's page as the worker does."""
    claimed = jobs.claim("w", lease=dt.timedelta(minutes=1), now=dt.datetime.now(dt.UTC))
    assert claimed is not None
    assert claimed.id == attachment.id
    records.pages.save(page(attachment, text=text), expected_sha256=attachment.sha256)
    jobs.finish(attachment.id, "w", page_count=1, details=ReadingResults(**found), rules=1)  # type: ignore[arg-type]


def renewed(records: Records, attachment: Attachment, content: bytes) -> Attachment:
    return records.attachments.replace(attachment.id, new_file(content, "ใหม่.pdf"), actor=ACTOR)


PHONE = PersonalDataSpan(type="phone", page=1, start=0, end=4)


def test_a_public_file_stays_until_the_new_one_is_read(
    records: Records, jobs: Jobs, announcement: Announcement, public: Attachment
) -> None:
    waiting = renewed(records, public, b"new")
    assert (waiting.replaces, waiting.hold, waiting.status) == (public.id, HoldReason.UNREAD, "waiting")
    assert records.attachments.get(public.id) == public
    assert records.pages.get(public.id, 1).text == "ข้อความเดิม"
    assert order(records, announcement) == [public.id]
    assert records.attachments.replacements([public.id]) == {public.id: waiting}
    assert attached(records, announcement, b"another").position == 2
    read(records, jobs, waiting, "ข้อความใหม่")
    now = records.attachments.get(public.id)
    assert (now.sha256, now.filename, now.hold, now.status) == (waiting.sha256, "ใหม่.pdf", None, "ready")
    assert (now.position, now.label, now.replaces) == (1, public.label, None)
    assert [each.text for each in records.pages.by_attachment(public.id)] == ["ข้อความใหม่"]
    [version] = records.file_versions.by_attachment(public.id)
    assert (version.sha256, version.replaced_by) == (public.sha256, ACTOR)
    assert records.file_versions.page_texts(public.id, 1) == ["ข้อความเดิม"]
    assert records.attachments.replacements([public.id]) == {}
    with pytest.raises(NotFound):
        records.attachments.get(waiting.id)


def test_a_new_file_with_personal_data_waits_for_a_decision(
    records: Records, jobs: Jobs, announcement: Announcement, public: Attachment
) -> None:
    waiting = renewed(records, public, b"new")
    read(records, jobs, waiting, "ข้อความใหม่", personal_data=(PHONE,))
    records.pages.correct(waiting.id, 1, "แก้แล้ว", actor=ACTOR, personal_data=(PHONE,))
    assert records.attachments.get(public.id) == public
    assert records.attachments.get(waiting.id).hold is HoldReason.PERSONAL_DATA
    change = records.history.last_change()
    now = records.attachments.record_decision_to_show(waiting.id, [PHONE], reason="ยินยอม", actor=ACTOR)
    assert (now.id, now.sha256, now.hold) == (public.id, waiting.sha256, None)
    assert records.pages.get(public.id, 1).text == "แก้แล้ว"
    assert [id for id, _ in records.history.changed_since(change, limit=9)] == [announcement.id]
    told = records.history.entries(announcement.id)[-3:]
    assert [entry.action for entry in told] == ["replace", "correct", "release"]
    assert {entry.after["attachment_id"] for entry in told} == {public.id}
    records.erasures.erase_attachment_or_versions(
        public.id, ErasureScope.ATTACHMENT, ordered_by="ศาล", reason="ละเมิดสิทธิ", actor=ACTOR
    )
    assert "แก้แล้ว" not in repr(records.history.entries(announcement.id))


def test_a_withdrawal_leaves_what_waits_for_a_check_waiting(records: Records, jobs: Jobs) -> None:
    made = records.announcements.create(draft(), actor=ACTOR)
    paper = attached(records, made)
    read(records, jobs, paper, "ข้อความ", personal_data=(PHONE,))
    records.attachments.record_decision_to_show(paper.id, [PHONE], reason="ยินยอม", actor=ACTOR)
    jobs.queue_again([paper.id])
    read(records, jobs, paper, "ข้อความ")  # the find is lost, the decision on it stays
    records.attachments.detach(paper.id, actor=ACTOR)
    records.announcements.set_status(made.id, Status.PUBLISHED, actor=ACTOR)
    put_back = records.attachments.reattach(paper.id, actor=ACTOR, should_hold_until_checked=True)
    assert (put_back.hold, put_back.decided) == (HoldReason.UNCONFIRMED, ("phone:1",))
    records.announcements.set_status(made.id, Status.WITHDRAWN, actor=ACTOR, reason="ลงผิดเรื่อง")
    now = records.attachments.get(paper.id)
    assert (now.hold, now.decided) == (HoldReason.UNCONFIRMED, ())


def test_a_file_that_waits_stays_held_when_its_record_is_withdrawn(
    records: Records, jobs: Jobs, announcement: Announcement, public: Attachment
) -> None:
    waiting = renewed(records, public, b"new")
    read(records, jobs, waiting, "ข้อความใหม่", personal_data=(PHONE, PHONE))
    records.attachments.record_decision_to_show(waiting.id, [PHONE], reason="ยินยอม", actor=ACTOR)
    records.pages.correct(waiting.id, 1, "แก้แล้ว", actor=ACTOR, personal_data=())
    records.announcements.set_status(
        announcement.id, Status.WITHDRAWN, actor=ACTOR, reason="ผิด", expected_status=Status.PUBLISHED
    )
    assert records.attachments.get(waiting.id).hold is HoldReason.UNCONFIRMED


def redacted(records: Records, attachment: Attachment) -> Attachment:
    """Replace an attachment's file by a copy in which something is covered."""
    return records.attachments.replace(
        attachment.id, new_file(b"covered", "ปิด.pdf"), actor=ACTOR, is_redacted=True
    )


def test_a_file_that_waits_can_itself_be_replaced_and_redacted(
    records: Records, jobs: Jobs, public: Attachment
) -> None:
    waiting = renewed(records, public, b"new")
    assert renewed(records, public, b"newer").id == waiting.id
    covered = redacted(records, waiting)
    records.erasures.erase_attachment_or_versions(
        waiting.id, ErasureScope.EARLIER_FILES, ordered_by="ศาล", reason="ละเมิดสิทธิ", actor=ACTOR
    )
    assert renewed(records, public, b"last").id == covered.id
    assert records.attachments.get(public.id) == public
    read(records, jobs, records.attachments.get(waiting.id), "ปิดแล้ว")
    records.attachments.record_decision_to_show(waiting.id, (), reason="", actor=ACTOR)  # it was redacted
    versions = records.file_versions.by_attachment(public.id)
    assert [(each.number, each.sha256) for each in versions] == [
        (1, public.sha256),
        (2, stored(b"covered").sha256),
    ]
    assert [each.attachment_id for each in records.erasures.all()] == [public.id]


@pytest.fixture
def commands(records: Records, tmp_path: Path) -> RecordCommands:
    return RecordCommands(
        records, LocalFiles(tmp_path / "files"), max_upload_bytes=10_000, extract_fields=extract_fields
    )


def test_a_program_replaces_no_redacted_copy_in_a_draft(
    records: Records, jobs: Jobs, commands: RecordCommands
) -> None:
    made = records.announcements.create(draft(), actor=ACTOR)
    covered = redacted(records, attached(records, made))
    read(records, jobs, covered, "ปิดแล้ว")
    records.announcements.revise(made.id, {"publish_at": NOW}, actor=ACTOR)
    scan = io.BytesIO(b"%PDF-1.7 scanned again")
    with pytest.raises(Conflict) as refused:
        commands.file_versions.replace(covered.id, scan, filename="ก.pdf", actor="program")
    assert refused.value.code == "file-attached"
    commands.publication.publish_due_or_unschedule(NOW, actor="timer")
    assert records.announcements.get(made.id).status is Status.PUBLISHED
    [now] = _listed(records, made)
    assert (now.sha256, now.is_redacted, now.hold) == (covered.sha256, True, None)


def test_erased_bytes_that_a_person_attached_again_are_no_longer_refused(
    records: Records, announcement: Announcement, commands: RecordCommands
) -> None:
    beside = attached(records, announcement, b"beside")
    content = b"%PDF-1.7 erased"
    records.erasures.erase_attachment_or_versions(
        attached(records, announcement, content).id,
        ErasureScope.ATTACHMENT,
        ordered_by="ศาล",
        reason="ละเมิดสิทธิ",
        actor=ACTOR,
    )
    send = lambda **given: commands.attachments.attach(  # noqa: E731
        announcement.id, io.BytesIO(content), filename="ก.pdf", **given
    )
    again, is_new = send(actor="clerk", is_from_person=True)
    assert is_new
    assert send(actor="program") == (again, False)
    put = lambda attachment_id: commands.file_versions.replace(  # noqa: E731
        attachment_id, io.BytesIO(content), filename="ก.pdf", actor="program"
    )
    assert put(again.id) == again
    with pytest.raises(Conflict) as refused:
        put(beside.id)
    assert refused.value.code == "file-attached"
    records.attachments.detach(again.id, actor="clerk")
    with pytest.raises(Conflict) as refused:
        send(actor="program")
    assert refused.value.code == "file-erased"


def test_a_file_that_its_sender_replaced_is_not_attached_beside_the_new_one(
    records: Records, announcement: Announcement
) -> None:
    first = attached(records, announcement, b"one")
    second = renewed(records, first, b"two")
    assert attached(records, announcement, b"one") == second
    assert _listed(records, announcement) == [second]


def test_a_redacted_copy_of_a_public_file_replaces_it_at_once(records: Records, public: Attachment) -> None:
    covered = redacted(records, public)
    assert (covered.id, covered.hold) == (public.id, HoldReason.UNREAD)


def test_a_new_file_goes_with_the_document_that_is_taken_off(
    records: Records, jobs: Jobs, announcement: Announcement, public: Attachment
) -> None:
    beside = attached(records, announcement, b"beside")
    read(records, jobs, beside, "ข้าง ๆ")
    waiting = renewed(records, public, b"new")
    records.attachments.detach(waiting.id, actor=ACTOR)
    assert [each.position for each in _listed(records, announcement)] == [1, 2]
    assert renewed(records, public, b"new").id == waiting.id  # cancelled, and wanted after all
    records.attachments.relabel(public.id, label="ชื่อใหม่", kind=DocumentKind.ORDER, actor=ACTOR)
    assert records.attachments.get(waiting.id).label == "ชื่อใหม่"
    records.attachments.detach(public.id, actor=ACTOR)
    assert [each.position for each in _listed(records, announcement)] == [1]
    assert jobs.claim("w", lease=dt.timedelta(minutes=1), now=dt.datetime.now(dt.UTC)) is None
    records.attachments.reattach(waiting.id, actor=ACTOR)
    read(records, jobs, waiting, "ข้อความใหม่")  # put back alone, it is a document like every other
    assert [(each.id, each.position) for each in _listed(records, announcement)] == [
        (beside.id, 1),
        (waiting.id, 2),
    ]


def test_a_cancelled_new_file_gets_the_label_of_its_document(
    records: Records, announcement: Announcement, public: Attachment
) -> None:
    """In the audit chain too, as for every other test."""
    waiting = renewed(records, public, b"new")
    records.attachments.detach(waiting.id, actor=ACTOR)
    records.attachments.relabel(public.id, label="ชื่อใหม่", kind=public.kind, actor=ACTOR)
    assert [each.label for each in records.attachments.detached(announcement.id)] == ["ชื่อใหม่"]


def test_a_cancelled_new_file_that_is_attached_becomes_a_document_of_its_own(
    records: Records, jobs: Jobs, announcement: Announcement, public: Attachment
) -> None:
    waiting = renewed(records, public, b"new")
    records.attachments.detach(waiting.id, actor=ACTOR)
    again = attached(records, announcement, b"new")
    assert (again.replaces, again.position, again.label) == (None, 2, "ประกาศ")
    assert records.attachments.replacements([public.id]) == {}
    read(records, jobs, again, "ข้อความใหม่")
    assert records.attachments.get(public.id) == public
    assert order(records, announcement) == [public.id, again.id]


def test_an_erased_document_leaves_no_file_that_waits(
    records: Records, jobs: Jobs, announcement: Announcement, public: Attachment
) -> None:
    waiting = renewed(records, public, b"new")
    records.erasures.erase_attachment_or_versions(
        public.id, ErasureScope.ATTACHMENT, ordered_by="ศาล", reason="ละเมิดสิทธิ", actor=ACTOR
    )
    assert jobs.claim("w", lease=dt.timedelta(minutes=1), now=dt.datetime.now(dt.UTC)) is None
    assert _listed(records, announcement) == []
    records.erasures.erase_attachment_or_versions(
        waiting.id, ErasureScope.ATTACHMENT, ordered_by="ศาล", reason="ละเมิดสิทธิ", actor=ACTOR
    )
    assert stored(b"new").sha256 not in repr(records.history.entries(announcement.id))


def _listed(records: Records, announcement: Announcement) -> list[Attachment]:
    return records.attachments.by_announcement([announcement.id])[announcement.id]


EMAIL = PersonalDataSpan(type="email", page=1, start=5, end=9)
TEXTS = [(1, "ข้อความเดิม")]


def search_again(
    records: Records, attachment: Attachment, *finds: PersonalDataSpan, texts: list[tuple[int, str]] = TEXTS
) -> Attachment:
    """Store what newer rules find, and look up the attachment."""
    records.attachments.replace_finds(attachment.id, finds, page_texts=texts, rules=9, actor=ACTOR)
    return records.attachments.get(attachment.id)


def public_problems(records: Records) -> list[int]:
    """Returns the ids of the records that residents see with undecided finds."""
    filters = WorklistFilters(problem=Problem.PUBLIC_PERSONAL_DATA)
    rows, total = records.worklist.list_rows(filters, today=NOW.date(), page=1, per_page=9)
    assert total == records.worklist.count_by_problem(today=NOW.date())[Problem.PUBLIC_PERSONAL_DATA]
    return [row.announcement.id for row in rows]


def actions(records: Records, announcement: Announcement) -> list[str]:
    return [entry.action for entry in records.history.entries(announcement.id)]


def test_only_what_older_rules_looked_through_is_listed(
    records: Records, announcement: Announcement, public: Attachment
) -> None:
    attached(records, announcement, b"unread")
    assert records.attachments.list_with_outdated_finds(9, limit=9) == [public.id]
    assert records.attachments.list_with_outdated_finds(privacy.RULES, limit=9) == []
    before = records.history.last_change()
    assert search_again(records, public) == public
    assert records.attachments.list_with_outdated_finds(9, limit=9) == []
    assert (actions(records, announcement)[-1], records.history.last_change()) == ("attach", before)


def test_what_failed_is_looked_through_once_although_it_was_never_read_whole(
    records: Records, jobs: Jobs, announcement: Announcement
) -> None:
    made = attached(records, announcement)
    assert jobs.claim("w", lease=dt.timedelta(minutes=1), now=dt.datetime.now(dt.UTC)) is not None
    records.pages.save(page(made, text="ข้อความเดิม"))
    jobs.fail(made.id, "w", Failure("reader-crashed", "ไฟล์อาจเสียหาย"))
    records.attachments.record_decision_to_show(made.id, (), reason="ดูแล้ว", actor=ACTOR)
    assert records.attachments.list_with_outdated_finds(privacy.RULES, limit=9) == [made.id]
    now = search_again(records, made, EMAIL)
    assert (now.hold, public_problems(records)) == (None, [announcement.id])
    assert records.attachments.list_with_outdated_finds(privacy.RULES, limit=9) == []


def test_new_finds_hold_what_is_not_public(records: Records, jobs: Jobs) -> None:
    made = records.announcements.create(draft(), actor=ACTOR)
    attachment = attached(records, made, b"old")
    read(records, jobs, attachment, "ข้อความเดิม")
    now = search_again(records, attachment, EMAIL)
    assert (now.hold, now.details.personal_data) == (HoldReason.PERSONAL_DATA, (EMAIL,))
    assert actions(records, made)[-1] == "find"
    assert public_problems(records) == []
    assert records.worklist.count_by_problem(today=NOW.date())[Problem.PERSONAL_DATA] == 1


def test_new_finds_leave_what_is_public_until_somebody_decides(
    records: Records, announcement: Announcement, public: Attachment
) -> None:
    before = records.history.last_change()
    now = search_again(records, public, EMAIL)
    assert (now.hold, now.details.personal_data) == (None, (EMAIL,))
    assert public_problems(records) == [announcement.id]
    assert records.history.last_change() == before  # residents and search see no change
    told = records.history.entries(announcement.id)[-1]
    assert (told.action, told.actor, told.after) == (
        "find",
        ACTOR,
        {"attachment_id": public.id, "label": public.label},
    )
    search_again(records, public, EMAIL)
    assert actions(records, announcement).count("find") == 1
    now = records.attachments.record_decision_to_show(public.id, [EMAIL], reason="ยินยอม", actor=ACTOR)
    assert (now.hold, public_problems(records)) == (None, [])
    assert search_again(records, public, EMAIL).hold is None
    assert public_problems(records) == []


def test_what_was_decided_before_stays_decided(
    records: Records, announcement: Announcement, public: Attachment
) -> None:
    search_again(records, public, PHONE)
    records.attachments.record_decision_to_show(public.id, [PHONE], reason="ยินยอม", actor=ACTOR)
    assert privacy.undecided_finds(search_again(records, public, PHONE, EMAIL)) == (EMAIL,)
    hidden = records.attachments.hold_for_undecided_finds(public.id, actor=ACTOR)
    assert (hidden.hold, public_problems(records)) == (HoldReason.PERSONAL_DATA, [])
    assert privacy.undecided_finds(hidden) == (EMAIL,)
    assert records.history.ids_to_hide_since(records.history.last_change() - 1) == {announcement.id}


def test_a_correction_holds_for_its_own_finds_only(
    records: Records, announcement: Announcement, public: Attachment
) -> None:
    search_again(records, public, EMAIL)
    records.pages.correct(public.id, 1, "แก้คำผิด", actor=ACTOR, personal_data=(EMAIL,))
    assert records.attachments.get(public.id).hold is None
    assert public_problems(records) == [announcement.id]
    records.pages.correct(public.id, 1, "แก้อีก", actor=ACTOR)
    assert (records.attachments.get(public.id).hold, public_problems(records)) == (None, [])
    records.pages.correct(public.id, 1, "แก้อีกครั้ง", actor=ACTOR, personal_data=(PHONE,))
    assert records.attachments.get(public.id).hold is HoldReason.PERSONAL_DATA


def test_a_new_file_takes_the_finds_of_the_old_one_off_the_worklist(
    records: Records, jobs: Jobs, announcement: Announcement, public: Attachment
) -> None:
    search_again(records, public, EMAIL)
    waiting = renewed(records, public, b"new")
    assert public_problems(records) == [announcement.id]
    read(records, jobs, waiting, "ข้อความใหม่")
    assert (records.attachments.get(public.id).sha256, public_problems(records)) == (waiting.sha256, [])
    assert records.attachments.list_with_outdated_finds(privacy.RULES, limit=9) == []


def test_finds_in_a_text_that_has_changed_since_are_not_stored(
    records: Records, announcement: Announcement, public: Attachment
) -> None:
    assert search_again(records, public, EMAIL, texts=[(1, "ข้อความก่อนหน้า")]) == public
    assert records.attachments.list_with_outdated_finds(9, limit=9) == [public.id]
    assert public_problems(records) == []
