"""Pages of collections for residents."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, render_template

from archive.model import Announcement, Collection
from web.bootstrap import services

pages = Blueprint("collections", __name__)


@dataclass(frozen=True, slots=True)
class CollectionSection:
    """A heading and the published announcements under it."""

    label: str
    announcements: tuple[Announcement, ...]


@pages.get("/collections")
def list_public() -> str:
    """Show all collections."""
    return render_template("public/collections.html", collections=services().collections.all())


@pages.get("/collections/<int:collection_id>")
def collection(collection_id: int) -> str:
    """Show a collection's explanation and parts; a heading to which staff gave no announcement says so."""
    shown = services().collections.get(collection_id)
    return render_template("public/collection.html", collection=shown, parts=public_sections(shown))


def public_sections(collection: Collection) -> list[CollectionSection]:
    """Returns headings with their published announcements, without one whose announcements are all hidden.

    A heading that was given no announcement stays, with none. The heading of a hidden announcement may tell
    as much as its title.
    """
    ids = [item.announcement_id for item in collection.items if item.announcement_id is not None]
    shown = services().get_published(ids)
    visible = [
        each for each in collection.items if each.announcement_id is None or each.announcement_id in shown
    ]
    return [
        CollectionSection(
            label, tuple(shown[item.announcement_id] for item in items if item.announcement_id is not None)
        )
        for label, items in groupby(visible, key=lambda item: item.label)
    ]
