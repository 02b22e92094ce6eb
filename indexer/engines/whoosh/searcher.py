"""``indexer.search.searcher.Searcher`` of the embedded index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from indexer.engines.whoosh.bm25f import DocumentScores, score_clauses
from indexer.engines.whoosh.document_coverage import answer_coverage
from indexer.engines.whoosh.explain import explain_search
from indexer.engines.whoosh.filters import combine_masks, count_facets, filter_masks
from indexer.engines.whoosh.posting_list import Mask
from indexer.engines.whoosh.ranking import TopDocuments, rank_documents
from indexer.engines.whoosh.reader import CommitReader
from indexer.engines.whoosh.retrieval import (
    UnfilteredMatches,
    has_document_with_whole_query,
    match_documents,
    relax_to_partial_matches,
)
from indexer.engines.whoosh.vocabulary import WhooshVocabulary
from indexer.search.coverage import are_related_hits_chosen, clause_weights
from indexer.search.document_coverage import PlanCoverage
from indexer.search.page_ranking import best_pages
from indexer.search.ports import Hit
from indexer.search.query import query_notes
from indexer.search.query.parser import Query, Sort
from indexer.search.query.query_notes import BilingualNote
from indexer.search.query.query_plan import Clause, QueryPlan
from indexer.search.searcher import MOST_OF_OTHER_TIMES, RetrievalResult
from indexer.search.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class WhooshPreparedSearch:
    """See ``PreparedSearch``: a plan's clauses with their postings, as arrays."""

    reader: CommitReader
    plan: QueryPlan
    query: Query
    scores: DocumentScores
    is_as_typed: bool

    @property
    def frequencies(self) -> Mapping[Clause, int]:
        return {clause: listed.count for clause, listed in self.scores.postings.items()}

    def retrieve(self) -> RetrievalResult:
        reader, plan, query = self.reader, self.plan, self.query
        matched = match_documents(reader, plan, query.times, self.scores)
        filters = filter_masks(reader, query.filters)
        allowed = combine_masks(reader, filters)
        if filters and not (matched.documents & allowed).any():
            matched = relax_to_partial_matches(reader, plan, query.times, matched, allowed)
        ranked = rank_documents(reader, query, plan, matched, allowed)
        if query_notes.NOT_ALL in matched.notes:  # none stands apart, however much it has
            ranked = replace(ranked, complete=0)
        idfs = matched.scores.idfs
        weights = clause_weights(idfs, reader.idf(1), query.times, reader.lexicon)
        judged = PlanCoverage(plan, idfs, weights, reader.lexicon)
        coverage = answer_coverage(reader, plan, matched.scores, ranked, judged)
        hits = _hits(reader, query, plan, matched, ranked)
        return RetrievalResult(
            total=ranked.total,
            hits=hits,
            related=self._related(judged, hits) if are_related_hits_chosen(plan, coverage) else None,
            partial=ranked.total - ranked.complete if ranked.complete else 0,
            is_of_time=matched.is_of_time,
            has_title_match_at_other_times_only=matched.has_title_match_at_other_times_only,
            hits_of_other_times=_hits_of_other_times(reader, query, plan, matched, allowed),
            facets=count_facets(reader, matched.documents, filters),
            notes=_notes(matched, ranked),
            coverage=coverage,
            explanation=explain_search(reader, plan, matched, ranked, coverage, query),
        )

    def _related(self, judged: PlanCoverage, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """Returns the hits worth showing although none of them is an answer."""
        number, text = self.reader.document_numbers, self.reader.commit.document_text
        return tuple(hit for hit in hits if judged.is_near(text(number[hit.announcement_id])))


class WhooshSearcher:
    """Retrieves documents from one commit by its arrays: match, filter, rank, then count and cover."""

    def __init__(self, reader: CommitReader) -> None:
        self._reader = reader

    def prepare_search(self, plan: QueryPlan, query: Query) -> WhooshPreparedSearch:
        scores = score_clauses(self._reader, plan.clauses)
        is_as_typed = has_document_with_whole_query(self._reader, plan, scores)
        return WhooshPreparedSearch(self._reader, plan, query, scores, is_as_typed)

    def correction_vocabulary(self, plan: QueryPlan) -> Vocabulary:  # noqa: ARG002 (one for all plans)
        return WhooshVocabulary(self._reader)


def _notes(matched: UnfilteredMatches, ranked: TopDocuments) -> tuple[BilingualNote, ...]:
    """Returns the notes on what was relaxed; filters may leave only partial matches."""
    is_partial = ranked.total and not ranked.complete
    return tuple(dict.fromkeys((*matched.notes, query_notes.NOT_ALL))) if is_partial else matched.notes


def _hits_of_other_times(
    reader: CommitReader, query: Query, plan: QueryPlan, matched: UnfilteredMatches, allowed: Mask
) -> tuple[Hit, ...]:
    """Returns, for the first page, the best documents of other times that mention the time typed."""
    if matched.only_naming_time is None or query.page > 1 or not (matched.only_naming_time & allowed).any():
        return ()
    few = replace(query, per_page=MOST_OF_OTHER_TIMES, sort=Sort.RELEVANCE)
    others = replace(matched, documents=matched.only_naming_time, complete=None)
    return _hits(reader, few, plan, others, rank_documents(reader, few, plan, others, allowed))


def _hits(
    reader: CommitReader,
    query: Query,
    plan: QueryPlan,
    matched: UnfilteredMatches,
    ranked: TopDocuments,
) -> tuple[Hit, ...]:
    begin = (max(query.page, 1) - 1) * query.per_page
    shown = slice(begin, begin + query.per_page)
    return tuple(
        Hit(
            int(reader.commit.attributes["id"][document]),
            round(score, 4),
            best_pages(reader.commit.document_text(document), plan, matched.scores.idfs),
            is_partial=place >= ranked.complete > 0,
        )
        for place, (document, score) in enumerate(
            zip(ranked.documents[shown].tolist(), ranked.scores[shown].tolist(), strict=True), start=begin
        )
    )
