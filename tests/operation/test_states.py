"""The tables of states in docs/architecture.md are what the commands do, cell by cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive.errors import PrakatError
from archive.model import Attachment, HoldReason, Status
from tests.operation.command_machine import CLERK, COPIES, DOCUMENTS, REASON, CommandMachine
from tests.operation.public_model import FILE_STATES

ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"
CLEAN, WITH_ID, OTHER, _OTHER_ID, DAMAGED = DOCUMENTS


def table(beginning: str) -> dict[str, dict[str, str]]:
    """Return the cells of the table of the document whose head begins so, by row and column."""
    lines = ARCHITECTURE.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(beginning))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    columns = rows[0]
    return {row[0]: dict(zip(columns[1:], row[1:], strict=True)) for row in rows[2:]}


RECORDS = table("| record | edit |")
FILES = table("| file | read: nothing found |")


@contextmanager
def open_machine() -> Iterator[CommandMachine]:
    machine = CommandMachine()
    machine.open_archive()
    try:
        yield machine
    finally:
        machine.close_archive()


def begin_with_another_record(machine: CommandMachine) -> None:
    """Leave the records before as they are, with nothing to read, and make another one."""
    machine.read_all()
    machine.model.records.clear()
    machine.create(has_number=False)


def record_state(machine: CommandMachine) -> str:
    record = machine.records.announcements.get(next(iter(machine.model.records)))
    return "scheduled" if record.publish_at else record.status.value


def attempt(command: Callable[[], object]) -> bool:
    """Carry a command out; False where it is refused."""
    try:
        command()
    except PrakatError:
        return False
    return True


def bring_record_to(machine: CommandMachine, state: str) -> None:
    steps: dict[str, list[Callable[[], object]]] = {
        "draft": [],
        "scheduled": [lambda: machine.schedule(0, hours=1)],
        "published": [lambda: machine.publish(0, reason="", should_show=True)],
        "withdrawn": [lambda: machine.publish(0, reason="", should_show=True), lambda: machine.withdraw(0)],
        "trashed": [lambda: machine.trash(0)],
    }
    for step in steps[state]:
        step()
    assert record_state(machine) == state


def record_commands(machine: CommandMachine, id: int) -> dict[str, Callable[[], object]]:
    """Return the commands by the column of the table."""
    announcements, publication = machine.commands.announcements, machine.commands.publication
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    return {
        "edit": lambda: announcements.revise(id, {"body": "แก้แล้ว"}, actor=CLERK),
        "set a time": lambda: announcements.schedule(id, later, actor=CLERK),
        "its time comes": lambda: publication.publish_due_or_unschedule(later, actor=CLERK),
        "publish": lambda: publication.publish(id, actor=CLERK),
        "withdraw": lambda: publication.withdraw(id, actor=CLERK, reason="ลงผิดเรื่อง"),
        "restore": lambda: publication.restore_as_draft(id, actor=CLERK),
        "throw away": lambda: publication.trash(id, actor=CLERK),
        "erase its text": lambda: machine.town.eraser.erase_announcement_fields(
            id, ordered_by="ศาล", reason="ละเมิด", actor=CLERK
        ),
        "withdraw again †": lambda: publication.withdraw_again(id, actor=CLERK),
    }


@pytest.mark.parametrize("state", RECORDS)
def test_each_command_leads_a_record_to_the_state_of_its_cell(state: str) -> None:
    with open_machine() as machine:
        for column, cell in RECORDS[state].items():
            begin_with_another_record(machine)
            bring_record_to(machine, state)
            (id,) = machine.model.records
            is_done = attempt(record_commands(machine, id)[column])
            assert is_done is (cell != "–"), (state, column)
            assert record_state(machine) == (cell if is_done else state), (state, column)


def test_the_table_has_every_status_of_a_record() -> None:
    assert {*RECORDS} == {*Status} | {"scheduled"}


def test_the_pairs_of_hold_and_reading_are_those_of_the_model() -> None:
    drawn = {name: [*row.values()] for name, row in table("| file | `hold` |").items()}
    assert drawn == {name: [hold or "None", read] for name, (hold, read) in FILE_STATES.items()}
    assert {*FILES} == {*drawn}
    assert {hold for hold, _read in FILE_STATES.values()} == {*HoldReason, None}


READ = ("read: nothing found", "read: an ID found", "cannot be read")


def bring_file_to(machine: CommandMachine, state: str, column: str) -> None:
    """Bring the only attachment of a published record to a state, for the command of a column."""
    by_column = {"read: an ID found": WITH_ID, "cannot be read": DAMAGED}
    document = by_column.get(column, CLEAN)
    document = DAMAGED if "unreadable" in state else WITH_ID if state == "personal-data" else document
    is_draft = column == "publish ‡" and not state.startswith("unchecked")
    is_decided = column == "undo the release †" and state == "shown"
    if not is_draft:
        machine.publish(0, reason="", should_show=True)
    machine.attach(0, document, is_from_person=is_decided or state.startswith("unchecked"), has_number=False)
    if not state.endswith("unread"):
        machine.read_all()
    if state == "shown-unreadable" or is_decided:
        machine.release(0)
    if column == "publish ‡" and not is_draft:
        machine.withdraw(0)
        machine.restore(0)


def play_on_file(machine: CommandMachine, column: str) -> None:
    """Play the rules of a column of the table."""
    rules: dict[str, Callable[[], object]] = {
        "release with a reason": lambda: machine.release(0),
        "confirm": lambda: machine.confirm(0, reason=REASON),
        "undo the release †": lambda: machine.undo_one(0, back=0),
        "replace": lambda: machine.replace(0, OTHER),
        "cover": lambda: machine.redact(0, COPIES[0]),
        "detach, put back": lambda: (machine.detach(0), machine.reattach(0)),
        "withdraw": lambda: machine.withdraw(0),
        "publish ‡": lambda: machine.publish(0, reason=REASON, should_show=True),
    }
    machine.is_refused = False
    rules.get(column, machine.read_all)()


def file_state(attachment: Attachment) -> str:
    pair = attachment.hold, attachment.status
    return next(name for name, drawn in FILE_STATES.items() if drawn == pair)


@pytest.mark.parametrize("state", FILES)
def test_each_command_leads_a_file_to_the_state_of_its_cell(state: str) -> None:
    with open_machine() as machine:
        for column, cell in FILES[state].items():
            if not cell:
                continue
            begin_with_another_record(machine)
            bring_file_to(machine, state, column)
            (record,) = machine.model.records.values()
            (id,) = record.order
            assert file_state(machine.records.attachments.get(id)) == state, column
            play_on_file(machine, column)
            assert machine.is_refused is (cell == "–"), (state, column)
            expected = state if cell == "–" else cell
            assert file_state(machine.records.attachments.get(id)) == expected, (state, column)
            machine.staff_see_what_the_model_says()
            has_new_file = bool(record.waiting_for(id))
            assert has_new_file is (column == "replace" and state.startswith("shown"))


def test_only_files_that_wait_are_read() -> None:
    for state, cells in FILES.items():
        assert all(bool(cells[column]) is state.endswith("unread") for column in READ), state
