"""Turns files into findable text.

``reading`` makes pages of a file, ``finding`` answers of a query; ``whoosh_index`` and ``opensearch_index``
keep what is to be found. The modules here run them: ``worker``, ``reindex``, ``follow``, ``check``,
``duties``.
"""
