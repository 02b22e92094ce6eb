"""The dictionary follows its file in every thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

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
