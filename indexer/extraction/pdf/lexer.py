"""The operators of a PDF content stream with their operands, found by one regular expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

MAX_OPERANDS = 20_000  # operands of one operator, arrays counted whole; more is no page but an attack
MAX_NESTING = 40  # arrays and dictionaries inside one another

_PLAIN = rb"[^()\\]++|\\.?"
_INNER = rb"\((?:" + _PLAIN + rb"|\((?:" + _PLAIN + rb")*+\))*+\)"
_TOKEN = re.compile(
    rb"([+-]*(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:-[0-9]*)?)"  # 1 number (a stray minus inside is dropped)
    rb"|\((" + rb"(?:" + _PLAIN + rb"|" + _INNER + rb")*+)\)"  # 2 string, parentheses nested three deep
    rb"|<([0-9A-Fa-f\s]*)>"  # 3 hexadecimal string
    rb"|/([^\x00\t\n\f\r ()<>\[\]{}/%]*)"  # 4 name
    rb"|BI(?=[\s/])(?:.*?)[\s>\])]ID\s(?:.*?)\s(EI)(?=[\s]|$)"  # 5 inline image
    rb"|([A-Za-z'\"][A-Za-z0-9'\"*]*)"  # 6 operator
    rb"|(\[)|(\])|(<<)|(>>)"  # 7, 8 array; 9, 10 dictionary
    rb"|%[^\r\n]*",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|\r|\n)|(.)?)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
_NUMBER, _STRING, _HEXADECIMAL, _NAME, _IMAGE, _OPERATOR, _ARRAY, _END_ARRAY, _DICT, _END_DICT = range(1, 11)
_WORDS = {b"true": True, b"false": False, b"null": None}


class Name(str):
    """A PDF name, told apart from text."""

    __slots__ = ()


def tokens(data: bytes) -> Iterator[tuple[bytes, list[Any]]]:
    """Yields each operator and its operands (floats, bytes, ``Name``, lists, dicts); inline images as BI.

    An inline image comes as the operator BI, without operands. The words true, false and null are operands
    too, as ``True``, ``False`` and ``None``; so is, as ``None``, any operator inside an array or dictionary.
    Bytes that are no PDF syntax are skipped.
    """
    operands: list[Any] = []
    outer: list[list[Any]] = []
    for match in _TOKEN.finditer(data):
        kind = match.lastindex or 0
        read = _OPERANDS.get(kind)
        if read is not None:
            operands.append(read(match[kind]))
        elif kind == _OPERATOR:
            word = match[6]
            if outer or word in _WORDS:
                operands.append(_WORDS.get(word))
                continue
            yield word, operands
            operands = []
        elif kind in (_ARRAY, _DICT):
            if len(outer) < MAX_NESTING:
                outer.append(operands)
                operands = []
        elif kind in (_END_ARRAY, _END_DICT) and outer:
            inner, operands = operands, outer.pop()
            operands.append(inner if kind == _END_ARRAY else _dictionary(inner))
        elif kind == _IMAGE:
            yield b"BI", []
        if len(operands) > MAX_OPERANDS:
            operands = []


def _number(digits: bytes) -> float:
    try:
        return float(digits)
    except ValueError:
        return float(b"-" + digits.lstrip(b"+-").partition(b"-")[0])


def _string(raw: bytes) -> bytes:
    return _ESCAPE.sub(_unescape, raw) if b"\\" in raw else raw


def _hexadecimal(raw: bytes) -> bytes:
    digits = b"".join(raw.split())
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))


def _unescape(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return bytes([int(match[1], 8) & 0xFF])
    return b"" if match[2] else _ESCAPES.get(match[3], match[3] or b"")


def _name(raw: bytes) -> Name:
    if b"#" in raw:
        raw = _HEX.sub(lambda match: bytes.fromhex(match[1].decode("ascii")), raw)
    return Name(raw.decode("utf-8", "replace"))


def _dictionary(items: list[Any]) -> dict[str, Any]:
    return {
        str(key): value for key, value in zip(items[::2], items[1::2], strict=False) if isinstance(key, Name)
    }


_OPERANDS: dict[int, Callable[[bytes], Any]] = {
    _NUMBER: _number,
    _STRING: _string,
    _HEXADECIMAL: _hexadecimal,
    _NAME: _name,
}
