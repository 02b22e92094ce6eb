"""A TLS proxy before a server of the tests: ends TLS, and admits only clients with the account."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import trustme

_REFUSED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_GOODBYE = 0.1  # seconds to wait until the other end has closed a connection too


@contextmanager
def door(upstream: int, certificate: trustme.LeafCert, account: str = "") -> Iterator[int]:
    """Yields the port of a proxy before the server at the port ``upstream`` of this machine.

    ``account``: name:password that the first request of each connection must have.
    """
    context = SSLContext(PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    expected = base64.b64encode(account.encode())

    async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n") if account else b""
            if account and b"Basic " + expected not in head:
                writer.write(_REFUSED)
                await writer.drain()
                return
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", upstream)
            with closing(inner_writer):
                inner_writer.write(head)
                ways = [_carry(reader, inner_writer), _carry(inner_reader, writer)]
                await asyncio.wait(map(asyncio.create_task, ways), return_when=asyncio.FIRST_COMPLETED)

    opened: Future[int] = Future()
    shut = asyncio.Event()

    async def serve() -> None:
        opening = asyncio.start_server(enter, "127.0.0.1", 0, ssl=context, ssl_shutdown_timeout=_GOODBYE)
        async with await opening as server:
            opened.set_result(server.sockets[0].getsockname()[1])
            await shut.wait()
        everyone = asyncio.all_tasks() - {asyncio.current_task()}
        for one in everyone:
            one.cancel()
        await asyncio.gather(*everyone, return_exceptions=True)
        await asyncio.sleep(4 * _GOODBYE)  # until the connections are closed

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        yield opened.result(10)
    finally:
        loop.call_soon_threadsafe(shut.set)
        thread.join()
        loop.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
