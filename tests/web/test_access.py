"""Every route × person × status of the record, from the application's own URL map: who may do what.

A new route without a line in ``GUARDS`` fails here.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from archive.model import CollectionLine, Organisation, Role, Status
from tests.contracts.stored_rows import rows_of
from tests.factories.memos import memo
from tests.web.conftest import Site, open_site


class Guard(Enum):
    """The access rule of a route."""

    OPEN = "for everyone"
    PUBLISHED = "for everyone when the record is published; staff see all"
    RESIDENTS = "for everyone when the record is published, for nobody else"
    TOKEN = "an API token"
    STAFF = "a person who is signed in"
    ADMIN = "an admin who is signed in"


GUARDS: dict[str, Guard] = {
    "static": Guard.OPEN,
    "auth.sign_in": Guard.OPEN,
    "auth.sign_out": Guard.OPEN,
    "account.own_account": Guard.STAFF,
    "account.close_session": Guard.STAFF,
    "account.second_factor_page": Guard.STAFF,
    "account.begin_second_factor": Guard.STAFF,
    "account.confirm_second_factor": Guard.STAFF,
    "account.new_recovery_codes": Guard.STAFF,
    "account.disable_second_factor": Guard.STAFF,
    "auth.enter_code": Guard.OPEN,
    "auth.keep_session_alive": Guard.STAFF,
    "staff.note_presence": Guard.STAFF,
    "api-docs.openapi_json": Guard.OPEN,
    "api.search_announcements": Guard.OPEN,
    "api.suggest": Guard.OPEN,
    "api.list_announcements": Guard.OPEN,
    "api.create_announcement": Guard.TOKEN,
    "api.show_announcement": Guard.PUBLISHED,
    "api.revise_announcement": Guard.TOKEN,
    "api.publish_announcement": Guard.TOKEN,
    "api.withdraw_announcement": Guard.TOKEN,
    "api.restore_as_draft": Guard.TOKEN,
    "api.attach_file": Guard.TOKEN,
    "api.change_attachment": Guard.TOKEN,
    "api.detach_attachment": Guard.TOKEN,
    "api.replace_file": Guard.TOKEN,
    "api.release_attachment": Guard.TOKEN,
    "api.show_attachment": Guard.PUBLISHED,
    "api.show_pages": Guard.PUBLISHED,
    "api.show_file": Guard.PUBLISHED,
    "api.show_picture": Guard.PUBLISHED,
    "health.alive": Guard.OPEN,
    "health.ready": Guard.OPEN,
    "health.metrics": Guard.OPEN,
    "fonts.font": Guard.OPEN,
    "feeds.search_feed": Guard.OPEN,
    "feeds.sitemap": Guard.OPEN,
    "feeds.robots": Guard.OPEN,
    "feeds.description": Guard.OPEN,
    "feeds.open_data": Guard.OPEN,
    "feeds.as_csv": Guard.OPEN,
    "feeds.as_json_lines": Guard.OPEN,
    "feeds.catalog": Guard.OPEN,
    "statistics.explain": Guard.STAFF,
    "statistics.statistics": Guard.STAFF,
    "activity.changes": Guard.STAFF,
    "system_health.overview": Guard.ADMIN,
    "activity.undo_change": Guard.STAFF,
    "activity.undo_collection_change": Guard.STAFF,
    "activity.undo_bulk": Guard.STAFF,
    "activity.undo_item_change": Guard.ADMIN,
    "disclosure.newest": Guard.OPEN,
    "disclosure.year": Guard.OPEN,
    "disclosure.as_csv": Guard.OPEN,
    "disclosure_desk.show_fiscal_year": Guard.STAFF,
    "disclosure_desk.item": Guard.STAFF,
    "disclosure_desk.carry_over_announcements": Guard.STAFF,
    "disclosure_desk.items": Guard.ADMIN,
    "near_duplicates.compare_near_duplicates": Guard.STAFF,
    "worklist.show_worklist": Guard.STAFF,
    "worklist.apply_bulk_action": Guard.STAFF,
    "worklist.publish_many": Guard.STAFF,
    "statistics.reads_chart": Guard.STAFF,
    "people.list_people": Guard.ADMIN,
    "people.add_person": Guard.ADMIN,
    "people.change": Guard.ADMIN,
    "people.reset_password": Guard.ADMIN,
    "people.disable_person": Guard.ADMIN,
    "people.enable_person": Guard.ADMIN,
    "oai.answer_harvester": Guard.OPEN,
    "manual.show": Guard.OPEN,
    "manual.picture": Guard.OPEN,
    "separator.sheet": Guard.STAFF,
    "staff.blank_form": Guard.STAFF,
    "staff.edit": Guard.STAFF,
    "staff.save_and_redirect": Guard.STAFF,
    "staff.attach_file": Guard.STAFF,
    "staff.review_attachment": Guard.STAFF,
    "staff.publish": Guard.STAFF,
    "staff.change_attachment": Guard.STAFF,
    "staff.change_status": Guard.STAFF,
    "staff.change_form_part": Guard.STAFF,
    "staff.history": Guard.STAFF,
    "erasures.register": Guard.ADMIN,
    "erasures.erase": Guard.ADMIN,
    "erasures.erase_text": Guard.ADMIN,
    "file_versions.compare_with_present_file": Guard.STAFF,
    "file_versions.file": Guard.STAFF,
    "file_versions.choose_earlier_file": Guard.STAFF,
    "redaction.redact": Guard.STAFF,
    "redaction.read_some_pages_again": Guard.STAFF,
    "collections.list_public": Guard.OPEN,
    "collections.collection": Guard.OPEN,
    "collection_desk.list_all": Guard.STAFF,
    "collection_desk.edit": Guard.STAFF,
    "collection_desk.history": Guard.STAFF,
    "reading_review.show_records_needing_attention": Guard.STAFF,
    "correction.page": Guard.STAFF,
    "correction.reread": Guard.STAFF,
    "correction.restore": Guard.STAFF,
    "reading_review.settle_missed_search": Guard.STAFF,
    "report_list.reports": Guard.STAFF,
    "report_list.finish": Guard.STAFF,
    "report_list.reopen": Guard.STAFF,
    "site_profile.edit": Guard.STAFF,
    "site_profile.save": Guard.STAFF,
    "site_profile.restore": Guard.STAFF,
    "statements.privacy": Guard.OPEN,
    "statements.accessibility": Guard.OPEN,
    "statements.emblem": Guard.OPEN,
    "synonyms.list_synonyms": Guard.STAFF,
    "synonyms.add_or_preview": Guard.STAFF,
    "synonyms.remove": Guard.STAFF,
    "synonyms.restore": Guard.STAFF,
    "reports.write": Guard.OPEN,
    "reports.send": Guard.OPEN,
    "reports.thanks": Guard.OPEN,
    "public.home": Guard.OPEN,
    "public.results": Guard.OPEN,
    "public.browse": Guard.OPEN,
    "public.all_announcements": Guard.OPEN,
    "following.follow": Guard.OPEN,
    "following.subscribe": Guard.OPEN,
    "following.confirm": Guard.OPEN,
    "following.stop": Guard.OPEN,
    "public.announcement": Guard.PUBLISHED,
    "public.icon": Guard.OPEN,
    "public.certificate": Guard.PUBLISHED,
    "public.document": Guard.PUBLISHED,
    "public.document_file": Guard.PUBLISHED,
    "public.document_text": Guard.PUBLISHED,
    "public.document_picture": Guard.PUBLISHED,
    "public.document_searchable": Guard.RESIDENTS,
    "public.language": Guard.OPEN,
    "public.old_address": Guard.OPEN,
}

PEOPLE = ("anonymous", "wrong token", "token", "staff", "admin")
TO_SIGN_IN, OK = 302, 200
SECRETS = {
    Status.DRAFT: "มะม่วงน้ำปลาหวาน",
    Status.WITHDRAWN: "ฝรั่งแช่บ๊วย",
    Status.TRASHED: "ขนุนเชื่อมแห้ง",
}
SHOWN = "ทุเรียนกวนโบราณ"


class ArchiveOfEachStatus:
    """One announcement of each status, each with a page that was read."""

    def __init__(self, site: Site, whole: Site | None = None, root: str = "") -> None:
        """``whole``: the installation that ``site`` is one organisation of, at the address ``root``."""
        self.site, self.root = site, root
        whole = whole or site
        self.ids: dict[Status, tuple[int, int]] = {}
        for status, word in {Status.PUBLISHED: SHOWN, **SECRETS}.items():
            made = site.announcement(
                f"ประกาศเรื่อง{word}", status=Status.DRAFT, body=word, author=word, category=word
            )
            self.ids[status] = made.id, site.attach(made.id, memo(word, subject=word), f"{word}.pdf").id
            # a collection for each, of the same number
            site.services.commands.collections.save(
                None, title="ชุดประกาศ", body="", items=[CollectionLine("", made.id)], actor="test"
            )
        whole.work()
        for status, (_, attachment_id) in self.ids.items():  # each has an earlier file too
            word = SECRETS.get(status, SHOWN)
            site.services.commands.file_versions.replace(
                attachment_id,
                io.BytesIO(memo(word, subject=word, number="นป 52301/413")),
                filename=f"{word}.pdf",
                actor="test",
            )
        whole.work()
        for status, (id, _) in self.ids.items():
            self._bring(id, status)
        whole.work()
        self.clients = {
            "anonymous": (site.client(), {}),
            "wrong token": (site.client(), {"Authorization": "Bearer prakat_guessed"}),
            "token": (site.client(), site.token()),
            "staff": (site.signed_in(Role.STAFF, root), {}),
            "admin": (site.signed_in(Role.ADMIN, root), {}),
        }

    def _bring(self, id: int, status: Status) -> None:
        commands = self.site.services.commands
        if status in (Status.PUBLISHED, Status.WITHDRAWN):
            commands.publication.publish(id, actor="test")
        if status is Status.WITHDRAWN:
            commands.publication.withdraw(id, actor="test", reason="ลงผิดเรื่อง")
        if status is Status.TRASHED:
            commands.publication.trash(id, actor="test")

    def ask(self, who: str, method: str, path: str) -> tuple[int, str]:
        """Returns status and text of an answer.

        A writing request goes without a body: the guard stands before the body is read.
        """
        client, headers = self.clients[who]
        answer = client.open(self.root + path, method=method, headers=headers, buffered=True)
        return answer.status_code, answer.get_data().decode(errors="replace")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> ArchiveOfEachStatus:
    return ArchiveOfEachStatus(open_site(Path(tmp_path_factory.mktemp("access")) / "data"))


def hidden(text: str) -> str:
    """The answer without the title of a withdrawn record: that one is kept at its address."""
    title = f"ประกาศเรื่อง{SECRETS[Status.WITHDRAWN]}"
    return text.replace(title, "") if "หน่วยงานถอนประกาศนี้ออกจากเว็บไซต์แล้ว" in text else text


def path(archive: ArchiveOfEachStatus, rule: Rule, status: Status) -> str:
    """The route's address, filled for the record of this status."""
    id, attachment_id = archive.ids[status]
    about_attachment = "/attachments/<int:" in rule.rule and "announcement_id" not in rule.arguments
    values = {
        "id": attachment_id if about_attachment else id,  # of the API
        "announcement_id": id,
        "attachment_id": attachment_id,
        "collection_id": id,
        "change_id": id,
        "person_id": id,
        "report_id": id,
        "session_id": id,
        "version_id": id,
        "number": 1,
        "bulk": "0123456789abcdef",
        "key": "guessed",
        "year": 2569,
        "item_key": "structure",
        "other_id": id,
        "older_id": id,
        "filename": "site.css",
        "weight": "regular",
        "code": "th",
        "page": "index",
        "name": "search",
        "old": "news/1",
        "step": "move" if about_attachment else "restore",
        "part": "relations",
    }
    adapter = archive.site.app.url_map.bind("localhost")
    return adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments})


