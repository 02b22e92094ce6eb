"""The HTTP server of one process: waitress with limits on time, connections and bodies, and an orderly stop.

An event loop receives requests and sends answers, so that slow clients cost a socket and no thread; threads
run the application. ``/healthz`` has a thread of its own and answers while all others are busy.
"""

from __future__ import annotations

import io
import logging
import resource
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_from_bytes
from wsgiref.types import WSGIApplication, WSGIEnvironment

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask

from web.serving.log import RECEIVE_SECONDS, WAIT_SECONDS

if TYPE_CHECKING:
    from web.serving.prefork import StopRequest

THREADS = 4
"""Requests that one process answers at the same time; more threads would contend for the interpreter."""

MAX_CONNECTIONS = 1_000  # of one process; each idle one costs a socket and some 10 KB
MAX_CONNECTIONS_PER_ADDRESS = 200  # an office behind one address has some dozens of browsers, each with six

IDLE_SECONDS = 30.0  # that a connection without a request is kept open
HEADER_SECONDS = 10.0  # from a request's first byte to the end of its header
BODY_SECONDS = 30.0  # for a body, and longer while the body comes faster than ``MIN_BODY_RATE``
MIN_BODY_RATE = 1_000  # bytes a second; a poor mobile connection sends ten times as much
STALLED_SECONDS = 30.0  # in which a client takes no byte of the answer, after which it is cut off
LINGER_SECONDS = 3.0  # of reading on what a refused client sends, so that the client sees the refusal

DRAIN_SECONDS = 20.0  # seconds at a stop for requests in flight to be received, answered and sent

LAST_REQUEST_SECONDS = 0.5
"""Seconds at a stop for which a connection without a request stays open: its next request may be on its way,
and would be met by a reset. The answer to it says that the connection is closed."""

_ARRIVING_SECONDS = 0.5  # at a stop, for taking up clients that are connecting; one is taken up at a time

SMALL_BODY = 1 << 20
"""Bytes of a body that anybody may send; announcements with long texts have a tenth of it.

A larger body is read only after ``may_send_large_body`` agreed."""

HURRY = "Prakat-Hurry"
"""Header by which the application learns that many wait behind a request: it must not wait for its turn."""

_ALWAYS_ANSWERED = "healthz"
_SLOW_NAMES = ("file", "searchable.pdf")  # made in other processes, or read whole before they are sent
_SLOW_TYPES = (".webp", ".csv", ".jsonl")
_MOST_SLOW = 12  # requests that wait for the threads of slow ones; the others are told to hurry
_LOOP_SECONDS = 1.0  # between checks for overdue connections
_DESCRIPTORS = 4 * MAX_CONNECTIONS
_ASCII = "".join(map(chr, range(0x80)))

logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a short queue is not worth a log line


