"""Makes a command look at the records and write to them in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from archive.repositories import Records

P = ParamSpec("P")
R = TypeVar("R")


class CommandsOnRecords:
    """Base of commands: keeps the records that they look at and write to."""

    def __init__(self, records: Records) -> None:
        self._records = records


C = TypeVar("C", bound=CommandsOnRecords)


def in_one_transaction(command: Callable[Concatenate[C, P], R]) -> Callable[Concatenate[C, P], R]:
    """Run a method of commands in one transaction on its records: what it checked still holds as it writes.

    Other writers wait for its end (``Batch``). An error undoes all that the command wrote.
    """

    @wraps(command)
    def in_transaction(self: C, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._records.batch():
            return command(self, *args, **kwargs)

    return in_transaction
