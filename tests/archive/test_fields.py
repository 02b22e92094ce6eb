"""The declaration of an announcement's fields agrees with the values that it is about."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from archive.facets import FACETS, FACETS_BY_NAME, read_filter
from archive.fields import ANNOUNCEMENT_FIELDS, FieldType, read_column
from archive.model import Announcement, Draft
from indexer.search.query.parser import Filters
from storage.mappers import stored_value

EXAMPLES = {
    FieldType.LINE: "ข้อความ",
    FieldType.TEXT: "สอง\nบรรทัด",
    FieldType.DATE: dt.date(2027, 1, 31),
    FieldType.MOMENT: dt.datetime(2027, 1, 31, 8, tzinfo=dt.UTC),
    FieldType.COUNT: 3,
    FieldType.FLAG: True,
    FieldType.IDENTIFIER: "/news/1",
}


def test_every_attribute_of_a_draft_is_declared() -> None:
    drafted = {field.name: field.default for field in ANNOUNCEMENT_FIELDS if field.is_given_at_creation}
    attributes = {each.name: each.default for each in dataclasses.fields(Draft)}
    assert drafted.keys() == attributes.keys()
    for name, default in attributes.items():
        assert default is dataclasses.MISSING or drafted[name] == default, name
    assert {field.name for field in ANNOUNCEMENT_FIELDS} <= {
        each.name for each in dataclasses.fields(Announcement)
    }


def test_columns_are_read_as_they_are_written() -> None:
    for field in ANNOUNCEMENT_FIELDS:
        value = EXAMPLES.get(field.type, field.default)
        assert read_column(field, stored_value(value)) == value, field.name
        if field.is_nullable:
            assert read_column(field, None) is None


def test_every_facet_has_its_filter() -> None:
    assert {facet.name for facet in FACETS} <= {each.name for each in dataclasses.fields(Filters)}


@pytest.mark.parametrize(
    ("text", "year"),
    [("2564", 2564), ("64", 64), ("-256", None), ("+256", None), ("1_00", None), (" 25", None), ("", None)],
)
def test_a_filter_of_a_year_is_digits_alone(text: str, year: int | None) -> None:
    assert read_filter(FACETS_BY_NAME["year"], text) == year
