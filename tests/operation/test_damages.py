"""``prakat check`` finds every damage but the harmless ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.operation.archives import run
from tests.operation.damages import ROWS, WHOLES, Damage, copy_archive, describe, make_archive


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damages")
    make_archive(folder)
    return folder


@pytest.fixture
def data(sound: Path, tmp_path: Path) -> Path:
    return copy_archive(sound, tmp_path / "site")


def findings(data: Path) -> set[tuple[str, str]]:
    result = run(data, "check", "--json")
    assert isinstance(result.exception, SystemExit), result.exception
    return {(one["code"], one["subject"]) for one in json.loads(result.stdout)["findings"]}


EVIDENCE = {("changes-lost", "database")}  # noted on purpose, so that somebody may try to get rid of it


def is_found(damage: Damage, subject: str, found: set[tuple[str, str]]) -> bool:
    assert damage.found is not None
    return any(code == damage.found[0] and one.startswith(subject) for code, one in found)


def test_nothing_is_found_in_a_sound_archive(data: Path) -> None:
    assert findings(data) == EVIDENCE


def test_every_damage_of_a_row_or_file_is_found(data: Path) -> None:
    subjects = {damage.name: describe(data, damage.found[1]) for damage in ROWS if damage.found}
    for damage in ROWS:
        damage.inflict(data)
    found = findings(data)
    assert [damage.name for damage in ROWS if not is_found(damage, subjects[damage.name], found)] == []


@pytest.mark.parametrize("damage", [each for each in WHOLES if each.found], ids=lambda each: each.name)
def test_every_damage_of_the_whole_is_found(data: Path, damage: Damage) -> None:
    damage.inflict(data)
    assert damage.found is not None
    assert is_found(damage, damage.found[1], findings(data))
