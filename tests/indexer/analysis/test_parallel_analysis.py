"""Analysis in several processes gives the documents that one process gives, in order."""

from __future__ import annotations

from contextlib import closing

from indexer.analysis.dictionary import Dictionary
from indexer.analysis.parallel_analysis import ParallelAnalyzer
from tests.contracts.test_search_index import entry


def test_three_processes_give_the_documents_of_one() -> None:
    lexicon = Dictionary().current()
    entries = [entry(id, f"ประกาศเรื่องที่ {id}", f"หน้าที่ {id} ว่าด้วยการจัดเก็บขยะ") for id in range(1, 173)]
    alone = list(ParallelAnalyzer(lexicon, jobs=1).analyze(entries))
    with closing(ParallelAnalyzer(lexicon, jobs=3)) as analyzer:
        assert list(analyzer.analyze(entries)) == alone
        assert list(analyzer.analyze([])) == []
