"""Interfaces for people and programs: pages, JSON, commands. Only ``web.bootstrap`` names adapters."""

import indexer  # noqa: F401 - says how the Thai libraries are to be imported
