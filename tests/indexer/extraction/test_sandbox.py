"""The sandbox ends whatever runs in it, says why, and gives the memory back."""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import signal
import struct
import time
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from archive.model import DocumentKind, Failure, Line, Status
from indexer.extraction import sandbox
from indexer.extraction.reading_errors import MESSAGES, UnreadableFile
from indexer.extraction.result_values import decode_result, encode_result


def double(number: int) -> int:
    return 2 * number


def sleep_long() -> None:
    time.sleep(60)


def spin() -> None:
    while True:
        pass


def fill_memory() -> int:
    return len(bytearray(4 * 1024**3))


def die() -> None:
    os.abort()


def refuse() -> None:
    raise UnreadableFile("password")


def fail() -> None:
    raise ValueError("an error that nobody foresaw")


def spawn_and_sleep(pid_file: str) -> None:
    grandchild = os.fork()
    if grandchild == 0:
        time.sleep(60)
        os._exit(0)
    Path(pid_file).write_text(str(grandchild), encoding="utf-8")
    time.sleep(60)


def pid_and_niceness() -> tuple[int, int]:
    return os.getpid(), os.nice(0)


def open_descriptors() -> list[str]:
    return [os.path.realpath(name) for name in Path("/proc/self/fd").iterdir()]


def send_length_and_sleep() -> None:
    """Begin an answer that never ends, and stay when the child's process group is killed."""
    if os.fork() == 0:
        os.setsid()
        for name in Path("/proc/self/fd").iterdir():
            if str(name.readlink()).startswith("socket:"):
                os.write(int(name.name), struct.pack("!i", 1000))
        time.sleep(3)
        os._exit(0)
    time.sleep(60)


def stop_reading_soon() -> None:
    """Answer, and then take no further request."""
    signal.signal(signal.SIGALRM, lambda *_: time.sleep(60))
    signal.setitimer(signal.ITIMER_REAL, 0.1)


def send_bytes(answer: bytes) -> None:
    """Send an answer past the code of the child, as a file that has taken it over may do."""
    for name in Path("/proc/self/fd").iterdir():
        if str(name.readlink()).startswith("socket:"):
            os.write(int(name.name), struct.pack("!i", len(answer)) + answer)
    time.sleep(60)


def pickled_change(module: bytes, name: bytes, attribute: bytes) -> bytes:
    """Returns a pickle that sets an attribute of a class to 7."""
    key = b"X" + len(attribute).to_bytes(4, "little") + attribute
    return b"\x80\x02c" + module + b"\n" + name + b"\n(N}" + key + b"K\x07stb."


def json_answer(value: object) -> bytes:
    return json.dumps({"tuple": ["done", value]}).encode()


HARMFUL = [
    b"cos\nsystem\n(S'touch taken-over'\ntR.",
    pickled_change(b"archive.model", b"Status", b"value"),
    pickled_change(b"archive.model", b"Failure", b"__eq__"),
    json_answer({"record": ["os", "system", {}]}),
    json_answer({"record": ["pathlib", "Path", {}]}),
    json_answer({"record": ["archive.model", "Status", {"value": 7}]}),
    json_answer({"record": ["archive.model", "Failure", {"code": "a", "message": "b", "__class__": 7}]}),
    json_answer({"record": ["archive.model", "Failure", {"code": "a"}]}),
    json_answer({"member": ["archive.model", "Failure", "__init__"]}),
    json_answer({"member": ["archive.model", "Status", "__init__"]}),
    json_answer({"member": ["subprocess", "os", "name"]}),
    json_answer({"tuple": [], "set": []}),
    json_answer({"eval": "1"}),
    b"[" * 100_000,
    b"{}",
    b"[]",
    b"7",
    b"\xff",
]


def test_a_result_comes_back() -> None:
    assert sandbox.run_in_sandbox(double, 21, seconds=10) == 42


def test_a_child_works_at_low_priority_in_another_process() -> None:
    pid, niceness = sandbox.run_in_sandbox(pid_and_niceness, seconds=10)
    assert pid != os.getpid()
    assert niceness >= sandbox.NICENESS


