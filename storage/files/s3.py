"""Store of files in a bucket of an S3-compatible service. A file's key is the SHA-256 of its content."""

from __future__ import annotations

import datetime as dt
import io
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qs, urlsplit

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, SSLError

from archive.errors import NotFound, SettingsError, Unavailable
from archive.ports import StoredFile
from storage.files.local import SHA256, convert_disk_errors, copy_and_hash, no_such_file

log = logging.getLogger("prakat.s3")
logging.getLogger("botocore").setLevel(logging.WARNING)  # INFO logs where credentials were found

_IN_MEMORY = 4 << 20
"""Most bytes of an upload that are kept in memory; a larger upload is kept in a temporary file."""

_PARTS = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, max_concurrency=4)
_BUFFER = 1 << 18  # bytes fetched ahead of what is read

_ABANDONED = dt.timedelta(days=1)
"""Age after which an unfinished multipart upload is taken for abandoned, and is aborted."""

_OPTIONS = {"endpoint", "region"}
_ABSENT = {"404", "NoSuchKey", "NotFound"}


class S3Files:
    """Adapter of ``archive.ports.Files`` for ``s3://bucket/prefix?endpoint=…&region=…``.

    Credentials are read from the places that Amazon's own tools use (``AWS_ACCESS_KEY_ID`` and the like).
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        options = parse_qs(parts.query)
        if unknown := options.keys() - _OPTIONS:
            raise SettingsError(f"ไม่รู้จัก {', '.join(sorted(unknown))} ใน PRAKAT_FILES (unknown option)")
        self._bucket = parts.netloc
        self._prefix = f"{folder}/" if (folder := parts.path.strip("/")) else ""
        self._endpoint = options.get("endpoint", [None])[0]
        self._region = options.get("region", ["us-east-1"])[0]
        self._clients: dict[int, Any] = {}
        self._find_bucket()

    def add(self, stream: BinaryIO, *, limit: int) -> StoredFile:
        """Upload a stream's bytes under their SHA-256, even where that file is stored already.

        The bytes are hashed into a temporary file, which is then uploaded. The service checks each part of
        the upload, and shows the whole file or nothing. Nothing is copied or renamed within the store.
        """
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as received:
            spool = cast(BinaryIO, received)
            with convert_disk_errors():
                stored = copy_and_hash(stream, spool, limit)
                spool.seek(0)
            with _answered():
                self._client().upload_fileobj(
                    spool,
                    self._bucket,
                    self._key(stored.sha256),
                    ExtraArgs={"ChecksumAlgorithm": "SHA256"},
                    Config=_PARTS,
                )
        return stored

    def open(self, sha256: str) -> BinaryIO:
        return io.BufferedReader(_Object(self._client(), self._bucket, self._key(sha256)), _BUFFER)

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        """Provide the path of a private copy, which is deleted at the end of the context."""
        key = self._key(sha256)
        with tempfile.NamedTemporaryFile(prefix="prakat-") as copy:
            with convert_disk_errors(), _answered():
                self._client().download_fileobj(self._bucket, key, copy, Config=_PARTS)
                copy.flush()
            yield Path(copy.name)

    def exists(self, sha256: str) -> bool:
        try:
            with _answered():
                self._client().head_object(Bucket=self._bucket, Key=self._key(sha256))
        except NotFound:
            return False
        return True

    def remove(self, sha256: str) -> None:
        """Delete a file. A bucket with versioning keeps it for as long as the bucket's rules say."""
        with _answered():
            self._client().delete_object(Bucket=self._bucket, Key=self._key(sha256))

    def all(self) -> Iterator[StoredFile]:
        """Yield every stored file in the order in which the service lists them, which is that of the keys."""
        for item in self._listed("list_objects_v2", "Contents"):
            name = item["Key"].removeprefix(self._prefix)
            if SHA256.fullmatch(name):
                yield StoredFile(name, item["Size"])

    def _key(self, sha256: str) -> str:
        if not SHA256.fullmatch(sha256):  # never a key from outside
            raise no_such_file()
        return self._prefix + sha256

    def _find_bucket(self) -> None:
        """Check the bucket, and sweep abandoned uploads.

        Raises ``SettingsError`` for a wrong bucket. A service that does not answer is only logged.
        """
        try:
            self._client().head_bucket(Bucket=self._bucket)
            self._sweep()
        except (BotoCoreError, Unavailable) as error:
            log.warning("no answer from the store of files", extra={"why": str(error)})
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                log.warning("the store of files is not ready", extra={"why": str(error)})
                return
            raise SettingsError(
                f"ใช้ที่เก็บไฟล์ {self._bucket} ใน PRAKAT_FILES ไม่ได้ (no such bucket, or no right to it): {error}"
            ) from error

    def _sweep(self) -> None:
        """Abort abandoned multipart uploads of dead processes. They are never visible, but take space."""
        old = dt.datetime.now(dt.UTC) - _ABANDONED
        for upload in self._listed("list_multipart_uploads", "Uploads"):
            if upload["Initiated"] < old:
                with suppress(ClientError):  # another process was faster
                    self._client().abort_multipart_upload(
                        Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )

    def _listed(self, operation: str, what: str) -> Iterator[dict[str, Any]]:
        with _answered():
            pages = self._client().get_paginator(operation)
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                yield from page.get(what, ())

    def _client(self) -> Any:
        """Return the client of this process: a forked child must not use its parent's connections."""
        client = self._clients.get(os.getpid())
        if client is None:
            client = boto3.session.Session().client(
                "s3",
                endpoint_url=self._endpoint,
                region_name=self._region,
                config=Config(
                    connect_timeout=5,
                    read_timeout=60,
                    retries={"mode": "standard", "total_max_attempts": 3},
                    max_pool_connections=16,
                    s3={"addressing_style": "path" if self._endpoint else "auto"},
                ),
            )
            self._clients[os.getpid()] = client
        return client


