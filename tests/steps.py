"""Counts the work of text functions in steps: executed instructions, and steps of regular expressions.

``re`` does its work in C, where no instruction of ours is executed. So expressions are run a second time by a
small backtracking matcher that counts, and whose result is compared with that of ``re`` each time.
"""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parser  # type: ignore[attr-defined]
from typing import Any

import pytest

_UNBOUNDED = sre.MAXREPEAT
_DEEP = 60_000  # frames: the matcher calls itself for each repetition


class Steps:
    """The steps so far."""

    def __init__(self) -> None:
        self.count = 0


class _Matcher:
    """Matches one expression against one text, as ``re`` does."""

    def __init__(self, parsed: Any, flags: int, text: str, steps: Steps) -> None:
        self._parsed, self._flags, self._text, self._steps = parsed, flags, text, steps
        self._groups: dict[int, tuple[int, int]] = {}

    def match(self, place: int, *, whole: bool = False) -> int | None:
        """Returns the end of the match that begins at ``place``; None when there is none."""
        self._groups.clear()
        end = len(self._text)
        return self._sequence(self._parsed, 0, place, lambda at: at if not whole or at == end else None)

    def _sequence(self, nodes: Any, number: int, at: int, then: Callable[[int], int | None]) -> int | None:
        if number == len(nodes):
            return then(at)
        self._steps.count += 1
        op, value = nodes[number]

        def rest(place: int) -> int | None:
            return self._sequence(nodes, number + 1, place, then)

        if op in _SINGLE:
            return rest(at + 1) if self._is_one(op, value, at) else None
        return _COMPLEX[op](self, value, at, rest)

    def _is_one(self, op: Any, value: Any, at: int) -> bool:
        return at < len(self._text) and _fits(op, _hashable(value), self._text[at], self._flags)

    def _branch(self, value: Any, at: int, rest: Callable[[int], int | None]) -> int | None:
        found = (self._sequence(nodes, 0, at, rest) for nodes in value[1])
        return next((end for end in found if end is not None), None)

    def _subpattern(self, value: Any, at: int, rest: Callable[[int], int | None]) -> int | None:
        group, _, _, nodes = value

        def close(place: int) -> int | None:
            before = self._groups.get(group)
            self._groups[group] = (at, place)
            end = rest(place)
            if end is None and before is not None:
                self._groups[group] = before
            return end

        return self._sequence(nodes, 0, at, close if group is not None else rest)

    def _repeat(
        self, value: Any, at: int, rest: Callable[[int], int | None], *, greedy: bool = True
    ) -> int | None:
        least, most, nodes = value
        if len(nodes) == 1 and nodes[0][0] in _SINGLE:
            return self._repeat_one(least, most, nodes[0], at, rest, greedy=greedy)

        def again(place: int, done: int) -> int | None:
            def once(after: int) -> int | None:
                return again(after, done + 1) if after != place or done < least else None

            more = done < most
            if done < least:
                return self._sequence(nodes, 0, place, once)
            ways = [lambda: self._sequence(nodes, 0, place, once) if more else None, lambda: rest(place)]
            found = (way() for way in (ways if greedy else reversed(ways)))
            return next((end for end in found if end is not None), None)

        return again(at, 0)

    def _repeat_one(
        self, least: int, most: Any, node: Any, at: int, rest: Callable[[int], int | None], *, greedy: bool
    ) -> int | None:
        last = at
        while (most is _UNBOUNDED or last - at < most) and self._is_one(*node, last):
            last += 1
            self._steps.count += 1
        places = range(last, at + least - 1, -1) if greedy else range(at + least, last + 1)
        for place in places:
            self._steps.count += 1
            end = rest(place)
            if end is not None:
                return end
        return None

    def _alone(self, nodes: Any, at: int, rest: Callable[[int], int | None]) -> int | None:
        end = self._sequence(nodes, 0, at, lambda place: place)
        return None if end is None else rest(end)

    def _possessive(self, value: Any, at: int, rest: Callable[[int], int | None]) -> int | None:
        return self._alone([(sre.MAX_REPEAT, value)], at, rest)

    def _assertion(
        self, value: Any, at: int, rest: Callable[[int], int | None], *, wanted: bool = True
    ) -> int | None:
        direction, nodes = value
        start = at - nodes.getwidth()[0] if direction < 0 else at
        holds = start >= 0 and self._sequence(nodes, 0, start, lambda place: place) is not None
        return rest(at) if holds is wanted else None

    def _at(self, value: Any, at: int, rest: Callable[[int], int | None]) -> int | None:
        text = self._text
        at_end = at == len(text)
        holds = {
            sre.AT_BEGINNING: at == 0 or bool(self._flags & re.MULTILINE and text[at - 1] == "\n"),
            sre.AT_BEGINNING_STRING: at == 0,
            sre.AT_END: at_end or text[at:] == "\n" or bool(self._flags & re.MULTILINE and text[at] == "\n"),
            sre.AT_END_STRING: at_end,
            sre.AT_BOUNDARY: re.compile(r"\b").match(text, at) is not None,
            sre.AT_NON_BOUNDARY: re.compile(r"\B").match(text, at) is not None,
        }[value]
        return rest(at) if holds else None

    def _reference(self, value: Any, at: int, rest: Callable[[int], int | None]) -> int | None:
        if value not in self._groups:
            return None
        start, end = self._groups[value]
        same = self._text.startswith(self._text[start:end], at)
        return rest(at + end - start) if same else None


