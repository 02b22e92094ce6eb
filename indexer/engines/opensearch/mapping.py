"""Mapping and settings of an OpenSearch index, and the OpenSearch documents of announcements and words.

OpenSearch analyses nothing: it is given ready-made tokens, one a line.

- ``terms``: the terms of all zones, each with its BM25F weight as its frequency. BM25 without length
  normalisation then scores them as BM25F with the weights and the length normalisation of our zones.
- ``grams``: bigrams of character clusters in order, one value for each zone and page. A phrase of bigrams
  stands where its letters stand, however a tokenizer would cut them.
- ``text``, ``cuts`` and ``layout``: the text as the embedded index has it. Of the hits of a page it is
  read for what only a text can tell: the best pages, and how much of a query a document answers.

Beside the announcements an index contains the words of the archive, its lexicon and its position.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.facets import FACETS, FACETS_BY_NAME, NAME_FACETS, FacetType, facet_values
from archive.thai.characters import CONSONANTS, LEADING_VOWELS, NEVER_INITIAL
from indexer.analysis.index_document import (
    ATTRIBUTES,
    PLAIN_ZONES,
    ZONES,
    IndexDocument,
    SourceAnnouncement,
    closing_date_to_int,
    searchable_text_column,
)
from indexer.analysis.tokenizer import Tokenizer, letters_of, text_of_bytes
from indexer.engines.opensearch.cluster import Address
from indexer.search.tuning import TUNING, round_to_stable_grid
from indexer.search.vocabulary import COMPLETABLE_WORD, MARK_BYTES, MIN_WORD_FREQUENCY, THAI_WORD

STEPS = 1000  # term frequency that stands for a BM25F weight of 1
DEEPEST = 100_000  # results that can be paged through

_MOST = 60_000  # highest frequency that is stored; larger weights hardly change a score
_MOST_TOGETHER = 2**31 - 1  # highest sum of the frequencies of a document
TYPICAL = {"title": 14.0, "labels": 8.0, "body": 60.0, "pages": 400.0}
"""Average zone lengths of municipal announcements, in terms, for an index that begins empty."""

_CLUSTER = re.compile(f"[{LEADING_VOWELS}]?[{CONSONANTS}][{NEVER_INITIAL}]*|[0-9]+|.", re.DOTALL)
"""A character cluster: a Thai consonant with its vowels and marks, a run of digits, or another character."""

TEXT_COLUMNS = ("text", "cuts", "layout")
"""Columns of an ``IndexDocument`` that come with a hit."""

_GAP = "_"  # line in place of a bigram of a phrase that the bigrams beside it have already

Averages = Mapping[str, float]


def loading_settings(address: Address) -> dict[str, Any]:
    """Returns the settings of an index that is being filled.

    Such an index has no replicas, as nobody searches it yet and a lost one is simply built again.
    """
    lines = {"type": "char_group", "tokenize_on_chars": ["\n"], "max_token_length": 1000}
    return {
        "index": {
            "number_of_shards": address.shards,
            "number_of_replicas": 0,
            "refresh_interval": "-1",
            "gc_deletes": "1h",  # for so long an older update of what was removed is known to be older
            "max_result_window": DEEPEST,
            "similarity": {
                "bm25f": {"type": "BM25", "k1": TUNING.k1 * STEPS, "b": 0},
                "phrase": {"type": "BM25", "k1": 0.2, "b": 0},  # one occurrence says nearly all
            },
            "analysis": {
                "tokenizer": {"lines": lines},
                "filter": {
                    "weighed": {"type": "delimited_term_freq", "delimiter": "\t"},
                    "gaps": {"type": "stop", "stopwords": [_GAP]},
                },
                "analyzer": {
                    "weighed": {"type": "custom", "tokenizer": "lines", "filter": ["weighed"]},
                    "lines": {"type": "custom", "tokenizer": "lines"},
                    "with_gaps": {"type": "custom", "tokenizer": "lines", "filter": ["gaps"]},
                },
            },
        }
    }


def serving_settings(address: Address) -> dict[str, Any]:
    """Returns the settings that are changed once the index is filled."""
    return {"index": {"number_of_replicas": address.replicas, "refresh_interval": address.refresh}}


_KEYWORD = {"type": "keyword"}
_FACET_FIELDS = {
    FacetType.KIND: _KEYWORD,
    FacetType.NAME: _KEYWORD,
    FacetType.YEAR: {"type": "integer"},
    FacetType.VILLAGE: {"type": "byte"},
    FacetType.ORGANISATION: {"type": "long"},
}
_PIECES = {"type": "wildcard", "doc_values": True}  # matches are verified on the doc values
_GRAMS = {"type": "text", "analyzer": "lines", "norms": False, "similarity": "phrase"}
_NOT_IN_SOURCE = ["grams", "number_grams", "names", "bare_names", *TEXT_COLUMNS]

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "_source": {"excludes": _NOT_IN_SOURCE},
    "properties": {
        "id": {"type": "long"},
        "terms": {
            "type": "text",
            "analyzer": "weighed",
            "index_options": "freqs",
            "norms": False,
            "similarity": "bm25f",
        },
        "grams": _GRAMS,
        "title_grams": _GRAMS,
        "number_grams": _GRAMS,
        **{column: {"type": "binary", "store": True} for column in TEXT_COLUMNS},
        "names": _PIECES,
        "bare_names": _PIECES,
        "shown": {"type": "keyword", "index": False, "doc_values": False},
        **{facet.name: _FACET_FIELDS[facet.type] for facet in FACETS},
        **{f"{name}_letters": _KEYWORD for name in NAME_FACETS},
        "month": {"type": "byte"},
        "date": {"type": "integer"},
        "expires": {"type": "integer"},
        "views": {"type": "long"},
        "fingerprint": {"type": "keyword", "index": False},
        # of words
        "word": _KEYWORD,
        "counted": {"type": "long"},
        "added": {"type": "long"},  # the index's position, where a misspelt word may mean it
        # of the index itself
        "position": {"type": "long"},
        "lexicon": {"type": "keyword", "index": False, "doc_values": False},
    },
}


def average_lengths(documents: Sequence[IndexDocument]) -> dict[str, float]:
    """Returns the zones' mean lengths on a grid of 10 %; ``TYPICAL`` ones for no documents."""
    if not documents:
        return dict(TYPICAL)
    facts = np.concatenate([np.frombuffer(document.columns["facts"], ATTRIBUTES) for document in documents])
    return {
        zone: round_to_stable_grid(float(facts[zone].astype(np.float64).mean()))
        for zone in TUNING.length_normalization
    }