def routes(archive: ArchiveOfEachStatus) -> Iterator[tuple[Rule, str]]:
    for rule in archive.site.app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method


OPEN_ANSWERS = {
    "auth.enter_code": TO_SIGN_IN,  # nobody gave a password
    "disclosure.newest": 302,  # to that year
    "following.confirm": 404,  # the key is guessed
    "health.ready": 503,  # no worker runs
    "public.all_announcements": 302,  # to the search
    "public.icon": 302,  # to the picture
    "public.language": 302,  # to the page before
    "public.old_address": 404,  # no older site had it
    "statements.emblem": 404,  # there is none
}
"""Route for everyone → what it answers here, where that is not ``OK``."""


def test_every_route_has_a_guard(archive: ArchiveOfEachStatus) -> None:
    assert {rule.endpoint for rule, _ in routes(archive)} == GUARDS.keys()


def is_same_for_each(rule: Rule, status: Status) -> bool:
    """Returns True for an address that names no record, so that published ones are enough to ask once."""
    return not rule.arguments and status is not Status.PUBLISHED


@pytest.mark.parametrize(("who", "status"), list(itertools.product(PEOPLE, Status)))
def test_reading_is_guarded(archive: ArchiveOfEachStatus, who: str, status: Status) -> None:
    for rule, method in routes(archive):
        if method != "GET" or is_same_for_each(rule, status):
            continue
        address = path(archive, rule, status)
        answered, text = archive.ask(who, method, address)
        guard = GUARDS[rule.endpoint]
        assert answered in allowed(guard, who, status, rule.endpoint), (who, status, address, answered)
        if who in ("anonymous", "wrong token"):
            assert not any(secret in hidden(text) for secret in SECRETS.values()), address


