"""The facets of search, each declared once: values that announcements are counted, filtered and chosen by.

A facet's name is that of its filter (``Filters``), of the argument of search in the API and in addresses, and
of its counts. Query parser, both search engines, API, OpenAPI, pages and saved searches read ``FACETS``. A
new facet of an existing type is a line here and an attribute of ``Filters``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto

from archive.errors import gettext_noop
from archive.model import Announcement, Attachment, DocumentKind
from archive.thai import buddhist_year
from archive.villages import MOST_VILLAGES, villages_concerned

Value = str | int
"""A value as it is indexed and counted. The empty text stands for none and is not counted."""
Values = tuple[Value, ...]
"""The values of one announcement; a filter finds it by any of them, and it counts for each."""


class FacetType(Enum):
    """Type of a facet's values (kind, name, year, village, organisation), by which search reads them.

    It also decides how they are compared, sorted and shown.
    """

    KIND = auto()  # one of ``DocumentKind``
    NAME = auto()  # free text; a filter finds the name, or else all names that contain it, by letters alone
    YEAR = auto()  # a year of the Buddhist era; shown with the newest first
    VILLAGE = auto()  # the number of a village; shown as หมู่ 4, with the lowest first
    ORGANISATION = auto()  # an organisation's id, its slug in addresses; only where several are searched


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """One facet. ``typed_names`` are what people may write before a colon in a query."""

    name: str
    type: FacetType
    label: str  # Thai, as on pages; translated where it is shown
    english: str
    values: Callable[[Announcement, Sequence[Attachment]], Values]
    typed_names: tuple[str, ...] = ()


def _kinds(announcement: Announcement, attachments: Sequence[Attachment]) -> Values:
    """Return the kinds of the announcement and of its documents, so that an attached order is found too."""
    kinds = [announcement.kind, *sorted({each.kind for each in attachments} - {DocumentKind.OTHER})]
    return tuple(dict.fromkeys(kind.value for kind in kinds))


FACETS = (
    Facet(
        name="organisation",
        type=FacetType.ORGANISATION,
        label=gettext_noop("หน่วยงาน"),
        english="Organisation",
        values=lambda announcement, _: (announcement.organisation,),
    ),
    Facet(
        name="kind",
        type=FacetType.KIND,
        label=gettext_noop("ประเภท"),
        english="Kind",
        values=_kinds,
        typed_names=("kind", "type", "ประเภท", "ชนิด"),
    ),
    Facet(
        name="year",
        type=FacetType.YEAR,
        label=gettext_noop("ปี"),
        english="Year",
        values=lambda announcement, _: (buddhist_year(announcement.published_on),),
        typed_names=("year", "ปี", "พ.ศ."),
    ),
    Facet(
        name="category",
        type=FacetType.NAME,
        label=gettext_noop("หมวด"),
        english="Category",
        values=lambda announcement, _: (announcement.category,),
        typed_names=("category", "หมวด", "หมวดหมู่"),
    ),
    Facet(
        name="village",
        type=FacetType.VILLAGE,
        label=gettext_noop("หมู่บ้าน"),
        english="Village",
        values=lambda announcement, _: villages_concerned(announcement.title, announcement.body),
        typed_names=("village", "หมู่บ้าน"),
    ),
    Facet(
        name="author",
        type=FacetType.NAME,
        label=gettext_noop("ผู้ประกาศ"),
        english="Author",
        values=lambda announcement, _: (announcement.author,),
        typed_names=("author", "by", "ผู้เขียน", "ผู้ประกาศ", "โดย"),
    ),
)

FACETS_BY_NAME = {each.name: each for each in FACETS}
NAME_FACETS = tuple(each.name for each in FACETS if each.type is FacetType.NAME)


def facet_values(announcement: Announcement, attachments: Sequence[Attachment]) -> tuple[Values, ...]:
    """Return the values of each facet in the order of ``FACETS``: ("",) for no name, () for no village."""
    return tuple(facet.values(announcement, attachments) for facet in FACETS)


def parse_village_number(text: str) -> int | None:
    """Return 1 to 30 for such a number in Arabic digits alone; None for all else, such as หมู่ 4."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 2 else 0
    return number if 1 <= number <= MOST_VILLAGES else None


def read_filter(facet: Facet, text: str) -> DocumentKind | int | str | None:
    """Return the value of a filter that was kept as text; None for an organisation, or for any other text."""
    with suppress(ValueError):
        match facet.type:
            case FacetType.KIND:
                return DocumentKind(text)
            case FacetType.YEAR:
                return int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else None
            case FacetType.VILLAGE:
                return parse_village_number(text)
            case FacetType.NAME:
                return text or None
    return None
