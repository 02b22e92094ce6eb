"""Staff's page of synonyms: everyday words beside official ones, and which lost searches they would help."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from archive.errors import Invalid, Unavailable
from archive.repositories import MissedSearch
from archive.thai import canonical_text
from indexer.analysis.tokenizer import fold_text
from indexer.search.query import parser as queries
from web.bootstrap import services
from web.errors import error_message
from web.search_service import search
from web.staff.blueprints import staff_blueprint

pages = staff_blueprint("synonyms", __name__, url_prefix="/staff/synonyms")

_WEEKS = dt.timedelta(weeks=4)  # time of the searches on which the effect is shown
_MOST_MISSES = 200  # searches without results that are tried, the most frequent first
_MOST_CHANGES = 20  # changes shown, the last first
_MOST_EFFECTS = 5  # searches named beside one entry
_SHORTEST, _LONGEST = 2, 60  # characters of a word or phrase
_MOST_WORDS = 8  # words of one entry


@dataclass(frozen=True, slots=True)
class RescuedSearch:
    """A search without results that finds something once an entry is used: its query and the number found."""

    query: str
    searches: int  # times that it was searched for
    results: int  # announcements found with the entry


@pages.get("")
def list_synonyms() -> str:
    """Show the archive's own synonyms with their effect, then the built-in ones."""
    return _page()


@pages.post("/add")
def add_or_preview() -> ResponseReturnValue:
    """Add an entry, or show its effect alone; 403 to one of several towns, which share the dictionary."""
    _require_own_dictionary()
    try:
        entry = _entry(request.form.get("said", ""), request.form.get("written", ""))
    except Invalid as error:
        flash(error_message(error), "bad")
        return _page()
    if "preview" in request.form:
        return _page(preview=entry)
    if entry not in services().dictionary.local_synonyms():
        services().dictionary.add_entry(entry, actor=g.actor)
    return redirect(url_for("synonyms.list_synonyms", added=entry))


@pages.post("/remove")
def remove() -> ResponseReturnValue:
    """Remove an entry; 403 to one of several towns. The page that follows offers to put it back."""
    _require_own_dictionary()
    entry = request.form.get("entry", "")
    if not services().dictionary.remove_entry(entry, actor=g.actor):
        abort(404)
    return redirect(url_for("synonyms.list_synonyms", removed=entry))


@pages.post("/restore")
def restore() -> ResponseReturnValue:
    """Put a removed entry back; 403 to one of several towns, which share the dictionary."""
    _require_own_dictionary()
    try:
        entry = _entry("", request.form.get("entry", "").replace("~", ","))
    except Invalid:
        abort(400)
    if entry not in services().dictionary.local_synonyms():
        services().dictionary.add_entry(entry, actor=g.actor)
    return redirect(url_for("synonyms.list_synonyms", added=entry))


def _page(preview: str = "") -> str:
    here = services()
    entries = here.dictionary.local_synonyms()
    misses = _recent_misses()
    removed = request.args.get("removed", "")
    manifest = None
    with suppress(Unavailable):
        manifest = here.index.manifest()
    return render_template(
        "staff/synonyms.html",
        entries=[(entry, _effects(entry, misses)) for entry in entries],
        builtin=here.dictionary.builtin_synonyms(),
        preview=preview,
        effects=_effects(preview, misses) if preview else (),
        added=request.args.get("added", "") if request.args.get("added") in entries else "",
        removed=removed if "~" in removed and removed not in entries else "",
        is_updating=manifest is not None and manifest.dictionary != here.dictionary.current().version,
        changes=here.dictionary.changes()[:_MOST_CHANGES],
        may_change=services().is_whole_installation,
        misses=misses[:_MOST_EFFECTS],
    )


def _entry(said: str, written: str) -> str:
    """Returns the entry of what people say and what official texts write. Raises ``Invalid``."""
    parts = [part for text in (said, written) for part in canonical_text(text).replace("\n", ",").split(",")]
    words = list(dict.fromkeys(checked_word(part) for part in parts if part.strip()))
    if not 2 <= len(words) <= _MOST_WORDS:
        raise Invalid("กรุณากรอกอย่างน้อยสองคำที่ความหมายเดียวกัน และไม่เกิน 8 คำ", field="written")
    return " ~ ".join(words)


def checked_word(text: str) -> str:
    """Returns a word or phrase with single spaces; ``Invalid`` for one that the dictionary cannot have.

    That is one that is too short or too long, has no letter or digit, or has a sign that makes another kind
    of entry of it.
    """
    word = " ".join(canonical_text(text).split())
    if not _SHORTEST <= len(word) <= _LONGEST or re.search("[~=#]|->", word):
        raise Invalid("คำหนึ่งยาว 2–60 ตัวอักษร และไม่มีเครื่องหมาย ~ = # ->", field="written")
    if not re.search(r"[^\W_]", word):
        raise Invalid("แต่ละคำต้องมีตัวอักษรหรือตัวเลข", field="written")
    return word


def _recent_misses() -> list[MissedSearch]:
    since = dt.datetime.now(dt.UTC) - _WEEKS
    return [
        miss
        for miss in services().usage_statistics.list_missed_searches(limit=_MOST_MISSES)
        if miss.last_at >= since
    ]


def _effects(entry: str, misses: Sequence[MissedSearch]) -> list[RescuedSearch]:
    """Returns the searches without results that would find something with this entry."""
    words = [fold_text(word.strip()) for word in entry.split("~")]
    effects: list[RescuedSearch] = []
    for miss in misses:
        query = fold_text(miss.query)
        typed = max((word for word in words if word and word in query), key=len, default="")
        found = max(
            (_count(query.replace(typed, other)) for other in words if typed and other != typed), default=0
        )
        if found:
            effects.append(RescuedSearch(miss.query, miss.count, found))
        if len(effects) == _MOST_EFFECTS:
            break
    return effects


def _count(query: str) -> int:
    with suppress(Unavailable):
        return search(services(), queries.parse_query(query, per_page=1)).total
    return 0


def _require_own_dictionary() -> None:
    if not services().is_whole_installation:  # all organisations share the dictionary
        abort(403)
