from collections.abc import Sequence

from archive.model import Field, Page


def describe(_pages: Sequence[Page]) -> dict[str, Field]:
    return {}
