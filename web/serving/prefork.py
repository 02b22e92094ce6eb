"""A master process that forks the processes of the service, keeps them running, reloads and stops them.

What the master loaded before it forks is shared by all of them. It has no threads and uses no database, so
that it may fork again at any time. Each process is connected with it by a socket pair: through it come the
process's signs of life, and when the master dies it closes, and the process stops.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

log = logging.getLogger("prakat")

RESTART_SECONDS = 2.0  # of waiting before a process that ended at once is started again
STOP_SECONDS = 25.0  # for all processes to end by themselves; a little longer than processes take at most
START_SECONDS = 120.0  # until a process's first sign of life, on a busy machine
HUNG_SECONDS = 30.0  # without a sign of life, after which a process is killed; one comes every second

_LOOK_SECONDS = 0.2  # between checks of the processes
_BEATS_AT_ONCE = 4096  # bytes, one for each sign of life
_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
_SOCKETS, _OLD_PROCESSES = "_PRAKAT_SOCKETS", "_PRAKAT_OLD_PROCESSES"
"""Environment variables with the descriptors that a master hands to its successor: the listening sockets, and
the master's ends of the connections with processes that go on until the new processes are there."""
_TRIAL = "_PRAKAT_TRIAL"
"""Environment variable of a program that is started only to see whether it starts."""


class StopRequest:
    """Signals a process to stop, by ``event``: after SIGTERM or SIGINT, or when the master is gone."""

    def __init__(self, master: socket.socket) -> None:
        self._master = master
        self.event = threading.Event()
        self._calls: list[Callable[[], None]] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._set())
        threading.Thread(target=self._watch, daemon=True).start()

    def is_set(self) -> bool:
        """Returns True once the process is to stop."""
        return self.event.is_set()

    def call_when_set(self, call: Callable[[], None]) -> None:
        """Call ``call``, short and safe in a signal handler, at a stop to come; not for one that has come."""
        self._calls.append(call)

    def report_alive(self) -> None:
        """Send the master a sign of life."""
        with suppress(OSError):  # the master has many unread signs, or is gone
            self._master.send(b".", socket.MSG_DONTWAIT)

    def _watch(self) -> None:
        with suppress(OSError):
            self._master.recv(1)  # nothing is ever sent: ``recv`` returns when the other end is gone
        self._set()

    def _set(self) -> None:
        self.event.set()
        for call in self._calls:
            call()


@dataclass(frozen=True, slots=True)
class ProcessRole:
    """One kind of process; ``run`` gets the stop request and the pid of the process that it replaces, if any.

    ``count``: number of processes of the kind.
    """

    name: str
    count: int
    run: Callable[[StopRequest, int | None], None]


@dataclass(slots=True)
class _Process:
    """A slot for a process of a role; another process takes the slot when the present one has ended."""

    role: ProcessRole
    pid: int | None = None
    connection: socket.socket | None = None
    started_at: float = 0.0
    silent: float = 0.0  # seconds without a sign of life
    patience: float = field(default=START_SECONDS)
    restart_at: float = 0.0


