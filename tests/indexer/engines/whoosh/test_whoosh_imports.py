"""One module borrows from Whoosh, and the parts that it borrows are where our classes expect them."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from indexer.engines.whoosh.codec import ArrayCodec, Writer
from indexer.engines.whoosh.toc import CheckedIndex
from indexer.engines.whoosh.whoosh_imports import FileIndex, SegmentWriter, W3Codec

ROOT = Path(__file__).parents[4]

REPLACED = [
    (ArrayCodec, W3Codec, ("length_stats", "field_writer", "terms_reader")),
    (Writer, SegmentWriter, ("_assemble_segment", "_commit_toc", "_flush_segment", "add_postings_to_pool")),
    (CheckedIndex, FileIndex, ("_read_toc",)),
]
"""Class of ours, class of Whoosh, and the members of it that ours replaces."""

USED = (
    "docnum",
    "fieldwriter",
    "generation",
    "get_segment",
    "indexname",
    "perdocwriter",
    "schema",
    "storage",
)
"""Attributes of ``SegmentWriter`` that our writer reads."""


def test_only_one_module_imports_whoosh() -> None:
    importing = {
        path.relative_to(ROOT).as_posix()
        for room in ("archive", "indexer", "storage", "web")
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"^\s*(from|import) whoosh\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert importing == {"indexer/engines/whoosh/whoosh_imports.py"}


@pytest.mark.parametrize(("ours", "base", "names"), REPLACED)
def test_what_is_replaced_is_there_to_be_replaced(ours: type, base: type, names: tuple[str, ...]) -> None:
    assert issubclass(ours, base)
    for name in names:
        assert name in vars(ours)
        assert hasattr(base, name), name


def test_the_writer_finds_what_it_uses() -> None:
    source = inspect.getsource(SegmentWriter)
    assert {name for name in USED if not re.search(rf"self\.{name}\b|def {name}\b", source)} == set()
