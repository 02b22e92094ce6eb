"""Staff's page of held and failed files and of doubtfully read pages, and the answer to a missed search."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from archive import thai
from archive.errors import Invalid
from archive.worklist import LEAST_CONFIDENCE, Problem, WorklistFilters, WorklistRow
from indexer.extraction.reading_errors import MESSAGES
from web.bootstrap import services
from web.errors import error_message
from web.staff.blueprints import staff_blueprint
from web.staff.synonyms import checked_word
from web.staff.worklist import PROBLEM_NAMES

pages = staff_blueprint("reading_review", __name__, url_prefix="/staff")

_MOST_RECORDS = 50  # listed of each problem; the worklist has them all


@pages.get("/review")
def show_records_needing_attention() -> str:
    """Show records with undecided personal data or files that cannot be read, and doubtful pages; no more."""
    today = thai.today()
    doubtful = services().pages.list_needing_check(least_confidence=LEAST_CONFIDENCE, limit=100)
    return render_template(
        "staff/review.html",
        lists=[
            (name, url_for("worklist.show_worklist", problem=problem), *_records_with(problem, today))
            for problem, name in PROBLEM_NAMES.items()
            if problem in (Problem.PERSONAL_DATA, Problem.PUBLIC_PERSONAL_DATA, Problem.FAILED)
        ],
        doubtful=doubtful,
        problems=MESSAGES,
        papers={id: services().attachments.get(id) for id in {page.attachment_id for page in doubtful}},
    )


def _records_with(problem: Problem, today: dt.date) -> tuple[Sequence[WorklistRow], int]:
    """Returns the records with a problem, the last changed first, and how many there are."""
    return services().worklist.list_rows(
        WorklistFilters(problem=problem), today=today, page=1, per_page=_MOST_RECORDS
    )


@pages.post("/misses")
def settle_missed_search() -> ResponseReturnValue:
    """Take a missed search off the list, its word into the dictionary; one of several towns adds none.

    With ``forget`` it is only taken off. Among several organisations only the province adds words: others are
    told so, and the list stays, as it does for a word that is no plain word.
    """
    word = request.form.get("word", "").strip()
    here = services()
    if "forget" not in request.form and word and not here.is_whole_installation:
        # One index is cut into words for all; a new word builds it anew.
        flash(_("คำใหม่ใช้ร่วมกันทุกหน่วยงาน กรุณาแจ้งผู้ดูแลระบบของจังหวัดให้เพิ่ม"), "warn")
        return redirect(url_for("statistics.statistics"))
    if "forget" not in request.form and word:
        try:
            word = checked_word(word)
        except Invalid as error:
            flash(error_message(error), "bad")
            return redirect(url_for("statistics.statistics"))
        here.dictionary.add_entry(word, actor=g.actor)
        flash(_("เพิ่ม “%(word)s” ในพจนานุกรมแล้ว ระบบกำลังปรับปรุงการค้นหา", word=word), "good")
    here.usage_statistics.delete_missed_search(request.form.get("query", ""))
    return redirect(url_for("statistics.statistics"))
