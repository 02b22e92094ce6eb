"""Sandbox: runs work on untrusted files in a child with limits on time, memory, processor and file size.

A nursery process, started afresh (it inherits no database connection), imports the slow libraries
once and forks a child for each piece of work, which costs some ten milliseconds. The child limits
itself, works at low priority, and is killed with its whole process group when its time is up.
What a child sends back is JSON (``indexer.extraction.result_values``): a child that a file has taken over
cannot make its parent run anything.
Such a child may still do what the service's user may do: ``docs/threat-model.md`` says what.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import logging
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, Self, TypeVar

from indexer.extraction.reading_errors import MESSAGES, UnreadableFile
from indexer.extraction.result_values import decode_result, encode_result

T = TypeVar("T")

PRELOAD = (
    "indexer.extraction.pdf.parser",
    "indexer.extraction.parsers",
    "indexer.extraction.page_images",
    "indexer.extraction.ocr.recognition",
    "img2pdf",
    "pikepdf",
    "pillow_heif",
    "pypdfium2",
    "tesserocr",
)
"""Modules that the nursery imports once, so that no child has to; ``load_before_fork`` of each is called."""

NICENESS = 10  # of 0 to 19: pages are answered before files are read
_MEGABYTE = 1024 * 1024
_RESULT_LIMIT = 256 * _MEGABYTE
_READY = b"ready"  # a child's first message: what comes after it is the doing of a file
_START_SECONDS = 60.0  # a busy machine has forked a child and limited it within some seconds


class CannotStart(UnreadableFile):
    """Raised when no child starts; the file is sound, but the attachment fails all the same.

    No child starts where ``/dev/null`` cannot be written. The clerk reads whom to tell.
    """

    code = "no-sandbox"


def run_in_sandbox(function: Callable[..., T], *args: Any, seconds: float, memory_mb: int = 1024) -> T:
    """Runs ``function(*args)`` in a child of its own; only plain values and our data classes come back.

    ``function`` must be importable by name.

    Raises ``CannotStart``, or ``UnreadableFile``: timeout, memory, crashed, or what the function raised of
    it; any other exception of the function is crashed.
    """
    with SandboxProcess(memory_mb=memory_mb) as child:
        return child.call(function, *args, seconds=seconds)


def start_fork_server() -> None:
    """Starts the process that forks children, unless it runs, and does not wait while it loads libraries."""
    _nursery()


class SandboxProcess:
    """A child that keeps its state between calls; after a failure the next call gets a fresh one.

    The state is an open file, say. A failure is ``UnreadableFile``: timeout, memory or crashed.
    """

    def __init__(self, *, memory_mb: int = 1024) -> None:
        self._memory_mb = memory_mb
        self._connection: Connection | None = None
        self._pid = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """True from the first call until a failure or ``close``, also where the child just died."""
        return self._connection is not None

    def call(self, function: Callable[..., T], *args: Any, seconds: float) -> T:
        """Runs ``function(*args)`` in the child, within ``seconds``; raises what ``run_in_sandbox`` does."""
        request = pickle.dumps((function, args, seconds))
        connection = self._connection or self._start()
        is_over = threading.Event()
        try:
            with _time_limit(connection, seconds, is_over):
                connection.send_bytes(request)
                answer = connection.recv_bytes(_RESULT_LIMIT)
        except (EOFError, OSError):
            self.close()
            raise UnreadableFile("timeout" if is_over.is_set() else "crashed") from None
        except BaseException:
            self.close()
            raise
        if is_over.is_set():  # just after the answer had come
            self.close()
        result: T = self._understand(answer)
        return result

    def _start(self) -> Connection:
        """Forks the child, waits until it is ready, returns its connection. Raises ``CannotStart``."""
        try:
            self._pid, self._connection = _fork(self._memory_mb)
            if not self._connection.poll(_START_SECONDS):
                raise TimeoutError
            self._connection.recv_bytes(len(_READY))
        except (EOFError, OSError) as error:
            self.close()
            raise CannotStart from error
        return self._connection

    def _understand(self, answer: bytes) -> Any:
        try:
            outcome, value = decode_result(answer)
        except Exception as error:
            self.close()
            raise UnreadableFile("crashed") from error
        if outcome == "done":
            return value
        if outcome == "unreadable" and value in tuple(MESSAGES):  # a child may send anything
            raise UnreadableFile(value)
        self.close()
        raise UnreadableFile("memory" if outcome == "memory" else "crashed")

    def close(self) -> None:
        """Ends the child and every process that it started."""
        if self._connection is None:
            return
        # The open connection is what proves that the process group is still this child's.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)
        self._connection.close()
        self._connection = None


@contextlib.contextmanager
def _time_limit(connection: Connection, seconds: float, is_over: threading.Event) -> Iterator[None]:
    """Ends the connection and sets ``is_over`` once the block took ``seconds``.

    A child that a file has taken over may begin an answer and never end it, or take no request. The end of
    the connection ends the block even while a process of the child's, which left its group, has it open.
    """

    ours = socket.socket(fileno=connection.fileno())  # opens no file: there may be none left to open

    def end() -> None:
        is_over.set()
        ours.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    try:
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
    finally:
        ours.detach()


class _Nursery:
    """The parent's side of the process that forks children."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                [
                    sys.executable,
                    "-c",
                    f"from {__name__} import run_fork_server; run_fork_server({theirs.fileno()})",
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(sys.path),
                    "OMP_THREAD_LIMIT": "1",
                    "OPENBLAS_NUM_THREADS": "1",
                },
                start_new_session=True,
            )
        self._control = ours
        self._control.settimeout(_START_SECONDS)

    def fork(self, memory_mb: int) -> tuple[int, Connection]:
        """Forks a new child; returns its pid, which is also its process group, and its connection.

        Raises ``OSError`` when the nursery has ended or does not answer within ``_START_SECONDS``.
        """
        ours, theirs = socket.socketpair()
        with ours, theirs:
            with self._lock:
                socket.send_fds(self._control, [memory_mb.to_bytes(4, "big")], [theirs.fileno()])
                answer = self._control.recv(4)
            if len(answer) < 4:
                raise BrokenPipeError("the nursery has ended")
            return int.from_bytes(answer, "big"), Connection(ours.detach())

    def close(self) -> None:
        """Ends the nursery; its children live on."""
        self._control.close()
        if self.owner == os.getpid():  # else a fork of the owner ends
            self._process.kill()
            self._process.wait()


