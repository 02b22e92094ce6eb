"""A new generation of the index from the records' saved text, beside the live one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from archive.errors import PrakatError, Unavailable
from archive.model import Status
from archive.ports import Records
from indexer.analysis.index_document import Entry
from indexer.index_sync import BATCH, follow, load
from indexer.search.ports import Generation, SearchIndex

ALL = 2**31
"""More announcements than there can be."""


def ahead(records: Records, index: SearchIndex) -> bool:
    """Whether the index has followed changes that the records do not have: they were put back to an
    earlier state, and will use the same numbers for something else."""
    return index.position() > records.last_change()


def note_loss(records: Records, index: SearchIndex) -> None:
    """Keep as an incident that the index is ahead: once it is built anew nothing else tells of the loss."""
    try:
        position, last = index.position(), records.last_change()
    except PrakatError:  # torn: it tells nothing
        return
    if position > last:
        records.note_incident("changes-lost", "database", f"{position - last} ({position} > {last})")


def needed(records: Records, index: SearchIndex) -> bool:
    """Whether following is not enough: the index is missing, torn, outdated or ahead."""
    return not index.is_current() or ahead(records, index)


def rebuild(
    records: Records,
    index: SearchIndex,
    *,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Build from all records in ``jobs`` processes, replay what changed meanwhile, compare counts, swap.

    ``progress(done, total)`` is called after each batch, in announcements. Returns how many the new
    generation holds. Killed at any moment, the live generation serves on. Raises ``Unavailable``
    (the live one stays) when the new one does not hold what the records do.
    """
    note_loss(records, index)
    with index.rebuild(jobs=jobs) as generation:
        start = records.last_change()
        generation.add(_all(records, progress))
        generation.reached(start)
        while follow(records, generation):
            pass
        _compare(records, generation)
    return index.count()


def _all(records: Records, progress: Callable[[int, int], None]) -> Iterator[Entry]:
    ids = [id for id, _ in records.changed_since(0, limit=ALL)]
    for done in range(0, len(ids), BATCH):
        yield from load(records, ids[done : done + BATCH])
        progress(min(done + BATCH, len(ids)), len(ids))


def _compare(records: Records, generation: Generation) -> None:
    published = records.counts()[Status.PUBLISHED]
    level = records.last_change() == generation.position()
    if level and generation.count() != published:
        raise Unavailable(
            f"ดัชนีใหม่มี {generation.count()} เรื่อง แต่ทะเบียนมี {published} เรื่อง จึงยังใช้ดัชนีเดิม"
            " (the new index does not match the records)"
        )
