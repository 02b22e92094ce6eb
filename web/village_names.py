"""Names of villages beside their numbers (หมู่ 7 บ้านดอนมะกอก), as the announcements give them."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from cachetools import TTLCache
from flask import current_app

from archive.model import Status
from archive.villages import names_of_villages
from web.bootstrap import services

_READ = 2_000  # newest announcements whose texts are read: 4 MB
_SECONDS = 600.0  # before they are read again
_MOST_ORGANISATIONS = 1_000
_lock = threading.Lock()


def village_names() -> Mapping[int, str]:
    """Returns the names of the villages of this organisation by number; up to ten minutes old.

    None at the front of several organisations, whose villages have the same numbers.
    """
    here = services()
    if here.is_province:
        return {}
    organisation = here.organisation.id if here.organisation else 0
    with _lock:
        kept: TTLCache[int, Mapping[int, str]] = current_app.extensions.setdefault(
            "village-names", TTLCache(_MOST_ORGANISATIONS, _SECONDS)
        )
        names = kept.get(organisation)
    if names is None:
        newest, _total = here.announcements.list_page(statuses=[Status.PUBLISHED], page=1, per_page=_READ)
        names = names_of_villages(f"{each.title}\n{each.body}" for each in newest)
        with _lock:
            kept[organisation] = names
    return names
