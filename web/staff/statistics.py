"""Statistics of reads and searches without results, and the explanation of a search."""

from __future__ import annotations

from dataclasses import replace

from flask import render_template, request

from indexer.search.explanations import INTERPRETATION_NOTES
from indexer.search.query.parser import parse_query
from web.bootstrap import services
from web.search_service import SearchResults, most_read, search
from web.staff.blueprints import staff_blueprint

pages = staff_blueprint("statistics", __name__, url_prefix="/staff")

_DAYS = 14  # that are shown, today among them


@pages.get("/statistics")
def statistics() -> str:
    """Show what residents read, and what they searched for in vain."""
    return render_template(
        "staff/statistics.html",
        most_read=most_read(services(), limit=5),
        misses=services().usage_statistics.list_missed_searches(limit=12),
        visits=services().usage_statistics.visits_by_day(days=_DAYS),
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
