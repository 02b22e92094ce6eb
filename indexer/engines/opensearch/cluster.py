"""OpenSearch client of the index: address, calls with explained errors, and bulk writing."""

from __future__ import annotations

import base64
import logging
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from opensearchpy import OpenSearch
from opensearchpy.exceptions import (
    AuthenticationException,
    AuthorizationException,
    ConnectionTimeout,
    NotFoundError,
    OpenSearchException,
    SSLError,
    TransportError,
)
from opensearchpy.helpers import streaming_bulk

from archive.errors import SettingsError, Unavailable

logging.getLogger("opensearch").setLevel(logging.ERROR)  # a dead node is told of with every request

_PATIENCE = 10.0  # seconds to wait for an answer
LONG = 60  # seconds to wait for a bulk write, or for a new index to be ready
_POLL = 0.5  # seconds between checks of a running task
_COPIES = 20  # seconds to wait for the replicas of a new index
_TRIES = 3  # further ones of a request that found no node, took too long or met a failing gateway
_IDS_AT_ONCE = 10_000  # ids in one answer: the most that a cluster gives by default
_AT_ONCE = 200  # documents in one bulk request
_BYTES_AT_ONCE = 8 << 20  # of one bulk request; a cluster takes 100 MB by default
_REJECTED_AGAIN = 8  # times that an action which a busy cluster rejected is sent again, with longer pauses
_PAUSE, LONGEST_PAUSE = 1, 30  # seconds before an action is sent again

_HARMLESS = {"index": {409}, "create": {409}, "delete": {404, 409}}
"""HTTP statuses by bulk action that are no errors.

They mean that a newer update exists, or that the document was created or deleted already.
"""


@dataclass(frozen=True, slots=True)
class Address:
    """The address of an OpenSearch cluster with its account and the settings of the index.

    As a URL: ``opensearch+http(s)://user:password@host:port,host2…/?index=…&shards=…&replicas=…&refresh=…&ca=…``
    """

    hosts: tuple[str, ...]
    account: tuple[str, str] | None = field(repr=False)  # user:password
    ca: str | None = None  # file of the authorities that may vouch for the nodes, if not the machine's
    index: str = "prakat"
    shards: int = 1
    replicas: int = 1
    refresh: str = "1s"


def read_address(text: str) -> Address:
    """Returns the address that ``text`` describes. Raises ``SettingsError`` that names the wrong part."""
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
    numbers = {name: int(options.pop(name)) for name in ("shards", "replicas") if name in options}
    credentials = (unquote(user), unquote(password)) if account else None
    return Address(hosts, credentials, **options, **numbers)  # type: ignore[arg-type]  # by name


class IndexRemoved(Exception):
    """Raised when an index no longer exists: another generation may have taken its place."""