@pytest.mark.parametrize("function", [sleep_long, spin, send_length_and_sleep])
def test_time_runs_out(function) -> None:  # type: ignore[no-untyped-def]
    started = time.monotonic()
    with pytest.raises(UnreadableFile, match="timeout") as caught:
        sandbox.run_in_sandbox(function, seconds=0.3)
    assert time.monotonic() - started < 5
    assert caught.value.failure == Failure("timeout", MESSAGES["timeout"])


def test_time_runs_out_for_a_request_that_is_not_read() -> None:
    with sandbox.SandboxProcess() as child:
        child.call(stop_reading_soon, seconds=10)
        time.sleep(0.5)
        with pytest.raises(UnreadableFile, match="timeout"):
            child.call(len, bytes(10_000_000), seconds=0.5)


def test_time_runs_out_where_no_more_files_can_be_opened() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with sandbox.SandboxProcess() as child:
        child.call(double, 1, seconds=10)
        lowest_free = os.dup(0)
        os.close(lowest_free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
        try:
            with pytest.raises(UnreadableFile, match="timeout"):
                child.call(time.sleep, 3, seconds=0.3)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_an_answer_at_the_last_moment_costs_the_next_call_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with sandbox.SandboxProcess() as child:
        assert child.call(double, 1, seconds=10) == 2
        receive = child._connection.recv_bytes  # type: ignore[union-attr]

        def receive_and_pause(limit: int) -> bytes:
            answer = receive(limit)
            time.sleep(1)
            return answer

        monkeypatch.setattr(child._connection, "recv_bytes", receive_and_pause)
        assert child.call(double, 2, seconds=0.5) == 4
        assert child.call(double, 3, seconds=10) == 6


def test_memory_runs_out() -> None:
    with pytest.raises(UnreadableFile, match="memory"):
        sandbox.run_in_sandbox(fill_memory, seconds=10)


def write_byte_at(path: str, offset: int) -> int:
    with Path(path).open("wb") as file:
        file.seek(offset)
        file.write(b"x")
    return Path(path).stat().st_size


def test_a_child_writes_no_file_larger_than_its_memory(tmp_path: Path) -> None:
    path = tmp_path / "written"
    with sandbox.SandboxProcess(memory_mb=1024) as child:
        assert child.call(write_byte_at, str(path), (1 << 30) - 1, seconds=10) == 1 << 30
        with pytest.raises(UnreadableFile, match="crashed"):
            child.call(write_byte_at, str(path), 1 << 30, seconds=10)
    assert path.stat().st_size == 0


@pytest.mark.parametrize("function", [die, fail])
def test_a_crash_is_told(function) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnreadableFile, match="crashed"):
        sandbox.run_in_sandbox(function, seconds=10)


def test_a_reason_crosses_the_border() -> None:
    with pytest.raises(UnreadableFile) as caught:
        sandbox.run_in_sandbox(refuse, seconds=10)
    assert caught.value.failure.code == "password"


def refuse_oddly(code: object) -> None:
    raise UnreadableFile(code)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["no such code", 7, ("password",), ["password"], {}])
def test_a_reason_that_nobody_knows_is_a_crash(code: object) -> None:
    with sandbox.SandboxProcess() as child, pytest.raises(UnreadableFile, match="crashed") as caught:
        child.call(refuse_oddly, code, seconds=10)
    assert caught.value.failure.code == "crashed"


