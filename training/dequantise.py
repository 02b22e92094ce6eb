"""An integer ("fast") Tesseract network → the same network in floating point.

Debian ships the integer network only, and ``lstmtraining`` continues from floating point alone. The
integers are plain ``weight / scale`` per output (scale = largest weight of the row / 127), so
multiplying them back gives a network that reads as the integer one does.

The layout follows ``Network::Serialize`` and its subclasses in Tesseract's ``src/lstm``.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np

INT_MODE = 1  # bit of a weight matrix's mode byte and of the recogniser's training flags
DOUBLES = 128  # bit of the mode byte: scales and weights are doubles
LAYER_RATES = 64  # bit of the network flags: each layer keeps its learning rate
LSTM_GATES = 4  # cell input, input gate, forget gate, output gate of a one-dimensional LSTM
PLUMBING = {"Series", "Parallel", "RTLReversed", "TTBReversed", "XYTranspose"}
LSTMS = {"LSTM", "SummLSTM"}
FULLY_CONNECTED = {"Logistic", "Posclip", "Symclip", "Tanh", "Relu", "Linear", "Softmax", "SoftmaxNoCTC"}
FIXED_TAILS = {"Input": 20, "Convolve": 8, "Maxpool": 8, "Reconfig": 8}  # bytes after the common header


class _Copy:
    """Copies bytes from ``source`` to ``target`` while telling what they say."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source = source
        self._target = target

    def take(self, count: int) -> bytes:
        data = self._source.read(count)
        if len(data) != count:
            raise ValueError("the network ends early")
        return data

    def bytes(self, count: int) -> bytes:
        data = self.take(count)
        self._target.write(data)
        return data

    def int(self) -> int:
        return int(struct.unpack("<i", self.bytes(4))[0])

    def string(self) -> str:
        return self.bytes(self.int()).decode("utf-8")

    def put(self, data: bytes) -> None:
        self._target.write(data)


def dequantise(source: BinaryIO, target: BinaryIO) -> None:
    """Copy an ``.lstm`` component with its weights as doubles. ``ValueError`` when it is not understood."""
    copy = _Copy(source, target)
    _network(copy)
    copy.string()  # the network's specification
    (flags,) = struct.unpack("<i", copy.take(4))
    copy.put(struct.pack("<i", flags & ~INT_MODE))
    copy.put(source.read())


def _network(copy: _Copy) -> None:
    copy.bytes(1)  # "a type name follows"
    kind = copy.string()
    copy.bytes(2)  # training, needs to back-propagate
    flags = copy.int()
    copy.bytes(12)  # inputs, outputs, weights
    copy.string()  # the layer's name
    if kind in FIXED_TAILS:
        copy.bytes(FIXED_TAILS[kind])
    elif kind in PLUMBING:
        for _ in range(copy.int()):
            _network(copy)
        if flags & LAYER_RATES:
            copy.bytes(4 * copy.int())
    elif kind in LSTMS:
        copy.int()  # inputs with the recurrent ones
        for _ in range(LSTM_GATES):
            _weights(copy)
    elif kind in FULLY_CONNECTED:
        _weights(copy)
    else:
        raise ValueError(f"unknown layer {kind!r}")


def _weights(copy: _Copy) -> None:
    (mode,) = copy.take(1)
    if not mode & INT_MODE or not mode & DOUBLES:
        raise ValueError("the network is not an integer one")
    copy.put(bytes([mode & ~INT_MODE]))
    rows, columns = struct.unpack("<ii", copy.take(8))
    copy.take(1)  # the value of an empty cell
    integers = np.frombuffer(copy.take(rows * columns), np.int8).reshape(rows, columns)
    (count,) = struct.unpack("<i", copy.take(4))
    scales = np.frombuffer(copy.take(8 * count), np.float64)[:rows]
    copy.put(struct.pack("<iid", rows, columns, 0.0))
    copy.put((integers * scales[:, np.newaxis]).tobytes())
