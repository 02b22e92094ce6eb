"""Reading, indexing and search of announcements.

``extraction`` turns files into pages of text, ``analysis`` turns announcements into index documents,
``search`` turns a query into results, and ``engines`` store the index. The modules here run them: ``worker``,
``inbox``, ``reindex``, ``index_sync``, ``consistency``, ``leader_leases``, ``scrub``.
"""

from __future__ import annotations

import os

# Set before PyThaiNLP is imported, which would make a directory in the user's home; a service has no home.
os.environ.setdefault("PYTHAINLP_READ_ONLY", "1")
