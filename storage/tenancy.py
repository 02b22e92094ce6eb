"""Tenancy: which organisation's rows a query may read or change.

Every query of tables in ``OWN`` says so in its own text, for each table with one of these conditions:

- ``organisation_id IN :organisations``: rows of the organisation,
- ``organisation_id IN :account_organisations``: accounts that may work in it, its own and the province's,
- ``organisation_id = :organisation``: rows of exactly one organisation, where the caller passes its id,
- ``a.organisation_id = b.organisation_id``: the same organisation as that of a joined table.

``OrganisationQueries`` gives the first two their values, and refuses a query with fewer conditions than
tables. It reads the text: that catches an oversight, not somebody who means to pass. Without it the first two
hold for every row: the worker, maintenance and the province's pages work on the whole installation.
PostgreSQL enforces the same rule once more by row-level security (``storage.postgres``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache

from archive.errors import Invalid
from archive.model import PROVINCE
from storage.engine import Queries, Row

PARENTS: Mapping[str, tuple[str, str]] = {
    "attachment": ("announcement_id", "announcement"),
    "page": ("attachment_id", "attachment"),
    "file_version": ("attachment_id", "attachment"),
    "history": ("announcement_id", "announcement"),
    "visit": ("announcement_id", "announcement"),
    "waiting_visit": ("announcement_id", "announcement"),
    "day_visits": ("announcement_id", "announcement"),
    "collection_item": ("collection_id", "collection"),
    "collection_history": ("collection_id", "collection"),
    "disclosure_entry": ("announcement_id", "announcement"),
    "disclosure_history": ("disclosure_item_id", "disclosure_item"),
    "session": ("person_id", "person"),
    "second_factor": ("person_id", "person"),
    "recovery_code": ("person_id", "person"),
}
"""Tables whose rows belong to the organisation of a parent row: table → (foreign key, parent table)."""

ACCOUNTS = frozenset({"person", "token", "session", "second_factor", "recovery_code"})
"""Tables of accounts. Rows of the province (organisation 0) may be used in every organisation."""

OWN = PARENTS.keys() | {
    "announcement",
    "collection",
    "disclosure_item",
    "erasure",
    "miss",
    "person",
    "relation",
    "report",
    "site_profile",
    "stated_relation",
    "subscription",
    "token",
}
"""Tables whose rows belong to organisations. Each has the column ``organisation_id``."""

SHARED = {"audit", "counter", "incident", "organisation", "sign_in_attempt"}
"""Tables that all organisations share.

They hold the chain of audit entries and the incidents, the change counter and running totals, the
organisations themselves, and attempts to sign in, which are counted by address at all sites together.
"""

_TEXT = re.compile(r"'[^']*'")
_INNERMOST = re.compile(r"\([^()]*\)")
_QUERY = re.compile(r"\bSELECT\b", re.IGNORECASE)
_SET_OPERATOR = re.compile(r"\b(?:UNION(?: ALL)?|EXCEPT|INTERSECT)\b", re.IGNORECASE)
_TABLE = re.compile(r"(?<!\bKEY )(?<!\bDO )\b(?:FROM|JOIN|INTO|UPDATE)\s+(\w+)", re.IGNORECASE)
_LIST_OF_TABLES = re.compile(r"\bFROM (?:(?!\b(?:WHERE|GROUP|ORDER|LIMIT|RETURNING)\b)[^,])*,", re.IGNORECASE)
_UNREADABLE = re.compile(r"""["`\[]|--|/\*""")  # names in quotation marks, comments
_INSERTION = re.compile(r"\s*INSERT INTO \w+ \([^()]*\borganisation_id\b", re.IGNORECASE)
_OR = re.compile(r"\bOR\b", re.IGNORECASE)
_COLUMN = r"\+?(?:\w+\.)?organisation_id"
_BOUND = re.compile(
    rf"\b(?:WHERE|ON|AND) {_COLUMN} (?:IN :organisations|IN :account_organisations|= :organisation)\b"
)
_JOINED = re.compile(rf"\b(?:WHERE|ON|AND) {_COLUMN} = \+?(?:\w+\.)?organisation_id\b")


