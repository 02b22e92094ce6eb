"""The embedded search index: Whoosh's segments and commits, our analysis and ranking."""

from indexer.engines.whoosh.index import WhooshIndex

__all__ = ["WhooshIndex"]
