"""Contract of every ``Subscriptions``: followers, and the order of publications."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from archive.model import Status
from archive.repositories import Records
from archive.subscriptions import (
    MOST_CONFIRMATIONS_A_DAY,
    MOST_OF_ADDRESS,
    UNCONFIRMED_FOR,
    Frequency,
)
from storage.engine import Engine
from storage.repositories.organisations import EngineOrganisations
from storage.repositories.subscriptions import EngineSubscriptions
from storage.tenancy import OrganisationQueries
from tests.factories.records import ACTOR, draft, published

NOW = dt.datetime.now(dt.UTC)
HOUR = dt.timedelta(hours=1)
LATER = NOW + 3 * HOUR


def follow(store: EngineSubscriptions, key: str, search: str = "q=x", **more: object) -> None:
    store.subscribe_within_limits("a@example.com", search, Frequency.AT_ONCE, language="th", key=key, **more)  # type: ignore[arg-type]


def test_an_address_is_asked_and_then_kept_or_forgotten(engine: Engine) -> None:
    store = EngineSubscriptions(engine)
    follow(store, "k1")
    (asked,) = store.list_without_confirmation_request(after_id=0, limit=9)
    assert (asked.key, asked.address, asked.frequency) == ("k1", "a@example.com", Frequency.AT_ONCE)
    assert store.list_without_confirmation_request(after_id=asked.id, limit=9) == []
    store.record_confirmation_request(asked.id, NOW)
    assert store.list_without_confirmation_request(after_id=0, limit=9) == []
    assert store.list_due(10, dailies_looked_at_before=NOW, now=LATER, after_id=0, limit=9) == []
    assert store.delete_unconfirmed(NOW) == 0
    assert store.delete_unconfirmed(NOW + UNCONFIRMED_FOR + HOUR) == 1
    assert not store.confirm("k1")
    follow(store, "k3")
    assert store.count_confirmed() == 0
    assert store.confirm("k3")
    assert store.count_confirmed() == 1
    assert store.delete_unconfirmed(NOW + UNCONFIRMED_FOR + HOUR) == 0
    assert store.unsubscribe("k3")
    assert not store.unsubscribe("k3")
    assert engine.rows("SELECT * FROM subscription WHERE organisation_id = 1") == []


def test_a_search_that_is_followed_again_keeps_its_links_and_takes_the_new_frequency(
    engine: Engine, records: Records
) -> None:
    store = EngineSubscriptions(engine)
    follow(store, "first")
    store.confirm("first")
    before = store.by_key("first")
    assert before is not None
    published(records)
    store.subscribe_within_limits("a@example.com", "q=x", Frequency.DAILY, language="en", key="again")
    asked = store.list_without_confirmation_request(after_id=0, limit=9)
    assert [each.key for each in asked] == ["again"]
    assert store.confirm("again") == replace(before, frequency=Frequency.DAILY, language="en")
    assert store.by_key("again") is None
    assert store.confirm("first") == store.by_key("first")
    assert store.count_confirmed() == 1


def test_an_address_that_follows_all_it_may_is_still_asked_about_one_of_them(engine: Engine) -> None:
    store = EngineSubscriptions(engine)
    for number in range(MOST_OF_ADDRESS + 1):
        follow(store, f"k{number}", f"q={number}")
        store.confirm(f"k{number}")
    assert store.count_confirmed() == MOST_OF_ADDRESS
    follow(store, "again", "q=1")
    assert store.by_key("again")


def test_a_stranger_cannot_fill_a_mailbox(engine: Engine) -> None:
    store = EngineSubscriptions(engine)
    for number in range(10):
        follow(store, f"k{number}", f"q={number}")
    assert len(store.list_without_confirmation_request(after_id=0, limit=99)) == MOST_CONFIRMATIONS_A_DAY


def test_all_organisations_together_cannot_fill_a_mailbox(engine: Engine) -> None:
    other = EngineOrganisations(engine).add("bangkhen", "เทศบาลบางเขน", None)
    here, there = (EngineSubscriptions(OrganisationQueries(engine, id)) for id in (1, other.id))
    for number in range(10):
        follow(here, f"here{number}", f"q={number}")
        follow(there, f"there{number}", f"q={number}")
    asked = [
        each
        for store in (here, there)
        for each in store.list_without_confirmation_request(after_id=0, limit=99)
    ]
    assert [each.organisation for each in asked] == [1, 1, other.id]
    for each in asked:
        assert here.confirm(each.key) or there.confirm(each.key)
    follow(there, "the same search in another place", "q=1")
    assert [each.key for each in there.list_without_confirmation_request(after_id=0, limit=9)] == [
        "the same search in another place"
    ]


def test_followers_are_due_at_once_or_once_a_day(engine: Engine, records: Records) -> None:
    store = EngineSubscriptions(engine)
    published(records)
    follow(store, "once")
    store.subscribe_within_limits("b@example.com", "", Frequency.DAILY, language="en", key="daily")
    store.confirm("once")
    store.confirm("daily")
    start = store.last_publication()
    hidden = records.announcements.create(draft(), actor=ACTOR)
    assert store.last_publication() == start
    records.announcements.set_status(hidden.id, Status.PUBLISHED, actor=ACTOR)
    made = published(records)
    records.announcements.set_status(hidden.id, Status.WITHDRAWN, actor=ACTOR, reason="ผิด")
    records.announcements.set_status(hidden.id, Status.PUBLISHED, actor=ACTOR)
    upto = store.last_publication()
    between = store.publications_between(start, upto)
    assert [*between] == [made.id, hidden.id]
    assert start < between[made.id] < between[hidden.id] == upto
    assert store.publications_between(between[made.id], upto) == {hidden.id: upto}
    (once,) = store.list_due(upto, dailies_looked_at_before=NOW - HOUR, now=LATER, after_id=0, limit=9)
    assert (once.key, once.position) == ("once", start)
    (daily,) = store.list_due(upto, dailies_looked_at_before=NOW + HOUR, now=LATER, after_id=once.id, limit=9)
    for each in (once, daily):
        store.record_position(each.id, upto, looked_at=NOW + HOUR)
    assert store.list_due(upto, dailies_looked_at_before=NOW + HOUR, now=LATER, after_id=0, limit=9) == []
    assert [
        each.key
        for each in store.list_due(
            upto, dailies_looked_at_before=NOW + 2 * HOUR, now=LATER, after_id=0, limit=9
        )
    ] == ["daily"]


def test_a_daily_follower_who_was_looked_at_in_the_future_is_due(engine: Engine) -> None:
    """The clock was a year ahead for a while."""
    store = EngineSubscriptions(engine)
    store.subscribe_within_limits("a@example.com", "", Frequency.DAILY, language="th", key="daily")
    store.confirm("daily")
    (daily,) = store.list_due(1, dailies_looked_at_before=LATER, now=LATER, after_id=0, limit=9)

    def is_due(now: dt.datetime) -> bool:
        return bool(store.list_due(1, dailies_looked_at_before=now - HOUR, now=now, after_id=0, limit=9))

    store.record_position(daily.id, 1, looked_at=LATER + 365 * 24 * HOUR)
    assert is_due(LATER)
    store.record_position(daily.id, 1, looked_at=LATER)
    assert not is_due(LATER + HOUR / 2)
    assert is_due(LATER + 2 * HOUR)