@pytest.mark.parametrize("answer", HARMFUL, ids=range(len(HARMFUL)))
def test_a_child_that_was_taken_over_changes_nothing_here(
    answer: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = dict(vars(Status)), dict(vars(Failure)), Status.PUBLISHED.value
    with pytest.raises(UnreadableFile, match="crashed"):
        sandbox.run_in_sandbox(send_bytes, answer, seconds=10)
    assert list(tmp_path.iterdir()) == []
    assert (dict(vars(Status)), dict(vars(Failure)), Status.PUBLISHED.value) == before


def same(value: object) -> object:
    return value


@pytest.mark.parametrize(
    "value",
    [
        None,
        [1, 2.5, True, "ก\ud800\0", b"\0\xff"],
        ((), (1, (2,)), {"a": (1,), 2: None}, {1, 2}, frozenset("ab")),
        Failure("no-room", "ก"),
        {Status.PUBLISHED: [DocumentKind.MEMO], DocumentKind.ORDER: {}},
        Line(start=1, top=2, bottom=3, edges=(4, 5)),
        (dt.datetime(2021, 6, 9, 8, tzinfo=dt.UTC), dt.datetime(2021, 6, 9), dt.date(2021, 6, 9)),  # noqa: DTZ001
    ],
    ids=range(7),
)
def test_every_kind_of_result_comes_back_as_it_was(value: object) -> None:
    result: object = sandbox.run_in_sandbox(same, value, seconds=10)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize("value", [object(), Path("a"), range(3)], ids=["object", "path", "range"])
def test_a_value_of_any_other_kind_is_no_result(value: object) -> None:
    with pytest.raises(TypeError, match="is no result"):
        decode_result(encode_result(value))


def test_grandchildren_die_with_the_child(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with pytest.raises(UnreadableFile, match="timeout"):
        sandbox.run_in_sandbox(spawn_and_sleep, str(pid_file), seconds=2)
    grandchild = int(pid_file.read_text(encoding="utf-8"))
    for _ in range(100):
        if not Path(f"/proc/{grandchild}").exists() or _is_zombie(grandchild):
            return
        time.sleep(0.02)
    pytest.fail("the grandchild is still alive")


def _is_zombie(pid: int) -> bool:
    return ") Z " in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")


def test_a_child_inherits_no_open_file_of_its_parent(tmp_path: Path) -> None:
    with (tmp_path / "secrets.sqlite").open("wb"):
        assert not any("secrets" in name for name in sandbox.run_in_sandbox(open_descriptors, seconds=10))


def test_a_child_serves_many_calls_and_is_replaced_after_a_kill() -> None:
    with sandbox.SandboxProcess() as child:
        first, _ = child.call(pid_and_niceness, seconds=10)
        assert child.call(pid_and_niceness, seconds=10)[0] == first
        with pytest.raises(UnreadableFile, match="timeout"):
            child.call(spin, seconds=0.2)
        assert not child.alive
        assert child.call(pid_and_niceness, seconds=10)[0] != first


def test_a_lost_nursery_is_replaced() -> None:
    sandbox.run_in_sandbox(double, 1, seconds=10)
    process = sandbox._nursery()._process
    process.kill()
    process.wait()
    assert sandbox.run_in_sandbox(double, 2, seconds=10) == 4


def test_those_who_lost_the_same_nursery_share_the_next() -> None:
    lost = sandbox._nursery()
    lost._process.kill()
    lost._process.wait()
    next_one = sandbox._nursery(lost=lost)
    assert sandbox._nursery(lost=lost) is next_one
    assert sandbox.run_in_sandbox(double, 2, seconds=10) == 4


def test_a_nursery_that_answers_no_more_is_replaced() -> None:
    sandbox.run_in_sandbox(double, 1, seconds=10)
    stuck = sandbox._nursery()
    stuck._control.settimeout(0.5)
    stuck._process.send_signal(signal.SIGSTOP)
    assert sandbox.run_in_sandbox(double, 2, seconds=10) == 4
    assert stuck._process.returncode == -signal.SIGKILL


def fork_without_devnull(_memory_mb: int) -> tuple[int, Connection]:
    ours, theirs = Pipe()
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.devnull = "/nothing/there"
        with suppress(BaseException):
            sandbox._serve(theirs, 1024)
        os._exit(1)
    theirs.close()
    return pid, ours


def test_a_fault_of_the_machine_is_not_blamed_on_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_fork", fork_without_devnull)
    with pytest.raises(sandbox.CannotStart) as caught:
        sandbox.run_in_sandbox(double, 21, seconds=10)
    assert caught.value.failure == Failure("no-sandbox", MESSAGES["no-sandbox"])
