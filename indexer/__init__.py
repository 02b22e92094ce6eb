"""Turns files into findable text.

``reading`` makes pages of a file, ``finding`` answers of a query; ``whoosh_index`` and ``opensearch_index``
keep what is to be found. The modules here run them: ``worker``, ``reindex``, ``follow``, ``check``,
``duties``.
"""

from __future__ import annotations

import os

# Before its first import: it would make a directory in the home of whoever runs this, and a service has none.
os.environ.setdefault("PYTHAINLP_READ_ONLY", "1")
