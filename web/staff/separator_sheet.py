"""The separator sheet, which staff print and lay between documents of a stack that is scanned at once."""

from __future__ import annotations

from flask import render_template

from indexer.extraction.separators import SEPARATOR_TEXT
from web.bootstrap import services
from web.staff.blueprints import staff_blueprint

pages = staff_blueprint("separator", __name__, url_prefix="/staff")


@pages.get("/separator")
def sheet() -> str:
    """Show the sheet, to be printed by the browser."""
    return render_template("staff/separator.html", code=SEPARATOR_TEXT)


@pages.app_context_processor
def _has_inbox() -> dict[str, bool]:
    """Tells templates of staff whether scans come through a watched folder."""
    return {"has_inbox": bool(services().settings.inbox)}
