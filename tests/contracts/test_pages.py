"""Contract of every ``Records``: pages."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import privacy
from archive.errors import NotFound
from archive.model import (
    Attachment,
    Failure,
    HoldReason,
    Line,
    LowConfidenceSpan,
    ReadingResults,
    ReadingStatus,
    TextSource,
)
from archive.ports import Jobs
from archive.repositories import Records
from storage.mappers import pack_doubts, pack_lines, unpack_doubts, unpack_lines
from storage.repositories.jobs import MAX_ATTEMPTS
from tests.factories.records import ACTOR, attached, page, published


@pytest.fixture
def attachment(records: Records) -> Attachment:
    return attached(records, published(records))


def test_a_page_comes_back_as_it_was_saved(records: Records, attachment: Attachment) -> None:
    saved = page(attachment, text="ประกาศ\nน้ำ", raw="ประกาศ\nนํ้า", problem="ocr-timeout")
    records.pages.save(saved)
    assert records.pages.get(attachment.id, 1) == saved
    plain = page(attachment, 2, source=TextSource.NONE, confidence=None, text="", raw="", lines=(), doubts=())
    records.pages.save(plain)
    assert records.pages.by_attachment(attachment.id) == [saved, plain]


def test_the_raw_text_may_be_what_no_text_should_be(records: Records, attachment: Attachment) -> None:
    saved = page(attachment, raw="ก\x00\ud800\uffff")
    records.pages.save(saved)
    assert records.pages.get(attachment.id, 1) == saved


def test_saving_again_replaces(records: Records, attachment: Attachment) -> None:
    records.pages.save(page(attachment, text="ครั้งแรก"))
    second = page(attachment, text="ครั้งที่สอง", rules=4)
    records.pages.save(second)
    assert records.pages.by_attachment(attachment.id) == [second]


def test_what_a_person_corrected_outlives_rereading(records: Records, attachment: Attachment) -> None:
    read = page(attachment, text="ประกาค", raw="ประกาค")
    records.pages.save(read)
    change = records.history.last_change()
    corrected = records.pages.correct(attachment.id, 1, "ประกาศ", actor=ACTOR)
    assert corrected == dataclasses.replace(read, text="ประกาศ", corrected=True, lines=(), doubts=())
    assert records.history.last_change() == change + 1
    records.pages.save(page(attachment, text="ประกาฅ"))
    assert records.pages.get(attachment.id, 1) == corrected
    entry = records.history.entries(attachment.announcement_id)[-1]
    assert entry.action == "correct"
    assert entry.before == {
        "attachment_id": attachment.id,
        "page": 1,
        "sha256": attachment.sha256,
        "text": "ประกาค",
        "corrected": 0,
        "doubts": [[0, 2, 0.31, []]],
    }
    assert entry.after == {"attachment_id": attachment.id, "page": 1, "text": "ประกาศ"}


def test_the_same_correction_twice_is_one(records: Records, attachment: Attachment) -> None:
    records.pages.save(page(attachment))
    records.pages.correct(attachment.id, 1, "ถูกต้อง", actor=ACTOR)
    change = records.history.last_change()
    records.pages.correct(attachment.id, 1, "ถูกต้อง", actor=ACTOR)
    assert records.history.last_change() == change


def test_missing_pages_are_not_found(records: Records, attachment: Attachment) -> None:
    for asked in (
        lambda: records.pages.get(attachment.id, 1),
        lambda: records.pages.correct(attachment.id, 1, "", actor=ACTOR),
        lambda: records.pages.by_attachment(attachment.id + 1),
        lambda: records.pages.save(dataclasses.replace(page(attachment), attachment_id=attachment.id + 1)),
    ):
        with pytest.raises(NotFound):
            asked()


def test_personal_data_in_pages_of_a_reading_that_failed_is_known(
    records: Records, jobs: Jobs, attachment: Attachment
) -> None:
    fail_after(records, jobs, attachment, "โทร 081-234-5678")
    failed = records.attachments.get(attachment.id)
    assert (failed.hold, failed.rules) == (HoldReason.UNREAD, 0)
    assert [privacy.type_and_place_key(data) for data in privacy.undecided_finds(failed)] == ["phone:1"]


def test_a_first_reading_stores_its_finds_once_also_where_its_readers_die(
    records: Records, jobs: Jobs, attachment: Attachment
) -> None:
    lease, now = dt.timedelta(minutes=1), dt.datetime.now(dt.UTC)
    for death in range(MAX_ATTEMPTS):
        later = now + death * 2 * lease
        assert jobs.claim("w", lease=lease, now=later) is not None
        records.pages.save(page(attachment, death + 1, "โทร 081-234-5678"))
        assert records.attachments.get(attachment.id).details.personal_data == ()
    assert jobs.settle_lapsed(lease=lease, now=now + MAX_ATTEMPTS * 2 * lease) == 1
    failed = records.attachments.get(attachment.id)
    assert (failed.status, failed.hold) == (ReadingStatus.FAILED, HoldReason.UNREAD)
    assert [data.page for data in failed.details.personal_data] == [1, 2, 3]


@pytest.mark.parametrize("ends_well", [True, False])
def test_what_a_person_typed_while_a_file_is_read_is_known_at_the_end(
    records: Records, jobs: Jobs, attachment: Attachment, ends_well: bool
) -> None:
    assert jobs.claim("w", lease=dt.timedelta(minutes=1), now=dt.datetime.now(dt.UTC)) is not None
    for number in (1, 2):
        records.pages.save(page(attachment, number, "ไม่มีอะไร"))
    records.pages.correct(attachment.id, 2, "โทร 081-234-5678", actor=ACTOR)
    if ends_well:
        jobs.finish(attachment.id, "w", page_count=2, details=ReadingResults(), rules=1)
    else:
        jobs.fail(attachment.id, "w", Failure("reader-crashed", "ไฟล์อาจเสียหาย"))
    read = records.attachments.get(attachment.id)
    assert [privacy.type_and_place_key(data) for data in privacy.undecided_finds(read)] == ["phone:2"]


def test_a_file_that_is_shown_unread_is_hidden_by_the_first_page_with_personal_data(
    records: Records, jobs: Jobs, attachment: Attachment
) -> None:
    fail_after(records, jobs, attachment)
    shown = records.attachments.record_decision_to_show(attachment.id, (), reason="ดูแล้ว", actor=ACTOR)
    records.attachments.read_again(attachment.id, actor=ACTOR)
    before = records.history.last_change()
    fail_after(records, jobs, attachment, "ไม่มีอะไร", "โทร 081-234-5678")
    assert (shown.hold, records.attachments.get(attachment.id).hold) == (None, HoldReason.PERSONAL_DATA)
    assert records.history.ids_to_hide_since(before) == {attachment.announcement_id}


def fail_after(records: Records, jobs: Jobs, attachment: Attachment, *texts: str) -> None:
    """Let a reader die after these pages."""
    assert jobs.claim("w", lease=dt.timedelta(minutes=1), now=dt.datetime.now(dt.UTC)) is not None
    for number, text in enumerate(texts, start=1):
        records.pages.save(page(attachment, number, text))
    jobs.fail(attachment.id, "w", Failure("reader-crashed", "ไฟล์อาจเสียหาย"))


def test_texts_by_attachment_in_order_of_pages(records: Records, attachment: Attachment) -> None:
    other = attached(records, published(records), b"other")
    for number, text in ((2, "สอง"), (1, "หนึ่ง"), (10, "สิบ")):
        records.pages.save(page(attachment, number, text))
    assert records.pages.texts_by_attachment([attachment.id, other.id]) == {
        attachment.id: [(1, "หนึ่ง"), (2, "สอง"), (10, "สิบ")],
        other.id: [],
    }


def test_a_record_of_which_a_page_lost_text_is_hidden_until_search_follows(
    records: Records, attachment: Attachment
) -> None:
    records.pages.save(page(attachment, text="นายสมชาย ใจดี"))
    before = records.history.last_change()
    records.pages.correct(attachment.id, 1, "นายสมชาย ใจดี", actor=ACTOR)
    assert records.history.ids_to_hide_since(before) == set()
    records.pages.correct(attachment.id, 1, "นายสมหมาย", actor=ACTOR)
    assert records.history.ids_to_hide_since(before) == {attachment.announcement_id}
    assert records.history.ids_to_hide_since(records.history.last_change()) == set()


def test_pages_go_with_their_attachment(records: Records, attachment: Attachment) -> None:
    records.pages.save(page(attachment, problem="no-text"))
    records.attachments.detach(attachment.id, actor=ACTOR)
    assert records.pages.list_needing_check(least_confidence=1, limit=9) == []
    assert not any(records.pages.count_by_source().values())
    with pytest.raises(NotFound):
        records.pages.by_attachment(attachment.id)


numbers = st.integers(-(2**40), 2**40)  # hostile files put letters far off the page
lines = st.builds(Line, numbers, numbers, numbers, st.lists(numbers).map(tuple))
doubts = st.builds(
    LowConfidenceSpan,
    st.integers(0, 2**40),
    st.integers(0, 2**40),
    st.floats(0, 1),
    st.lists(st.text(), max_size=3).map(tuple),
)


@given(st.lists(lines).map(tuple))
def test_lines_are_packed_without_loss(given: tuple[Line, ...]) -> None:
    assert unpack_lines(pack_lines(given)) == given


@given(st.lists(doubts).map(tuple))
def test_doubts_are_packed_without_loss(given: tuple[LowConfidenceSpan, ...]) -> None:
    assert unpack_doubts(pack_doubts(given)) == given