_shared: _Nursery | None = None
_shared_lock = threading.Lock()


def _nursery(*, lost: _Nursery | None = None) -> _Nursery:
    """This process's nursery, started on first use, after a fork, and in place of one that was ``lost``."""
    global _shared  # noqa: PLW0603 - one per process, however many threads ask
    with _shared_lock:
        if _shared is None or _shared.owner != os.getpid() or _shared is lost:
            if lost is not None:
                lost.close()
            _shared = _Nursery()
            atexit.register(_shared.close)
        return _shared


def _fork(memory_mb: int) -> tuple[int, Connection]:
    """Forks a new child, from a new nursery if the old nursery was killed or is stuck."""
    nursery = _nursery()
    try:
        return nursery.fork(memory_mb)
    except OSError:
        return _nursery(lost=nursery).fork(memory_mb)


def run_fork_server(control_fd: int) -> None:
    """Runs the fork server: forks a child for every connection that comes in, until its socket is closed."""
    control = socket.socket(fileno=control_fd)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
    for name in PRELOAD:
        getattr(importlib.import_module(name), "load_before_fork", lambda: None)()
    gc.freeze()  # what is loaded stays shared between the children
    while True:
        limit, descriptors, _, _ = socket.recv_fds(control, 4, 1)
        if not limit:
            return
        pid = os.fork()
        if pid == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setpgid(0, 0)
            _serve(Connection(descriptors[0]), int.from_bytes(limit, "big"))
            os._exit(0)
        with contextlib.suppress(OSError):  # done here as well, lest the parent kills before the child did it
            os.setpgid(pid, pid)
        os.close(descriptors[0])
        control.sendall(pid.to_bytes(4, "big"))


def _serve(connection: Connection, memory_mb: int) -> None:
    """Runs the child process: serves calls until the parent closes the connection."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    memory = memory_mb * _MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # Its files are made in memory. Python ignores the signal, so that writing more is an ``OSError``.
    resource.setrlimit(resource.RLIMIT_FSIZE, (memory, memory))
    os.nice(NICENESS)
    logging.disable(logging.CRITICAL)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - libraries print what they think of a file
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    connection.send_bytes(_READY)
    while True:
        try:
            function, args, seconds = pickle.loads(connection.recv_bytes())  # noqa: S301 - from the parent
        except EOFError:
            return
        _limit_processor(seconds)
        connection.send_bytes(_answer(function, args))


def _limit_processor(seconds: float) -> None:
    """Limits the processor time to twice the wall-clock time of the call, to end a child without parent."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(used.ru_utime + used.ru_stime + 2 * seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _answer(function: Callable[..., Any], args: tuple[Any, ...]) -> bytes:
    try:
        return encode_result(("done", function(*args)))
    except UnreadableFile as error:
        return encode_result(("unreadable", error.code))
    except MemoryError:
        return encode_result(("memory", None))
    except RecursionError:
        return encode_result(("crashed", "recursion"))
    except Exception as error:  # noqa: BLE001 - whatever a hostile file provokes ends here
        return encode_result(("crashed", repr(error)))
