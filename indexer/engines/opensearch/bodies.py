"""OpenSearch documents: mapping, settings, and conversion of index documents in both directions.

OpenSearch analyses nothing. A term is stored with its finished BM25F weight as its frequency, for which
BM25 without normalisation gives the same score that the embedded index computes: so candidates come in our
own order. The averages that the weights are normalised with belong to the generation.

Beside the announcements an index contains the words of the archive, searchable by beginning, end and sound;
its manifest; and its position.
"""

from __future__ import annotations

import base64
import datetime as dt
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from archive.thai import ERA
from indexer.analysis.index_document import ATTRIBUTES, KINDS, ZONES, IndexDocument
from indexer.analysis.spelling_index import deletion_keys
from indexer.analysis.tokenizer import Tokenizer, fold, searchable_bytes, text_of_bytes
from indexer.engines.opensearch.cluster import Address
from indexer.search.index_reader import (
    COMPLETABLE_WORD,
    MARK_BYTES,
    THAI_WORD,
    quantize,
)
from indexer.search.posting_list import Floats, Mask
from indexer.search.tuning import TUNING

STEPS = 1000
"""Term frequency that stands for a weight of 1."""

_MOST = 60_000  # highest frequency that is stored; larger weights hardly change a score
_MOST_TOGETHER = 2**31 - 1  # highest sum of the frequencies of a document
_DEEPEST = 100_000  # results that can be paged through
TYPICAL = {"title": 14.0, "labels": 8.0, "body": 60.0, "pages": 400.0}
"""Average zone lengths of municipal announcements, in terms, for an index that begins empty."""

_ITEM = np.dtype([("hash", "<u4"), ("weight", "<u2")])
Averages = Mapping[str, float]


def settings(address: Address) -> dict[str, Any]:
    """Returns the settings of an index that is being filled.

    Such an index has no replicas, as nobody searches it yet and a lost one is simply built again.
    """
    return {
        "index": {
            "number_of_shards": address.shards,
            "number_of_replicas": 0,
            "refresh_interval": "-1",
            "gc_deletes": "1h",  # for so long an older update of what was removed is known to be older
            "max_result_window": _DEEPEST,
            "similarity": {"weight": {"type": "BM25", "k1": TUNING.k1 * STEPS, "b": 0}},
            "analysis": {
                "tokenizer": {
                    "line": {"type": "char_group", "tokenize_on_chars": ["\n"], "max_token_length": 1000}
                },
                "filter": {"weighed": {"type": "delimited_term_freq", "delimiter": "\t"}},
                "analyzer": {
                    "weighed": {"type": "custom", "tokenizer": "line", "filter": ["weighed"]},
                    "lines": {"type": "custom", "tokenizer": "line"},
                },
            },
        }
    }


def in_service(address: Address) -> dict[str, Any]:
    """Returns the settings that are changed once the index is filled."""
    return {"index": {"number_of_replicas": address.replicas, "refresh_interval": address.refresh}}


_COLUMN = {"type": "binary", "doc_values": True}
_KEYWORD = {"type": "keyword"}
_PIECES = {"type": "wildcard", "doc_values": True}  # matches are verified on the doc values
_NOT_IN_SOURCE = ["terms", "words", "names", "bare_names", "facts", "weights", "text", "cuts", "layout"]

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "_source": {"excludes": [*_NOT_IN_SOURCE, "sounds", "backwards"]},
    "properties": {
        "id": {"type": "long"},
        "terms": {
            "type": "text",
            "analyzer": "weighed",
            "index_options": "freqs",
            "norms": False,
            "similarity": "weight",
        },
        "words": {"type": "text", "analyzer": "lines", "norms": False},
        "names": _PIECES,
        "bare_names": _PIECES,
        "shown": {"type": "keyword", "index": False, "doc_values": False},
        "kind": _KEYWORD,
        "author": _KEYWORD,
        "author_letters": _KEYWORD,
        "category": _KEYWORD,
        "category_letters": _KEYWORD,
        "organisation": {"type": "long"},
        "year": {"type": "integer"},
        "date": {"type": "integer"},
        "expires": {"type": "integer"},
        "views": {"type": "long"},
        "facts": _COLUMN,
        "weights": _COLUMN,
        "text": _COLUMN,
        "cuts": _COLUMN,
        "layout": _COLUMN,
        # of words
        "word": _KEYWORD,
        "backwards": _KEYWORD,
        "sounds": _KEYWORD,
        "counted": {"type": "long"},
        # of the index itself
        "position": {"type": "long"},
        "lexicon": {"type": "keyword", "index": False, "doc_values": False},
    },
}


def averages(documents: Sequence[IndexDocument]) -> dict[str, float]:
    """Returns the mean lengths of the zones, rounded to the same grid as in the embedded index."""
    if not documents:
        return dict(TYPICAL)
    facts = np.concatenate([np.frombuffer(made.columns["facts"], ATTRIBUTES) for made in documents])
    return {
        zone: quantize(float(facts[zone].astype(np.float64).mean())) for zone in TUNING.length_normalization
    }


def announcement_id(made: IndexDocument) -> int:
    return int(np.frombuffer(made.columns["facts"], ATTRIBUTES)[0]["id"])