def allowed(guard: Guard, who: str, status: Status, endpoint: str) -> set[int]:
    if guard is Guard.STAFF:
        return {OK} if who in ("staff", "admin") else {TO_SIGN_IN}
    if guard is Guard.ADMIN:
        return {"admin": {OK}, "staff": {403}}.get(who, {TO_SIGN_IN})
    if guard is Guard.RESIDENTS:  # 404 when published too: the pages have text of their own
        return {410} if status is Status.WITHDRAWN else {404}
    if guard is Guard.PUBLISHED:
        knows = {"token"} if endpoint.startswith("api.") else {"staff", "admin"}
        if who in knows or status is Status.PUBLISHED:
            return {OK}
        return {410} if status is Status.WITHDRAWN else {404}
    return {OPEN_ANSWERS.get(endpoint, OK)}


@pytest.mark.parametrize("who", PEOPLE)
def test_writing_is_guarded(archive: ArchiveOfEachStatus, who: str) -> None:
    """A person who may not write gets no further than the guard, and nothing changes."""
    for rule, method in routes(archive):
        guard = GUARDS[rule.endpoint]
        if method == "GET" or guard is Guard.OPEN or _may(guard, who):
            continue
        before = archive.site.services.history.last_change()
        answered, _ = archive.ask(who, method, path(archive, rule, Status.DRAFT))
        refusal = 401 if guard is Guard.TOKEN else 403 if who == "staff" else TO_SIGN_IN
        assert answered == refusal, (who, rule.rule, answered)
        assert archive.site.services.history.last_change() == before


