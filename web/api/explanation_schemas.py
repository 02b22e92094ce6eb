"""Schemas in which the API explains a search."""

from __future__ import annotations

from marshmallow import Schema, fields

EXPLAIN = {"description": "ที่มาของคะแนน (ต้องมีโทเคน) · how each score came about (needs a token)"}
RELATED = {"description": "ใกล้เคียง เมื่อไม่พบ · what came near, where nothing was found"}


class ScorePartOut(Schema):
    """A named part of a hit's score, such as the BM25F of its words; the parts add up to the score."""

    name = fields.String()
    value = fields.Float()


class HitExplanationOut(Schema):
    """The score of one hit. ``coverage``: share of the query's IDF mass that it has, 0 to 1."""

    announcement_id = fields.Integer()
    score = fields.Float()
    coverage = fields.Float()
    parts = fields.List(fields.Nested(ScorePartOut))


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


class ExplanationOut(Schema):
    """The plan of a search, and the parts of each hit's score; these add up to the score."""

    clauses = fields.List(fields.Nested(ClauseExplanationOut))
    phrases = fields.List(fields.String())
    coverage = fields.Float(metadata={"description": "ส่วนของคำถามที่มีคำตอบ · share of the query answered"})
    min_coverage = fields.Float(metadata={"description": "ต่ำกว่านี้ถือว่าไม่พบ · below it: nothing found"})
    hits = fields.List(fields.Nested(HitExplanationOut))
