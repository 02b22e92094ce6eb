"""Review of machine reading by staff: doubtful pages, corrections, searches that found nothing."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from archive.worklist import LEAST_CONFIDENCE
from indexer.extraction.failures import MESSAGES
from web.bootstrap import services
from web.staff.blueprints import staff_blueprint

pages = staff_blueprint("review", __name__, url_prefix="/staff")


@pages.get("/review")
def queue() -> str:
    """Show the pages that were read with little confidence or without any text."""
    doubtful = services().pages.doubtful(below=LEAST_CONFIDENCE, limit=100)
    return render_template(
        "staff/review.html",
        doubtful=doubtful,
        problems=MESSAGES,
        labels={id: services().attachments.get(id).label for id in {page.attachment_id for page in doubtful}},
    )


@pages.post("/misses")
def learn() -> ResponseReturnValue:
    """Add a word that people search for to the local dictionary."""
    word = request.form.get("word", "").strip()
    here = services()
    if "forget" not in request.form and word and here.organisation and not here.is_province:
        # One index is cut into words for all; a new word builds it anew.
        flash(_("คำใหม่ใช้ร่วมกันทุกหน่วยงาน กรุณาแจ้งผู้ดูแลของจังหวัดให้เพิ่ม"), "warn")
        return redirect(url_for("dashboard.statistics"))
    if "forget" not in request.form and word:
        here.dictionary.add(word)
        flash(_("เพิ่ม “%(word)s” ในพจนานุกรมแล้ว ระบบกำลังปรับปรุงการค้นหา", word=word), "good")
    here.records.figures.forget_miss(request.form.get("query", ""))
    return redirect(url_for("dashboard.statistics"))