def body(made: IndexDocument, average: Averages) -> dict[str, Any]:
    """Returns the OpenSearch document of an announcement."""
    facts = np.frombuffer(made.columns["facts"], ATTRIBUTES)[0]
    author, category = made.columns["author"].decode(), made.columns["category"].decode()
    names = list(
        dict.fromkeys([made.columns["title"].decode(), *made.columns["subjects"].decode().splitlines()])
    )
    runs = [searchable_bytes(fold(name)).data for name in names]
    terms = list(made.terms)
    weights = _weights(made, facts, average)
    items = np.zeros(len(terms), _ITEM)
    items["hash"] = [term_hash(term) for term in terms]
    items["weight"] = weights
    day = dt.date.fromordinal(int(facts["date"]))
    return {
        "id": int(facts["id"]),
        "terms": "\n".join(f"{term}\t{weight}" for term, weight in zip(terms, weights.tolist(), strict=True)),
        "words": list(_lines(made.columns["text"], made.columns["cuts"])),
        "names": [text_of_bytes(data) for data in runs],
        "bare_names": [text_of_bytes(data.translate(None, MARK_BYTES)) for data in runs],
        "shown": names,
        "kind": KINDS[facts["kind"]].value,
        "author": author,
        "author_letters": letters(author),
        "category": category,
        "category_letters": letters(category),
        "organisation": int(facts["organisation"]),
        "year": day.year + ERA,
        "date": int(facts["date"]),
        "expires": int(facts["expires"]),
        "views": int(facts["views"]),
        "weights": _text(items.tobytes()),
        **{name: _text(made.columns[name]) for name in ("facts", "text", "cuts", "layout")},
    }


def _weights(made: IndexDocument, facts: np.void, average: Averages) -> npt.NDArray[np.int64]:
    """Returns the BM25F weight of each term times ``STEPS``."""
    packed = np.fromiter(made.terms.values(), np.uint32, len(made.terms))
    total = np.zeros(len(packed))
    for zone in ZONES:
        share = TUNING.length_normalization.get(zone.name, 0.0)
        length = float(facts[zone.name]) / average[zone.name] if share else 0.0
        counts = (packed >> np.uint32(zone.shift)) & np.uint32(zone.most)
        total += counts * (TUNING.zone_weights[zone.name] / (1 - share + share * length))
    most = min(_MOST, _MOST_TOGETHER // max(len(packed), 1))
    return np.clip(np.round(total * STEPS), 1, most).astype(np.int64)


def term_hash(term: str) -> int:
    return zlib.crc32(term.encode())


def _lines(text: bytes, cuts: bytes) -> Iterator[str]:
    """Yields for each zone and page its words in order, one word a line."""
    written = text_of_bytes(text)
    borders = np.flatnonzero(np.unpackbits(np.frombuffer(cuts, np.uint8))[: len(text) + 1]).tolist()
    line: list[str] = []
    for start, end in pairwise([0, *borders, len(text)]):
        first, *rest = written[start:end].split("\0")
        line += [first] if first else []
        for piece in rest:
            if line:
                yield "\n".join(line)
            line = [piece] if piece else []
    if line:
        yield "\n".join(line)


def phrase(text: str, segmenter: Tokenizer) -> str:
    """Returns the words of a piece of a query, tokenized as documents are, for the field ``words``."""
    row = searchable_bytes(fold(text))
    cuts = np.zeros(len(row.data) + 1, dtype=bool)
    places = np.array([(token.start, token.end) for token in segmenter.tokens(text)], dtype=np.int64).ravel()
    cuts[row.byte_offsets()[places]] = True
    return "".join(_lines(row.data, np.packbits(cuts).tobytes()))


def letters(text: str) -> str:
    """Returns the letters of a name, by which names are compared."""
    return text_of_bytes(searchable_bytes(fold(text)).data)


def word_id(word: str) -> str:
    return f"={word}"


def is_word(term: str) -> bool:
    """Returns True if a term can be looked up by its beginning, end or sound."""
    return COMPLETABLE_WORD.fullmatch(term) is not None


def word_body(word: str, counted: int) -> dict[str, Any]:
    """Returns the OpenSearch document of a word.

    ``counted`` is the number of documents that had the word when the generation was made.
    """
    sounds = sorted(set(deletion_keys(word))) if THAI_WORD.fullmatch(word) else []
    return {"word": word, "backwards": word[::-1], "sounds": sounds, "counted": counted}


class Weighed(NamedTuple):
    """Terms of a document by their hash, with the saturated weight (0–1) of each."""

    hashes: npt.NDArray[np.uint32]
    impacts: Floats


def read_weights(text: str) -> Weighed:
    items = np.frombuffer(_data(text), _ITEM)
    weights = items["weight"].astype(np.float32) / np.float32(STEPS)
    return Weighed(items["hash"], weights / (weights + np.float32(TUNING.k1)))


def read_facts(text: str) -> np.void:
    return np.frombuffer(_data(text), ATTRIBUTES)[0]  # type: ignore[no-any-return]


class Written(NamedTuple):
    """The columns of a document that phrase matching and page ranking read."""

    text: bytes
    token_boundaries: bytes
    layout: bytes

    def borders(self) -> Mask:
        return np.unpackbits(np.frombuffer(self.token_boundaries, np.uint8)).astype(bool)


WRITTEN = ("text", "cuts", "layout")


def read_written(fields: Mapping[str, Sequence[str]]) -> Written:
    return Written(*(_data(fields[name][0]) if name in fields else b"" for name in WRITTEN))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _data(text: str) -> bytes:
    """Decodes a column, which OpenSearch returns in URL-safe base64 without padding."""
    return base64.urlsafe_b64decode(text + "==")


def words_of(made: IndexDocument) -> Iterable[str]:
    return filter(is_word, made.terms)
