"""Asks before a category that no record has becomes one that residents see: it may be a slip."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from archive import thai
from archive.errors import Invalid, gettext_noop
from archive.worklist import WorklistFilters
from web.bootstrap import services

_LEAST_LIKENESS = 70.0  # likeness of letters (0 to 100, Indel) from which a category is offered instead
_MOST_OFFERED = 3  # categories


class CategoryUnknown(Invalid):
    """Refusal of a category that no record has yet. ``similar``: known categories that may be meant."""

    code = "new-category"

    def __init__(self, category: str, similar: Sequence[str]) -> None:
        super().__init__(
            gettext_noop("ยังไม่มีหมวด “%(category)s” กรุณาเลือกหมวดที่มีอยู่ หรือยืนยันว่าต้องการหมวดใหม่"),
            field="category",
            category=category,
        )
        self.category = category
        self.similar = tuple(similar)


def require_confirmed_category(category: object, *, confirmed: str) -> None:
    """Raises ``CategoryUnknown`` for one that no record has, unless ``confirmed`` is that category.

    An archive without categories asks nothing: there is no name that the new one could be a misspelling of.
    """
    given = str(category or "").strip()
    worklist = services().worklist
    known = worklist.most_used_values("category")
    if not given or not known or given == confirmed.strip():
        return
    if any(worklist.count_by_status(WorklistFilters(category=given), today=thai.today()).values()):
        return  # also where it is too rare to be among the most used ones
    similar = process.extract(
        given, known, scorer=fuzz.ratio, limit=_MOST_OFFERED, score_cutoff=_LEAST_LIKENESS
    )
    raise CategoryUnknown(given, [name for name, _likeness, _place in similar])
