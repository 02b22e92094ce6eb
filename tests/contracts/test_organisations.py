"""Nothing of one organisation is read, counted or changed through another: every method that the ports have.

Two organisations hold the same things under the same names. Each method is called on the one with what
belongs to the other; a method or argument that is new here fails until it is known what to call it with.
"""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from archive.disclosure import Disclosure, DisclosureEntry, DisclosureItem, DisclosureRule, Period
from archive.erasure import ErasureScope
from archive.errors import Conflict, Invalid, NotFound, PrakatError
from archive.model import (
    ALL_SCOPES,
    PROVINCE,
    AttemptLimit,
    CollectionLine,
    DocumentKind,
    Draft,
    ExtractedField,
    Failure,
    Organisation,
    Page,
    ReadingResults,
    RelationKind,
    Role,
    Status,
    TextSource,
)
from archive.ports import Accounts, ApiTokens, Jobs, Organisations, People, SecondFactors, SignIns
from archive.relations import store_stated_relations_of_changed
from archive.reports import ReportDraft, ReportKind, Reports
from archive.repositories import (
    Announcements,
    Attachments,
    Collections,
    Erasures,
    FileVersions,
    History,
    Incidents,
    Pages,
    Records,
    Relations,
    UsageStatistics,
)
from archive.site_profile import Emblem, SiteProfile, SiteProfiles
from archive.subscriptions import Frequency, Subscriptions
from archive.worklist import Problem, Worklist, WorklistFilters
from storage.engine import Engine
from storage.move import TABLES
from storage.repositories.jobs import EngineJobs
from storage.repositories.organisations import EngineOrganisations, find_stray_rows
from storage.repositories.records import open_people, open_records
from storage.tenancy import OWN, PARENTS, SHARED, OrganisationQueries
from tests.contracts.stored_rows import rows_of
from tests.factories.records import ACTOR, NOW, attached, draft, new_file, page, stored

SECRET = "มะม่วงน้ำปลาหวาน"
MINE = "ขนุนเชื่อมแห้ง"
LEASE = dt.timedelta(minutes=5)
REPOSITORIES = (
    Announcements,
    History,
    Attachments,
    Pages,
    Collections,
    Disclosure,
    UsageStatistics,
    Erasures,
    FileVersions,
    Relations,
    Worklist,
    Reports,
    SiteProfiles,
    Subscriptions,
    Incidents,
)


PEOPLE = (Accounts, ApiTokens, SignIns, SecondFactors)


@dataclass
class Town:
    """One organisation's records. Both towns have the same records, but for one word."""

    records: Records
    jobs: Jobs
    people: People
    announcement: int
    attachment: int
    collection: int
    person: int


def town(engine: Engine, organisation: int, word: str) -> Town:
    scope = OrganisationQueries(engine, organisation)
    records, jobs, people = open_records(scope), EngineJobs(scope), open_people(scope)
    made = records.announcements.create(
        draft(word, ref="1", old_url="/old/1", author=word, body=word),
        actor=word,
        status=Status.PUBLISHED,
    )
    due = records.announcements.create(draft(word), actor=word)
    records.announcements.revise(due.id, {"publish_at": NOW}, actor=word)
    records.reports.add_or_count(ReportDraft(kind=ReportKind.OTHER, text=word, announcement_id=made.id))
    records.site_profiles.save(SiteProfile(phone=word), emblem=Emblem("image/png", word.encode()), actor=word)
    records.subscriptions.subscribe_within_limits(word, word, Frequency.DAILY, language="th", key=word)
    records.relations.decide(due.id, made.id, RelationKind.AMENDS, actor=word)
    records.relations.replace_stated({due.id: [(word, made.id)]}, position=0)
    attachment = attached(records, made, f"before {word}".encode())
    records.pages.save(page(attachment, text=word))
    records.attachments.replace(attachment.id, new_file(b"the same bytes", word), actor=word)
    broken = attached(records, made, b"broken")
    for one in (attachment, broken):
        records.pages.save(page(one, text=word, problem="no-text", confidence=0.1))
    for _ in range(2):
        taken = jobs.claim("w", lease=LEASE, now=NOW)
        assert taken is not None
        if taken.id == broken.id:
            jobs.fail(taken.id, "w", Failure("broken", word))
        else:
            jobs.finish(taken.id, "w", page_count=1, details=ReadingResults(), rules=1)
    collection = records.collections.save(
        None, title=word, body=word, items=[CollectionLine(word, made.id)], actor=word
    )
    records.disclosure.save_item(2564, item(word), replaced=None, actor=word)
    records.disclosure.assign(entry(made.id), actor=word)
    records.usage_statistics.count_visit(made.id, "visitor", now=dt.datetime.now(dt.UTC))
    records.usage_statistics.record_missed_search_unless_personal(word)
    person = people.accounts.add("somsri", word, Role.ADMIN)
    people.sign_ins.open_session(person.id, f"key {word}", password_hash=word, device=word, now=NOW)
    people.tokens.add("web", f"token {word}")
    people.second_factors.store_unconfirmed(person.id, f"secret {word}")
    people.second_factors.confirm(person.id, step=1, recovery_hashes=[f"code {word}"], now=NOW)
    return Town(records, jobs, people, made.id, attachment.id, collection.id, person.id)


