"""Every write of the archive is in its audit chain; every write behind its back is found."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from archive.ports import Fault
from storage.engine import Engine, Queries
from storage.hash_chain import PROTECTED, AuditTrail, last_entry

STORAGE = Path(__file__).parents[2] / "storage"
_WRITE = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)\b(?:\s+SET\s+(.*?)(?:WHERE|$))?", re.DOTALL)
_WRITERS = {"insert_row", "insert_row_unless_present", "update_row", "delete_rows"}  # of ``storage.rows``
_UNRECORDED = {"migrations.py", "move.py"}  # whole databases, whose chain goes with them
_APPENDS = re.compile(
    r"\b(append_entries|write_with_entries_of_changed_people)\(|self\._(note|append_change)\("
)  # an attachment's ``_note`` appends, and ``_append_change`` of an item to disclose
_OTHERS_APPEND = {
    "_set_hold",
    "set_file",
    "_set_unread_file",
    "replace_page_finds_and_hold",
    "_clear_attachment",
    "_put_back_as_document",  # ``reattach`` appends
}
"""Helpers whose callers append, at the end of what they write with them."""

_UNPROTECTED: Mapping[str, tuple[str, ...]] = {
    # position in the queue of indexing, counted visits, columns of older versions, what follows from others
    "announcement": (
        "id",
        "change",
        "updated_at",
        "visits",
        "ref_of_one",
        "replaced_text_change",
        "is_stated_anew",
    ),
    # the order on the announcement, the work of reading, and what reading found (see ``READING`` there)
    "attachment": (
        "id",
        "position",
        "status",
        "error_code",
        "error_message",
        "rules",
        "queued_at",
        "attempts",
        "worker",
        "leased_until",
        "page_count",
        "details",
        "personal_data_rules",
        "has_undecided_finds",
        "hidden_change",
        "organisation_id",
    ),
    # the organisation is that of the row which owns them, and ``prakat check`` compares both
    "history": ("id", "organisation_id"),
    "collection_history": ("id", "organisation_id"),
    "disclosure_history": ("id", "organisation_id"),
    "person": ("id", "last_sign_in_at"),
    "token": ("id", "last_used_at"),
    "session": ("id", "seen_at", "organisation_id"),
}
"""Table → columns that are not in its digest: they change in normal work or are protected otherwise."""


def faults(engine: Engine) -> list[Fault]:
    return [*AuditTrail(engine).find_faults()]


@pytest.mark.parametrize("table", PROTECTED)
def test_every_column_is_protected_or_known_to_change(engine: Engine, table: str) -> None:
    """A column that was added is in ``storage.hash_chain.PROTECTED``, or in ``_UNPROTECTED`` here."""
    engine.run(f"CREATE TABLE copied AS SELECT * FROM {table} WHERE 1 = 0")
    engine.run("INSERT INTO copied DEFAULT VALUES")
    columns = set(engine.rows("SELECT * FROM copied")[0].keys())
    assert columns == {"id", *PROTECTED[table], *_UNPROTECTED.get(table, ())}


def test_every_function_that_writes_protected_columns_appends_to_the_chain() -> None:
    for path in STORAGE.rglob("*.py"):
        if path.name in _UNRECORDED:
            continue
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.name not in _OTHERS_APPEND:
                written = ast.get_source_segment(text, node) or ""
                if _writes_protected(node, written):
                    assert _APPENDS.search(written), (
                        f"{path.name}: {node.name} must append to the audit chain (storage.hash_chain)"
                    )


def _writes_protected(node: ast.FunctionDef, text: str) -> bool:
    written = [(table, set(re.findall(r"(\w+) = ", assigned))) for table, assigned in _WRITE.findall(text)]
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _WRITERS:
            table = call.args[1]
            named = {keyword.arg or "any" for keyword in call.keywords}  # "any": columns of a mapping
            columns = named if call.func.id == "update_row" else set()
            written += [
                (each, columns) for each in ([table.value] if isinstance(table, ast.Constant) else PROTECTED)
            ]
    return any(
        table in PROTECTED and not (columns and columns <= set(_UNPROTECTED.get(table, ())))
        for table, columns in written
    )


def test_the_chain_is_whole_from_the_beginning(engine: Engine) -> None:
    assert faults(engine) == []
    assert last_entry(engine)[0] >= 1  # the organisation


def test_only_durable_transactions_append_to_the_chain_or_raise_the_change_counter() -> None:
    """They exclude each other; two others would give two entries the same number (``Queries.write``)."""
    functions = [
        node
        for path in STORAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]
    calls = {(node.name, each) for node in functions for each in _called(node)}
    durable = {"append_entries", "next_change_number"}
    while callers := {caller for caller, called in calls if called in durable} - durable:
        durable |= callers
    others = [
        node
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.With) and "write(is_durable=False)" in ast.unparse(node.items[-1])
    ]
    assert others
    assert [ast.unparse(node) for node in others if _called(*node.body) & durable] == []


def _called(*nodes: ast.AST) -> set[str]:
    """Returns the names of what is called in some code but the engine, without what it is called on."""
    calls = [each.func for node in nodes for each in ast.walk(node) if isinstance(each, ast.Call)]
    return {ast.unparse(each).rpartition(".")[2] for each in calls} - {*dir(Queries)}