class _Object(io.RawIOBase):
    """Seekable stream of an object. A read after ``seek`` sends a new request. Raises ``NotFound``."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client = client
        self._place = {"Bucket": bucket, "Key": key}
        self._at = 0
        with _answered():
            answer = client.get_object(**self._place)
        self._size: int = answer["ContentLength"]
        self._body: Any = answer["Body"]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset != self._at:
            self._drop_body()
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        with _answered():
            if self._body is None:
                answer = self._client.get_object(**self._place, Range=f"bytes={self._at}-")
                self._body = answer["Body"]
            chunk = self._body.read(len(buffer))
        buffer[: len(chunk)] = chunk
        self._at += len(chunk)
        return len(chunk)

    def close(self) -> None:
        self._drop_body()
        super().close()

    def _drop_body(self) -> None:
        if getattr(self, "_body", None) is not None:
            self._body.close()
            self._body = None


_FULL = {"XMinioStorageFull", "QuotaExceeded", "InsufficientStorage", "507"}


@contextmanager
def _answered() -> Iterator[None]:
    """Convert errors of the service into ``NotFound`` and ``Unavailable``."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _ABSENT:
            raise no_such_file() from None
        full = code in _FULL
        raise Unavailable(
            "พื้นที่เก็บไฟล์เต็ม ระบบยังไม่ได้บันทึกไฟล์นี้ กรุณาแจ้งผู้ดูแลเครื่อง"
            if full
            else "ที่เก็บไฟล์ยังรับคำสั่งไม่ได้ กรุณาลองใหม่อีกครั้ง หากยังไม่ได้ กรุณาแจ้งผู้ดูแลเครื่อง"
        ) from error
    except SSLError as error:
        raise Unavailable("ใบรับรองของที่เก็บไฟล์ใช้ไม่ได้ จึงไม่ส่งข้อมูลให้ กรุณาแจ้งผู้ดูแลเครื่อง") from error
    except (BotoCoreError, Boto3Error) as error:
        raise Unavailable("ติดต่อที่เก็บไฟล์ไม่ได้ กรุณาลองใหม่อีกครั้ง หากยังไม่ได้ กรุณาแจ้งผู้ดูแลเครื่อง") from error