def item(word: str) -> DisclosureItem:
    return DisclosureItem(
        key="own", section=DisclosureRule.OIT, number="O1", title=word, period=Period.YEARLY
    )


def entry(announcement_id: int) -> DisclosureEntry:
    return DisclosureEntry(year=2564, item="own", part=0, announcement_id=announcement_id)


@pytest.fixture
def towns(engine: Engine) -> tuple[Town, Town]:
    """Returns the town that asks, and the town whose records are asked for."""
    other = EngineOrganisations(engine).add("bangkhen", "เทศบาลบางเขน", None)
    return town(engine, other.id, MINE), town(engine, 1, SECRET)


OTHER_VALUES: dict[str, object] = {
    "date": draft().published_on,
    "phrase": SECRET,
    "fields_text": SECRET,
    "values": {"title": "แย่งมา"},
    "number": 1,
    "version_number": 1,
    "page": 1,
    "per_page": 50,
    "limit": 50,
    "change": 0,
    "changes": {"title": "แย่งมา"},
    "status": Status.WITHDRAWN,
    "expected_status": None,
    "statuses": list(Status),
    "reason": "",
    "division": "",
    "decided": [],
    "personal_data": [],
    "finds": [],
    "fields": {"title": ExtractedField(value="แย่งมา", confidence=1.0)},
    "page_texts": [(1, SECRET)],
    "actor": ACTOR,
    "profile": SiteProfile(phone="แย่งมา", emblem_id=2),
    "emblem": None,
    "search": SECRET,
    "frequency": Frequency.DAILY,
    "language": "th",
    "key": SECRET,
    "after": 0,
    "after_id": 0,
    "position": 99,
    "newest_publication": 99,
    "upto": 99,
    "dailies_looked_at_before": NOW,
    "looked_at": NOW,
    "draft": Draft(title="ใหม่", published_on=NOW.date()),
    "ref": "1",
    "old_url": "/old/1",
    "now": dt.datetime.now(dt.UTC),
    "file": new_file(b"more", "ใหม่.pdf"),
    "is_redacted": False,
    "scope": ErasureScope.ATTACHMENT,
    "ordered_by": "แย่งมา",
    "label": "ใหม่",
    "kind": DocumentKind.OTHER,
    "stored_at": None,
    "sha256": stored(b"the same bytes").sha256,
    "expected_sha256": stored(b"the same bytes").sha256,
    "least_confidence": 0.99,
    "text": "แย่งมา",
    "title": "แย่งมา",
    "body": "",
    "visitor_hash": "another",
    "address": "elsewhere",
    "address_hash": "elsewhere",
    "days": 5,
    "filters": WorklistFilters(),
    "today": NOW.date(),
    "field": "author",
    "first": 2500,
    "last": 2600,
    "year": 2564,
    "years": [2564],
    "item": item("แย่งมา"),
    "recorded_under": item("แย่งมา"),
    "item_key": "structure",
    "replaced": None,
    "phrases": [SECRET],
    "query": SECRET,
    "name": "somsri",
    "amount": 1,
    "worker": "w",
    "lease": LEASE,
    "page_count": 1,
    "details": ReadingResults(),
    "is_detached": False,
    "should_hold_until_checked": True,
    "rules": 9,
    "failure": Failure("broken", "แย่งมา"),
    "should_reread_good_pages": True,
    "failed": True,
    "password_hash": "แย่งมา",
    "role": Role.ADMIN,
    "token_hash": f"token {SECRET}",
    "scopes": ALL_SCOPES,
    "expires_at": None,
    "key_hash": f"key {SECRET}",
    "device": "แย่งมา",
    "idle": dt.timedelta(days=4000),
    "code": "changes-lost",
    "subject": "database",
    "detail": "21",
    "limits": [AttemptLimit(key="sign-in:somsri", free=5, longest_pause=LEASE)],
    "sealed_secret": "แย่งมา",
    "step": 9,
    "recovery_hashes": [f"another code {SECRET}"],
    "hashes": [f"another code {SECRET}"],
    "code_hash": f"code {SECRET}",
}
"""Arguments to call with that name no record."""


