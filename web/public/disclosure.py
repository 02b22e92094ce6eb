"""Information that the body must disclose: one page, one table and one JSON answer for each fiscal year."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from archive.disclosure import fiscal_year
from archive.errors import NotFound
from archive.thai import today
from web.addresses import announcement_url
from web.bootstrap import services
from web.disclosure_overview import (
    ItemShown,
    filled_years,
    group_by_section,
    require_fiscal_year,
    year_overview,
)
from web.spreadsheet import csv_lines

pages = Blueprint("disclosure", __name__)

_COLUMNS = ("section", "number", "item", "title", "period", "part", "announcement_id", "announcement", "url")


@pages.before_request
def _not_at_the_province() -> None:
    """Raises ``NotFound`` at the front of several bodies: each discloses at its own address."""
    if services().is_province:
        raise NotFound("กรุณาเปิดจากเว็บของหน่วยงานนั้น")


@pages.get("/disclosure")
def newest() -> ResponseReturnValue:
    """Lead to the newest fiscal year with a published announcement in an item, else to the present one."""
    newest_year = max(filled_years(services()), default=fiscal_year(today()))
    return redirect(url_for("disclosure.year", year=newest_year))


@pages.get("/disclosure/<int:year>")
def year(year: int) -> str:
    """Show the items of a fiscal year that have published announcements, and name those that have none.

    A year without any leads to the newest year that has one, or to the collections.
    """
    shown, filled = year_overview(services(), require_fiscal_year(year)), filled_years(services())
    return render_template(
        "public/disclosure.html",
        year=year,
        sections=group_by_section([each for each in shown if each.public]),
        empty=[each.item for each in shown if not each.public],
        filled=filled,
        filled_year=max(filled, default=None),
        collections=services().collections.all(),
        years=sorted({year, fiscal_year(today()), *filled}, reverse=True),
    )


@pages.get("/disclosure/<int:year>.csv")
def as_csv(year: int) -> Response:
    """Send the items of a fiscal year with their published announcements as a table for a spreadsheet."""
    table = "".join(csv_lines(_COLUMNS, _rows(year_overview(services(), require_fiscal_year(year)))))
    answer = Response(table, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f"attachment; filename=disclosure-{year}.csv"
    return answer


def _rows(items: Iterable[ItemShown]) -> Iterator[tuple[object, ...]]:
    """Yields a row for each announcement in an item, or one without an announcement."""
    for shown in items:
        item = shown.item
        row = (item.section.value, item.number, item.key, item.title, item.period.value)
        for one in shown.public:
            announcement = one.announcement
            of_announcement = (announcement.id, announcement.title, announcement_url(announcement))
            yield (*row, one.entry.part or "", *of_announcement)
        if not shown.public:
            yield (*row, "", "", "", "")
