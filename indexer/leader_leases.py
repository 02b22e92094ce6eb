"""Duties that one worker at a time does for all of them: each is a lease, renewed while its holder lives.

Doing one twice would do no harm (every duty can be killed and done again); doing it in every worker
would cost each of them what one of them needs.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import time
from collections.abc import Mapping

from archive.ports import Leases

LEASE = dt.timedelta(seconds=10)
"""A dead holder's duty is taken over after so long: until then search does not follow."""

RENEW_EVERY = 3.0  # seconds; two renewals may be missed

SYNC_INDEX, MAINTAIN = "follow", "tend"
"""Keeping search level with the records, and building it anew; publishing what is due, taking back what
dead workers held."""


def lease_holder_name(process: int | None = None) -> str:
    """What a worker is called, on any number of machines; this process's, or that of a child."""
    return f"{socket.gethostname()}:{process or os.getpid()}"


class LeaderLeases:
    """Which duties are ``holder``'s. ``names`` gives each duty's lease a name: those who share a name take
    turns. Threads may ask it at once."""

    def __init__(
        self, leases: Leases, names: Mapping[str, str], holder: str, *, lease: dt.timedelta = LEASE
    ) -> None:
        self._leases, self._names, self._holder, self._lease = leases, names, holder, lease
        self._held_since: dict[str, float] = {}

    def renew(self) -> None:
        """Claim those that are free, and renew one's own. Raises ``Unavailable``: then they lapse."""
        for duty, name in self._names.items():
            began = time.monotonic()
            if self._leases.claim(name, self._holder, lease=self._lease, now=dt.datetime.now(dt.UTC)):
                self._held_since[duty] = began
            else:
                self._held_since.pop(duty, None)

    def is_leader(self, duty: str) -> bool:
        """Whether the duty is ours, by the time that passed here: a process that was held up, or cut off
        from the database, must not go on when another has taken over."""
        since = self._held_since.get(duty)
        return since is not None and time.monotonic() - since < self._lease.total_seconds()

    def give_back(self) -> None:
        """All of them: an orderly stop, or the end of a child."""
        self._held_since.clear()
        for name in self._names.values():
            self._leases.release(name, self._holder)
