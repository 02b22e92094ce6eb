"""An OpenSearch cluster as the index uses it: its address, calls that say what is wrong, bulk writing."""

from __future__ import annotations

import base64
import logging
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from opensearchpy import OpenSearch
from opensearchpy.exceptions import (
    AuthenticationException,
    AuthorizationException,
    ConflictError,
    ConnectionTimeout,
    NotFoundError,
    OpenSearchException,
    SSLError,
    TransportError,
)
from opensearchpy.helpers import streaming_bulk

from archive.errors import SettingsError, Unavailable

logging.getLogger("opensearch").setLevel(logging.ERROR)  # a dead node is told of with every request

_PATIENCE = 10.0
"""Seconds to wait for an answer."""

_LONG = 60
"""Seconds to wait for what is written in bulk, or for a new index to be ready."""

_POLL = 0.5
"""Seconds between looks at what is being done."""

_COPIES = 20
"""Seconds to wait for the copies of a new index."""

_TRIES = 3
_AT_ONCE = 200  # documents of one request
_BYTES_AT_ONCE = 8 << 20
_REJECTED_AGAIN = 8  # times, with ever longer pauses, that what a busy cluster rejected is sent again
_PAUSE, _LONGEST_PAUSE = 1, 30  # seconds

_HARMLESS = {"index": {409}, "create": {409}, "delete": {404, 409}}
"""What a newer update has overtaken, or what is there or gone already."""


@dataclass(frozen=True, slots=True)
class Address:
    """``opensearch+http(s)://user:password@host:port,host2…/?index=…&shards=…&replicas=…&refresh=…&ca=…``"""

    hosts: tuple[str, ...]
    account: tuple[str, str] | None = field(repr=False)  # user:password
    ca: str | None = None  # file of the authorities that may vouch for the nodes, if not the machine's
    index: str = "prakat"
    shards: int = 1
    replicas: int = 1
    refresh: str = "1s"


def read_address(text: str) -> Address:
    """Raises ``SettingsError`` with what is wrong."""
    parts = urlsplit(text.removeprefix("opensearch+"))
    account, _, places = parts.netloc.rpartition("@")
    if "@" in parts.path + parts.query + parts.fragment:  # nothing of it is shown
        raise SettingsError(
            "PRAKAT_SEARCH ใช้ไม่ได้: อักขระ / ? # @ : ในชื่อหรือรหัสผ่านต้องเขียนเป็น %2F %3F %23 %40 %3A"
            " (escape these in the name and the password)"
        )
    user, _, password = account.partition(":")
    port = 443 if parts.scheme == "https" else 9200
    hosts = tuple(
        f"{parts.scheme}://{place if ':' in place else f'{place}:{port}'}" for place in places.split(",")
    )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    rules = {
        "index": r"[a-z][a-z0-9_-]{0,99}",
        "shards": "[1-9][0-9]{0,2}",
        "replicas": "[0-9]",
        "refresh": "[1-9][0-9]{0,4}(ms|s)",
        "ca": ".+",
    }
    wrong = [name for name, value in options.items() if not re.fullmatch(rules.get(name, "(?!)"), value)]
    if wrong or not places or parts.path not in ("", "/"):
        raise SettingsError(
            f"PRAKAT_SEARCH ใช้ไม่ได้: {', '.join(wrong) or parts.path or places} (opensearch+http(s)://host:port/"
            "?index=…&shards=…&replicas=…&refresh=…&ca=…)"
        )
    if "ca" in options and not Path(options["ca"]).is_file():
        raise SettingsError(f"PRAKAT_SEARCH ใช้ไม่ได้: ไม่มีไฟล์ใบรับรอง (no file of certificates) {options['ca']}")
    default = Address(hosts, (unquote(user), unquote(password)) if account else None)
    return replace(
        default,
        ca=options.get("ca"),
        index=options.get("index", default.index),
        shards=int(options.get("shards", default.shards)),
        replicas=int(options.get("replicas", default.replicas)),
        refresh=options.get("refresh", default.refresh),
    )


class Gone(Exception):
    """The index that was asked is not there any more: another generation may have taken its place."""


