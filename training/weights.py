"""The weights of a Tesseract LSTM component (``.lstm``), read out and put back.

Debian ships integer networks only. Their integers are plain ``weight / scale`` per output (scale = largest
weight of the row / 127), so multiplying them back gives a network that reads as the integer one does.

The layout follows ``Network::Serialize`` and its subclasses in Tesseract's ``src/lstm``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]  # by output and input; the last column is the bias

INT_MODE = 1  # bit of a weight matrix's mode byte and of the recogniser's training flags
DOUBLES = 128  # bit of the mode byte: scales and weights are doubles
LAYER_RATES = 64  # bit of the network flags: each layer keeps its learning rate
LSTM_GATES = 4  # cell input, input gate, forget gate, output gate of a one-dimensional LSTM
LARGEST = 127  # of a quantised weight
CONTAINERS = {"Series", "Parallel", "RTLReversed", "TTBReversed", "XYTranspose"}
LSTMS = {"LSTM", "SummLSTM"}
FULLY_CONNECTED = {"Logistic", "Posclip", "Symclip", "Tanh", "Relu", "Linear", "Softmax", "SoftmaxNoCTC"}
FIXED_TAILS = {"Input": 20, "Convolve": 8, "Maxpool": 8, "Reconfig": 8}  # bytes after the common header


@dataclass(frozen=True, slots=True)
class _Matrix:
    """An integer weight matrix and the bytes of the component that it takes."""

    start: int
    end: int
    weights: Weights


def read_weights(component: bytes) -> list[Weights]:
    """Return the weight matrices of an integer component, in file order.

    Raises ``ValueError`` when a layer is unknown or not in integer form.
    """
    return [matrix.weights for matrix in _matrices(component)]


def replace_weights(component: bytes, weights: list[Weights]) -> bytes:
    """Return an integer component like ``component`` with other weights, quantised row by row.

    Each row's scale makes its largest weight 127, as ``WeightMatrix::ConvertToInt`` does.
    """
    pieces, done = [], 0
    for matrix, new in zip(_matrices(component), weights, strict=True):
        if new.shape != matrix.weights.shape:
            raise ValueError(f"a matrix of {new.shape} cannot replace one of {matrix.weights.shape}")
        pieces += [component[done : matrix.start], _quantised(component[matrix.start : matrix.end], new)]
        done = matrix.end
    return b"".join([*pieces, component[done:]])


def in_floating_point(component: bytes) -> bytes:
    """Return an integer component with its weights as doubles: ``lstmtraining`` goes on from that alone."""
    pieces, done = [], 0
    reader = _Reader(component)
    for matrix in reader.layer():
        rows, columns = matrix.weights.shape
        mode = component[matrix.start] & ~INT_MODE
        header = struct.pack("<Biid", mode, rows, columns, 0.0)  # the last is the value of an empty cell
        pieces += [component[done : matrix.start], header + matrix.weights.tobytes()]
        done = matrix.end
    reader.skip_specification()
    (flags,) = struct.unpack_from("<i", component, reader.place)
    pieces += [component[done : reader.place], struct.pack("<i", flags & ~INT_MODE)]
    return b"".join([*pieces, component[reader.place + 4 :]])


def _quantised(old: bytes, weights: Weights) -> bytes:
    rows, columns = weights.shape
    scales = np.abs(weights).max(1) / LARGEST
    scales[scales == 0] = 1 / LARGEST
    integers = np.rint(weights / scales[:, np.newaxis]).astype(np.int8)
    header, count_at = old[:10], 10 + rows * columns
    (count,) = struct.unpack_from("<i", old, count_at)
    padded = np.zeros(count)
    padded[:rows] = scales
    return header + integers.tobytes() + struct.pack("<i", count) + padded.tobytes()


def _matrices(component: bytes) -> list[_Matrix]:
    reader = _Reader(component)
    return list(reader.layer())


class _Reader:
    """Walks through the layers of a component."""

    def __init__(self, component: bytes) -> None:
        self._data = component
        self.place = 0

    def layer(self) -> Iterator[_Matrix]:
        """Yield the matrices of the layer that begins here, and of the layers within it."""
        self._skip(1)  # "a type name follows"
        kind = self._string()
        self._skip(2)  # training, needs to back-propagate
        flags = self._int()
        self._skip(12)  # inputs, outputs, weights
        self._string()  # the layer's name
        if kind in FIXED_TAILS:
            self._skip(FIXED_TAILS[kind])
        elif kind in CONTAINERS:
            for _ in range(self._int()):
                yield from self.layer()
            if flags & LAYER_RATES:
                self._skip(4 * self._int())
        elif kind in LSTMS:
            self._int()  # inputs with the recurrent ones
            for _ in range(LSTM_GATES):
                yield self._matrix()
        elif kind in FULLY_CONNECTED:
            yield self._matrix()
        else:
            raise ValueError(f"unknown layer {kind!r}")

    def skip_specification(self) -> None:
        """Skip the network's description, which follows its layers."""
        self._string()

    def _matrix(self) -> _Matrix:
        start = self.place
        mode = self._skip(1)[0]
        if not mode & INT_MODE or not mode & DOUBLES:
            raise ValueError("the network is not an integer one")
        rows, columns = self._int(), self._int()
        self._skip(1)  # the value of an empty cell
        integers = np.frombuffer(self._skip(rows * columns), np.int8).reshape(rows, columns)
        scales = np.frombuffer(self._skip(8 * self._int()), np.float64)[:rows]
        return _Matrix(start, self.place, integers * scales[:, np.newaxis])

    def _skip(self, count: int) -> bytes:
        data = self._data[self.place : self.place + count]
        if len(data) != count:
            raise ValueError("the network ends early")
        self.place += count
        return data

    def _int(self) -> int:
        return int(struct.unpack("<i", self._skip(4))[0])

    def _string(self) -> str:
        return self._skip(self._int()).decode("utf-8")
