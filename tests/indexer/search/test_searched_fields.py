"""A field of an announcement is searched because its declaration says so, and in the zone that it names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from archive.fields import ANNOUNCEMENT_FIELDS, AnnouncementField, FieldType, SearchZone
from indexer.analysis.dictionary import Dictionary
from indexer.analysis.index_document import PLAIN_ZONES, ZONES
from indexer.engines.whoosh import WhooshIndex
from indexer.search.query.parser import parse_query
from indexer.search.tuning import TUNING
from tests.contracts.test_search_index import entry

TEXT_FIELDS = [
    field
    for field in ANNOUNCEMENT_FIELDS
    if field.type in (FieldType.LINE, FieldType.TEXT, FieldType.IDENTIFIER)
]


@pytest.mark.parametrize("field", TEXT_FIELDS, ids=lambda field: field.name)
def test_a_field_is_found_by_its_text_if_it_is_declared_so(tmp_path: Path, field: AnnouncementField) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    wanted = entry(1, "ประกาศ")
    wanted = replace(wanted, announcement=replace(wanted.announcement, **{field.name: "แข่งขันเซปักตะกร้อ"}))
    index.update([wanted, *(entry(at, "ประชุมสภา") for at in range(2, 6))], (), position=1)
    found = [hit.announcement_id for hit in index.search(parse_query("ตะกร้อ")).hits]
    assert found == ([1] if field.search_zone else [])


def test_only_texts_are_searched() -> None:
    assert {field.name for field in ANNOUNCEMENT_FIELDS if field.search_zone} <= {
        field.name for field in TEXT_FIELDS
    }


def test_every_zone_has_a_place_and_a_weight() -> None:
    names = {zone.name for zone in ZONES}
    assert set(SearchZone) <= set(PLAIN_ZONES)
    assert {*PLAIN_ZONES, "pages", "other_readings"} == names == TUNING.zone_weights.keys()
    assert TUNING.length_normalization.keys() <= names
    assert sum(zone.most << zone.shift for zone in ZONES) < 2**32


def test_an_index_of_other_zones_is_built_anew(tmp_path: Path) -> None:
    index = WhooshIndex(tmp_path, Dictionary())
    index.update([entry(1, "ประกาศ")], (), position=1)
    assert index.is_current()
    (path,) = tmp_path.rglob("manifest.json")
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"zones": manifest["zones"].replace("author=author", "")}))
    assert not WhooshIndex(tmp_path, Dictionary()).is_current()
