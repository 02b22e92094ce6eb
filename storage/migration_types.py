"""A migration of the schema, and the column types in which the engines differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from storage.engine import Engine


@dataclass(frozen=True, slots=True)
class ColumnTypes:
    """The SQL of column types that differ between engines: key, text and binary data."""

    id: str
    text: str
    bytes: str


@dataclass(frozen=True, slots=True)
class Migration:
    """A named step that changes the schema. A released migration is never edited."""

    name: str
    statements: tuple[str, ...]
    tables_copied_with_ids: tuple[str, ...] = ()  # new ids in them must be higher than those copied
    then: Callable[[Engine], None] | None = None  # a step that SQL cannot do; runs after the statements