def values(theirs: Town) -> dict[str, object]:
    """Returns the arguments to call with; they name the other organisation's records where they can."""
    return OTHER_VALUES | {
        "id": theirs.announcement,
        "ids": [theirs.announcement],
        "announcement_id": theirs.announcement,
        "announcement_ids": [theirs.announcement],
        "attachment_id": theirs.attachment,
        "attachment_ids": [theirs.attachment],
        "person_id": theirs.person,
        "newer_id": theirs.announcement,
        "older_id": theirs.announcement,
        "places": [(theirs.attachment, 1)],
        "items": [CollectionLine("แย่งมา", theirs.announcement)],
        "entry": entry(theirs.announcement),
        "stated": {theirs.announcement: [("แย่งมา", theirs.announcement)]},
        "marked": {theirs.announcement: True},
    }


INSTEAD: dict[tuple[type, str, str], Callable[[Town], object]] = {
    (Pages, "save", "page"): lambda theirs: Page(
        attachment_id=theirs.attachment,
        number=1,
        text="แย่งมา",
        raw="",
        source=TextSource.OCR,
        confidence=None,
    ),
    (Pages, "replace_by_rereading", "page"): lambda theirs: Page(
        attachment_id=theirs.attachment,
        number=1,
        text="แย่งมา",
        raw="",
        source=TextSource.OCR,
        confidence=None,
    ),
    (Announcements, "published_titles", "organisation"): lambda _theirs: 1,
    (Pages, "correct", "lines"): lambda _theirs: (),
    (Pages, "correct", "doubts"): lambda _theirs: (),
    (Pages, "correct", "should_mark_corrected"): lambda _theirs: True,
    (Collections, "save", "id"): lambda theirs: theirs.collection,
    (Collections, "get", "id"): lambda theirs: theirs.collection,
    (Collections, "history", "id"): lambda theirs: theirs.collection,
    (Attachments, "get", "id"): lambda theirs: theirs.attachment,
    (Accounts, "person", "id"): lambda theirs: theirs.person,
    (Accounts, "set_password_and_sign_out", "id"): lambda theirs: theirs.person,
    (SignIns, "close_sessions", "only"): lambda _theirs: 1,
    (SignIns, "open_session", "key_hash"): lambda _theirs: "a new key",
    (ApiTokens, "add", "token_hash"): lambda _theirs: "a new token",
    (Subscriptions, "subscribe_within_limits", "key"): lambda _theirs: "new",
    (Subscriptions, "record_confirmation_request", "id"): lambda _theirs: 2,
    (Subscriptions, "record_position", "id"): lambda _theirs: 2,
    (SiteProfiles, "get", "id"): lambda _theirs: 2,
    (SiteProfiles, "emblem", "id"): lambda _theirs: 2,
    (Reports, "add_or_count", "draft"): lambda theirs: ReportDraft(
        kind=ReportKind.OTHER, announcement_id=theirs.announcement
    ),
    (Reports, "finish", "id"): lambda _theirs: 2,
    (Reports, "reopen", "id"): lambda _theirs: 2,
    (UsageStatistics, "add_to_total", "name"): lambda _theirs: "pages",
    (Disclosure, "find_ids_by_title", "first"): lambda _theirs: draft().published_on,
    (Disclosure, "find_ids_by_title", "last"): lambda _theirs: draft().published_on,
    (Relations, "find_ids_naming_document_number", "number"): lambda _theirs: "5/2564",
    (Relations, "decide", "kind"): lambda _theirs: RelationKind.CANCELS,
}
"""Values for arguments whose name alone does not tell what they are."""