class Cluster:
    """Calls to the nodes of an address. A dead node is skipped and its request is sent to another node."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._clients: dict[int, OpenSearch] = {}

    @property
    def client(self) -> OpenSearch:
        """Returns the client of this process; a child process cannot use the connections of its parent."""
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

    @contextmanager
    def calling(self) -> Iterator[OpenSearch]:
        """Yields the client for other calls; raises what ``convert_cluster_errors`` makes of their errors."""
        with convert_cluster_errors():
            yield self.client

    def multi_search(
        self, index: str, bodies: Sequence[Mapping[str, Any] | str], preference: str = ""
    ) -> list[dict[str, Any]]:
        """Returns the responses of several searches on one index; never partial results of some shards.

        ``bodies`` may be JSON. On several shards the statistics of all rank.
        """
        head = {"index": index, "allow_partial_search_results": False}
        head |= {"preference": preference} if preference else {}
        head |= {"search_type": "dfs_query_then_fetch"} if self.address.shards > 1 else {}
        with convert_cluster_errors():
            lines = [line for body in bodies for line in (head, body)]
            answers = self.client.msearch(body=lines)["responses"]
        for answer in answers:
            if "error" in answer:
                raise _trouble(answer["status"], answer["error"])
        return list(answers)

    def get_documents(self, index: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Returns the documents among ``ids`` that exist, in their current state."""
        with convert_cluster_errors():
            found = self.client.mget(index=index, body={"ids": list(ids)})["docs"]
        for one in found:
            if "error" in one:
                raise _trouble(503, one["error"])
        return [one for one in found if one["found"]]

    def bulk_write(
        self, index: str, actions: Iterable[Mapping[str, Any]], *, should_await_visibility: bool
    ) -> None:
        """Sends bulk actions in order, drops outdated ones silently; ``IndexRemoved`` if the index is gone.

        The index is one that ``allow_writing`` allows; a write never creates it again. An action is outdated
        where the index has a newer version, has the document to be created, or lacks the one to be deleted.

        Actions that a busy cluster rejects are sent again. With ``should_await_visibility`` this method
        returns only when searches see all actions.
        """
        with convert_cluster_errors():
            sent = streaming_bulk(
                self.client,
                actions,
                index=_writing_name(index),
                chunk_size=_AT_ONCE,
                max_chunk_bytes=_BYTES_AT_ONCE,
                raise_on_error=False,
                max_retries=_REJECTED_AGAIN,
                initial_backoff=_PAUSE,
                max_backoff=LONGEST_PAUSE,
                request_timeout=LONG,
                refresh="wait_for" if should_await_visibility else False,
            )
            for taken, item in sent:
                ((action, outcome),) = item.items()
                if not taken and outcome.get("status") not in _HARMLESS[action]:
                    error = outcome.get("error") or {}
                    is_gone = error.get("type") == "invalid_index_name_exception"  # it would be created
                    raise _trouble(404 if is_gone else outcome.get("status", 503), error)

    def count(self, index: str, *conditions: Mapping[str, Any]) -> int:
        """Returns the number of documents, visible to searches, that meet all conditions."""
        query = {"bool": {"filter": list(conditions)}}
        (answer,) = self.multi_search(index, [{"query": query, "size": 0, "track_total_hits": True}])
        return int(answer["hits"]["total"]["value"])

    def list_ids(self, index: str, condition: Mapping[str, Any]) -> list[int]:
        """Returns the announcement ids, ascending, of all documents that meet the condition."""
        ids: list[int] = []
        while True:
            page = {
                "query": condition,
                "size": _IDS_AT_ONCE,
                "sort": [{"id": "asc"}],
                "stored_fields": "_none_",
                "track_total_hits": False,
                **({"search_after": ids[-1:]} if ids else {}),
            }
            hits = self.multi_search(index, [page])[0]["hits"]["hits"]
            ids += [hit["sort"][0] for hit in hits]
            if len(hits) < _IDS_AT_ONCE:
                return ids

    # Indexes

    def live_index(self, alias: str) -> str | None:
        """Returns the name of the index that the alias points to; None if there is none."""
        with suppress(IndexRemoved), convert_cluster_errors():
            return str(next(iter(self.client.indices.get_alias(name=alias))))
        return None

    def allow_writing(self, index: str) -> None:
        """Gives an index, if it has none yet, the alias that ``bulk_write`` writes through."""
        with convert_cluster_errors():
            self.client.indices.put_alias(index=index, name=_writing_name(index))

    def remove_index(self, index: str) -> None:
        """Deletes an index; does nothing if there is none of this name."""
        with convert_cluster_errors():
            self.client.indices.delete(index=index, ignore_unavailable=True, request_timeout=LONG)

    def read_metadata(self, index: str) -> dict[str, Any]:
        """Returns the values stored as ``_meta`` of the index's mapping; an empty dict if there are none."""
        with convert_cluster_errors():
            found = self.client.indices.get_mapping(index=index)[index]["mappings"]
        return dict(found.get("_meta", {}))

    def merge_segments(self, index: str, segments: int) -> Iterator[None]:
        """Merges a newly filled index into ``segments`` segments per shard; yields until that is done.

        The merge halves the index, as data kept for copying single documents goes, and speeds up searches.
        """
        with convert_cluster_errors():
            self.client.indices.flush(index=index, force=True, request_timeout=LONG)
            merging = {"max_num_segments": segments, "wait_for_completion": False}
            task = self.client.indices.forcemerge(index=index, **merging)["task"]
            while not self.client.tasks.get(task_id=task)["completed"]:
                time.sleep(_POLL)
                yield

    def wait_until_searchable(self, index: str) -> None:
        """Waits until every shard can be searched; ``Unavailable`` if one has no copy in 80 seconds.

        In the first 20 seconds it waits for all copies of the index's shards.
        """
        with convert_cluster_errors():
            for status, seconds in (("green", _COPIES), ("yellow", LONG)):
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
        """Returns the names of the shards of which no copy can be searched; none of an index that is gone."""
        with convert_cluster_errors():  # without the timeout it waits for an index that is gone
            found = self.client.cluster.health(
                index=index, level="shards", timeout="0s", request_timeout=_PATIENCE, ignore=(408,)
            )
        shards = found.get("indices", {}).get(index, {}).get("shards", {})
        return [f"{index}/{number}" for number, shard in sorted(shards.items()) if shard["status"] == "red"]


def _writing_name(index: str) -> str:
    """Returns the alias to write through: with capitals, as no index can be created by such a name."""
    return f"{index}-WRITING"


def _credentials(account: tuple[str, str] | None) -> dict[str, str]:
    """Returns the header for a name and password in any script; the client library accepts only Latin."""
    if account is None:
        return {}
    return {"authorization": f"Basic {base64.b64encode(':'.join(account).encode()).decode()}"}


@contextmanager
def convert_cluster_errors() -> Iterator[None]:
    """Converts a lost index to ``IndexRemoved``, a bad request to ``RuntimeError``, else ``Unavailable``."""
    try:
        yield
    except TransportError as error:
        status = error.status_code if isinstance(error.status_code, int) else 503
        raise _trouble(status, error) from error
    except OpenSearchException as error:
        raise _trouble(503, error) from error


def _trouble(status: int, error: object) -> Exception:
    if isinstance(error, NotFoundError) or status == 404:
        return IndexRemoved(str(error))
    if isinstance(error, SSLError):
        return Unavailable(
            "ใบรับรองของเครื่องมือค้นหาใช้ไม่ได้ จึงไม่ส่งข้อมูลให้ กรุณาแจ้งผู้ดูแลเครื่อง", code="search-untrusted"
        )
    if isinstance(error, AuthenticationException | AuthorizationException) or status in (401, 403):
        return Unavailable("เครื่องมือค้นหาไม่รับชื่อหรือรหัสผ่านของระบบ กรุณาแจ้งผู้ดูแลเครื่อง", code="search-refused")
    if status == 400:
        return RuntimeError(f"the search cluster does not understand: {error}")
    if isinstance(error, ConnectionTimeout):
        return Unavailable("เครื่องมือค้นหาตอบช้าเกินไป กรุณาลองอีกครั้งในอีกสักครู่", code="search-slow")
    return Unavailable(
        "เครื่องมือค้นหายังไม่พร้อม กรุณาลองอีกครั้งในอีกสักครู่ ประกาศและไฟล์ยังเปิดอ่านได้ตามปกติ",
        code="search-unavailable",
    )
