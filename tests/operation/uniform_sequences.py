"""Draws sequences of commands, each command as often as any other that can be played.

Hypothesis, which makes a failing sequence short, favours few rules in a short run.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from archive.erasure import ErasureScope
from archive.model import RelationKind
from tests.operation.command_machine import COPIES, DOCUMENTS, IDS, REASON, CommandMachine

Draw = Callable[[random.Random], object]


def _any_of(*values: object) -> Draw:
    return lambda chance: chance.choice(values)


_PICK = _any_of(*range(8))
_FLAG = _any_of(True, False)
_SELDOM = _any_of(True, False, False, False)
_REASON = _any_of(REASON, REASON, "")

COMMANDS: Mapping[str, Mapping[str, Draw]] = {
    "create": {"has_number": _FLAG, "has_title": _FLAG},
    "revise": {
        "number": _PICK,
        "name": _any_of("title", "body", "category"),
        "has_number": _FLAG,
        "reason": _REASON,
    },
    "publish": {"number": _PICK, "reason": _REASON, "should_show": _FLAG},
    "schedule": {"number": _PICK, "hours": _any_of(None, 0, 1, 2)},
    "move_clock_on": {"hours": _any_of(0, 1, 2)},
    "change_status": {"number": _PICK, "is_thrown_away": _FLAG, "reason": _REASON},
    "relate": {"newer": _PICK, "older": _PICK, "kind": _any_of(None, *RelationKind)},
    "attach": {
        "number": _PICK,
        "document": _any_of(*DOCUMENTS),
        "is_from_person": _FLAG,
        "has_number": _SELDOM,
    },
    "claim": {},
    "read_claimed": {},
    "read_all": {},
    "replace": {"number": _PICK, "document": _any_of(*DOCUMENTS)},
    "redact": {"number": _PICK, "document": _any_of(*COPIES)},
    "restore_earlier_file": {"number": _PICK, "version": _PICK},
    "detach": {"number": _PICK},
    "reattach": {"number": _PICK},
    "relabel": {"number": _PICK, "has_number": _FLAG, "reason": _REASON},
    "reorder": {"number": _PICK, "seed": lambda chance: random.Random(chance.random())},
    "correct": {"number": _PICK, "text_number": _any_of("", *IDS[:2])},
    "read_again": {"number": _PICK},
    "release": {"number": _PICK},
    "confirm": {"number": _PICK, "reason": _REASON},
    "hide_undecided": {"number": _PICK},
    "save_collection": {"has_number": _SELDOM, "reason": _REASON},
    "disclose": {"number": _PICK, "is_assigned": _FLAG},
    "erase": {"number": _PICK, "scope": _any_of(*ErasureScope)},
    "change_many": {"what": _any_of("publish", "category", "trash")},
    "undo_many": {"number": _PICK},
    "undo_one_of_the_last": {"number": _PICK, "back": _any_of(0, 1)},
    "undo_one": {"number": _PICK, "back": _any_of(*range(16))},
    "be_refused_as_a_stranger": {"number": _PICK, "back": _any_of(*range(16))},
    "follow": {},
}
"""Rule of ``CommandMachine`` → how each of its arguments is drawn."""


def play_sequence(seed: int, length: int) -> list[str]:
    """Plays so many commands, the same for the same seed; returns what was played.

    The archive is compared with the model after each. An assertion that fails has the commands as its notes.
    """
    chance = random.Random(seed)
    machine = CommandMachine()
    machine.begin(chance.sample(DOCUMENTS, chance.randrange(3)), is_public=chance.random() < 0.5)
    played: list[str] = []
    try:
        for _ in range(length):
            name = chance.choice([name for name in COMMANDS if _can_be_played(machine, name)])
            arguments = {key: draw(chance) for key, draw in COMMANDS[name].items()}
            played.append(f"{name}({arguments})")
            getattr(machine, name)(**arguments)
            machine.check_archive()
        machine._look_at_everything()
    except BaseException as error:
        error.add_note("\n".join((f"seed {seed}", *played)))
        raise
    finally:
        machine.close_archive()
    return played


def _can_be_played(machine: CommandMachine, name: str) -> bool:
    (rule,) = [each for each in machine.rules if each.function.__name__ == name]
    return all(condition(machine) for condition in rule.preconditions)