def opensearch_document(document: IndexDocument, average: Averages) -> dict[str, Any]:
    """Returns the OpenSearch document of an announcement."""
    facts = np.frombuffer(document.columns["facts"], ATTRIBUTES)[0]
    title = document.columns["title"].decode()
    facets = dict(zip(FACETS_BY_NAME, json.loads(document.columns["facets"]), strict=True))
    names = list(dict.fromkeys([title, *document.columns["subjects"].decode().splitlines()]))
    runs = [letters_of(name) for name in names]
    weights = _weights(document, facts, average).tolist()
    day = dt.date.fromordinal(int(facts["date"]))
    zones = document.columns["text"].split(b"\0")
    return {
        "id": int(facts["id"]),
        "terms": "\n".join(f"{term}\t{weight}" for term, weight in zip(document.terms, weights, strict=True)),
        "grams": [stored_bigram_lines(zone) for zone in zones if zone],
        "title_grams": stored_bigram_lines(zones[0]),
        "number_grams": stored_bigram_lines(zones[PLAIN_ZONES.index("number")]),
        **{column: b64encode(document.columns[column]).decode() for column in TEXT_COLUMNS},
        "names": [text_of_bytes(data) for data in runs],
        "bare_names": [text_of_bytes(data.translate(None, MARK_BYTES)) for data in runs],
        "shown": names,
        **facets,
        **{f"{name}_letters": list(map(name_key, facets[name])) for name in NAME_FACETS},
        "month": day.month,
        "date": int(facts["date"]),
        "expires": int(facts["expires"]),
        "views": int(facts["views"]),
        "fingerprint": _fingerprint(
            facts["date"], facts["expires"], document.columns["facets"], document.columns["text"]
        ),
    }  # fmt: skip