_SINGLE = {sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN}
_COMPLEX: dict[Any, Callable[..., int | None]] = {
    sre.BRANCH: _Matcher._branch,
    sre.SUBPATTERN: _Matcher._subpattern,
    sre.MAX_REPEAT: _Matcher._repeat,
    sre.MIN_REPEAT: lambda *args: _Matcher._repeat(*args, greedy=False),
    sre.POSSESSIVE_REPEAT: _Matcher._possessive,
    sre.ATOMIC_GROUP: _Matcher._alone,
    sre.ASSERT: _Matcher._assertion,
    sre.ASSERT_NOT: lambda *args: _Matcher._assertion(*args, wanted=False),
    sre.AT: _Matcher._at,
    sre.GROUPREF: _Matcher._reference,
}


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@cache
def _fits(op: Any, value: Any, character: str, flags: int) -> bool:
    """Returns True when ``re`` itself matches the character with this one node."""
    nodes = sre_parser.SubPattern(sre_parser.State())
    nodes.append((op, list(value) if isinstance(value, tuple) else value))
    nodes.state.flags = flags
    code = re._compiler.compile(nodes, flags & ~re.VERBOSE)  # type: ignore[attr-defined]
    return code.fullmatch(character) is not None


class CountedPattern:
    """A ``re.Pattern`` whose steps are counted beside; gives what the pattern gives."""

    def __init__(self, pattern: re.Pattern[str], steps: Steps) -> None:
        self._real, self._steps = pattern, steps
        self._parsed = sre_parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def _matcher(self, text: str) -> _Matcher:
        return _Matcher(self._parsed, self._real.flags, text, self._steps)

    def _count(self, text: str, place: int, found: re.Match[str] | None) -> None:
        """Count the search from ``place`` on that found this."""
        matcher = self._matcher(text)
        for start in range(place, len(text) + 1 if found is None else found.start() + 1):
            self._steps.count += 1
            end = matcher.match(start)
            expected = found.end() if found is not None and start == found.start() else None
            if found is not None and found.end() == found.start() == start and end is not None:
                continue  # after an empty match ``re`` asks for another one at the same place
            assert end == expected, (self._real.pattern, text, start, end, expected)

    def search(self, text: str, *places: int) -> re.Match[str] | None:
        found = self._real.search(text, *places)
        self._count(text, places[0] if places else 0, found)
        return found

    def match(self, text: str, *places: int) -> re.Match[str] | None:
        self._matcher(text).match(places[0] if places else 0)
        return self._real.match(text, *places)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        self._matcher(text).match(0, whole=True)
        return self._real.fullmatch(text)

    def finditer(self, text: str, *places: int) -> Iterator[re.Match[str]]:
        place = places[0] if places else 0
        for found in self._real.finditer(text, *places):
            self._count(text, place, found)
            place = max(found.end(), found.start() + (found.end() == found.start()))
            yield found
        self._count_last(text, place)

    def _count_last(self, text: str, place: int) -> None:
        matcher = self._matcher(text)
        for start in range(place, len(text) + 1):
            self._steps.count += 1
            matcher.match(start)

    def findall(self, text: str) -> list[Any]:
        list(self.finditer(text))
        return self._real.findall(text)

    def sub(self, new: Any, text: str, *more: int) -> str:
        list(self.finditer(text))
        return self._real.sub(new, text, *more)

    def split(self, text: str, *more: int) -> list[Any]:
        list(self.finditer(text))
        return self._real.split(text, *more)


class _CountedModule(types.ModuleType):
    """Stands in for ``re`` in a module that calls its functions with a pattern's text."""

    def __init__(self, steps: Steps) -> None:
        super().__init__("re")
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        if name not in ("search", "match", "fullmatch", "finditer", "findall", "sub", "split"):
            return getattr(re, name)

        def counted(pattern: Any, *args: Any, **named: Any) -> Any:
            if isinstance(pattern, bytes):
                return getattr(re, name)(pattern, *args, **named)
            flags = named.pop("flags", 0)
            real = pattern if isinstance(pattern, re.Pattern | CountedPattern) else re.compile(pattern, flags)
            one = real if isinstance(real, CountedPattern) else CountedPattern(real, self._steps)
            return getattr(one, name)(*args, **named)

        return counted


@contextmanager
def counting(modules: Iterable[types.ModuleType]) -> Iterator[Steps]:
    """Count the code executed inside the block, and the expressions of the modules."""
    steps = Steps()
    with pytest.MonkeyPatch.context() as patch:
        for module in modules:
            _count_patterns(module, steps, patch)
        yield steps


def _count_patterns(module: types.ModuleType, steps: Steps, patch: pytest.MonkeyPatch) -> None:
    for name, value in list(vars(module).items()):
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            patch.setattr(module, name, CountedPattern(value, steps))
        elif value is re:
            patch.setattr(module, name, _CountedModule(steps))
        elif isinstance(value, tuple) and all(map(callable, value)):
            for cell in (cell for function in value for cell in getattr(function, "__closure__", None) or ()):
                if isinstance(cell.cell_contents, re.Pattern):
                    patch.setattr(cell, "cell_contents", CountedPattern(cell.cell_contents, steps))


def steps_of(steps: Steps, work: Callable[[], object]) -> int:
    """Returns the number of steps that ``work`` takes; an error that ``work`` raises is ignored."""

    def trace(frame: types.FrameType, event: str, _argument: Any) -> Any:
        if frame.f_globals.get("__name__", "").partition(".")[0] in ("tests", "re", "enum"):
            return None  # the counting itself, and expressions that are compiled
        frame.f_trace_opcodes = True
        if event == "opcode":
            steps.count += 1
        return trace

    before, limit, tracer = steps.count, sys.getrecursionlimit(), sys.gettrace()
    sys.setrecursionlimit(_DEEP)
    sys.settrace(trace)
    try:
        work()
    except Exception:  # noqa: BLE001 (a refusal is an answer too)
        pass
    finally:
        sys.settrace(tracer)
        sys.setrecursionlimit(limit)
    return steps.count - before