def _may(guard: Guard, who: str) -> bool:
    return {
        Guard.TOKEN: who == "token",
        Guard.STAFF: who in ("staff", "admin"),
        Guard.ADMIN: who == "admin",
    }.get(guard, True)


def _ask_for(word: str) -> Iterator[str]:
    for route in ("/search", "/api/v1/search", "/feed.xml", "/api/v1/suggest"):
        for argument in ("q", "author", "category"):
            yield f"{route}?{argument}={word}"
    yield f"/api/v1/suggest?q={word[:3]}"
    yield f"/search?q={word[:-2]}"


@pytest.mark.parametrize("status", SECRETS)
def test_nothing_unpublished_is_found_counted_or_suggested(
    archive: ArchiveOfEachStatus, status: Status
) -> None:
    client: FlaskClient = archive.site.client()
    id, attachment_id = archive.ids[status]
    for address in _ask_for(SECRETS[status]):
        text = client.get(address, buffered=True).get_data(as_text=True)
        assert f"/announcements/{id}" not in text, address
        assert f"/attachments/{attachment_id}" not in text, address
        # What was typed may be said back; the record's title may not.
        assert f"เรื่อง{SECRETS[status]}" not in text, address
    answer = client.get("/api/v1/search", query_string={"q": SECRETS[status]}).json
    assert answer["total"] == 0
    assert answer["did_you_mean"] != SECRETS[status]
    counted = {each["value"] for each in client.get("/api/v1/search").json["facets"]["author"]}
    assert counted == {SHOWN}


