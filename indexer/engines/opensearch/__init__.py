"""The search index in an OpenSearch cluster, for any number of web and worker processes."""

from indexer.engines.opensearch.index import OpenSearchIndex

__all__ = ["OpenSearchIndex"]
