"""Leader leases: each duty is done by one worker at a time, which renews the duty's lease while it lives.

Doing a duty twice would do no harm (every duty can be killed and repeated), but doing it in every worker
would multiply its cost by the number of workers.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import time
from collections.abc import Mapping

from archive.ports import Leases

LEASE = dt.timedelta(seconds=10)
"""Time after which another worker takes over a dead holder's duty. Until then the index is not synced."""

RENEW_EVERY = 3.0  # seconds; two renewals may be missed

SYNC_INDEX, MAINTAIN, COLLECT_SCANS = "follow", "tend", "collect"
"""Names of the duties.

``SYNC_INDEX``: keep the index level with the records and rebuild it. ``MAINTAIN``: publish what is due and
requeue attachments of dead workers. ``COLLECT_SCANS``: take scans out of the watched folder.
"""


def lease_holder_name(process: int | None = None) -> str:
    """Returns ``host:pid`` of this process, or of the given one, as the name of a lease's holder."""
    return f"{socket.gethostname()}:{process or os.getpid()}"


class LeaderLeases:
    """The duties whose leases ``holder`` has. Several threads may use the object at the same time.

    ``names`` maps each duty to the name of its lease; workers that share a name take turns.
    """

    def __init__(
        self, leases: Leases, names: Mapping[str, str], holder: str, *, lease: dt.timedelta = LEASE
    ) -> None:
        self._leases, self._names, self._holder, self._lease = leases, names, holder, lease
        self._held_since: dict[str, float] = {}

    def renew(self) -> None:
        """Claims free leases and renews held ones. Raises ``Unavailable``: then the held leases lapse."""
        for duty, name in self._names.items():
            began = time.monotonic()
            if self._leases.claim(name, self._holder, lease=self._lease, now=dt.datetime.now(dt.UTC)):
                self._held_since[duty] = began
            else:
                self._held_since.pop(duty, None)

    def is_leader(self, duty: str) -> bool:
        """Returns True while the holder has the lease of the duty, by this process's own clock.

        The own clock is used because a process that was suspended, or cut off from the database, must not
        go on after another worker has taken over.
        """
        since = self._held_since.get(duty)
        return since is not None and time.monotonic() - since < self._lease.total_seconds()

    def release_all(self) -> None:
        """Releases all leases, at an orderly stop or after the end of a child process."""
        self._held_since.clear()
        for name in self._names.values():
            self._leases.release(name, self._holder)
