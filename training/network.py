"""Tesseract's network [1,48,0,1 Ct3,3,16 Mp3,3 Lfys64 Lfx96 Lrx96 Lfx384 O1c1] in JAX, for batches of lines.

``lstmtraining`` learns from one line at a time. Here a batch of lines of like width goes through the same
layers at once, which makes the matrix products large. The weights are those of ``training.weights``.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

STRIDE = 3  # columns of pixels for each step of the output
TOGETHER = 128  # columns that are summarised at once: lines × steps of every batch are a multiple
MAX_STATE = 100.0  # Tesseract clips an LSTM's cell state there

Parameters = list[jax.Array]
Residuals = tuple[jax.Array, ...]


def normalise(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a line's grey values, about -1 for ink and 1 for paper, as ``NetworkIO::FromPix`` does.

    Black and white are the quartiles of the local minima and maxima of the middle row.
    """
    row = picture[picture.shape[0] // 2].astype(np.int32)
    before, here, after = row[:-2], row[1:-1], row[2:]
    is_minimum = ((here < before) & (here <= after)) | ((here <= before) & (here < after))
    is_maximum = ((here > before) & (here >= after)) | ((here >= before) & (here > after))
    lows = np.bincount(here[is_minimum], minlength=256) if is_minimum.any() else np.eye(1, 256, 0)[0]
    highs = np.bincount(here[is_maximum], minlength=256) if is_maximum.any() else np.eye(1, 256, 255)[0]
    black, white = _percentile(lows, 0.25), _percentile(highs, 0.75)
    contrast = max((white - black) / 2, 1.0) if white > black else 1.0
    return ((picture.astype(np.float32) - black) / contrast - 1).astype(np.float32)


def _percentile(counts: NDArray[np.int64], share: float) -> float:
    """Returns Tesseract's ``STATS::ile`` of a histogram of grey values."""
    target = max(1.0, share * counts.sum())
    totals = np.cumsum(counts)
    index = int(np.searchsorted(totals, target)) + 1
    return index - float(totals[index - 1] - target) / float(max(1, counts[index - 1]))


def logits(parameters: Parameters, pictures: jax.Array, widths: jax.Array, noise: jax.Array) -> jax.Array:
    """Return the outputs before the softmax: batch × steps × codes.

    ``pictures``: batch × 48 × width, normalised; ``widths``: columns of each that are the line.
    ``noise``: two rows and two columns more than a picture. It stands around every picture, as in Tesseract.
    """
    batch, height, width = pictures.shape
    steps = width // STRIDE
    inside = jnp.arange(width)[None, None, :] < widths[:, None, None]
    framed = jnp.broadcast_to(noise[None], (batch, height + 2, width + 2))
    framed = framed.at[:, 1:-1, 1:-1].set(jnp.where(inside, pictures, noise[None, 1:-1, 1:-1]))
    first = lax.stop_gradient(parameters[0])  # learning 160 weights would take a tenth of the time
    kernel = first[:, :-1].reshape(16, 3, 3).transpose(2, 1, 0)[:, :, None, :]  # by x, y → y, x
    convolved = lax.conv_general_dilated(
        framed[..., None], kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )[:, :, : steps * STRIDE]
    largest = convolved.reshape(batch, height // STRIDE, STRIDE, steps, STRIDE, 16).max((2, 4))
    features = jnp.tanh(largest + first[:, -1])  # grows with its argument: as good as before the maximum
    columns = features.transpose(1, 0, 2, 3).reshape(height // STRIDE, batch * steps, 16)
    sequence = _summaries(parameters[1:5], columns).reshape(batch, steps, 64).transpose(1, 0, 2)
    mask = (jnp.arange(steps)[:, None] < (widths // STRIDE)[None]).astype(jnp.float32)[..., None]
    sequence = _lstm(parameters[5:9], sequence, None)
    sequence = _lstm(parameters[9:13], sequence[::-1], mask[::-1])[::-1]
    sequence = _lstm(parameters[13:17], sequence, None)
    return (sequence @ parameters[17][:, :-1].T + parameters[17][:, -1]).transpose(1, 0, 2)


def _summaries(gates: Parameters, columns: jax.Array) -> jax.Array:
    """Returns the last output of an LSTM for columns: rows × columns × 16 → columns × 64.

    A few columns at a time: their states stay in the processor's cache. For the gradient they are
    computed again.
    """
    rows, count, size = columns.shape
    groups = columns.reshape(rows, count // TOGETHER, TOGETHER, size).transpose(1, 0, 2, 3)
    last = lax.map(jax.checkpoint(lambda group: _lstm(gates, group, None)[-1]), groups)
    return last.reshape(count, -1)


def _lstm(gates: Parameters, inputs: jax.Array, mask: jax.Array | None) -> jax.Array:
    """Run a one-dimensional LSTM over steps × batch × inputs. Steps with mask 0 leave the state at zero."""
    columns = inputs.shape[2]
    weights = jnp.concatenate(gates, 0)
    from_input, from_state, bias = weights[:, :columns].T, weights[:, columns:-1].T, weights[:, -1]
    keep = jnp.ones((inputs.shape[0], 1, 1), inputs.dtype) if mask is None else mask
    steps, lines, _ = inputs.shape
    projected = _product(inputs.reshape(steps * lines, columns), from_input).reshape(steps, lines, -1)
    return _recur(from_state, projected + bias, keep)


@jax.custom_vjp
def _recur(from_state: jax.Array, projected: jax.Array, keep: jax.Array) -> jax.Array:
    """Return the outputs of an LSTM from its multiplied inputs: steps × batch × (cell, in, forget, out)."""
    return _recur_forward(from_state, projected, keep)[0]


def _recur_forward(
    from_state: jax.Array, projected: jax.Array, keep: jax.Array
) -> tuple[jax.Array, Residuals]:
    short = from_state.astype(jnp.bfloat16)

    def step(carry: tuple[jax.Array, jax.Array], xs: tuple[jax.Array, jax.Array]) -> tuple[Any, Any]:
        state, output = carry
        before, kept = xs
        cell, enter, forget, leave = jnp.split(before + _product(output, short), 4, 1)
        cell, enter, forget, leave = (
            jnp.tanh(cell),
            jax.nn.sigmoid(enter),
            jax.nn.sigmoid(forget),
            jax.nn.sigmoid(leave),
        )
        state = jnp.clip(state * forget + cell * enter, -MAX_STATE, MAX_STATE) * kept
        output = jnp.tanh(state) * leave * kept
        return (state, output), (output, state, cell, enter, forget, leave)

    zero = jnp.zeros((projected.shape[1], from_state.shape[0]), projected.dtype)
    _, (outputs, *rest) = lax.scan(step, (zero, zero), (projected, keep))
    return outputs, (from_state, keep, outputs, *rest)


def _recur_backward(residuals: Residuals, slopes: jax.Array) -> tuple[jax.Array, jax.Array, None]:
    """Returns the gradients.

    The gradient of the weights is one product after the loop, instead of one in every step of the loop.
    """
    from_state, keep, outputs, states, cells, enters, forgets, leaves = residuals

    def step(carry: tuple[jax.Array, jax.Array], xs: tuple[jax.Array, ...]) -> tuple[Any, jax.Array]:
        of_state, of_output = carry
        slope, kept, state, before, cell, enter, forget, leave = xs
        of_output = (of_output + slope) * kept
        bent = jnp.tanh(state)
        of_state = (of_state + of_output * leave * (1 - bent * bent)) * kept
        of_gates = jnp.concatenate(
            [
                of_state * enter * (1 - cell * cell),
                of_state * cell * enter * (1 - enter),
                of_state * before * forget * (1 - forget),
                of_output * bent * leave * (1 - leave),
            ],
            1,
        )
        return (of_state * forget, _product(of_gates, backwards)), of_gates

    backwards = from_state.T.astype(jnp.bfloat16)
    zero = jnp.zeros_like(outputs[0])
    before = jnp.concatenate([zero[None], states[:-1]])
    xs = (slopes, keep, states, before, cells, enters, forgets, leaves)
    _, of_projected = lax.scan(step, (zero, zero), xs, reverse=True)
    previous = jnp.concatenate([zero[None], outputs[:-1]])
    hidden, gates = previous.shape[2], of_projected.shape[2]
    of_weights = _product(previous.reshape(-1, hidden).T, of_projected.reshape(-1, gates))
    return of_weights, of_projected, None


def _product(left: jax.Array, right: jax.Array) -> jax.Array:
    """Returns a matrix product whose factors are rounded to 8 bits, as those of the integer network are."""
    return lax.dot(left.astype(jnp.bfloat16), right.astype(jnp.bfloat16), preferred_element_type=jnp.float32)


_recur.defvjp(_recur_forward, _recur_backward)
