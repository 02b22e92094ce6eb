"""Changes of a history that a later one set back are found in steps that grow no faster than the history.

Steps are counted (``tests.steps``), never seconds.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from functools import partial

import pytest

from archive.model import Change
from archive.undo import find_reversals
from tests.steps import counting, steps_of

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
Side = Mapping[str, object]


def history(sides: Iterator[tuple[str, Side, Side]]) -> list[Change]:
    return [
        Change(at=NOW, actor="สมศรี", action=action, before=dict(before), after=dict(after), id=number)
        for number, (action, before, after) in enumerate(sides, start=1)
    ]


def reversed_ids(*sides: tuple[str, Side, Side]) -> dict[int, int]:
    return {id: change.id for id, change in find_reversals(history(iter(sides))).items()}


def label(attachment: int, before: str, after: str) -> tuple[str, Side, Side]:
    return (
        "label",
        {"attachment_id": attachment, "label": before},
        {"attachment_id": attachment, "label": after},
    )


def revise(before: Side, after: Side) -> tuple[str, Side, Side]:
    return "revise", before, after


def test_a_change_is_set_back_by_the_next_that_restores_all_its_values() -> None:
    there, back = revise({"title": "ก"}, {"title": "ข"}), revise({"title": "ข"}, {"title": "ก"})
    both = revise({"title": "ก", "body": "1"}, {"title": "ข", "body": "2"})
    more = revise({"title": "ข", "body": "1"}, {"title": "ก", "body": "2"})
    assert reversed_ids(there, back) == {1: 2}
    assert reversed_ids(there, back, there) == {2: 3}  # what set it back was set back itself
    assert reversed_ids(there, back, there, back) == {1: 2, 3: 4}
    assert reversed_ids(there, more) == {1: 2}
    assert reversed_ids(both, back) == {}
    assert reversed_ids(there, ("order", *back[1:])) == {}
    assert reversed_ids(("order", {"order": [1, 2]}, {"order": [2, 1]}), label(1, "ก", "ข")) == {}
    assert reversed_ids(label(1, "ก", "ข"), label(2, "ข", "ก"), label(1, "ข", "ก")) == {1: 3}


def test_a_change_whose_values_were_erased_was_not_set_back() -> None:
    assert reversed_ids(revise({}, {}), revise({"title": "ก"}, {"title": "ข"})) == {}


HISTORIES = {
    "every value is new": lambda number: revise({"body": f"{number}"}, {"body": f"{number + 1}"}),
    "there and back": lambda number: revise({"body": f"{number % 2}"}, {"body": f"{(number + 1) % 2}"}),
    "emptied each time": lambda number: (
        revise({"body": f"{number}"}, {"body": ""})
        if number % 2
        else revise({"body": ""}, {"body": f"{number + 1}"})
    ),
    "labels of one paper": lambda number: label(1, f"{number}", f"{number + 1}"),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_twice_the_history_takes_about_twice_the_steps(name: str) -> None:
    changes = history(map(HISTORIES[name], itertools.islice(itertools.count(), 400)))
    with counting([]) as steps:
        half, whole = (steps_of(steps, partial(find_reversals, changes[:count])) for count in (200, 400))
    assert half > 1_000
    assert whole < 2.5 * half