@dataclass(frozen=True, slots=True)
class _TrialStart:
    """The new program, started beside this one; ``output`` is the descriptor of what it prints."""

    pid: int
    output: int
    ends_at: float

    def end(self) -> None:
        """Kill it, if it still runs, and forget what it printed."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.output)

    def last_line(self) -> str:
        """Returns the last line that it printed, which says why it does not start."""
        printed = os.pread(self.output, os.fstat(self.output).st_size, 0).decode(errors="replace")
        return next(reversed(printed.splitlines()), "")


class Master:
    """Runs the processes of ``roles`` until SIGTERM or SIGINT; SIGHUP loads the program anew, without a gap.

    The new program is first started beside this one, up to where it would serve (see ``is_trial_start``). If
    it cannot start, the log says why, and nothing changes. Otherwise it takes over the listening ``sockets``,
    and the old processes finish the requests in hand.
    """

    def __init__(self, roles: Sequence[ProcessRole], sockets: Sequence[socket.socket]) -> None:
        self._processes = [_Process(role) for role in roles for _ in range(role.count)]
        self._sockets = sockets
        self._trial: _TrialStart | None = None
        self._old_processes = _numbers(os.environ.pop(_OLD_PROCESSES, ""))

    def run_processes(self) -> None:
        """Start all processes, watch over them, and return when they have stopped."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        for process in self._processes:
            self._start(process, replaced_pid=None)
        self._let_old_processes_go()
        while True:
            received = signal.sigtimedwait(_SIGNALS, _LOOK_SECONDS)
            number = received.si_signo if received else None
            if number in (signal.SIGTERM, signal.SIGINT):
                break
            if number == signal.SIGHUP:
                self._try_new_program()
            if received is None:
                self._end_silent_ones()
            self._end_long_trial()
            self._replace_ended_ones()
        self._stop()

    def _let_old_processes_go(self) -> None:
        for number in self._old_processes:
            os.close(number)
        self._old_processes = []

    def _start(self, process: _Process, *, replaced_pid: int | None) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        pid = os.fork()
        if pid == 0:
            ours.close()
            self._let_old_processes_go()  # they end once nobody holds the other end of the connections
            for other in self._processes:
                if other.connection is not None:
                    other.connection.close()
            _run_role(process.role, theirs, replaced_pid)
        theirs.close()
        process.pid, process.connection, process.started_at = pid, ours, time.monotonic()
        process.silent, process.patience = 0.0, START_SECONDS

    def _replace_ended_ones(self) -> None:
        for pid, status in _ended():
            if self._trial is not None and self._trial.pid == pid:
                self._reload_if_started(self._trial, status)
            for process in self._processes:
                if process.pid == pid:
                    self._note_end(process, status)
        for process in self._processes:
            if process.connection is None and time.monotonic() >= process.restart_at:
                self._start(process, replaced_pid=process.pid)

    def _note_end(self, process: _Process, status: int) -> None:
        log.error(
            "process ended; starting it again",
            extra={"role": process.role.name, "pid": process.pid, "exit": status},
        )
        if process.connection is not None:
            process.connection.close()
        process.connection = None
        age = time.monotonic() - process.started_at
        process.restart_at = time.monotonic() + (RESTART_SECONDS if age < RESTART_SECONDS else 0.0)

    def _end_silent_ones(self) -> None:
        """Kill each process that gives no sign of life.

        The silence is counted in looks, not measured by the clock: stopping the whole service for a while
        stops this count too.
        """
        for process in self._processes:
            if process.connection is None or process.pid is None:
                continue
            process.silent += _LOOK_SECONDS
            with suppress(BlockingIOError, ConnectionResetError):
                if process.connection.recv(_BEATS_AT_ONCE):
                    process.silent, process.patience = 0.0, HUNG_SECONDS
            if process.silent > process.patience:
                log.error(
                    "process gives no sign of life; ending it",
                    extra={"role": process.role.name, "pid": process.pid},
                )
                os.kill(process.pid, signal.SIGKILL)
                process.silent = 0.0

    def _try_new_program(self) -> None:
        if self._trial is not None:
            self._trial.end()
        self._trial = None
        try:
            self._trial = _start_trial()
        except OSError as error:
            log.error("not reloaded", extra={"why": str(error)})

    def _end_long_trial(self) -> None:
        if self._trial is not None and time.monotonic() > self._trial.ends_at:
            os.kill(self._trial.pid, signal.SIGKILL)  # its end is then noted as any other

    def _reload_if_started(self, trial: _TrialStart, status: int) -> None:
        self._trial = None
        why = trial.last_line()
        os.close(trial.output)
        if status == 0:
            self._reload()
        log.error("not reloaded", extra={"why": why, "exit": status})

    def _reload(self) -> NoReturn:
        log.info("reloading")
        old = [process.connection for process in self._processes if process.connection is not None]
        for kept in (*old, *self._sockets):
            kept.set_inheritable(True)
        os.environ[_SOCKETS] = _descriptors(self._sockets)
        os.environ[_OLD_PROCESSES] = _descriptors(old)
        os.execv(sys.executable, _command_line())  # noqa: S606 - ourselves

    def _stop(self) -> None:
        """Ask all processes to stop, wait for them, and kill those that do not."""
        if self._trial is not None:
            self._trial.end()
        running = {process.pid for process in self._processes if process.connection is not None}
        for pid in running:
            if pid is not None:
                os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while running and time.monotonic() < end:
            received = signal.sigtimedwait(_SIGNALS, _LOOK_SECONDS)
            if received and received.si_signo in (signal.SIGTERM, signal.SIGINT):
                break  # a second signal: kill at once
            running -= {pid for pid, _ in _ended()}
        for pid in running:
            if pid is not None:
                log.error("process did not stop in time; ending it", extra={"pid": pid})
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def sockets_of_replaced_master() -> list[socket.socket]:
    """Returns the listening sockets of the master that this one replaces; none at a first start."""
    return [socket.socket(fileno=number) for number in _numbers(os.environ.pop(_SOCKETS, ""))]


def is_trial_start() -> bool:
    """Returns True where the program was started only to see whether it starts; it must not serve then."""
    return _TRIAL in os.environ


def _command_line() -> list[str]:
    return [sys.executable, "-m", "web.cli", *sys.argv[1:]]


def _start_trial() -> _TrialStart:
    output = os.memfd_create("trial start")  # not on the disk, which may be full
    pid = os.posix_spawn(
        sys.executable,
        _command_line(),
        os.environ | {_TRIAL: "1"},
        file_actions=[(os.POSIX_SPAWN_DUP2, output, number) for number in (1, 2)],
        setsigmask=[],
    )
    return _TrialStart(pid, output, time.monotonic() + START_SECONDS)


def _run_role(role: ProcessRole, master: socket.socket, replaced_pid: int | None) -> NoReturn:
    """Run a role in a forked process from start to exit."""
    status = 1
    try:
        Path(os.sep, "proc", "self", "comm").write_text(role.name)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        stop = StopRequest(master)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        role.run(stop, replaced_pid)
        status = 0
    except Exception:
        log.exception("process failed", extra={"role": role.name})
    finally:
        logging.shutdown()
        os._exit(status)


def _ended() -> list[tuple[int, int]]:
    """Returns process ids and exit statuses of the children that have ended since the last call."""
    ended = []
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            ended.append((pid, os.waitstatus_to_exitcode(status)))
    return ended


def _descriptors(sockets: Sequence[socket.socket]) -> str:
    return ",".join(str(each.fileno()) for each in sockets)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]
