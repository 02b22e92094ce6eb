"""Contract of every ``Files``, and the local store's behaviour on a bad disk."""

from __future__ import annotations

import errno
import hashlib
import io
import stat
from pathlib import Path

import pytest

from archive.errors import NotFound, TooLarge
from archive.ports import Files, StoredFile
from storage.files.local import LocalFiles

CONTENT = b"%PDF-1.7\n" + bytes(range(256)) * 9000  # more than two chunks
SHA256 = hashlib.sha256(CONTENT).hexdigest()
UNKNOWN = "0" * 64


def test_bytes_come_back(files: Files) -> None:
    assert files.add(io.BytesIO(CONTENT), limit=len(CONTENT)) == StoredFile(SHA256, len(CONTENT))
    with files.open(SHA256) as stream:
        assert stream.read() == CONTENT
        stream.seek(-5, io.SEEK_END)
        assert stream.read() == CONTENT[-5:]
    with files.local_path(SHA256) as path:
        assert path.read_bytes() == CONTENT
    assert files.exists(SHA256)


def test_adding_again_changes_nothing(files: Files) -> None:
    first = files.add(io.BytesIO(CONTENT), limit=len(CONTENT))
    assert files.add(io.BytesIO(CONTENT), limit=len(CONTENT)) == first
    assert list(files.all()) == [first]


def test_what_is_removed_is_gone_and_can_be_added_again(files: Files) -> None:
    files.add(io.BytesIO(CONTENT), limit=len(CONTENT))
    for _ in range(2):
        files.remove(SHA256)
        assert not files.exists(SHA256)
    assert list(files.all()) == []
    assert files.add(io.BytesIO(CONTENT), limit=len(CONTENT)) == StoredFile(SHA256, len(CONTENT))
    with pytest.raises(NotFound):
        files.remove("../../etc/passwd")


def test_all_in_order(files: Files) -> None:
    added = [files.add(io.BytesIO(b"%d" % n), limit=10) for n in range(20)]
    assert list(files.all()) == sorted(added, key=lambda one: one.sha256)


def test_a_file_that_is_removed_during_a_listing_does_not_end_it(tmp_path: Path) -> None:
    """Its directory was listed before, and it comes after the file that was told."""
    files = LocalFiles(tmp_path)
    together = [each for each in (b"%d" % n for n in range(1000)) if hashlib.sha256(each).digest()[0] == 7]
    first, second, third = sorted(
        (files.add(io.BytesIO(each), limit=9) for each in together[:3]), key=lambda one: one.sha256
    )
    listing = files.all()
    assert next(listing) == first
    files.remove(second.sha256)
    assert list(listing) == [third]


def test_too_large_leaves_nothing(files: Files) -> None:
    with pytest.raises(TooLarge):
        files.add(io.BytesIO(CONTENT), limit=len(CONTENT) - 1)
    assert not files.exists(SHA256)
    assert list(files.all()) == []


@pytest.mark.parametrize("sha256", [UNKNOWN, "", "../../etc/passwd", UNKNOWN.replace("0", "A"), "incoming"])
def test_unknown_names_are_not_found(files: Files, sha256: str) -> None:
    assert not files.exists(sha256)
    with pytest.raises(NotFound):
        files.open(sha256)
    with pytest.raises(NotFound), files.local_path(sha256):
        pass


class BrokenStream(io.BytesIO):
    """Gives some bytes, then fails as a disk or a client would."""

    def __init__(self, error: OSError) -> None:
        super().__init__(CONTENT)
        self._error = error

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise self._error
        return super().read(size)


def test_an_upload_that_breaks_off_leaves_nothing(files: Files) -> None:
    with pytest.raises(ConnectionResetError):
        files.add(BrokenStream(ConnectionResetError(errno.ECONNRESET, "gone")), limit=len(CONTENT))
    assert list(files.all()) == []


def parts(root: Path) -> list[Path]:
    return list((root / "incoming").iterdir())


def test_local_files_cannot_be_written_to(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    files.add(io.BytesIO(CONTENT), limit=len(CONTENT))
    with files.local_path(SHA256) as path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert parts(tmp_path) == []


def test_a_damaged_copy_is_mended_by_adding_again(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    files.add(io.BytesIO(CONTENT), limit=len(CONTENT))
    with files.local_path(SHA256) as path:
        path.chmod(0o600)
        path.write_bytes(b"damaged")
    files.add(io.BytesIO(CONTENT), limit=len(CONTENT))
    with files.open(SHA256) as stream:
        assert stream.read() == CONTENT


def test_leftovers_of_the_dead_are_swept_but_not_those_of_the_living(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    (tmp_path / "incoming" / "leftover").write_bytes(b"half")

    class Watching(io.BytesIO):
        """Opens the store a second time in the middle of an upload."""

        def read(self, size: int | None = -1) -> bytes:
            LocalFiles(tmp_path)
            return super().read(size)

    files.add(Watching(CONTENT), limit=len(CONTENT))
    assert files.exists(SHA256)
    assert [path.name for path in parts(tmp_path)] == ["leftover"]
    LocalFiles(tmp_path)
    assert parts(tmp_path) == []
