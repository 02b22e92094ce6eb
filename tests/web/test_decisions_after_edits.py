"""A decision about personal data covers no other person's data after an edit of the text or the label."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

import pytest

from archive.errors import PersonalDataFound
from archive.model import Attachment, HoldReason
from archive.privacy import EVERYTHING, undecided_finds
from archive.worklist import Problem
from storage.rows import update_row
from storage.sqlite import Sqlite
from tests.factories.memos import memo
from tests.web.conftest import Site

REASON = "กฎหมายกำหนดให้ประกาศ"

ONE, NEXT, ANOTHER = "081-234-5678", "081-234-5679", "089-999-1111"
"""Telephone numbers; ``NEXT`` differs from ``ONE`` in one digit, ``ANOTHER`` is like neither."""


def public_and_decided(site: Site, text: str, label: str = "ใบแจ้งช่าง") -> Attachment:
    """Returns a public attachment of one page, with a decision about each find in its text and label."""
    attachment = site.attach(
        site.announcement("ประกาศงานถนน").id, memo("ซ่อมถนนสายบ้านหนองกระทิง"), "ใบแจ้งช่าง.pdf"
    )
    site.work()
    commands = site.services.commands
    commands.attachments.relabel(attachment.id, label=label, kind=attachment.kind, actor="x", reason=REASON)
    commands.pages.correct(attachment.id, 1, text, actor="x")
    decide(site, attachment)
    return site.services.attachments.get(attachment.id)


def decide(site: Site, attachment: Attachment) -> None:
    site.services.commands.attachments.release_with_reason(attachment.id, reason=REASON, actor="x")
    assert held(site, attachment) is None


def held(site: Site, attachment: Attachment) -> HoldReason | None:
    return site.services.attachments.get(attachment.id).hold


def store_decisions(site: Site, attachment: Attachment, decided: Sequence[str], *, undecided: bool) -> None:
    """Stores what earlier rules or an earlier version left: the decisions, and what they do not cover."""
    engine: Sqlite = site.services.database  # type: ignore[assignment]  # the embedded one
    with engine.write():
        update_row(
            engine,
            "attachment",
            attachment.id,
            decided=json.dumps(decided) if decided else "",
            has_undecided_finds=int(undecided),
        )


def is_on_worklist(site: Site) -> bool:
    return (
        site.services.records.worklist.count_by_problem(today=dt.date(2026, 1, 1))[
            Problem.PUBLIC_PERSONAL_DATA
        ]
        > 0
    )


def test_each_number_that_is_typed_stands_for_one_number_before(site: Site) -> None:
    attachment = public_and_decided(site, "ซ่อมถนน")
    commands = site.services.commands
    for before, after in (
        (f"โทร {ONE} และ {NEXT}", f"โทร {ONE} และ {ANOTHER}"),
        (f"โทร {ONE} และ {ONE}", f"โทร {ONE} และ {ANOTHER}"),
        (f"โทร {ONE} และ {NEXT}", f"โทร {NEXT} และ {ANOTHER}"),
    ):
        commands.pages.correct(attachment.id, 1, before, actor="x")
        decide(site, attachment)
        commands.pages.correct(attachment.id, 1, after, actor="x")
        assert held(site, attachment) is HoldReason.PERSONAL_DATA, (before, after)
        decide(site, attachment)
        commands.attachments.relabel(
            attachment.id, label=before, kind=attachment.kind, actor="x", reason=REASON
        )
        with pytest.raises(PersonalDataFound):
            commands.attachments.relabel(attachment.id, label=after, kind=attachment.kind, actor="x")
    commands.pages.correct(attachment.id, 1, f"โทร {ONE} และ {NEXT}", actor="x")
    decide(site, attachment)
    commands.pages.correct(attachment.id, 1, f"โทร {NEXT} และ {ONE}", actor="x")
    assert held(site, attachment) is None


def test_a_corrected_letter_leaves_the_decision(site: Site) -> None:
    attachment = public_and_decided(site, "ซ่อมถนน")
    correct = site.services.commands.pages.correct
    for before, after in (
        ("นายแดง ใจดี อีเมล somchai@gmal.com", "นายแดง ใจดี อีเมล somchai@gmail.com"),
        ("นายแดง ใจดี ป่วยเป็นโรคเบาหวน", "นายแดง ใจดี ป่วยเป็นโรคเบาหวาน"),
        ("นายแดง ใจดี บ้านเลขที่ 12 หมู่ที่ 3 ตำบลทรายงาม", "นายแดง ใจดี บ้านเลขที่ 125 หมู่ที่ 3 ตำบลทรายงาม"),
        ("นายแดง ใจดี เกิดวันที่ 5 มกราคม 2520", "นายแดง ใจดี เกิดวันที่ 15 มกราคม 2520"),
    ):
        correct(attachment.id, 1, before, actor="x")
        assert held(site, attachment) is HoldReason.PERSONAL_DATA, before
        decide(site, attachment)
        correct(attachment.id, 1, after, actor="x")
        assert held(site, attachment) is None, after
        correct(attachment.id, 1, "ซ่อมถนน", actor="x")


def test_a_number_with_another_digit_is_another_number(site: Site) -> None:
    attachment = public_and_decided(site, f"โทร {ONE}")
    commands = site.services.commands
    commands.pages.correct(attachment.id, 1, f"โทร {ONE} (มือถือ)", actor="x")
    assert held(site, attachment) is None  # the same number
    commands.pages.correct(attachment.id, 1, f"โทร {NEXT} (มือถือ)", actor="x")
    assert held(site, attachment) is HoldReason.PERSONAL_DATA


def test_a_find_that_nobody_decided_on_covers_no_other_number(site: Site) -> None:
    attachment = public_and_decided(site, f"โทร {ONE}")
    store_decisions(site, attachment, [], undecided=True)
    correct = site.services.commands.pages.correct
    correct(attachment.id, 1, f"โทร {ONE} (มือถือ)", actor="x")
    assert (held(site, attachment), is_on_worklist(site)) == (None, True)
    correct(attachment.id, 1, f"โทร {ANOTHER}", actor="x")
    assert held(site, attachment) is HoldReason.PERSONAL_DATA


def test_of_two_numbers_the_one_that_stays_is_asked_about_again(site: Site) -> None:
    attachment = public_and_decided(site, f"โทร {ONE} และ {ANOTHER}")
    store_decisions(site, attachment, ["phone:1"], undecided=True)
    correct = site.services.commands.pages.correct
    correct(attachment.id, 1, f"โทร {ONE}", actor="x")
    assert (held(site, attachment), is_on_worklist(site)) == (None, True)
    correct(attachment.id, 1, "โทร", actor="x")
    assert (held(site, attachment), is_on_worklist(site)) == (None, False)


def test_a_decision_on_everything_covers_nothing_that_is_typed_later(site: Site) -> None:
    attachment = public_and_decided(site, "ซ่อมถนน")
    store_decisions(site, attachment, [EVERYTHING], undecided=False)
    site.services.commands.pages.correct(attachment.id, 1, f"ซ่อมถนน โทร {ONE}", actor="x")
    assert held(site, attachment) is HoldReason.PERSONAL_DATA


@pytest.mark.parametrize("decided", [[EVERYTHING], []])
def test_a_reason_for_a_label_is_kept_whatever_was_decided_before(site: Site, decided: list[str]) -> None:
    attachment = public_and_decided(site, "ซ่อมถนน", f"โทร {ONE}")
    store_decisions(site, attachment, decided, undecided=not decided)
    now = site.services.commands.attachments.relabel(
        attachment.id, label=f"โทร {ANOTHER}", kind=attachment.kind, actor="x", reason=REASON
    )
    assert (now.label, now.hold, undecided_finds(now)) == (f"โทร {ANOTHER}", None, ())
    assert not is_on_worklist(site)
    told = site.services.history.entries(now.announcement_id)[-2:]
    assert [(each.action, each.reason) for each in told] == [("label", ""), ("release", REASON)]
