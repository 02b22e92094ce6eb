"""Random sequences of commands against an archive on real engines: features meet that no other test combines.

``PRAKAT_SEQUENCES=2000`` plays so many sequences of up to 60 commands, at random, such as in a night.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.operation.command_machine import DOCUMENTS, REASON, CommandMachine, filled_archive
from tests.operation.uniform_sequences import COMMANDS, play_sequence

_LONG_RUN = int(os.environ.get("PRAKAT_SEQUENCES", "0"))
_SEQUENCES, _COMMANDS = (_LONG_RUN, 60) if _LONG_RUN else (3, 30)


@pytest.mark.parametrize("seed", range(_LONG_RUN or 8))
def test_residents_see_what_they_should_after_every_kind_of_command(seed: int) -> None:
    filled_archive()
    play_sequence(seed, _COMMANDS)


def test_every_rule_is_among_the_commands_that_are_played_alike_often() -> None:
    assert {rule.function.__name__ for rule in CommandMachine().rules} == {*COMMANDS}


def test_residents_see_what_they_should_after_any_sequence_of_commands() -> None:
    filled_archive()
    run_state_machine_as_test(
        CommandMachine,
        settings=settings(
            max_examples=_SEQUENCES,
            stateful_step_count=_COMMANDS,
            derandomize=not _LONG_RUN,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink) if _LONG_RUN else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_what_was_decided_holds_until_the_withdrawal_and_no_search_finds_what_is_held() -> None:
    machine = CommandMachine()
    machine.begin(DOCUMENTS[:2], is_public=True)
    try:
        for play in (
            machine.follow,
            lambda: machine.withdraw(0),
            lambda: machine.restore(0),
            lambda: machine.publish(0, reason="", should_show=True),
            lambda: machine.publish(0, reason=REASON, should_show=True),
            lambda: machine.attach(0, DOCUMENTS[3], is_from_person=False, has_number=False),
            machine.read_all,
            machine.follow,
        ):
            play()
            machine.check_archive()
        machine._look_at_everything()
    finally:
        machine.close_archive()