def listen(host: str, port: int) -> list[socket.socket]:
    """Returns listening sockets for every address of ``host``, to be shared by processes.

    Raises ``OSError``.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return [
        socket.create_server(address[:2], family=family, backlog=1024)
        for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found)
    ]


class Server:
    """Serves ``application`` with threads and an event loop.

    ``may_send_large_body`` returns True when the client of a request, whose environment is given without its
    body, may send up to ``max_body`` bytes; the server calls it only for bodies above ``SMALL_BODY``.
    ``is_trusted_proxy`` returns True for the address of a trusted proxy, behind which many visitors may share
    one address.
    """

    def __init__(
        self,
        application: WSGIApplication,
        *,
        max_body: int,
        may_send_large_body: Callable[[WSGIEnvironment], bool],
        is_trusted_proxy: Callable[[str], bool],
    ) -> None:
        options = {
            "ident": "prakat",
            "clear_untrusted_proxy_headers": False,  # the application does: web/serving/proxies.py
            "connection_limit": _DESCRIPTORS,
            "log_socket_errors": False,
        }
        self.application, self.may_send_large_body = application, may_send_large_body
        self.is_trusted_proxy = is_trusted_proxy
        self.small = Adjustments(max_request_body_size=SMALL_BODY + 1, **options)
        self.large = Adjustments(max_request_body_size=max_body + 1, **options)
        self.connections: dict[int, Any] = {}
        self._listeners: list[_Listener] = []

    def serve_until_stopped(self, stop: StopRequest, sockets: Iterable[socket.socket]) -> None:
        """Serve until ``stop`` is set; then accept no more requests, finish those in flight, and return.

        ``sockets`` are listening already; other processes may share them.
        """
        _raise_descriptor_limit()
        lanes = _Lanes(THREADS)
        self._listeners = [_Listener(self, lanes, shared) for shared in sockets]
        stop.call_when_set(self._wake)
        while not stop.is_set():
            self._step()
            stop.report_alive()
        for listener in self._listeners:
            listener.is_stopping = True
        self._take_up_arriving()
        for listener in self._listeners:
            wasyncore.dispatcher.close(listener)
        self._drain(stop)
        for channel in self._channels():
            channel.close_now()
        if lanes.shutdown():  # a thread that is still working would use the triggers
            for listener in self._listeners:
                listener.trigger.close()

    def _take_up_arriving(self) -> None:
        """Accept the clients that are already connecting."""
        end = time.monotonic() + _ARRIVING_SECONDS
        before = -1
        while before < (taken := sum(each.taken for each in self._listeners)) and time.monotonic() < end:
            before = taken
            self._step(0.0)

    def _drain(self, stop: StopRequest) -> None:
        end = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < end:
            for channel in self._channels():
                if channel.is_idle() and time.time() - channel.last_activity > LAST_REQUEST_SECONDS:
                    channel.close_now()
            if not self._channels():
                return
            self._step(0.1)
            stop.report_alive()

    def _step(self, seconds: float = _LOOP_SECONDS) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self.connections, count=1)
        for channel in self._channels():
            if channel.is_overdue():
                channel.close_now()

    def _channels(self) -> list[_Channel]:
        return [channel for listener in self._listeners for channel in listener.active_channels.values()]

    def _wake(self) -> None:
        for listener in self._listeners:
            listener.pull_trigger()


class _Listener(TcpWSGIServer):  # type: ignore[misc]
    """Accepts connections. When there are too many, the connection idle for the longest is closed."""

    is_stopping = False  # each answer is the last of its connection
    taken = 0  # connections taken up

    def __init__(self, owner: Server, lanes: _Lanes, shared: socket.socket) -> None:
        self.owner = owner
        info = (shared.family, shared.type, shared.proto, shared.getsockname())
        super().__init__(
            owner.application,
            owner.connections,
            True,
            shared,
            dispatcher=lanes,
            adj=owner.small,
            sockinfo=info,
            bind_socket=False,
        )

    def channel_class(
        self, server: _Listener, connection: socket.socket, address: Any, adj: Any, map: dict[int, Any]
    ) -> None:
        """Take up a new connection; called by ``handle_accept``."""
        self.taken += 1
        channels = list(self.active_channels.values())
        same = [channel for channel in channels if channel.addr[0] == address[0]]
        is_proxy = self.owner.is_trusted_proxy(address[0])
        crowd = same if len(same) >= MAX_CONNECTIONS_PER_ADDRESS and not is_proxy else []
        crowd = crowd or (channels if len(channels) >= MAX_CONNECTIONS else [])
        if crowd:
            unbusy = [channel for channel in crowd if not channel.is_busy()]
            if not unbusy:
                connection.close()
                return
            min(unbusy, key=lambda channel: channel.last_activity).close_now()
        _Channel(server, connection, address, adj, map)

    def maintenance(self, now: float) -> None:
        """Do nothing: ``Server`` checks time-outs once a second; waitress has one time-out for everything."""


class _Task(WSGITask):  # type: ignore[misc]
    """Answers one request."""

    def get_environment(self) -> WSGIEnvironment:
        """Returns the WSGI environment, with the seconds that the request took to arrive and then waited."""
        environment: WSGIEnvironment = super().get_environment()
        environment.setdefault(RECEIVE_SECONDS, self.request.completed_at - self.request.began)
        environment.setdefault(WAIT_SECONDS, time.monotonic() - self.request.completed_at)
        return environment

    def build_response_header(self) -> bytes:
        """Returns the answer's header; while the server stops, it says that the connection is closed."""
        if self.channel.server.is_stopping:
            self.request.headers["CONNECTION"] = "close"
        return bytes(super().build_response_header())

    def set_close_on_finish(self) -> None:
        """Close the connection after the answer, unless the answer has no body.

        An answer without a body (304) marks its own end; waitress would close the connection there too.
        """
        asked = self.request.headers.get("CONNECTION", "").lower() == "close"
        if self.has_body or self.version != "1.1" or asked or self.request.connection_close:
            super().set_close_on_finish()


