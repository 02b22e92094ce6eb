"""Running things in real processes that may be killed."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, TypeVar

from storage import sqlite
from storage.files import local

KILLED = -signal.SIGKILL
_TOUCH_THE_DISK = {sqlite.__file__, local.__file__}
_DO_NOT = {
    "_spell",
    "_connection",
    "_path",
    "check_transaction",
    "_timed_with_converted_errors",
    "convert_disk_errors",
}
"""To die anywhere but in the functions of these modules, less those of these names, is to die before
the next line of one of them."""

_LONGEST = 300  # seconds; a child whose parent has failed meanwhile ends by itself

T = TypeVar("T")


def in_child(work: Callable[[], object]) -> int:
    """Start ``work`` in a forked process; returns its id for ``ended``."""
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(_LONGEST)
    gc.freeze()  # a collection in the child would copy all memory of the tests before it
    try:
        work()
        os._exit(0)
    except BaseException:  # noqa: BLE001  # a child ends here, whatever happened
        traceback.print_exc()
        os._exit(1)


def ended(pid: int) -> int:
    """Wait for a child: 0, its exit status, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_at(step: int, prepare: Callable[[], T], work: Callable[[T], object]) -> bool:
    """Run ``work`` in a child that dies by SIGKILL before the ``step``-th line that may touch the disk.

    False when the work was over before it came to that line.
    """
    code = ended(in_child(lambda: _counted(step, prepare(), work)))
    assert code in (0, KILLED), f"the child ended with {code}"
    return code == KILLED


def _counted(step: int, prepared: T, work: Callable[[T], object]) -> None:
    left = step

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if not _touches_the_disk(frame.f_code):
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    work(prepared)
    sys.settrace(None)


def _touches_the_disk(code: CodeType) -> bool:
    return code.co_filename in _TOUCH_THE_DISK and code.co_name not in _DO_NOT
