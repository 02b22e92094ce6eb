"""Failures that only a store on the network can have: leftover parts, no bucket, no server."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from archive.errors import SettingsError, Unavailable
from storage.files.s3 import S3Files
from tests.contracts.engines import prefix
from tests.factories.records import stored

pytestmark = pytest.mark.skipif("SCALE_FILES" not in os.environ, reason="run by make test-scale")

LARGE = os.urandom(20 << 20)  # three parts


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with prefix(tmp_path) as address:
        yield address


def client(address: str) -> Any:
    return boto3.client(
        "s3", endpoint_url=parse_qs(urlsplit(address).query)["endpoint"][0], region_name="us-east-1"
    )


def test_a_file_in_parts_comes_back(address: str) -> None:
    files = S3Files(address)
    kept = files.add(io.BytesIO(LARGE), limit=len(LARGE))
    assert kept == stored(LARGE)
    with files.open(kept.sha256) as stream:
        assert stream.read() == LARGE
        stream.seek(15 << 20)
        assert stream.read(1000) == LARGE[15 << 20 :][:1000]
        stream.seek(-1000, io.SEEK_CUR)
        assert stream.read(1000) == LARGE[15 << 20 :][:1000]
    with files.local_path(kept.sha256) as path:
        assert path.read_bytes() == LARGE
    assert not path.exists()


def test_what_a_killed_upload_left_is_not_seen_and_not_in_the_way(address: str) -> None:
    key = f"{urlsplit(address).path[1:]}/{stored(LARGE).sha256}"
    place = {"Bucket": "prakat", "Key": key}
    begun = client(address).create_multipart_upload(**place)
    client(address).upload_part(**place, UploadId=begun["UploadId"], PartNumber=1, Body=LARGE[: 8 << 20])
    files = S3Files(address)
    assert not files.exists(stored(LARGE).sha256)
    assert list(files.all()) == []
    files.add(io.BytesIO(LARGE), limit=len(LARGE))
    assert list(files.all()) == [stored(LARGE)]


def test_the_uploads_of_the_living_are_left_alone(address: str) -> None:
    key = f"{urlsplit(address).path[1:]}/{'0' * 64}"
    begun = client(address).create_multipart_upload(Bucket="prakat", Key=key)
    S3Files(address)
    listed = client(address).list_multipart_uploads(Bucket="prakat", Prefix=key)["Uploads"]
    assert [upload["UploadId"] for upload in listed] == [begun["UploadId"]]


def test_what_is_not_ours_is_no_file(address: str) -> None:
    client(address).put_object(Bucket="prakat", Key=f"{urlsplit(address).path[1:]}/readme.txt", Body=b"x")
    assert list(S3Files(address).all()) == []


def test_a_wrong_bucket_stops_the_start(address: str) -> None:
    with pytest.raises(SettingsError):
        S3Files(address.replace("s3://prakat", "s3://nobody"))
    with pytest.raises(SettingsError):
        S3Files(address + "&endpiont=x")


def test_a_silent_server_is_unavailable_but_does_not_stop_the_start(address: str) -> None:
    files = S3Files("s3://prakat?endpoint=http://127.0.0.1:9")
    for asked in (
        lambda: files.add(io.BytesIO(b"x"), limit=1),
        lambda: files.exists("0" * 64),
        lambda: files.open("0" * 64),
    ):
        with pytest.raises(Unavailable) as refused:
            asked()
        assert refused.value.retry
