"""One command applied to many records at once, as one change that can be undone as one."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from archive.errors import Conflict, Invalid, NotFound, PrakatError, RecordDamaged
from archive.repositories import Records


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """Outcome of a command on many records: ids done, ids refused with the error, name of the bulk.

    ``bulk``: the name of the changes in the history.
    """

    bulk: str
    done: tuple[int, ...]  # ids of the records that were changed
    refused: tuple[tuple[int, PrakatError], ...]


def apply_as_one_bulk(records: Records, ids: Iterable[int], command: Callable[[int], object]) -> BulkOutcome:
    """Call ``command`` with each id in one transaction; collect refusals, ``RecordDamaged`` among them.

    A refusal is ``Conflict``, ``Invalid``, ``NotFound`` or ``RecordDamaged``; that command alone is undone.
    Another error undoes it all.
    """
    bulk = secrets.token_hex(8)
    done: list[int] = []
    refused: list[tuple[int, PrakatError]] = []
    with records.batch(bulk):
        for id in ids:
            try:
                with records.batch():
                    command(id)
                done.append(id)
            except (Conflict, Invalid, NotFound, RecordDamaged) as error:
                refused.append((id, error))
    return BulkOutcome(bulk, tuple(done), tuple(refused))