class OrganisationQueries:
    """Queries bound to one organisation; ``ValueError`` for SQL on its tables without its condition.

    Its tables are those of ``OWN``; a table that is not in ``SHARED`` either raises ``KeyError``. Bound are
    ``:organisations`` and ``:account_organisations``, not ``:organisation``. New rows belong to that
    organisation (``current_organisation``).
    """

    def __init__(self, engine: Queries, organisation: int) -> None:
        self._engine = engine
        self.organisation = organisation
        self._bound: dict[str, object] = {
            "organisations": [organisation],
            "account_organisations": [*{PROVINCE, organisation}],
        }

    def rows(self, sql: str, **values: object) -> list[Row]:
        _check(sql)
        return self._engine.rows(sql, **{**self._bound, **values})

    def row(self, sql: str, **values: object) -> Row | None:
        _check(sql)
        return self._engine.row(sql, **{**self._bound, **values})

    def run(self, sql: str, **values: object) -> int:
        _check(sql)
        return self._engine.run(sql, **{**self._bound, **values})

    def run_many(self, sql: str, many: Sequence[Mapping[str, object]]) -> None:
        _check(sql)
        self._engine.run_many(sql, [{**self._bound, **values} for values in many])

    def write(self, *, is_durable: bool = True) -> AbstractContextManager[None]:
        return self._engine.write(is_durable=is_durable)


def current_organisation(engine: Queries, *, default_when_several: int | None = None) -> int:
    """Return the id of the organisation that new rows belong to; ``Invalid`` where it is not clear.

    Where there are several organisations and none was chosen, returns ``default_when_several``; raises
    ``Invalid`` (code ``which-organisation``) when that is None.
    """
    if isinstance(engine, OrganisationQueries):
        return engine.organisation
    known = engine.rows("SELECT id FROM organisation ORDER BY id LIMIT 2")
    if len(known) == 1:
        return int(known[0]["id"])
    if default_when_several is None:
        raise Invalid(
            "ระบบนี้มีหลายหน่วยงาน กรุณาทำรายการที่เว็บของหน่วยงานนั้น หรือระบุ --organisation"
            " (several organisations: choose one)",
            field="organisation",
            code="which-organisation",
        )
    return default_when_several


def tenancy_condition(engine: Queries, table: str) -> str:
    """Return a table's ``IN :organisations`` condition, which ``engine`` binds; ``1 = 1`` for all rows.

    Tables of accounts have ``IN :account_organisations``. All rows: of the whole installation, or of a shared
    table. For queries that are written for any table, such as those of the hash chain. The whole installation
    needs none: its queries also run while migrations have yet to add the column.
    """
    if not isinstance(engine, OrganisationQueries) or table in SHARED:
        return "1 = 1"
    names = "account_organisations" if table in ACCOUNTS else "organisations"
    return f"organisation_id IN :{names}"


@lru_cache(maxsize=512)
def _check(sql: str) -> None:
    """Raise ``ValueError`` for SQL that does not say the organisation of each of its tables.

    Each query, the outer one and every subquery, has as many conditions as it names tables of organisations,
    and none of them is an alternative. Conditions in brackets do not count. Raises ``KeyError`` for a table
    that is in neither ``OWN`` nor ``SHARED``.
    """
    rest = _TEXT.sub("?", sql)
    if _UNREADABLE.search(rest):
        raise ValueError(f"does not say its organisation in plain names, without comments: {sql}")
    while innermost := _INNERMOST.findall(rest):
        for query in filter(_QUERY.search, innermost):
            _check_query(query, sql)
        rest = _INNERMOST.sub("?", rest)
    _check_query(rest, sql)


def _check_query(query: str, sql: str) -> None:
    """Check one query without its subqueries; ``sql`` is the whole statement, for the message."""
    for part in _SET_OPERATOR.split(" ".join(query.split())):
        tables = _TABLE.findall(part)
        if unknown := set(tables) - OWN - SHARED:
            raise KeyError(f"belongs to the whole installation: {unknown}")
        needed = sum(table in OWN for table in tables)
        if part.lstrip().upper().startswith("INSERT") and _INSERTION.match(sql):
            needed -= 1  # the new row's own column
        if not needed:
            continue
        bound = len(_BOUND.findall(part))
        is_free = _OR.search(part) or _LIST_OF_TABLES.search(part)
        if is_free or not bound or bound + len(_JOINED.findall(part)) < needed:
            raise ValueError(f"does not say its organisation: {sql}")