def methods(port: type) -> Iterator[str]:
    return (name for name, _ in inspect.getmembers(port, inspect.isfunction) if not name.startswith("_"))


@pytest.mark.parametrize(
    ("port", "name"), [(port, name) for port in (*REPOSITORIES, *PEOPLE, Jobs) for name in methods(port)]
)
def test_nothing_of_another_is_told_or_changed(
    engine: Engine, towns: tuple[Town, Town], port: type, name: str
) -> None:
    mine, theirs = towns
    given = values(theirs)
    arguments = {
        argument: INSTEAD[port, name, argument](theirs)
        if (port, name, argument) in INSTEAD
        else given[argument]
        for argument in inspect.signature(getattr(port, name)).parameters
        if argument != "self"
    }
    asked = {
        Jobs: mine.jobs,
        Accounts: mine.people.accounts,
        ApiTokens: mine.people.tokens,
        SignIns: mine.people.sign_ins,
        SecondFactors: mine.people.second_factors,
        FileVersions: mine.records.file_versions,
        UsageStatistics: mine.records.usage_statistics,
        SiteProfiles: mine.records.site_profiles,
    }.get(port) or getattr(mine.records, port.__name__.lower())
    before = rows_of(engine, 1)
    try:
        answer = getattr(asked, name)(**arguments)
        told = repr([*answer] if isinstance(answer, Iterator) else answer)
    except (NotFound, Conflict) as error:
        told = error.message
    assert SECRET not in told
    assert rows_of(engine, 1) == before


@pytest.mark.parametrize(
    "name", ["announcements", "attachments", "page_texts", "texts_at", "doubts", "changed_since"]
)
def test_what_is_asked_for_by_number_is_not_there(towns: tuple[Town, Town], name: str) -> None:
    mine, theirs = towns
    found = {
        "announcements": lambda: mine.records.announcements.get_many([theirs.announcement]),
        "attachments": lambda: mine.records.attachments.by_announcement([theirs.announcement])[
            theirs.announcement
        ],
        "page_texts": lambda: mine.records.pages.texts_by_attachment([theirs.attachment])[theirs.attachment],
        "texts_at": lambda: mine.records.pages.texts_at([(theirs.attachment, 1)]),
        "doubts": lambda: mine.records.pages.doubtful_texts_by_attachment([theirs.attachment]),
        "changed_since": lambda: [
            id for id, _ in mine.records.history.changed_since(0, limit=50) if id == theirs.announcement
        ],
    }[name]()
    assert not found


def test_what_is_counted_is_one_s_own(towns: tuple[Town, Town]) -> None:
    mine, _theirs = towns
    assert mine.records.announcements.count_by_status() == {
        "draft": 1,
        "published": 1,
        "withdrawn": 0,
        "trashed": 0,
    }
    assert mine.records.pages.count_by_source() == {"embedded": 0, "ocr": 2, "none": 0}
    assert (mine.jobs.count_by_status()["ready"], mine.jobs.count_by_status()["failed"]) == (1, 1)
    assert sum(count for _day, count in mine.records.usage_statistics.visits_by_day(days=3)) == 1
    assert [miss.query for miss in mine.records.usage_statistics.list_missed_searches()] == [MINE]
    assert [each.organisation for each in mine.people.accounts.everyone()] == [2]
    assert len(mine.people.tokens.all()) == 1
    assert mine.records.announcements.count_by_month() == [(2021, 6, 1)]


def test_each_has_its_own_references_and_names(towns: tuple[Town, Town]) -> None:
    mine, theirs = towns
    for each in towns:
        known = each.records.announcements.by_external_ref("1")
        assert known is not None
        assert (known.id, known.ref) == (each.announcement, "1")
        person = each.people.accounts.by_name("somsri")
        assert person is not None
        assert (person[0].id, person[0].name) == (each.person, "somsri")
    with pytest.raises(Conflict):
        mine.records.announcements.create(draft(ref="1"), actor=ACTOR)
    mine.records.announcements.revise(mine.announcement, {"ref": "2"}, actor=ACTOR)
    assert mine.records.announcements.by_external_ref("1") is None
    assert mine.records.history.entries(mine.announcement)[-1].before == {"ref": "1"}
    assert theirs.records.announcements.by_external_ref("1") is not None