def announcement_fingerprint(entry: SourceAnnouncement) -> str:
    """Returns the hash of all that an index has of an announcement, without its number of views."""
    announcement = entry.announcement
    return _fingerprint(
        announcement.published_on.toordinal(),
        closing_date_to_int(announcement),
        json.dumps(
            facet_values(announcement, [each for each, _ in entry.attachments]), ensure_ascii=False
        ).encode(),
        searchable_text_column(entry),
    )


def _fingerprint(date: int, expires: int, facets: bytes, text: bytes) -> str:
    head = f"{date} {expires} ".encode() + facets + b"\0"
    return hashlib.blake2b(head + text, digest_size=16).hexdigest()


def _weights(document: IndexDocument, facts: np.void, average: Averages) -> npt.NDArray[np.int64]:
    """Returns the BM25F weight of each term times ``STEPS``."""
    packed = np.fromiter(document.terms.values(), np.uint32, len(document.terms))
    total = np.zeros(len(packed))
    for zone in ZONES:
        share = TUNING.length_normalization.get(zone.name, 0.0)
        length = float(facts[zone.name]) / average[zone.name] if share else 0.0
        counts = (packed >> np.uint32(zone.shift)) & np.uint32(zone.most)
        total += counts * (TUNING.zone_weights[zone.name] / (1 - share + share * length))
    most = min(_MOST, _MOST_TOGETHER // max(len(packed), 1))
    return np.clip(np.round(total * STEPS), 1, most).astype(np.int64)


def clusters(data: bytes) -> list[str]:
    """Returns the character clusters of searchable bytes."""
    return _CLUSTER.findall(text_of_bytes(data))


def query_bigrams(data: bytes) -> list[str]:
    """Returns the bigrams of searchable bytes in a row; [] for a single character cluster."""
    return [left + right for left, right in pairwise(clusters(data))]


def phrase_lines(data: bytes) -> str:
    """Returns the bigrams that a phrase query looks up, one a line; "" for a single character cluster.

    Every second one and the last are enough, as each cluster is then in one. In place of the others
    stands a sign that the analyzer ``with_gaps`` leaves out.
    """
    bigrams = query_bigrams(data)
    last = len(bigrams) - 1
    return "\n".join(_GAP if place % 2 and place < last else bigram for place, bigram in enumerate(bigrams))


def stored_bigram_lines(data: bytes) -> str:
    """Returns the bigrams that the index stores of searchable bytes, and the last cluster, one a line.

    Every cluster then begins a line, so that a text of one cluster is found at the end too.
    """
    return "\n".join(left + right for left, right in pairwise([*clusters(data), ""]))


def name_key(text: str) -> str:
    """Returns the letters of a name, by which names are compared."""
    return text_of_bytes(letters_of(text))


def word_body(word: str, counted: int, position: int, tokenizer: Tokenizer) -> dict[str, Any]:
    """Returns the OpenSearch document of a word, with the ``position`` if a misspelt word may mean it.

    ``counted`` is the number of documents that had the word when the generation was made. An unknown word
    that few of them had is not offered (``MIN_WORD_FREQUENCY``); most words of a scanned archive are such.
    """
    is_meant = counted >= MIN_WORD_FREQUENCY or tokenizer.is_known_word(word)
    added = {"added": position} if is_meant and THAI_WORD.fullmatch(word) else {}
    return {"word": word, "counted": counted, **added}


def words_to_look_up(document: IndexDocument) -> Iterator[str]:
    """Yields the words of a document, Thai or Latin, that a beginning or a misspelling may look up."""
    return (term for term in document.terms if COMPLETABLE_WORD.fullmatch(term))
