"""Contract of every ``Jobs``."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from archive.errors import Conflict
from archive.model import (
    Attachment,
    DocumentKind,
    ExtractedField,
    Failure,
    HoldReason,
    PersonalDataSpan,
    ReadingResults,
    ReadingStatus,
    ScanAdvice,
    Signature,
)
from archive.ports import Jobs
from archive.privacy import find_personal_data
from archive.repositories import Records
from tests.factories.records import ACTOR, NOW, attached, draft, new_file, page, published

LEASE = dt.timedelta(minutes=5)
LATER = NOW + LEASE + dt.timedelta(seconds=1)
DETAILS = ReadingResults(
    fields={"number": ExtractedField(value="มท ๐๘๐๘.๒/ว ๑๒๓ \ud800", confidence=0.9)},
    signatures=(
        Signature(signer="นายกเทศมนตรี", signed_at=NOW, intact=True, trusted=False),
        Signature(signer="ปลัด", signed_at=None, intact=False, trusted=False),
    ),
    personal_data=(PersonalDataSpan(type="national-id", page=1, start=3, end=16),),
    advice=(ScanAdvice("turned", (2, 3)), ScanAdvice("dynamic-form")),
)


@pytest.fixture
def waiting(records: Records) -> list[Attachment]:
    announcement = published(records)
    return [attached(records, announcement, b"%d" % n) for n in range(3)]


def claim(jobs: Jobs, worker: str = "w", now: dt.datetime = NOW) -> int | None:
    claimed = jobs.claim(worker, lease=LEASE, now=now)
    return None if claimed is None else claimed.id


def finish(jobs: Jobs, attachment_id: int, worker: str = "w", rules: int = 1, page_count: int = 1) -> None:
    jobs.finish(attachment_id, worker, page_count=page_count, details=DETAILS, rules=rules)


def test_oldest_first_and_each_once(jobs: Jobs, waiting: list[Attachment]) -> None:
    first = jobs.claim("w", lease=LEASE, now=NOW)
    assert first is not None
    assert (first.id, first.status) == (waiting[0].id, ReadingStatus.READING)
    assert [claim(jobs), claim(jobs), claim(jobs)] == [waiting[1].id, waiting[2].id, None]


def test_a_file_that_replaces_a_public_one_is_read_before_what_waited_longer(
    jobs: Jobs, records: Records
) -> None:
    paper = attached(records, published(records))
    claimed = jobs.claim("w", lease=LEASE, now=NOW)
    assert claimed is not None
    jobs.finish(paper.id, "w", page_count=1, details=ReadingResults(), rules=1)
    for number in range(3):
        attached(records, published(records), b"draft %d" % number)
    newer = records.attachments.replace(paper.id, new_file(b"newer", "ใหม่.pdf"), actor=ACTOR)
    first = jobs.claim("w", lease=LEASE, now=NOW)
    assert first is not None
    assert first.id == newer.id


def test_a_finished_job_is_ready_with_what_was_learned(
    jobs: Jobs, records: Records, waiting: list[Attachment]
) -> None:
    wanted = waiting[0].id
    claim(jobs)
    for number in (1, 2, 3):
        records.pages.save(page(waiting[0], number))
    change = records.history.last_change()
    finish(jobs, wanted, rules=7, page_count=2)
    done = records.attachments.get(wanted)
    assert (done.status, done.page_count, done.rules, done.signed) == (ReadingStatus.READY, 2, 7, True)
    assert done.details == DETAILS
    assert [one.number for one in records.pages.by_attachment(wanted)] == [1, 2]
    assert records.history.changed_since(change, limit=10) == [(done.announcement_id, change + 1)]


@pytest.mark.parametrize("way", ["typed", "reread"])
def test_personal_data_that_a_page_got_since_it_was_looked_through_holds_the_file(
    jobs: Jobs, records: Records, waiting: list[Attachment], way: str
) -> None:
    claim(jobs)
    for number in (1, 2):
        records.pages.save(page(waiting[0], number))
    text, read = "โทร 081-234-5678", page(waiting[0], 2)
    finds = find_personal_data(text, 2)
    if way == "typed":
        records.pages.correct(waiting[0].id, 2, text, actor=ACTOR, personal_data=finds)
    else:
        again = replace(read, text=text)
        records.pages.replace_by_rereading(again, actor=ACTOR, personal_data=finds)
    jobs.finish(waiting[0].id, "w", page_count=2, details=ReadingResults(), rules=1)
    done = records.attachments.get(waiting[0].id)
    assert (done.hold, done.details.personal_data) == (HoldReason.PERSONAL_DATA, finds)


def test_a_failed_job_says_why(jobs: Jobs, records: Records, waiting: list[Attachment]) -> None:
    failure = Failure("needs-password", "ไฟล์นี้มีรหัสผ่าน กรุณาบันทึกใหม่โดยไม่ใส่รหัส")
    claim(jobs)
    change = records.history.last_change()
    jobs.fail(waiting[0].id, "w", failure)
    failed = records.attachments.get(waiting[0].id)
    assert (failed.status, failed.error) == (ReadingStatus.FAILED, failure)
    assert records.history.last_change() == change + 1


def test_a_lease_that_is_renewed_does_not_lapse(jobs: Jobs, waiting: list[Attachment]) -> None:
    claim(jobs)
    assert jobs.renew(waiting[0].id, "w", lease=LEASE, now=NOW + LEASE / 2)
    assert [claim(jobs, now=LATER), claim(jobs, now=LATER), claim(jobs, now=LATER)] == [
        waiting[1].id,
        waiting[2].id,
        None,
    ]


def test_a_lapsed_lease_goes_to_another_worker(
    jobs: Jobs, records: Records, waiting: list[Attachment]
) -> None:
    wanted = waiting[0].id
    for _ in waiting:
        claim(jobs, "dead")
    assert claim(jobs, "alive", now=LATER) == wanted
    assert not jobs.renew(wanted, "dead", lease=LEASE, now=LATER)
    for too_late in (
        lambda: finish(jobs, wanted, "dead"),
        lambda: jobs.fail(wanted, "dead", Failure("x", "x")),
    ):
        with pytest.raises(Conflict) as refused:
            too_late()
        assert refused.value.code == "lease-lost"
    jobs.release(wanted, "dead")
    assert records.attachments.get(wanted).status is ReadingStatus.READING
    finish(jobs, wanted, "alive")
    assert records.attachments.get(wanted).status is ReadingStatus.READY


def test_a_claim_far_ahead_of_the_clock_has_lapsed(jobs: Jobs, waiting: list[Attachment]) -> None:
    """The clock was set back; a small step back takes nothing from a living worker."""
    wanted = claim(jobs)
    assert jobs.list_lapsed(lease=LEASE, now=NOW - LEASE / 2) == []
    assert jobs.list_lapsed(lease=LEASE, now=NOW - 2 * LEASE) == [wanted]
    assert jobs.settle_lapsed(lease=LEASE, now=NOW - 2 * LEASE) == 1
    assert jobs.count_by_status()["waiting"] == len(waiting)


def test_what_killed_a_worker_waits_behind_the_untried(jobs: Jobs, waiting: list[Attachment]) -> None:
    claim(jobs, "dead")
    assert [claim(jobs, now=LATER) for _ in range(3)] == [waiting[1].id, waiting[2].id, waiting[0].id]


def test_what_kills_three_workers_has_failed(jobs: Jobs, records: Records) -> None:
    wanted = attached(records, published(records)).id
    now = NOW
    for _ in range(3):
        assert claim(jobs, "dead", now) == wanted
        now += LEASE + dt.timedelta(seconds=1)
    change = records.history.last_change()
    assert claim(jobs, "alive", now) is None
    failed = records.attachments.get(wanted)
    assert failed.status is ReadingStatus.FAILED
    assert failed.error is not None
    assert failed.error.code == "reader-crashed"
    assert records.history.last_change() == change + 1
    assert claim(jobs, "alive", now) is None


def test_an_orderly_stop_is_no_attempt(jobs: Jobs, records: Records) -> None:
    wanted = attached(records, published(records)).id
    for _ in range(5):
        assert claim(jobs) == wanted
        jobs.release(wanted, "w")
    assert records.attachments.get(wanted).status is ReadingStatus.WAITING


def test_reading_again(jobs: Jobs, records: Records, waiting: list[Attachment]) -> None:
    ready, failed, fresh = (attachment.id for attachment in waiting)
    claim(jobs)
    finish(jobs, ready, rules=1)
    claim(jobs)
    jobs.fail(failed, "w", Failure("damaged", "เสีย"))
    assert jobs.list_outdated(2) == [ready]
    assert jobs.list_outdated(1) == []
    assert jobs.list_failed() == [failed]
    assert jobs.queue_again([ready, failed, fresh, 999]) == 2
    assert records.attachments.get(failed).error is None
    # a new upload does not wait for rereadings
    assert {claim(jobs), claim(jobs)} == {fresh, failed}
    assert claim(jobs) == ready


def test_rereading_good_pages_forgets_the_rules_of_pages(jobs: Jobs, records: Records) -> None:
    paper = attached(records, published(records))
    for _ in range(2):
        assert claim(jobs) == paper.id
        for number in (1, 2):
            records.pages.save(page(paper, number=number, rules=7))
        finish(jobs, paper.id, rules=7, page_count=2)
        assert jobs.queue_again([paper.id]) == 1
        assert [each.rules for each in records.pages.by_attachment(paper.id)] == [7, 7]
    records.pages.correct(paper.id, 2, "แก้แล้ว", actor="test")
    jobs.queue_again([paper.id], should_reread_good_pages=True)
    assert [each.rules for each in records.pages.by_attachment(paper.id)] == [0, 7]


def test_a_file_that_is_being_read_keeps_the_rules_of_its_pages(jobs: Jobs, records: Records) -> None:
    paper = attached(records, published(records))
    assert claim(jobs) == paper.id
    records.pages.save(page(paper, number=1, rules=7))
    assert jobs.queue_again([paper.id], should_reread_good_pages=True) == 0
    assert [each.rules for each in records.pages.by_attachment(paper.id)] == [7]


def test_detached_work_is_dropped(jobs: Jobs, records: Records, waiting: list[Attachment]) -> None:
    claim(jobs)
    records.attachments.detach(waiting[0].id, actor=ACTOR)
    assert not jobs.renew(waiting[0].id, "w", lease=LEASE, now=NOW)
    with pytest.raises(Conflict):
        finish(jobs, waiting[0].id)


def test_the_queue_can_be_watched(jobs: Jobs, records: Records) -> None:
    assert jobs.count_by_status() == {"waiting": 0, "reading": 0, "ready": 0, "failed": 0}
    assert jobs.oldest_waiting() is None
    first = attached(records, published(records), b"1")
    attached(records, published(records), b"2")
    assert jobs.oldest_waiting() == first.created_at
    claim(jobs)
    assert jobs.count_by_status() == {"waiting": 1, "reading": 1, "ready": 0, "failed": 0}


def test_unread_files_are_counted_of_published_announcements_alone(records: Records, jobs: Jobs) -> None:
    announcement = published(records)
    for number in range(2):
        attached(records, announcement, b"%d" % number)
    attached(records, records.announcements.create(draft(), actor=ACTOR), b"of a draft")
    person = new_file(b"added by a person", "ตาราง.pdf", is_from_person=True)
    records.attachments.attach(
        announcement.id, person, label="ตาราง", kind=DocumentKind.OTHER, actor=ACTOR
    )  # residents wait for a person, not for its reading
    assert jobs.count_unread_of_published() == 2
    first = jobs.claim("w", lease=LEASE, now=NOW)
    assert first is not None
    assert jobs.count_unread_of_published() == 2
    jobs.finish(first.id, "w", page_count=1, details=ReadingResults(), rules=1)
    assert jobs.count_unread_of_published() == 1
