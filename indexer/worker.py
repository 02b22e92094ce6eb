"""Background worker: takes in and reads scans, keeps the index level with the records, publishes, mails.

Any number of workers may run. Each step may be killed and repeated: a claim that is not renewed lapses, and
syncing the index is idempotent. Attachments are shared among the workers. Work that is done once for all
workers (syncing the index, publishing what is due) is the duty of one worker at a time.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from archive.changes import WORKER
from archive.commands.personal_data import find_personal_data_by_newer_rules
from archive.commands.publication import Publication
from archive.eraser import Eraser
from archive.errors import Conflict, PrakatError, Unavailable
from archive.model import Attachment, Failure
from archive.ports import Jobs
from archive.relations import store_stated_relations_of_changed
from archive.repositories import Records
from archive.stated_anew import store_stated_anew_of_changed
from indexer.extraction.attachment_reader import AttachmentReader, ReadingStopped
from indexer.extraction.page_images import FIRST_WIDTH, PagePictures
from indexer.extraction.parsers import can_draw_pages
from indexer.extraction.reading_errors import MESSAGES, UnreadableFile
from indexer.extraction.sandbox import start_fork_server
from indexer.inbox import LOOK_EVERY, Inbox
from indexer.index_sync import sync_batch
from indexer.lazy_import import lazy_import
from indexer.leader_leases import COLLECT_SCANS, MAINTAIN, SYNC_INDEX, LeaderLeases, lease_holder_name
from indexer.leader_leases import RENEW_EVERY as RENEW_DUTIES_EVERY
from indexer.reindex import is_rebuild_needed, rebuild
from indexer.scrub import Scrubber, ScrubStopped
from indexer.search.ports import SearchIndex

if TYPE_CHECKING:
    from structlog import contextvars
else:
    contextvars = lazy_import("structlog.contextvars")

log = logging.getLogger("prakat.worker")

LEASE = dt.timedelta(seconds=30)
RENEW_EVERY = 8.0  # seconds; two renewals may be missed before another worker takes over
LANES = 2  # attachments read at the same time, so that a long one does not delay a short one
SEARCHED_AT_ONCE = 20  # attachments looked through for personal data in one transaction
STATED_AT_ONCE = 50  # records looked through for what their texts and documents state, each ``SEARCH_EVERY``
SEARCH_EVERY = 1.0  # seconds between those; leaves the processor to residents
ERASE_EVERY = 300.0  # seconds between looks for files of erasures that are still stored
MAIL_EVERY = 5.0  # seconds between looks for mail that is due
MAX_DRAWN_AHEAD = 10  # first pages of an attachment whose pictures are made before anybody asks
MAX_WAITING_PICTURES = 1_000  # pages; of a large import the pictures of the newest are made
CALM = 2.0  # seconds without an attachment to read, before pictures are made
IDLE = 0.3  # seconds of sleep when a step found no work; short, so that search follows within a second


class Worker:
    """Background worker. Owns its threads, but not the services that it is given."""

    def __init__(
        self,
        records: Records,
        jobs: Jobs,
        publication: Publication,
        index: SearchIndex,
        reader: AttachmentReader,
        duties: LeaderLeases,
        scrub: Scrubber,
        inbox: Inbox,
        pictures: PagePictures,
        eraser: Eraser,
        send_mail: Callable[[Callable[[], bool]], None] | None,
    ) -> None:
        """``send_mail`` sends what is due to followers, while the function that it gets returns True."""
        self._records, self._jobs, self._publication = records, jobs, publication
        self._index, self._reader, self._duties = index, reader, duties
        self._scrub, self._inbox = scrub, inbox
        self._pictures, self._eraser = pictures, eraser
        self._to_draw: deque[tuple[Attachment, int]] = deque(maxlen=MAX_WAITING_PICTURES)
        self._last_read = time.monotonic()
        self._send_mail = send_mail or (lambda _is_leader: None)
        self._name = lease_holder_name()
        self._stop = threading.Event()

    def run_until_stopped(self, stop: threading.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Works until ``stop`` is set, then finishes the current pages, releases the rest, and returns.

        ``beat`` is called about once a second while all threads are alive.
        """
        self._stop = stop
        start_fork_server()  # else the first scan would wait for it
        threads = [
            threading.Thread(target=self._repeat, args=(step,), name=name)
            for name, step in (
                *(
                    (f"lane-{lane}", lambda lane=lane: self._read_one(f"{self._name}/{lane}"))
                    for lane in range(LANES)
                ),
                ("follow", self._follow),
                ("tend", self._tend),
                ("scrub", self._scrub_some),
                ("personal-data", self._every(SEARCH_EVERY, self._search_for_personal_data)),
                ("worklist", self._every(SEARCH_EVERY, self._follow_for_worklist)),
                ("inbox", self._collect_scan),
                ("erasures", self._finish_erasures),
                ("duties", self._renew_duties),
                ("mail", self._every(MAIL_EVERY, self._mail)),
            )
        ]
        for thread in threads:
            thread.start()
        while not self._stop.wait(1.0):
            if all(thread.is_alive() for thread in threads):
                beat()
        for thread in threads:
            thread.join()
        with suppress(Unavailable):  # leases that cannot be given back lapse by themselves
            self._duties.release_all()

    def _repeat(self, step: Callable[[], bool]) -> None:
        """Calls ``step`` until the worker stops, without a pause while ``step`` finds work.

        An exception is logged, and ``step`` is called again 5 seconds later.
        """
        while not self._stop.is_set():
            try:
                busy = step()
            except Exception:
                log.exception("step failed", extra={"step": threading.current_thread().name})
                busy = False
                self._stop.wait(5.0)
            if not busy:
                self._stop.wait(IDLE)

    def _read_one(self, name: str) -> bool:
        attachment = self._jobs.claim(name, lease=LEASE, now=dt.datetime.now(dt.UTC))
        if attachment is None:
            return time.monotonic() - self._last_read > CALM and self._draw_one()
        with (
            contextvars.bound_contextvars(
                attachment=attachment.id, announcement=attachment.announcement_id, reader=name
            ),
            suppress(Conflict),  # the lease was lost: another worker has the attachment
        ):
            self._read(attachment, name)
        self._last_read = time.monotonic()
        return True

    def _draw_one(self) -> bool:
        """Makes the picture of a page that was read lately. Returns False when none is left to make."""
        try:
            attachment, number = self._to_draw.pop()
        except IndexError:
            return False
        with suppress(PrakatError):  # gone meanwhile, or not to be drawn: whoever asks for it is told
            page = self._records.pages.get(attachment.id, number)
            self._pictures.page_picture(attachment, page, width=FIRST_WIDTH)
        return True

    def _read(self, attachment: Attachment, name: str) -> None:
        began = time.monotonic()
        try:
            with _Lease(self._jobs, attachment.id, name) as lease:
                outcome = self._reader.read_remaining_pages(
                    attachment, lambda: lease.is_held and not self._stop.is_set()
                )
        except ReadingStopped:
            self._jobs.release(attachment.id, name)
            return
        except Unavailable:  # a service is down; the attachment itself is not at fault
            self._jobs.release(attachment.id, name)
            raise
        except UnreadableFile as error:
            self._jobs.fail(attachment.id, name, error.failure)
            log.warning("attachment not read", extra={"code": error.code})
            return
        except PrakatError as error:
            self._jobs.fail(attachment.id, name, Failure(error.code, error.message))
            log.warning("attachment not read", extra={"code": error.code})
            return
        except Exception:
            log.exception("reading crashed")
            self._jobs.fail(attachment.id, name, Failure("crashed", MESSAGES["crashed"]))
            return
        self._jobs.finish(
            attachment.id,
            name,
            page_count=outcome.page_count,
            details=outcome.details,
            rules=outcome.oldest_page_rules,
        )
        if can_draw_pages(attachment.media_type):
            first_pages = range(1, min(outcome.page_count, MAX_DRAWN_AHEAD) + 1)
            self._to_draw.extend((attachment, number) for number in reversed(first_pages))
        log.info(
            "attachment read",
            extra={"pages": outcome.page_count, "seconds": round(time.monotonic() - began, 1)},
        )

    def _renew_duties(self) -> bool:
        """Renews the leases of duties. Runs in its own thread, as a rebuild takes longer than a lease."""
        self._duties.renew()
        self._stop.wait(RENEW_DUTIES_EVERY)
        return False

    def _follow(self) -> bool:
        if not self._duties.is_leader(SYNC_INDEX):
            return False
        if is_rebuild_needed(self._records, self._index):
            log.warning("index is missing, torn, outdated or ahead of the records: rebuilding it")
            rebuild(self._records, self._index)
        return sync_batch(self._records, self._index) > 0

    def _tend(self) -> bool:
        """Publishes what is due, and requeues attachments of dead workers, even while all lanes are busy."""
        if not self._duties.is_leader(MAINTAIN):
            return False
        now = dt.datetime.now(dt.UTC)
        self._publication.publish_due_or_unschedule(now, actor=WORKER)
        self._jobs.settle_lapsed(lease=LEASE, now=now)
        self._stop.wait(1.0)
        return False

    def _every(self, seconds: float, action: Callable[[], object]) -> Callable[[], bool]:
        """Returns the step that, while this worker maintains the archive, calls ``action`` and then waits."""

        def step() -> bool:
            if self._duties.is_leader(MAINTAIN):
                action()
                self._stop.wait(seconds)
            return False

        return step

    def _finish_erasures(self) -> bool:
        """Removes what is left of erased files. Every worker does: its machine has pictures of its own."""
        self._eraser.finish_all()
        self._stop.wait(ERASE_EVERY)
        return False

    def _search_for_personal_data(self) -> None:
        """Looks through some attachments that were read before the present rules for personal data."""
        find_personal_data_by_newer_rules(self._records, limit=SEARCHED_AT_ONCE, actor=WORKER)

    def _follow_for_worklist(self) -> None:
        """Stores, for the worklist, what some changed records cite, and what their documents state anew."""
        store_stated_relations_of_changed(self._records, limit=STATED_AT_ONCE)
        store_stated_anew_of_changed(self._records, limit=STATED_AT_ONCE)

    def _mail(self) -> None:
        """Sends mail to followers, in a thread of its own: a dead mail server holds up nothing else."""
        self._send_mail(lambda: self._duties.is_leader(MAINTAIN) and not self._stop.is_set())

    def _collect_scan(self) -> bool:
        """Takes a scan out of the watched folder, if there is one and this worker watches it."""
        if self._duties.is_leader(COLLECT_SCANS) and self._inbox.take_up_to_one_file_per_folder():
            return True
        self._stop.wait(LOOK_EVERY)
        return False

    def _scrub_some(self) -> bool:
        """Verifies a little of the index and the files, slowly, to find damage before the data is needed."""
        busy = False
        with suppress(ScrubStopped):
            if self._duties.is_leader(SYNC_INDEX):
                busy = self._scrub.scrub_index_if_due(self._stop.wait)
            if self._duties.is_leader(MAINTAIN):
                busy = self._scrub.scrub_next_file_if_due(self._stop.wait) or busy
        return busy


class _Lease:
    """Renews a claim in the background while an attachment is read; ``is_held`` is False once it is lost."""

    def __init__(self, jobs: Jobs, attachment_id: int, name: str) -> None:
        self._jobs, self._attachment_id, self._name = jobs, attachment_id, name
        self._done = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease-{attachment_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def is_held(self) -> bool:
        return not self._lost.is_set()

    def _renew(self) -> None:
        while not self._done.wait(RENEW_EVERY):
            try:
                kept = self._jobs.renew(
                    self._attachment_id, self._name, lease=LEASE, now=dt.datetime.now(dt.UTC)
                )
            except PrakatError:
                log.exception("lease not renewed", extra={"attachment": self._attachment_id})
                continue  # the next renewal may still be in time
            if not kept:
                self._lost.set()
                return