class _Channel(HTTPChannel):  # type: ignore[misc]
    """One connection with its client."""

    task_class = _Task
    lingers_until: float | None = None
    _was_refused = False
    _waiting = 0  # bytes of answers not yet sent, at the last check

    def __init__(self, *given: Any) -> None:
        self._taken_at = time.monotonic()
        super().__init__(*given)

    def parser_class(self, adj: Any) -> _Request:
        """Returns a new request on this connection."""
        return _Request(adj, self)

    def is_busy(self) -> bool:
        """Returns True while a request is being answered or an answer is being sent."""
        return bool(self.requests or self.total_outbufs_len)

    def is_idle(self) -> bool:
        """Returns True while nothing is being received, answered or sent."""
        return not self.is_busy() and self.request is None and self.lingers_until is None

    def is_overdue(self) -> bool:
        """Returns True when the client is too slow to be waited for any longer."""
        if self.lingers_until is not None:
            return time.monotonic() > self.lingers_until
        if self.is_busy():
            return self._is_stalled()
        self._waiting, self._taken_at = 0, time.monotonic()
        if self.request is None:
            return bool(time.time() - self.last_activity > IDLE_SECONDS)
        return bool(self.request.is_overdue())

    def _is_stalled(self) -> bool:
        """Returns True when bytes wait for the client and it took none for more than ``STALLED_SECONDS``."""
        now, waiting = time.monotonic(), self.total_outbufs_len
        if waiting == 0 or waiting < self._waiting:
            self._taken_at = now
        self._waiting = waiting
        return waiting > 0 and now - self._taken_at > STALLED_SECONDS

    def close_now(self) -> None:
        """Close the connection, even if bytes are still to be sent."""
        self.lingers_until = 0.0
        self.handle_close()

    def handle_close(self) -> None:
        """Close the connection.

        After a refusal the client may first finish sending; otherwise the client would not see the answer.
        """
        if self.lingers_until is None and self._was_refused:
            self.lingers_until = time.monotonic() + LINGER_SECONDS
            self.will_close = False
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
                return
        super().handle_close()

    def note_refusal(self) -> None:
        """Record that the body of the present request will not be received."""
        self._was_refused = True

    def readable(self) -> bool:
        return self.lingers_until is not None or super().readable()

    def writable(self) -> bool:
        return self.lingers_until is None and bool(super().writable())

    def received(self, data: bytes) -> bool:
        """Receive data from the client; data from a client whose request was refused is dropped."""
        return self.lingers_until is None and bool(super().received(data))


class _Request(HTTPRequestParser):  # type: ignore[misc]
    """A request as it is received.

    Thai in an address is accepted unescaped too: browsers escape Thai, people at a shell do not.
    """

    def __init__(self, adj: Any, channel: _Channel) -> None:
        super().__init__(adj)
        self._channel = channel
        self.began = self.completed_at = time.monotonic()  # of its first byte, and of its last

    def received(self, data: bytes) -> int:
        """Take bytes of the request. Returns how many of them were its own."""
        taken = int(super().received(data))
        self.completed_at = time.monotonic()
        return taken

    def parse_header(self, header_plus: bytes) -> None:
        """Read the header, and decide from the header how long the body may be."""
        line, end, rest = header_plus.partition(b"\r\n")
        super().parse_header(quote_from_bytes(line, safe=_ASCII).encode() + end + rest)
        if self.content_length <= SMALL_BODY and not self.chunked:
            return
        server = self._channel.server.owner
        if server.may_send_large_body(self._environment()):
            self.adj = server.large
        elif not self.chunked:  # a chunked body is cut off when it becomes too long
            self._refuse()

    def is_overdue(self) -> bool:
        """Returns True when the request's header or body comes in too slowly."""
        took = time.monotonic() - self.began
        if not self.headers_finished:
            return took > HEADER_SECONDS
        return bool(took > BODY_SECONDS + self.body_bytes_received / MIN_BODY_RATE)

    def _refuse(self) -> None:
        """Pass the request on without its body: the application sees the length and explains the refusal."""
        self.body_rcv = None
        self.content_length = 0
        self.expect_continue = False
        self.connection_close = True
        self._channel.note_refusal()

    def _environment(self) -> WSGIEnvironment:
        """Returns the part of the WSGI environment that is known from the header alone."""
        named = {f"HTTP_{name}": value for name, value in self.headers.items()}
        return {
            "REQUEST_METHOD": self.command.upper(),
            "SCRIPT_NAME": "",
            "PATH_INFO": self.path,
            "QUERY_STRING": self.query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": self._channel.addr[0],
            "CONTENT_LENGTH": self.headers.get("CONTENT_LENGTH", ""),
            "CONTENT_TYPE": self.headers.get("CONTENT_TYPE", ""),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            **named,
        }


class _Lanes:
    """Threads for the application: ordinary ones, some for slow requests, one for ``/healthz``."""

    def __init__(self, threads: int) -> None:
        self._ordinary, self._slow, self._always = (ThreadedTaskDispatcher() for _ in range(3))
        self._ordinary.set_thread_count(threads)
        self._slow.set_thread_count(threads)
        self._always.set_thread_count(1)

    def add_task(self, channel: _Channel) -> None:
        """Queue the first request of the connection for the threads that suit the request."""
        request = channel.requests[0]
        folder, _, name = request.path.rpartition("/")
        lane = self._always if name == _ALWAYS_ANSWERED and not folder else self._ordinary
        if name in _SLOW_NAMES or name.endswith(_SLOW_TYPES):
            if len(self._slow.queue) < _MOST_SLOW:
                lane = self._slow
            else:
                request.headers[HURRY.upper().replace("-", "_")] = "1"
        lane.add_task(channel)

    def shutdown(self) -> bool:
        """End the idle threads. Returns True when no thread is left."""
        lanes = (self._ordinary, self._slow, self._always)
        for lane in lanes:
            lane.shutdown(timeout=1)
        return not any(lane.threads for lane in lanes)


def _raise_descriptor_limit() -> None:
    """Let the process open as many files and sockets as ``MAX_CONNECTIONS`` needs, where the system may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _DESCRIPTORS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(_DESCRIPTORS, hard), hard))
