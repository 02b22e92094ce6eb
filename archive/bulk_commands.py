"""One command applied to many records at once, as one change that can be undone as one."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from archive.errors import Conflict, Invalid, NotFound, PrakatError, RecordDamaged
from archive.repositories import Records

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class BulkOutcome(Generic[Key]):
    """Outcome of a command on many records: keys done, keys refused with the error, name of the bulk.

    ``bulk``: the name of the changes in the history. A key is a record's id, or what names it among others.
    """

    bulk: str
    done: tuple[Key, ...]  # keys of the records that were changed
    refused: tuple[tuple[Key, PrakatError], ...]


def apply_as_one_bulk(
    records: Records, keys: Iterable[Key], command: Callable[[Key], object]
) -> BulkOutcome[Key]:
    """Call ``command`` with each key in one transaction; collect refusals, ``RecordDamaged`` among them.

    A refusal is ``Conflict``, ``Invalid``, ``NotFound`` or ``RecordDamaged``; that command alone is undone.
    Another error undoes it all.
    """
    bulk = secrets.token_hex(8)
    done: list[Key] = []
    refused: list[tuple[Key, PrakatError]] = []
    with records.batch(bulk):
        for key in keys:
            try:
                with records.batch():
                    command(key)
                done.append(key)
            except (Conflict, Invalid, NotFound, RecordDamaged) as error:
                refused.append((key, error))
    return BulkOutcome(bulk, tuple(done), tuple(refused))
