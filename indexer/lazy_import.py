"""Loads a library when it is first used.

The libraries that open files are used by the sandbox's processes, which load them once (``sandbox.PRELOAD``).
Processes that serve pages or run a command import the modules around them, but need no such library.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any


class _LazyModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)


def lazy_import(name: str) -> Any:
    """Return a stand-in for the module ``name`` that imports the module when an attribute is first read."""
    return _LazyModule(name)