class Cluster:
    """Calls to the nodes of an address. One that is dead is passed over; what is asked is asked again."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._clients: dict[int, OpenSearch] = {}

    @property
    def client(self) -> OpenSearch:
        """Of this process: a child cannot use the connections of its parent."""
        client = self._clients.get(os.getpid())
        if client is None:
            client = self._clients[os.getpid()] = OpenSearch(
                list(self.address.hosts),
                headers=_credentials(self.address.account),
                ca_certs=self.address.ca,
                timeout=_PATIENCE,
                max_retries=_TRIES,
                retry_on_timeout=True,
                retry_on_status=(502, 504),
                pool_maxsize=32,
            )
        return client

    def ask(
        self, index: str, bodies: Sequence[Mapping[str, Any]], preference: str = ""
    ) -> list[dict[str, Any]]:
        """The answers of several searches on one index, whole: never those of some of its shards alone."""
        head = {"index": index, "allow_partial_search_results": False}
        head |= {"preference": preference} if preference else {}
        lines: list[Mapping[str, Any]] = [
            line for body in bodies for line in (head | self._statistics(body), body)
        ]
        with explained():
            answers = self.client.msearch(body=lines)["responses"]
        for answer in answers:
            if "error" in answer:
                raise _trouble(answer["status"], answer["error"])
        return list(answers)

    def _statistics(self, body: Mapping[str, Any]) -> dict[str, str]:
        """What is ranked on several shards is ranked by figures of them all."""
        ranked = self.address.shards > 1 and body["size"] and "sort" not in body
        return {"search_type": "dfs_query_then_fetch"} if ranked else {}

    def documents(self, index: str, ids: Sequence[str], **what: Any) -> list[dict[str, Any]]:
        """Those that are there, by id, as they are now."""
        if not ids:
            return []
        with explained():
            found = self.client.mget(index=index, body={"ids": list(ids)}, **what)["docs"]
        for one in found:
            if "error" in one:
                raise _trouble(503, one["error"])
        return [one for one in found if one["found"]]

    def columns(self, index: str, ids: Sequence[int], names: Sequence[str]) -> list[dict[str, Any]]:
        """Of announcements, as searches see them: the ``fields`` and ``_version`` of those that are there."""
        body = {
            "query": {"terms": {"id": list(ids)}},
            "size": len(ids),
            "sort": ["_doc"],
            "track_total_hits": False,
            **fetched(["id", *names]),
        }
        return list(self.ask(index, [body])[0]["hits"]["hits"]) if ids else []

    def write(self, index: str, actions: Iterable[Mapping[str, Any]], *, visible: bool) -> None:
        """Send bulk actions piece by piece, each when the one before was taken; what the cluster is too busy
        for is sent again. With ``visible`` the last is found by searches when this returns."""
        with explained():
            sent = streaming_bulk(
                self.client,
                actions,
                index=index,
                chunk_size=_AT_ONCE,
                max_chunk_bytes=_BYTES_AT_ONCE,
                raise_on_error=False,
                max_retries=_REJECTED_AGAIN,
                initial_backoff=_PAUSE,
                max_backoff=_LONGEST_PAUSE,
                request_timeout=_LONG,
                refresh="wait_for" if visible else False,
            )
            for taken, item in sent:
                ((action, outcome),) = item.items()
                if not taken and outcome.get("status") not in _HARMLESS[action]:
                    raise _trouble(outcome.get("status", 503), outcome.get("error"))

    def count(self, index: str, query: Mapping[str, Any]) -> int:
        """How many documents that searches see answer."""
        (answer,) = self.ask(index, [{"query": query, "size": 0, "track_total_hits": True}])
        return int(answer["hits"]["total"]["value"])

    # Indexes

    def live(self, alias: str) -> str | None:
        """The index that the alias leads to."""
        with suppress(Gone), explained():
            return str(next(iter(self.client.indices.get_alias(name=alias))))
        return None

    def lead(self, alias: str, index: str, previous: str | None) -> None:
        """From now on the alias leads to the index: in one step."""
        actions = [{"add": {"index": index, "alias": alias}}]
        actions += [{"remove": {"index": previous, "alias": alias}}] if previous else []
        with explained():
            self.client.indices.update_aliases(body={"actions": actions})

    def create(self, index: str, body: Mapping[str, Any]) -> None:
        with explained():
            self.client.indices.create(index=index, body=body, request_timeout=_LONG)

    def remove(self, index: str) -> None:
        with explained():
            self.client.indices.delete(index=index, ignore_unavailable=True, request_timeout=_LONG)

    def named(self, pattern: str) -> list[str]:
        with explained():
            return list(self.client.indices.get_settings(index=pattern, name="index.uuid"))

    def remembered(self, index: str) -> dict[str, Any]:
        """What was written into the index with ``remember``; nothing otherwise."""
        with explained():
            found = self.client.indices.get_mapping(index=index)[index]["mappings"]
        return dict(found.get("_meta", {}))

    def remember(self, index: str, what: Mapping[str, Any]) -> None:
        with explained():
            self.client.indices.put_mapping(index=index, body={"_meta": what})

    def set(self, index: str, settings: Mapping[str, Any]) -> None:
        with explained():
            self.client.indices.put_settings(index=index, body=settings)

    def refresh(self, index: str) -> None:
        with explained():
            self.client.indices.refresh(index=index, request_timeout=_LONG)

    def merge(self, index: str, segments: int) -> Iterator[None]:
        """Write an index that is filled anew in so many segments of each shard: halved, for what was kept to
        copy single documents goes, and sooner searched. Gives way again and again until it is done."""
        with explained():
            self.client.indices.flush(index=index, force=True, request_timeout=_LONG)
            merging = {"max_num_segments": segments, "wait_for_completion": False}
            task = self.client.indices.forcemerge(index=index, **merging)["task"]
            while not self.client.tasks.get(task_id=task)["completed"]:
                time.sleep(_POLL)
                yield

    def wait_for(self, index: str) -> None:
        """Until every shard of the index can be searched, on as many nodes as it should be while there is
        time; ``Unavailable`` if not even on one."""
        with explained():
            for status, seconds in (("green", _COPIES), ("yellow", _LONG)):
                found = self.client.cluster.health(
                    index=index,
                    wait_for_status=status,
                    timeout=f"{seconds}s",
                    request_timeout=seconds + _PATIENCE,
                    ignore=(408,),
                )
                if not found["timed_out"]:
                    return
        raise _trouble(503, "shards are not assigned")

    def lost_shards(self, index: str) -> list[str]:
        """Shards of which no copy can be searched."""
        with explained():
            found = self.client.cluster.health(index=index, level="shards")
        shards = found.get("indices", {}).get(index, {}).get("shards", {})
        return [f"{index}/{number}" for number, shard in sorted(shards.items()) if shard["status"] == "red"]

    # A lease

    def take(self, index: str, owner: str, seconds: float) -> bool:
        """Whether the lease that the index stands for is now the owner's, for so long from now on."""
        body = {"owner": owner, "until": time.time() + seconds}
        with explained():
            try:
                self.client.create(index=index, id="lease", body=body)
                return True
            except ConflictError:
                found = self.client.get(index=index, id="lease", ignore=(404,))
            if not found["found"]:
                return False
            # One that ends later than any could was taken before the clock was set back.
            left = found["_source"]["until"] - time.time()
            if found["_source"]["owner"] != owner and 0 < left <= 2 * seconds:
                return False
            with suppress(ConflictError):  # another was faster
                read = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
                self.client.index(index=index, id="lease", body=body, **read)
                return True
        return False

    def give_back(self, index: str, owner: str) -> None:
        """The lease, if it is still the owner's. If the cluster does not answer it lapses."""
        with suppress(Unavailable), explained():
            found = self.client.get(index=index, id="lease", ignore=(404,))
            if found.get("found") and found["_source"]["owner"] == owner:
                self.client.delete(index=index, id="lease", ignore=(404,))


