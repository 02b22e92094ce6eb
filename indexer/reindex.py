"""Rebuilds the index from the records' saved text, as a new generation beside the live one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from archive.errors import PrakatError, Unavailable
from archive.model import Status
from archive.repositories import Records
from indexer.analysis.dictionary import parse_lexicon
from indexer.analysis.index_document import SourceAnnouncement, build_or_leave_out
from indexer.analysis.parallel_analysis import collect_garbage_rarely
from indexer.index_sync import BATCH_SIZE, load_public, sync_batch
from indexer.search.ports import Generation, SearchIndex

NO_LIMIT = 2**31  # a limit on announcements that is higher than any archive's number of them


def is_ahead_of_records(records: Records, index: SearchIndex) -> bool:
    """Returns True if the index has followed changes that the records do not have.

    Then the records were restored to an earlier state and will use the same change numbers again.
    """
    return index.position() > records.history.last_change()


def note_lost_changes(records: Records, index: SearchIndex) -> None:
    """Records an incident if the index is ahead of the records; ``rebuild`` does so itself.

    After a rebuild no other trace is left.
    """
    try:
        position, last = index.position(), records.history.last_change()
    except PrakatError:  # a damaged index has no readable position
        return
    if position > last:
        records.incidents.record("changes-lost", "database", f"{position - last} ({position} > {last})")


def is_rebuild_needed(records: Records, index: SearchIndex) -> bool:
    """Returns True if syncing is not enough: the index is missing, damaged, outdated or ahead.

    An index from before the latest erasure is outdated too: its files may still hold what was erased.
    """
    return not index.is_current() or is_ahead_of_records(records, index) or _is_before_erasure(records, index)


def _is_before_erasure(records: Records, index: SearchIndex) -> bool:
    manifest = index.manifest()
    if manifest is None:
        return False
    if manifest.last_erasure is not None:
        return manifest.last_erasure != records.erasures.last_id()
    erased_at = records.erasures.last_at()  # an index of an earlier version knows the time alone
    return erased_at is not None and manifest.built_at < min(erased_at, dt.datetime.now(dt.UTC))


def rebuild(
    records: Records,
    index: SearchIndex,
    *,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Rebuilds and publishes the index, returns its size; ``Unavailable`` if the records have another count.

    The size is the number of announcements in the new generation. Builds in ``jobs`` processes, replays
    changes made meanwhile, compares counts; the live generation stays in use if it is killed or they differ.
    ``progress(done, total)`` is called after each batch, in announcements.
    """
    note_lost_changes(records, index)
    erasure = records.erasures.last_id()
    with collect_garbage_rarely(), index.rebuild(jobs=jobs, last_erasure=erasure) as generation:
        start = records.history.last_change()
        generation.add_announcements(_all(records, progress), position=start)
        while sync_batch(records, generation):
            pass
        _compare(records, generation)
    return index.count()


def _all(records: Records, progress: Callable[[int, int], None]) -> Iterator[SourceAnnouncement]:
    ids = [id for id, _ in records.history.changed_since(0, limit=NO_LIMIT)]
    for done in range(0, len(ids), BATCH_SIZE):
        yield from load_public(records, ids[done : done + BATCH_SIZE])
        progress(min(done + BATCH_SIZE, len(ids)), len(ids))


def count_left_out(records: Records, index: SearchIndex) -> int:
    """Returns how many published announcements an index lacks that is level with the records; else 0.

    Those are announcements that cannot be indexed, and damaged rows. ``Unavailable`` if it cannot be read.
    """
    change = records.history.last_change()
    left_out = records.announcements.count_by_status()[Status.PUBLISHED] - index.count()
    is_level = index.position() == change == records.history.last_change()
    return max(0, left_out) if is_level else 0


def _compare(records: Records, generation: Generation) -> None:
    """Raises ``Unavailable`` if a generation level with the records has other announcements.

    It may lack those that cannot be indexed; only what it lacks is analysed again to know that.
    """
    if records.history.last_change() != generation.position():
        return
    count = generation.commit_and_count()
    if count == records.announcements.count_by_status()[Status.PUBLISHED]:
        return
    held, published = {*generation.ids()}, {*records.announcements.published_ids()}
    lacking = _indexable(records, sorted(published - held))
    if (held - published or lacking) and records.history.last_change() == generation.position():
        raise Unavailable(
            f"ดัชนีใหม่มี {count} เรื่อง แต่ทะเบียนมี {len(held & published) + lacking} เรื่อง จึงยังใช้ดัชนีเดิม"
            " (the new index does not match the records)"
        )


def _indexable(records: Records, ids: Sequence[int]) -> int:
    """Returns how many of the published announcements ``ids`` can be indexed."""
    tokenizer = parse_lexicon("").tokenizer
    return sum(
        build_or_leave_out(entry, tokenizer) is not None
        for done in range(0, len(ids), BATCH_SIZE)
        for entry in load_public(records, ids[done : done + BATCH_SIZE])
    )
