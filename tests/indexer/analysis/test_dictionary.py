"""The dictionary follows its file in every thread."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from threading import Event

import pytest

from indexer.analysis.dictionary import Dictionary


def test_no_thread_gets_the_earlier_words_while_another_reads_the_file(tmp_path: Path) -> None:
    is_reading, may_read = Event(), Event()

    class SlowDictionary(Dictionary):
        def _local(self) -> str:
            if not is_reading.is_set():
                is_reading.set()
                may_read.wait(30)
            return super()._local()

    dictionary = SlowDictionary(tmp_path / "words.txt")
    dictionary.current()
    (tmp_path / "words.txt").write_text("บ้านดอนมะกอก\n", encoding="utf-8")
    with ThreadPoolExecutor() as threads:
        slow = threads.submit(dictionary.current)
        is_reading.wait(30)
        try:
            assert "บ้านดอนมะกอก" in dictionary.current().words
        finally:
            may_read.set()
        assert slow.result() is dictionary.current()


@pytest.mark.parametrize("before", ["บ้านดอนมะกอก", "บ้านดอนมะกอก\n", ""])
def test_an_entry_gets_a_line_of_its_own(tmp_path: Path, before: str) -> None:
    path = tmp_path / "words.txt"
    path.write_text(before, encoding="utf-8")
    dictionary = Dictionary(path)
    dictionary.add_entry("โคกสูง")
    assert {"โคกสูง", *before.split()} <= dictionary.current().words
    assert path.read_text(encoding="utf-8").splitlines() == [*before.split(), "โคกสูง"]


@pytest.mark.parametrize(
    "entry", ["โคก\nสูง", "โคก\rสูง", "โคก\vสูง", "โคก\u2028สูง", "โคก\tสูง", "โคกสูง\n", "", " ", "# โคกสูง"]
)
def test_what_is_not_one_entry_is_refused(tmp_path: Path, entry: str) -> None:
    dictionary = Dictionary(tmp_path / "words.txt")
    before = dictionary.current()
    with pytest.raises(ValueError, match="not one entry"):
        dictionary.add_entry(entry, actor="somsri")
    assert dictionary.current() == before
    assert dictionary.changes() == []


def test_a_dictionary_without_a_file_takes_no_entry() -> None:
    with pytest.raises(ValueError, match="no file"):
        Dictionary().add_entry("โคกสูง", actor="somsri")


def note_synced(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Returns a set into which the inode of each file goes that is synced to the disk from now on."""
    synced, sync = set[int](), os.fsync

    def noted(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    return synced


def test_the_file_is_on_the_disk_before_it_takes_the_place_of_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut may leave an empty file, and nobody would miss the words."""
    path = tmp_path / "words.txt"
    path.write_bytes("หมา ~ สุนัข\n".encode("cp874"))
    dictionary = Dictionary(path)
    synced = note_synced(monkeypatch)
    dictionary.add_entry("แมว ~ วิฬาร์", actor="somsri")
    assert dictionary.remove_entry("หมา ~ สุนัข", actor="somsri")
    assert {path.stat().st_ino, tmp_path.stat().st_ino} <= synced
    assert [each.name for each in tmp_path.iterdir() if each.suffix != ".lock"] == ["words.txt"]


def test_the_first_entry_is_on_the_disk_with_the_name_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "words.txt"
    synced = note_synced(monkeypatch)
    Dictionary(path).add_entry("หมา ~ สุนัข", actor="somsri")
    assert {path.stat().st_ino, tmp_path.stat().st_ino} <= synced


def change(path: Path, number: int) -> None:
    """Add forty entries, and remove every other one of them again."""
    dictionary = Dictionary(path)
    for place in range(40):
        dictionary.add_entry(f"หมา{number} ~ สุนัข{place}", actor="somsri")
        if place % 2:
            assert dictionary.remove_entry(f"หมา{number} ~ สุนัข{place}", actor="somsri")


def test_no_entry_is_lost_where_two_processes_change_the_file(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        list(processes.map(change, [path, path], [1, 2]))
    wanted = {f"หมา{number} ~ สุนัข{place}" for number in (1, 2) for place in range(0, 40, 2)}
    assert set(Dictionary(path).local_synonyms()) == wanted
    assert len(Dictionary(path).changes()) == 2 * (40 + 20)