def _credentials(account: tuple[str, str] | None) -> dict[str, str]:
    """Of a name and password in any script; the client library's own way takes only Latin ones."""
    if account is None:
        return {}
    return {"authorization": f"Basic {base64.b64encode(':'.join(account).encode()).decode()}"}


def fetched(names: Sequence[str]) -> dict[str, Any]:
    """What a search is to bring of each document: columns. Whole documents would cost ten times as much."""
    return {"_source": False, "stored_fields": "_none_", "version": True, "docvalue_fields": list(names)}


@contextmanager
def explained() -> Iterator[None]:
    """Trouble with the cluster as ``Unavailable``, a lost index as ``Gone``, our own mistakes as such."""
    try:
        yield
    except TransportError as error:
        status = error.status_code if isinstance(error.status_code, int) else 503
        raise _trouble(status, error) from error
    except OpenSearchException as error:
        raise _trouble(503, error) from error


def _trouble(status: int, error: object) -> Exception:
    if isinstance(error, NotFoundError) or status == 404:
        return Gone(str(error))
    if isinstance(error, SSLError):
        return Unavailable(
            "ใบรับรองของเครื่องมือค้นหาใช้ไม่ได้ จึงไม่ส่งข้อมูลให้ กรุณาแจ้งผู้ดูแลระบบ",
            code="search-untrusted",
        )
    if isinstance(error, AuthenticationException | AuthorizationException) or status in (401, 403):
        return Unavailable(
            "เครื่องมือค้นหาไม่รับชื่อหรือรหัสผ่านของระบบ กรุณาแจ้งผู้ดูแลระบบ",
            code="search-refused",
        )
    if status == 400:
        return RuntimeError(f"the search cluster does not understand: {error}")
    if isinstance(error, ConnectionTimeout):
        return Unavailable("เครื่องมือค้นหาตอบช้าเกินไป กรุณาลองอีกครั้งในอีกสักครู่", code="search-slow")
    return Unavailable(
        "เครื่องมือค้นหายังไม่พร้อม กรุณาลองอีกครั้งในอีกสักครู่ ประกาศและไฟล์ยังเปิดอ่านได้ตามปกติ",
        code="search-unavailable",
    )
