"""An index on a failing disk: every answer is right or is refused, and the damage is noted and mended."""

from __future__ import annotations

import os
import random
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from archive.errors import Unavailable
from indexer.engines.whoosh import WhooshIndex
from indexer.reindex import is_rebuild_needed, rebuild
from indexer.search.query.parser import Sort, parse_query
from tests.factories.archives import draft, fill
from tests.operation.archives import close, level, opened
from web.bootstrap import Services

_TYPED = (
    *("ถนน", "หนองปลาดุก", "งบประมาณ ๒๕๖๔", "ลำดับที่ ๗", "ขยะ", "บธ 12/2564", "", "สอบราคา", "โคกสูง"),
    *("รับสมัครพนักงานจ้าง", "เทศบาล", '"กำหนดวันเก็บขยะ"', "ดอนแก้ว -ขยะ", "ท่าช้าง", "บ้านใหม่ งบประมาณ"),
    *("หนองปลาดก", "เทศบาน", "4oo", "มีนาคม 2564", "หน้าของเรื่องที่ 12", "ลำดับที่ 99"),
)


def asked(services: Services) -> dict[str, Callable[[], object]]:
    """Returns every way to ask the index, by a name."""
    index = services.index

    def found(typed: str, sort: Sort) -> object:
        page = index.search(parse_query(typed, sort=sort, per_page=50))
        return page.total, page.hits, page.facets, page.did_you_mean

    ways: dict[str, Callable[[], object]] = {}
    for typed in _TYPED:
        for sort in (Sort.RELEVANCE, Sort.NEWEST):
            ways[f"{typed} {sort}"] = lambda typed=typed, sort=sort: found(typed, sort)
        ways[f"suggest {typed}"] = lambda typed=typed: index.suggest(typed)
    for one in range(1, 60, 7):
        ways[f"similar {one}"] = lambda one=one: index.find_similar(one)
    ways["count"], ways["ids"], ways["position"] = index.count, index.ids, index.position
    return ways


@contextmanager
def files_left_to_open(count: int) -> Iterator[None]:
    """Let this process open only so many further files."""
    unused = []
    highest = max(int(each.name) for each in Path("/proc/self/fd").iterdir())
    for number in range(highest):  # fill the gaps
        with suppress(OSError):
            os.fstat(number)
            continue
        unused.append(os.open(os.devnull, os.O_RDONLY))
    lowest = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for each in unused:
            os.close(each)


def test_too_many_open_files_are_no_reason_to_rebuild(tmp_path: Path) -> None:
    services = opened(tmp_path / "data")
    fill(services, 6)
    said = []
    for count in range(16):
        index = WhooshIndex(tmp_path / "data" / "index", services.dictionary)
        with files_left_to_open(count):
            try:
                said.append(str(index.is_current()))
            except Unavailable as error:
                said.append(error.code)
    assert set(said) == {"True", "search-unavailable"}
    assert services.index.noted_damage() == []
    close(services)


def answers(services: Services) -> dict[str, object]:
    """Returns the index's answers by the way of asking; refused ones are left out.

    Where there is no manifest, there are no answers: callers take that for an index that is being built.
    """
    given = {}
    for name, ask in asked(services).items():
        try:
            answer = ask()
            if services.index.manifest() is not None:
                given[name] = answer
        except Unavailable:
            continue
    return given


def flip_bits(directory: Path, count: int, seed: int) -> None:
    """Flip random bits of the files below ``directory``, each byte as likely as any other."""
    chance = random.Random(seed)
    files = [path for path in sorted(directory.rglob("*")) if path.is_file() and path.stat().st_size]
    sizes = [path.stat().st_size for path in files]
    for path in chance.choices(files, sizes, k=count):
        with path.open("r+b") as file:
            place = chance.randrange(path.stat().st_size)
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ 1 << chance.randrange(8)]))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """A filled archive and all its answers: several segments, some documents deleted."""
    data = tmp_path_factory.mktemp("sound") / "data"
    services = opened(data)
    fill(services, 60)
    for number in range(3):
        made = services.commands.announcements.create(draft(200 + number), actor="ทดสอบ")
        services.commands.publication.publish(made.id, actor="ทดสอบ", reason="ทดสอบ")
        services.commands.publication.withdraw((8, 11, 13)[number], actor="ทดสอบ", reason="ทดสอบ")
        level(services)
    right = answers(services)
    assert right.keys() == asked(services).keys()
    close(services)
    return data, right


@pytest.fixture
def copy(sound: tuple[Path, dict[str, object]], tmp_path: Path) -> Iterator[tuple[Path, Services]]:
    data = shutil.copytree(sound[0], tmp_path / "data")
    services = opened(data)
    yield data, services
    close(services)


@pytest.mark.parametrize("count", [1, 5, 40, 2_000])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("live", [True, False], ids=["live", "restarted"])
def test_flipped_bits_never_give_a_wrong_answer(
    sound: tuple[Path, dict[str, object]], copy: tuple[Path, Services], count: int, seed: int, *, live: bool
) -> None:
    (_, right), (data, services) = sound, copy
    if live:  # its files are open, and what the index keeps in memory is there
        services.index.search(parse_query("ถนน"))
    flip_bits(data / "index", count, seed)
    given = answers(services)
    assert [name for name, answer in given.items() if answer != right[name]] == []
    with suppress(Unavailable):
        services.index.find_damage()
    assert is_rebuild_needed(services.records, services.index)
    rebuild(services.records, services.index)
    assert not is_rebuild_needed(services.records, services.index)
    assert answers(services) == right
    assert services.index.find_damage() == services.index.noted_damage() == []