def test_the_province_works_in_each_and_belongs_to_none(engine: Engine, towns: tuple[Town, Town]) -> None:
    province = open_people(OrganisationQueries(engine, PROVINCE))
    wanchai = province.accounts.add("wanchai", "hash", Role.ADMIN)
    province.sign_ins.open_session(
        wanchai.id, "key of the province", password_hash="hash", device="", now=NOW
    )
    province.tokens.add("audit", "token of the province")
    assert [each.name for each in province.accounts.everyone()] == ["wanchai"]
    assert province.accounts.by_name("somsri") is None
    assert province.tokens.use_live_token(f"token {SECRET}", now=NOW) is None
    assert province.sign_ins.find_live_session(f"key {SECRET}", idle=LEASE, now=NOW) is None
    for each in towns:
        known = each.people.accounts.by_name("wanchai")
        assert known is not None
        assert known[0].organisation == PROVINCE
        opened = each.people.sign_ins.find_live_session("key of the province", idle=LEASE, now=NOW)
        assert opened is not None
        token = each.people.tokens.use_live_token("token of the province", now=NOW)
        assert token is not None
        assert token.name == "audit"
        with pytest.raises(NotFound):
            each.people.accounts.disable_and_sign_out("wanchai")
        with pytest.raises(NotFound):
            each.people.tokens.revoke("audit")


def test_a_text_never_means_an_announcement_of_another(engine: Engine, towns: tuple[Town, Town]) -> None:
    mine, theirs = (each.records for each in towns)
    theirs.announcements.create(draft("คำสั่ง ที่ 5/2564", kind=DocumentKind.ORDER), actor=ACTOR)
    newer = draft("คำสั่ง ที่ 6/2564", kind=DocumentKind.ORDER, body="ให้ยกเลิกคำสั่ง ที่ 5/2564")
    mine.announcements.create(newer, actor=ACTOR)
    whole = open_records(engine)
    while store_stated_relations_of_changed(whole, limit=9):
        pass
    assert whole.worklist.count_by_problem(today=NOW.date())[Problem.RELATION] == 0


def test_the_province_and_a_town_have_no_namesakes(engine: Engine, towns: tuple[Town, Town]) -> None:
    province = open_people(OrganisationQueries(engine, PROVINCE)).accounts
    province.add("malee", "hash", Role.ADMIN)
    for accounts, name in ((towns[0].people.accounts, "malee"), (province, "somsri")):
        with pytest.raises(Conflict) as refused:
            accounts.add(name, "hash", Role.ADMIN)
        assert refused.value.code == "name-taken"


def test_where_there_are_several_what_is_new_needs_one(engine: Engine, towns: tuple[Town, Town]) -> None:
    for make in (
        lambda: open_records(engine).announcements.create(draft(), actor=ACTOR),
        lambda: open_people(engine).accounts.add("wanchai", "hash", Role.STAFF),
        lambda: open_people(engine).tokens.add("audit", "hash"),
    ):
        with pytest.raises(Invalid) as refused:
            make()
        assert refused.value.code == "which-organisation"
    assert open_records(engine).announcements.count_by_status() == {
        "draft": 2,
        "published": 2,
        "withdrawn": 0,
        "trashed": 0,
    }


def test_an_archive_begins_with_one(organisations: Organisations, records: Records) -> None:
    (only,) = organisations.all()
    assert (only.id, only.name, only.host) == (1, "", None)
    assert records.announcements.create(draft(), actor=ACTOR).organisation == only.id


def test_no_two_have_a_slug_or_a_host(organisations: Organisations) -> None:
    first = organisations.add("bangkhen", "เทศบาลบางเขน", "bangkhen.go.th")
    for slug, host in (("bangkhen", None), ("saimai", "bangkhen.go.th")):
        with pytest.raises(Conflict):
            organisations.add(slug, "เทศบาลสายไหม", host)
    second = organisations.add("saimai", "เทศบาลสายไหม", None)
    with pytest.raises(Conflict):
        organisations.change("saimai", to=Organisation(id=second.id, slug="bangkhen", name="", host=None))
    changed = Organisation(id=second.id, slug="saimai", name="เทศบาลนครสายไหม", host="saimai.go.th")
    organisations.change("saimai", to=changed)
    assert organisations.all()[1:] == [first, changed]
    with pytest.raises(PrakatError):
        organisations.change("nowhere", to=changed)


