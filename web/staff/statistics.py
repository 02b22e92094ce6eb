"""Statistics of reads and searches without results, and the explanation of a search."""

from __future__ import annotations

from dataclasses import replace

import pygal
from flask import Response, render_template, request
from flask_babel import gettext as _
from pygal.style import Style

from indexer.search.explanations import INTERPRETATION_NOTES
from indexer.search.query.parser import parse_query
from web.bootstrap import services
from web.search_service import SearchResults, most_read, search
from web.staff.blueprints import staff_blueprint

pages = staff_blueprint("statistics", __name__, url_prefix="/staff")

_DAYS = 14  # that are shown, today among them
_GREY = "#75837f"  # legible on light and dark ground: a picture does not know the page's theme
_CHART = {
    "background": "transparent",
    "plot_background": "transparent",
    "colors": ("#0f9488",),
    "foreground": _GREY,
    "foreground_strong": _GREY,
    "foreground_subtle": _GREY,
    "guide_stroke_color": _GREY,
    "font_family": "Sarabun, sans-serif",
    "label_font_size": 13,
    "major_label_font_size": 13,
}


@pages.get("/statistics")
def statistics() -> str:
    """Show what residents read, and what they searched for in vain."""
    return render_template(
        "staff/statistics.html",
        most_read=most_read(services(), limit=5),
        misses=services().usage_statistics.list_missed_searches(limit=12),
        reads=sum(count for _day, count in services().usage_statistics.visits_by_day(days=_DAYS)),
    )


@pages.get("/explain")
def explain() -> str:
    """Show how a search comes about: what was tried, the plan, and each hit's tier and score by part."""
    query = parse_query(request.args.get("q", ""))
    query = replace(query, explain=True, may_split_into_subqueries=True)
    answers: list[SearchResults] = []
    if query.typed:
        answer = search(services(), query)
        answers = [each for each in (answer, *answer.subquery_results) if each.explanation]
    hits = [hit for each in answers if each.explanation for hit in each.explanation.hits]
    return render_template(
        "staff/explain.html",
        answers=answers,
        typed=query.typed,
        announcements=services().announcements.get_many(hit.announcement_id for hit in hits),
        notes=INTERPRETATION_NOTES,
    )


@pages.get("/reads.svg")
def reads_chart() -> Response:
    """Send a chart of the visits a day, drawn on the server."""
    counts = services().usage_statistics.visits_by_day(days=_DAYS)
    most = max(count for _day, count in counts)
    most += most % 2  # even, so that half of it is a whole number of visits
    chart = pygal.Bar(
        height=240,
        width=760,
        margin=8,
        show_legend=False,
        show_y_guides=True,
        js=[],
        formatter=lambda count: f"{count:,.0f}",
        style=Style(**_CHART),
    )
    chart.y_labels = [0, most] if most < 4 else [0, most // 2, most]
    chart.x_labels = [f"{day.day}/{day.month}" for day, _count in counts]
    chart.add(_("เปิดอ่าน"), [count for _day, count in counts])
    answer = Response(chart.render(), content_type="image/svg+xml")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return answer
