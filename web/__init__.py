"""What people and programs touch: pages, JSON and commands. ``web.bootstrap`` alone names adapters."""

import indexer  # noqa: F401 - says how the Thai libraries are to be imported