def test_every_table_is_somebody_s() -> None:
    """A new table must be declared as an organisation's or as common to all."""
    assert TABLES.keys() - {"lease"} | {"counter"} == OWN | SHARED


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM announcement",
        "SELECT * FROM audit JOIN page ON page.number = audit.number",
        "UPDATE announcement SET title = ''",
        "DELETE FROM visit WHERE at = ''",
        "UPDATE page SET text = (SELECT title FROM announcement WHERE organisation_id IN :organisations)",
        "DELETE FROM page WHERE number IN (SELECT number FROM page WHERE organisation_id IN :organisations)",
        "insert into page (attachment_id) select id from attachment",
        "INSERT INTO page (organisation_id, text) SELECT organisation_id, title FROM announcement",
        # One condition is not enough where another table is named, or where it is only one way of several.
        "SELECT page.text FROM page JOIN attachment ON 1 = 1 WHERE page.organisation_id IN :organisations",
        "SELECT text FROM page, attachment WHERE page.organisation_id IN :organisations",
        "SELECT id FROM announcement WHERE organisation_id IN :organisations UNION SELECT id FROM erasure",
        "SELECT id FROM announcement WHERE organisation_id IN :organisations OR 1 = 1",
        "SELECT id FROM announcement WHERE (organisation_id IN :organisations OR 1 = 1)",
        "SELECT id FROM announcement WHERE title = ' AND organisation_id IN :organisations'",
        "SELECT id FROM announcement WHERE id = 1 -- AND organisation_id IN :organisations",
        'SELECT title FROM "announcement"',
        """SELECT id FROM announcement WHERE organisation_id IN :organisations
           AND id IN (SELECT announcement_id FROM attachment)""",
        """SELECT page.text FROM page JOIN attachment ON attachment.organisation_id = page.organisation_id
           AND page.organisation_id = attachment.organisation_id""",
    ],
)
def test_a_query_that_does_not_say_its_organisation_is_refused(engine: Engine, sql: str) -> None:
    with pytest.raises(ValueError, match="does not say its organisation"):
        OrganisationQueries(engine, 1).rows(sql)


@pytest.mark.parametrize(
    "sql",
    [
        """SELECT page.text FROM page JOIN attachment ON attachment.id = page.attachment_id
           AND attachment.organisation_id = page.organisation_id
           WHERE page.organisation_id IN :organisations""",
        """SELECT id FROM announcement WHERE organisation_id IN :organisations AND (title = '' OR body = '')
           UNION SELECT id FROM erasure WHERE +erasure.organisation_id IN :organisations""",
        "SELECT number FROM audit WHERE number = -1 OR number = -2",
    ],
)
def test_a_query_that_says_the_organisation_of_each_table_is_answered(engine: Engine, sql: str) -> None:
    assert OrganisationQueries(engine, 1).rows(sql) == []


def test_what_belongs_to_the_whole_installation_cannot_be_asked_for(engine: Engine) -> None:
    with pytest.raises(KeyError):
        OrganisationQueries(engine, 1).rows("SELECT * FROM lease")


def test_a_row_of_another_organisation_than_its_owner_is_found(
    engine: Engine, towns: tuple[Town, Town]
) -> None:
    assert find_stray_rows(engine) == []
    with engine.write():
        engine.run("UPDATE page SET organisation_id = 2 WHERE attachment_id = :id", id=towns[1].attachment)
    (fault,) = find_stray_rows(engine)
    assert fault == f"page of attachment {towns[1].attachment}: organisation 2 instead of 1"


@pytest.mark.behind_its_back
@pytest.mark.parametrize("table", sorted(OWN - PARENTS.keys()))
def test_a_row_of_a_missing_organisation_is_found(
    engine: Engine, towns: tuple[Town, Town], table: str
) -> None:
    mine, _theirs = towns
    mine.records.erasures.erase_attachment_or_versions(
        mine.attachment, ErasureScope.EARLIER_FILES, ordered_by=MINE, reason=MINE, actor=ACTOR
    )
    with engine.write():
        moved = engine.run(f"UPDATE {table} SET organisation_id = 7 WHERE organisation_id = 2")
    found = [fault for fault in find_stray_rows(engine) if fault.startswith(f"{table} ")]
    assert len([fault for fault in found if fault.endswith(": no organisation 7")]) == moved > 0
