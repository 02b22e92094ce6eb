"""Schemas in which the API explains a search."""

from __future__ import annotations

from marshmallow import Schema, fields

from indexer.search.query.parser import Interpretation

EXPLAIN = {"description": "ที่มาของลำดับและคะแนน (ต้องมีโทเคน) · how order and scores came about (needs a token)"}
TIER = "ลำดับชั้น ชั้นที่สูงกว่าอยู่ก่อนทุกเรื่อง · hits of a higher tier stand first"
RELATED = {"description": "ใกล้เคียง เมื่อไม่พบ · what came near, where nothing was found"}


class ScorePartOut(Schema):
    """A named part of a hit's score, such as the BM25F of its words; the parts add up to the score."""

    name = fields.String()
    value = fields.Float()


class CodeOut(Schema):
    """The code of a step."""

    code = fields.String()


class HitExplanationOut(Schema):
    """The score of one hit. ``coverage``: share of the query's IDF mass that it has, 0 to 1.

    Hits of a higher ``tier`` stand before all of a lower one, whatever their scores; ``standing`` says why.
    """

    announcement_id = fields.Integer()
    score = fields.Float()
    coverage = fields.Float()
    parts = fields.List(fields.Nested(ScorePartOut))
    tier = fields.Integer(attribute="standing.tier", metadata={"description": TIER})
    standing = fields.String(attribute="standing.code")


class AlternativeOut(Schema):
    """One way to match a clause: its terms, and the weight from 0 to 1 that their score is multiplied by."""

    terms = fields.String()
    weight = fields.Float()


class ClauseExplanationOut(Schema):
    """A clause of the query as typed, its alternatives, its document frequency, and its IDF."""

    typed = fields.String()
    alternatives = fields.List(fields.Nested(AlternativeOut))
    document_frequency = fields.Integer()
    idf = fields.Float()


class InterpretationOut(Schema):
    """A way in which the typed text was read and searched, and what became of its results, in order of trial.

    ``interpretations`` is empty for the text as it stands. ``coverage`` is that of the best hit, before a
    step such as ``village-unknown`` sets it to 0.
    """

    interpretations = fields.List(fields.Enum(Interpretation, by_value=True))
    words = fields.String()
    total = fields.Integer()
    coverage = fields.Float()
    steps = fields.List(fields.Pluck(CodeOut, "code"))
    outcome = fields.String(attribute="outcome.code")


class ExplanationOut(Schema):
    """The plan of a search, and the parts of each hit's score; these add up to the score."""

    clauses = fields.List(fields.Nested(ClauseExplanationOut))
    phrases = fields.List(fields.String())
    coverage = fields.Float(metadata={"description": "ส่วนของคำถามที่มีคำตอบ · share of the query answered"})
    min_coverage = fields.Float(metadata={"description": "ต่ำกว่านี้ถือว่าไม่พบ · below it: nothing found"})
    hits = fields.List(fields.Nested(HitExplanationOut))
    interpretations = fields.List(fields.Nested(InterpretationOut))
