"""``Searcher`` of the embedded index, with its vocabulary and its explanation of a search."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest

import numpy as np

from indexer.analysis.spelling_index import SoundMatch
from indexer.engines.whoosh.bm25f import DocumentScores, clause_mask, documents_with_all, score_clauses
from indexer.engines.whoosh.phrase_matching import MAX_VERIFIED, documents_with_phrase
from indexer.engines.whoosh.posting_list import DocumentNumbers, Mask
from indexer.engines.whoosh.ranking import TopDocuments, answer_coverage, rank_documents
from indexer.engines.whoosh.reader import CommitReader, combine_masks, count_facets, filter_masks
from indexer.engines.whoosh.retrieval import (
    UnfilteredMatches,
    has_document_with_whole_query,
    match_documents,
    relax_to_partial_matches,
)
from indexer.search.coverage import are_related_hits_chosen, clause_weights
from indexer.search.document_text import PlanCoverage, best_pages
from indexer.search.explanations import (
    HitExplanation,
    ScorePart,
    SearchExplanation,
    Standing,
    build_explanation,
    build_hit_explanation,
)
from indexer.search.ports import Hit
from indexer.search.query import query_notes
from indexer.search.query.parser import Query, Sort
from indexer.search.query.query_notes import BilingualNote
from indexer.search.query.query_plan import Clause, QueryPart, QueryPlan
from indexer.search.searcher import MOST_OF_OTHER_TIMES, RetrievalResult
from indexer.search.vocabulary import (
    COMPLETABLE_WORD,
    MIN_WORD_FREQUENCY,
    MOST_COUNTED,
    TitleMatch,
    Vocabulary,
)

_MOST_NAMED = 400  # titles looked at in one segment


class WhooshVocabulary:
    """Words, phrases and titles of one commit."""

    def __init__(self, reader: CommitReader) -> None:
        self._reader, self._commit = reader, reader.commit

    def document_frequency(self, term: str) -> int:
        return self._reader.document_frequency(term)

    def has_no_document_with(self, term: str) -> bool:
        return not self._reader.document_frequency(term)

    def idf(self, frequency: int) -> float:
        return self._reader.idf(frequency)

    def has_clause(self, clause: Clause) -> bool:
        return bool(clause_mask(self._reader, clause).any())

    def has_all(self, clauses: Sequence[Clause]) -> bool:
        return len(documents_with_all(self._reader, clauses)) > 0

    def estimate_phrase_count(self, part: QueryPart, *, limit: int, max_candidates: int | None = None) -> int:
        return len(self._with_phrase(part, limit, max_candidates))

    def shares_document_with_longer_phrase(self, part: QueryPart, longer: Sequence[bytes]) -> bool:
        # ``estimate_phrase_count`` looked at these documents before: those with the rare phrase.
        texts = self._commit.texts(self._with_phrase(part, MIN_WORD_FREQUENCY, None))
        return any(one in text for text in texts for one in longer)

    def find_words_near_in_sound(
        self, pieces: list[str], is_dictionary_word: Callable[[str], bool]
    ) -> list[SoundMatch]:
        spellings = self._commit.spellings
        for segment in self._commit.segments:
            spellings.add_source_once(segment.id, segment.correctable_words(is_dictionary_word))
        return spellings.find_words_near_in_sound(pieces)

    def completions(self, begun: str, most: int) -> list[str]:
        data = begun.encode()
        counts: Counter[bytes] = Counter()
        for segment in self._commit.segments:
            words, sizes = segment.terms.words, segment.terms.sizes
            first, after = bisect_left(words, data), bisect_left(words, data + b"\xff")
            counts.update(dict(zip(words[first:after], sizes[first:after].tolist(), strict=True)))
        fitting = [(count, word.decode()) for word, count in counts.items() if word != data]
        common = nlargest(MOST_COUNTED, (found for found in fitting if COMPLETABLE_WORD.fullmatch(found[1])))
        counted = [(-self.document_frequency(word), word) for _, word in common]  # what was withdrawn is out
        return [word for count, word in sorted(counted)[:most] if count]

    def titles_containing(self, letters: bytes, *, with_marks: bool) -> Iterator[TitleMatch]:
        for base, segment in zip(self._commit.bases, self._commit.segments, strict=False):
            titles = segment.title_index if with_marks else segment.title_index_without_marks
            live = self._reader.live[base : base + segment.size]
            for begins, document, title in titles.titles_with(letters, _MOST_NAMED, live):
                facts = segment.attributes[document]
                yield TitleMatch(not begins, -int(facts["views"]), int(facts["id"]), title)

    def _with_phrase(self, part: QueryPart, limit: int, max_candidates: int | None) -> DocumentNumbers:
        most = max_candidates or MAX_VERIFIED
        return documents_with_phrase(self._reader, part, enough=limit, most=most)


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


def explain_search(
    reader: CommitReader,
    plan: QueryPlan,
    matched: UnfilteredMatches,
    ranked: TopDocuments,
    coverage: float,
    query: Query,
) -> SearchExplanation | None:
    """Returns the explanation of a page of results; None unless the query asks for it."""
    if not query.explain:
        return None
    scores = matched.scores
    frequencies = {clause: listed.count for clause, listed in scores.postings.items()}
    begin = (query.page - 1) * query.per_page
    places = range(begin, min(begin + query.per_page, len(ranked.documents)))
    # Prose is not expected to be matched in full, and where nothing is, all stand together.
    is_grouped = matched.complete is not None or not (plan.is_prose or query_notes.NOT_ALL in matched.notes)
    hits = (_explain_hit(reader, matched, ranked, place, is_grouped=is_grouped) for place in places)
    return build_explanation(plan, frequencies, scores.idfs, coverage, hits)


def _explain_hit(
    reader: CommitReader, matched: UnfilteredMatches, ranked: TopDocuments, place: int, *, is_grouped: bool
) -> HitExplanation:
    document, score = int(ranked.documents[place]), float(ranked.scores[place])
    at = np.array([document], dtype=np.int64)
    matches = {clause: float(listed.weights_at(at)[0]) for clause, listed in matched.scores.postings.items()}
    parts = [ScorePart(f"bm25f: {clause.typed}", value) for clause, value in matches.items() if value]
    naming = float(matched.scores.naming_time[document])
    bm25f = float(matched.scores.scores[document]) + naming
    parts += [
        ScorePart("misread words", bm25f - sum(matches.values())),
        ScorePart("time named in the text", -naming),
    ]
    boosts = ranked.boosts
    if boosts is not None:
        for name in ("phrases", "whole_query", "own_number"):
            value = float(getattr(boosts, name)[place]) * ranked.best_score
            parts.append(ScorePart(name.replace("_", " "), value))
    covered = float(matched.scores.covered[document]) / max(matched.scores.total_idf_mass, 1e-9)
    standing = Standing(ranked.standings[place])
    if standing is Standing.COMPLETE and not is_grouped:
        standing = Standing.UNGROUPED
    return build_hit_explanation(
        int(reader.commit.attributes["id"][document]), score, min(covered, 1.0), parts, standing
    )