def test_a_published_record_is_found_where_the_others_are_not(archive: ArchiveOfEachStatus) -> None:
    client = archive.site.client()
    id, _ = archive.ids[Status.PUBLISHED]
    for address in (
        f"/search?q={SHOWN}",
        f"/feed.xml?q={SHOWN}",
        "/sitemap.xml",
        "/open-data/announcements.csv",
    ):
        assert f"/announcements/{id}" in client.get(address, buffered=True).get_data(as_text=True), address


def test_a_picture_of_another_announcement_is_not_lent(archive: ArchiveOfEachStatus) -> None:
    """An attachment is only served under its own announcement's address."""
    published, _ = archive.ids[Status.PUBLISHED]
    for status in SECRETS:
        _, hidden = archive.ids[status]
        base = f"/announcements/{published}/attachments/{hidden}"
        for address in (base, f"{base}/file", f"{base}/pages/1.webp"):
            assert archive.ask("anonymous", "GET", address)[0] == 404, address


STRANGERS = ("token", "staff", "admin")


class Neighbours:
    """The same archive as one of two organisations; people and programs of the other send requests."""

    def __init__(self, data: Path) -> None:
        kept = open_site(data).services.organisations
        kept.change("main", to=Organisation(id=1, slug="here", name="ที่นี่", host=None))
        kept.add("there", "ที่อื่น", None)
        self.whole = open_site(data)
        self.here = ArchiveOfEachStatus(self._site("here"), self.whole, "/here")
        there = self._site("there")
        self.strangers = ArchiveOfEachStatus.__new__(ArchiveOfEachStatus)
        self.strangers.site, self.strangers.ids = there, self.here.ids
        self.strangers.clients = {
            "token": (there.client(), there.token()),
            "staff": (there.signed_in(Role.STAFF, "/there"), {}),
            "admin": (there.signed_in(Role.ADMIN, "/there"), {}),
        }

    def _site(self, slug: str) -> Site:
        known = self.whole.services.organisations.all()
        town = next(each for each in known if each.slug == slug)
        return Site(self.whole.services.for_organisation(town, known), self.whole.app)

    def ask(self, who: str, method: str, path: str, *, at: str) -> tuple[int, str]:
        """Send a request as a stranger, at the address of either organisation."""
        self.strangers.root = at
        return self.strangers.ask(who, method, path)

    def assert_known_there(self, who: str) -> None:
        """Assert that the refused stranger has valid credentials at its own organisation."""
        address = "/api/v1/announcements?status=draft" if who == "token" else "/staff"
        assert self.ask(who, "GET", address, at="/there")[0] == OK

    def kept(self) -> dict[str, list[str]]:
        """All that the one that is asked about has."""
        return rows_of(self.whole.services.database, 1)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Neighbours:
    return Neighbours(Path(tmp_path_factory.mktemp("neighbours")) / "data")


