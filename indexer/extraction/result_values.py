"""Result values: what a sandboxed child answers, as JSON, and back in its parent.

JSON names no code, so a child that a file has taken over can send values alone: plain ones, and records of
this project's dataclasses and enums, which are filled without running any code of theirs.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import enum
import importlib
import json
import sys
from collections.abc import Callable
from typing import Any

_ROOMS = frozenset({"archive", "indexer"})  # packages whose dataclasses and enums may be answered
_PLAIN = (type(None), bool, int, float, str)
_TIMES = (dt.datetime, dt.date)


def encode_result(value: object) -> bytes:
    """Returns a value as JSON in ASCII; ``TypeError`` for one of another kind."""
    return json.dumps(_encoded(value)).encode("ascii")


def decode_result(data: bytes) -> Any:
    """Returns the value that ``encode_result`` wrote; ``ValueError`` or another error for anything else."""
    return _decoded(json.loads(data))


def _encoded(value: object) -> object:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, list) and kind is list:
        return [_encoded(each) for each in value]
    if isinstance(value, enum.Enum):
        return {"member": [kind.__module__, kind.__qualname__, value.name]}
    if dataclasses.is_dataclass(value):
        names = [each.name for each in dataclasses.fields(value)]
        return {
            "record": [
                kind.__module__,
                kind.__qualname__,
                {name: _encoded(getattr(value, name)) for name in names},
            ]
        }
    if isinstance(value, (tuple, set, frozenset)) and kind in (tuple, set, frozenset):
        return {kind.__name__: [_encoded(each) for each in value]}
    if isinstance(value, dict) and kind is dict:
        return {"dict": [[_encoded(key), _encoded(each)] for key, each in value.items()]}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, _TIMES) and kind in _TIMES:
        return {kind.__name__: value.isoformat()}
    raise TypeError(f"{kind.__module__}.{kind.__qualname__} is no result")


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(each) for each in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    return _DECODERS[kind](content)


def _member(content: Any) -> enum.Enum:
    module, name, member = content
    found = _project_class(module, name)
    if not issubclass(found, enum.Enum):
        raise ValueError(f"{module}.{name} is no enum")
    return found[member]


def _record(content: Any) -> object:
    """Returns an instance with the fields as sent. Neither ``__init__`` nor ``__post_init__`` is run."""
    module, name, values = content
    found = _project_class(module, name)
    if not dataclasses.is_dataclass(found) or {each.name for each in dataclasses.fields(found)} != set(
        values
    ):
        raise ValueError(f"{module}.{name} is no dataclass with these fields")
    made = object.__new__(found)
    for field, value in values.items():
        object.__setattr__(made, field, _decoded(value))
    return made


def _project_class(module: str, name: str) -> type:
    if module.split(".")[0] not in _ROOMS:
        raise ValueError(f"{module} is no module of the project")
    found = vars(sys.modules.get(module) or importlib.import_module(module)).get(name)
    if not isinstance(found, type):
        raise ValueError(f"{module}.{name} is no class")
    return found


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "tuple": lambda content: tuple(map(_decoded, content)),
    "set": lambda content: set(map(_decoded, content)),
    "frozenset": lambda content: frozenset(map(_decoded, content)),
    "dict": lambda content: {_decoded(key): _decoded(each) for key, each in content},
    "bytes": lambda content: base64.b64decode(content, validate=True),
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "member": _member,
    "record": _record,
}
