"""Counts the processors on which this process may run."""

from __future__ import annotations

import os


def count_processors() -> int:
    """Returns the number of processors that this process may use, which may be fewer than the machine has.

    A container or ``taskset`` may limit a service to some of them.
    """
    return len(os.sched_getaffinity(0))