@pytest.mark.parametrize(("who", "status"), list(itertools.product(STRANGERS, Status)))
def test_another_organisation_s_people_read_what_everyone_may(
    neighbours: Neighbours, who: str, status: Status
) -> None:
    """People of another organisation read here like visitors who are not signed in.

    At their own address they do not even see this organisation's public records.
    """
    for rule, method in routes(neighbours.here):
        if method != "GET" or is_same_for_each(rule, status):
            continue
        address = path(neighbours.here, rule, status)
        anonymous, _ = neighbours.here.ask("anonymous", method, address)
        answered, text = neighbours.ask(who, method, address, at="/here")
        assert answered == anonymous, (who, status, address, answered)
        assert not any(secret in hidden(text) for secret in SECRETS.values()), address
        answered, text = neighbours.ask(who, method, address, at="/there")
        assert not any(word in text for word in (SHOWN, *SECRETS.values())), address
        if GUARDS[rule.endpoint] in (Guard.PUBLISHED, Guard.RESIDENTS):
            assert answered == 404, (who, status, address, answered)
    neighbours.assert_known_there(who)


ENDS_SESSIONS = {"account.close_session", "people.reset_password"}


@pytest.mark.parametrize(("who", "status"), list(itertools.product(STRANGERS, Status)))
def test_another_organisation_s_people_change_nothing(
    neighbours: Neighbours, who: str, status: Status
) -> None:
    before = neighbours.kept()
    for rule, method in routes(neighbours.here):
        if method == "GET" or GUARDS[rule.endpoint] is Guard.OPEN or is_same_for_each(rule, status):
            continue
        address = path(neighbours.here, rule, status)
        anonymous, _ = neighbours.here.ask("anonymous", method, address)
        answered, _ = neighbours.ask(who, method, address, at="/here")
        assert answered == anonymous, (who, status, address, answered)
        if rule.endpoint not in ENDS_SESSIONS:  # the number may be that of their own
            neighbours.ask(who, method, address, at="/there")
    assert neighbours.kept() == before
    neighbours.assert_known_there(who)


@pytest.mark.parametrize("who", ["token", "staff", "admin"])
def test_at_the_province_s_front_an_organisation_s_people_are_nobody(
    neighbours: Neighbours, who: str
) -> None:
    before = neighbours.kept()
    for (rule, method), status in itertools.product(routes(neighbours.here), Status):
        if method != "GET" and GUARDS[rule.endpoint] is Guard.OPEN:
            continue
        address = path(neighbours.here, rule, status)
        anonymous = neighbours.whole.client().open(address, method=method, buffered=True)
        answered, text = neighbours.ask(who, method, address, at="")
        assert answered == anonymous.status_code, (who, status, address, answered)
        assert not any(secret in hidden(text) for secret in SECRETS.values()), address
    assert neighbours.kept() == before
    neighbours.assert_known_there(who)


def test_one_s_own_people_work_as_ever(neighbours: Neighbours) -> None:
    """The rules that keep strangers out keep nobody else out."""
    id, attachment_id = neighbours.here.ids[Status.DRAFT]
    for who, address in (
        ("staff", f"/announcements/{id}"),
        ("admin", f"/staff/announcements/{id}"),
        ("token", f"/api/v1/attachments/{attachment_id}/pages"),
    ):
        answered, text = neighbours.here.ask(who, "GET", address)
        assert answered == OK
        assert SECRETS[Status.DRAFT] in text
