"""Announcements with nearly the text of a draft, such as last year's or a second draft, with what differs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from flask import render_template
from rapidfuzz import fuzz, process

from archive.errors import Unavailable
from archive.model import Announcement, Status
from archive.suggested_fields import suggested_title_unless_given
from indexer.search.query.parser import parse_query
from web.bootstrap import services
from web.search_service import search_visible
from web.staff.attachments_for_staff import body_and_page_lines
from web.staff.blueprints import staff_blueprint
from web.staff.text_difference import compare_lines

pages = staff_blueprint(
    "near_duplicates",
    __name__,
    url_prefix="/staff/announcements/<int:announcement_id>/compare/<int:other_id>",
)

LEAST_LIKENESS = 75.0
"""Likeness of letters (0 to 100, Indel) from which two texts count as nearly the same.

Of 2,000 government announcements 250 were compared with the five of the most similar titles: different events
of one kind reached 68, the monthly issues of one report 74. Random pairs reached 39.
"""

_LEAST_LETTERS = 200  # of a text; shorter ones are alike by chance
_MOST_LETTERS = 20_000  # compared of each text: some ten pages
_COMPARED = 5  # announcements of like titles whose texts are compared; as many drafts again
_MOST_DRAFTS = 200  # newest drafts whose titles are compared


@dataclass(frozen=True, slots=True)
class NearDuplicateAnnouncement:
    """An announcement or draft that is nearly the same, and the number of lines that differ.

    ``lines_changed``: the number of lines added or of lines removed, whichever is larger.
    """

    other: Announcement
    lines_changed: int


def find_near_duplicate(announcement: Announcement) -> NearDuplicateAnnouncement | None:
    """Returns the nearest of some announcements and drafts of a like title, if nearly the same; else None."""
    text = body_and_page_lines(announcement)
    title = _title(announcement)
    if len(text) < _LEAST_LETTERS or not title:
        return None
    others = [*_published_like(title, announcement.id), *_drafts_like(title, announcement.id)]
    texts = {each.id: body_and_page_lines(each) for each in others}
    likeness = {id: fuzz.ratio(text[:_MOST_LETTERS], other[:_MOST_LETTERS]) for id, other in texts.items()}
    nearest = max(others, key=lambda each: likeness[each.id], default=None)
    if nearest is None or likeness[nearest.id] < LEAST_LIKENESS:
        return None
    lines = compare_lines(texts[nearest.id], text)
    removed, added = (sum(line.change == change for line in lines) for change in ("removed", "added"))
    return NearDuplicateAnnouncement(nearest, max(removed, added))


def _published_like(title: str, announcement_id: int) -> list[Announcement]:
    """Returns the published announcements of the most similar titles, without that of ``id``."""
    ids: list[int] = []
    with suppress(Unavailable):
        found = search_visible(services(), parse_query(title, per_page=_COMPARED + 1))
        ids = [hit.announcement_id for hit in (*found.hits, *found.related)]
    others = (each for each in ids[: _COMPARED + 1] if each != announcement_id)
    return [*services().get_published(others).values()]


def _drafts_like(title: str, announcement_id: int) -> list[Announcement]:
    """Returns the drafts of the most similar titles, without that of ``id``; the search lacks drafts."""
    drafts, _total = services().announcements.list_page(
        statuses=[Status.DRAFT], page=1, per_page=_MOST_DRAFTS
    )
    titles = {at: each.title or _title(each) for at, each in enumerate(drafts) if each.id != announcement_id}
    best = process.extract(title, titles, scorer=fuzz.ratio, limit=_COMPARED, score_cutoff=LEAST_LIKENESS)
    return [drafts[at] for _title, _likeness, at in best]


def _title(announcement: Announcement) -> str:
    """Returns the title; while nobody has given one, the title that the attachments state; else ""."""
    attachments = services().attachments.by_announcement([announcement.id]).get(announcement.id, [])
    return suggested_title_unless_given(announcement, attachments) or announcement.title


@pages.get("")
def compare_near_duplicates(announcement_id: int, other_id: int) -> str:
    """Show what differs between the texts of two announcements."""
    announcements = services().announcements
    announcement, other = announcements.get(announcement_id), announcements.get(other_id)
    return render_template(
        "staff/near-duplicate.html",
        announcement=announcement,
        other=other,
        lines=compare_lines(body_and_page_lines(other), body_and_page_lines(announcement)),
    )
