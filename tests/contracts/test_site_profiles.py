"""Contract of every ``Records``: the site profile."""

from __future__ import annotations

import pytest

from archive.errors import NotFound
from archive.repositories import Records
from archive.site_profile import Emblem, SiteProfile
from tests.factories.records import ACTOR

EMBLEM = Emblem("image/png", b"\x89PNG\r\n\x1a\n made")


def test_what_was_saved_last_is_current_and_the_rest_is_kept(records: Records) -> None:
    assert records.site_profiles.current() == SiteProfile()
    records.site_profiles.save(SiteProfile(phone="0 2123 4567"), emblem=EMBLEM, actor=ACTOR)
    (first,) = records.site_profiles.versions(limit=9)
    assert (first.profile.phone, first.profile.emblem_id, first.saved_by) == ("0 2123 4567", first.id, ACTOR)
    moved = SiteProfile(address="1 ถนนริมคลอง", emblem_id=first.id)
    for _ in range(2):  # the second changes nothing
        records.site_profiles.save(moved, actor=ACTOR)
    assert records.site_profiles.current() == moved
    assert records.site_profiles.emblem_uploaded_with(first.id) == EMBLEM
    assert [each.profile for each in records.site_profiles.versions(limit=9)] == [moved, first.profile]
    assert records.site_profiles.get(first.id) == first


def test_what_is_not_there_is_not_found(records: Records) -> None:
    with pytest.raises(NotFound):
        records.site_profiles.get(9)
    with pytest.raises(NotFound):
        records.site_profiles.emblem_uploaded_with(9)
    with pytest.raises(NotFound):
        records.site_profiles.save(SiteProfile(emblem_id=9), actor=ACTOR)
    assert records.site_profiles.versions(limit=9) == []
