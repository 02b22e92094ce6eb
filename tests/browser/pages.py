"""The addresses of every page of the archive that browsers visit, for tests that look at all of them."""

from __future__ import annotations

import datetime as dt
import io

from playwright.sync_api import Page

from archive.model import Draft
from tests.browser.site import ACTOR, FOLLOWER_KEY, RunningSite, order, wait_until


def open_page(page: Page, address: str, status: int) -> None:
    """Open the page. Fails where another page or status comes: an error or the sign-in page is sound too."""
    answer = page.goto(address)
    assert answer is not None, address
    assert answer.request.redirected_from is None, f"{address} leads to {page.url}"
    assert answer.status == status, address


def public_pages(site: RunningSite) -> dict[str, int]:
    """The pages that everyone may see, errors among them, each with its status."""
    first = site.attachments[0]
    sound = [
        "/",
        "/search?q=ศูนย์",
        "/search?sort=newest&kind=news",
        "/search?q=ฟฬฉฑฌฮฯฎฏ",
        "/follow?q=ศูนย์",
        "/search?q=อบต. ขยะ author:จับกังไซเบอร์",
        "/browse",
        "/collections",
        f"/collections/{site.collection.id}",
        "/disclosure/2569",
        f"/announcements/{site.centre.id}",
        f"/announcements/{site.centre.id}?q=ศูนย์",
        f"/announcements/{site.centre.id}/attachments/{first.id}?q=ศูนย์",
        f"/announcements/{site.centre.id}/attachments/{first.id}/text",
        f"/announcements/{site.centre.id}/certificate",
        f"/announcements/{site.expired.id}",
        f"/announcements/{site.expired.id}/certificate",
        "/follow?q=ศูนย์ ปี 2564",
        f"/follow/confirm/{FOLLOWER_KEY}",
        f"/follow/stop/{FOLLOWER_KEY}",
        "/follow/stop/an-unknown-key",
        f"/report?attachment={first.id}",
        "/help/residents",
        "/privacy",
        "/accessibility",
        "/open-data",
        "/sign-in",
    ]
    return dict.fromkeys(sound, 200) | {
        f"/announcements/{site.withdrawn.id}": 410,
        "/follow/confirm/an-unknown-key": 404,
        "/no-such-page": 404,
    }


def staff_pages(site: RunningSite) -> dict[str, int]:
    """The pages for those who are signed in, each with its status."""
    first, long = site.attachments[:2]
    draft = _draft_with_personal_data(site)
    (list_of_names,) = site.services.attachments.by_announcement([draft])[draft]
    sound = [
        "/staff",
        "/staff?status=published&kind=news",
        "/staff?status=trashed",
        f"/staff/publish?id={draft}",
        "/staff/statistics",
        "/staff/history",
        "/staff/health",
        "/staff/announcements/new",
        f"/staff/announcements/{site.centre.id}",
        f"/staff/announcements/{site.centre.id}/publish",
        f"/staff/announcements/{site.centre.id}/history",
        f"/staff/announcements/{site.withdrawn.id}",
        f"/staff/announcements/{draft}/publish",
        f"/staff/announcements/{draft}/compare/{site.centre.id}",
        "/staff/collections",
        f"/staff/collections/{site.collection.id}",
        "/staff/collections/new",
        "/staff/disclosure/2569",
        "/staff/disclosure/2569/procurement-monthly",
        "/staff/disclosure/2569/carry-over",
        "/staff/disclosure/2569/items",
        "/staff/review",
        f"/staff/attachments/{first.id}/pages/1",
        f"/staff/attachments/{long.id}/redact",
        f"/staff/attachments/{long.id}/erase",
        f"/staff/attachments/{list_of_names.id}",
        f"/staff/attachments/{list_of_names.id}/redact",
        f"/staff/attachments/{list_of_names.id}/versions/1",
        "/staff/erasures",
        "/staff/reports",
        "/staff/synonyms",
        "/staff/site",
        "/staff/people",
        "/staff/account",
        "/staff/account/second-factor",
    ]
    return dict.fromkeys(sound, 200) | {"/staff/no-such-page": 404}


def _draft_with_personal_data(site: RunningSite) -> int:
    """The id of a draft with a replaced attachment that states a telephone number; always the same draft."""
    records, commands = site.services.records, site.services.commands
    known = records.announcements.by_external_ref("axe")
    if known is None:
        draft = Draft(title="ผู้รับเบี้ยยังชีพ", published_on=dt.date(2021, 6, 9), ref="axe")
        known = commands.announcements.create(draft, actor=ACTOR)
        earlier, paper = (
            io.BytesIO(order("91/2566", "ผู้รับเบี้ยยังชีพ", said))
            for said in ("นางสมศรี", "นางสมศรี โทร. 08 1234 5678")
        )
        attached, _ = commands.attachments.attach(known.id, earlier, filename="list.pdf", actor=ACTOR)
        commands.file_versions.replace(attached.id, paper, filename="list.pdf", actor=ACTOR)
    wait_until(lambda: bool(commands.publication.undecided_personal_data(known.id)), "the number was found")
    return known.id
