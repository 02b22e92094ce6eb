"""Train the network on sets of lines, many lines at once, from a Tesseract model to a better one.

    python -m training.learn --model MODEL.traineddata --sets build/training/real build/training/made \
        --work build/training/learn --minutes 90

Needs JAX and Optax (the extra ``training``). Runs on one core. Every ``--save-every`` steps it writes a model
in integer form, and a checkpoint from which the same command goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from training.lineset import HEIGHT, LineSet
from training.network import STRIDE, Parameters, logits, normalise
from training.weights import read_weights, replace_weights

COMBINE = "combine_tessdata"  # one of Tesseract's training programs
BLANK = 2  # the code that stands for no character, in the model's coder
BUCKETS = {192: 64, 384: 40, 576: 28, 768: 20, 1152: 14}  # widest line in pixels → lines in a batch
CHARACTERS = {192: 40, 384: 80, 576: 80, 768: 120, 1152: 120}  # at most in a line of that width
RATE = 1e-3  # of Adam, at its highest
WARM_UP = 100  # steps
LEAST_RATE = 0.05  # share of the rate that is left at the end
MAX_NORM = 5.0  # of a gradient
AVERAGED = 0.998  # weight of the past in the running mean of the weights, which is what is written
UNREADABLE = 3.5  # nats a character: lines lost to their wear, or whose text is wrong, teach nothing
CHECKED_DOCUMENTS = 0.06  # share that is never trained on, chosen by the hash of the name
CHECK_LINES = 400  # of each source, and of what is left out, at most …
CHECK_LINES_PER_SET = 15  # … and of one set, as all lines of a page are worn alike


@dataclass(frozen=True, slots=True)
class Sample:
    """A line's picture and the codes of its characters."""

    picture: NDArray[np.uint8]
    codes: NDArray[np.int32]
    source: str


class Alphabet:
    """The characters of a model, by code: its coder gives each character one code."""

    def __init__(self, unicharset: str) -> None:
        self.characters = [row.split(" ", 1)[0] for row in unicharset.splitlines()[1:]]
        self.characters[0] = " "
        self._codes = {character: code for code, character in enumerate(self.characters)}

    def encode(self, text: str) -> NDArray[np.int32] | None:
        """Return the codes of a text, or ``None`` when a character has none."""
        codes = [self._codes.get(character, -1) for character in text]
        return None if -1 in codes or not codes else np.array(codes, np.int32)

    def decode(self, best: NDArray[np.int64]) -> list[int]:
        """Return the codes of a line from the best code of each step."""
        return [
            int(code)
            for before, code in zip([BLANK, *best], best, strict=False)
            if code not in (before, BLANK)
        ]


class Lines:
    """The lines of directories of sets, read as they appear. Every batch has a share of each directory."""

    def __init__(self, folders: list[Path], shares: list[float], alphabet: Alphabet, without: str) -> None:
        self._folders, self._shares = folders, np.array(shares) / sum(shares)
        self._alphabet, self._without = alphabet, without
        self._seen: set[Path] = set()
        self._samples: dict[tuple[int, int], list[Sample]] = defaultdict(list)  # by bucket and folder
        self.checks: dict[str, list[Sample]] = defaultdict(list)
        self.count = 0

    def refresh(self) -> None:
        for number, folder in enumerate(self._folders):
            for path in sorted(set(folder.glob("*.npz")) - self._seen):
                self._seen.add(path)
                self._take(LineSet.load(path), number)

    def _take(self, lines: LineSet, number: int) -> None:
        checked: Counter[str] = Counter()
        for picture, text, source, wear in zip(
            lines.pictures, lines.texts, lines.sources, lines.wear, strict=True
        ):
            codes = self._alphabet.encode(text)
            width = picture.shape[1]
            size = min((size for size in BUCKETS if width <= size), default=0)
            if codes is None or not size or len(codes) > min(CHARACTERS[size], width // STRIDE):
                continue
            sample, kind = Sample(picture, codes, source), source.split("_")[0]
            is_left_out = self._without in (kind, *wear)
            if _is_held_out(source) or is_left_out:
                name = kind if _is_held_out(source) else self._without
                if len(self.checks[name]) < CHECK_LINES and checked[name] < CHECK_LINES_PER_SET:
                    self.checks[name].append(sample)
                    checked[name] += 1
                continue
            self._samples[size, number].append(sample)
            self.count += 1

    def batch(self, random: np.random.Generator) -> list[Sample]:
        """Draw lines of like width. Widths are drawn as often as there are lines of them."""
        weights = np.array(
            [sum(len(self._samples[size, n]) for n in range(len(self._folders))) for size in BUCKETS], float
        )
        weights /= np.array(list(BUCKETS.values()))
        size = int(random.choice(list(BUCKETS), p=weights / weights.sum()))
        drawn = []
        for _ in range(BUCKETS[size]):
            pool = self._samples[size, int(random.choice(len(self._folders), p=self._shares))]
            pool = pool or max((self._samples[size, n] for n in range(len(self._folders))), key=len)
            drawn.append(pool[int(random.integers(len(pool)))])
        return drawn


def _is_held_out(source: str) -> bool:
    return int(hashlib.sha256(source.encode()).hexdigest()[:8], 16) < CHECKED_DOCUMENTS * 2**32


def arrays(samples: list[Sample], random: np.random.Generator) -> tuple[Any, ...]:
    """Return a batch as arrays: pictures, widths, noise around them, codes and their padding."""
    width = min(size for size in BUCKETS if max(sample.picture.shape[1] for sample in samples) <= size)
    pictures = np.zeros((len(samples), HEIGHT, width), np.float32)
    codes = np.zeros((len(samples), CHARACTERS[width]), np.int32)
    padding = np.ones((len(samples), CHARACTERS[width]), np.float32)
    for row, sample in enumerate(samples):
        pictures[row, :, : sample.picture.shape[1]] = normalise(sample.picture)
        codes[row, : len(sample.codes)] = sample.codes
        padding[row, : len(sample.codes)] = 0
    widths = np.array([sample.picture.shape[1] for sample in samples], np.int32)
    noise = random.uniform(-1, 1, (HEIGHT + 2, width + 2)).astype(np.float32)
    return pictures, widths, noise, codes, padding


def loss(
    parameters: Parameters, pictures: Any, widths: Any, noise: Any, codes: Any, padding: Any
) -> tuple[jax.Array, jax.Array]:
    """Return the mean CTC loss of a character over the readable lines, and the share of readable lines."""
    outputs = logits(parameters, pictures, widths, noise)
    ends = jnp.arange(outputs.shape[1])[None] >= (widths // STRIDE)[:, None]
    losses = optax.ctc_loss(outputs, ends.astype(jnp.float32), codes, padding, blank_id=BLANK)
    lengths = (1 - padding).sum(1)
    readable = (losses < UNREADABLE * (lengths + 1)).astype(jnp.float32)
    kept = jax.lax.stop_gradient(readable)
    return (losses * kept).sum() / jnp.maximum(1.0, (lengths * kept).sum()), kept.mean()


def rate(step: int, done: float) -> float:
    """Return the learning rate of a step: up for ``WARM_UP`` steps, then down along a cosine.

    ``done``: the share of the training that is over.
    """
    along = LEAST_RATE + (1 - LEAST_RATE) * (1 + math.cos(math.pi * min(1.0, done))) / 2
    return RATE * along * min(1.0, step / WARM_UP)


class Trainer:
    """The weights, their running mean and the optimiser's state."""

    def __init__(self, component: bytes) -> None:
        self.component = component
        self._optimiser = optax.chain(optax.clip_by_global_norm(MAX_NORM), optax.scale_by_adam())
        self.parameters = [jnp.asarray(weights, jnp.float32) for weights in read_weights(component)]
        self.mean = [jnp.array(weights) for weights in self.parameters]
        self.state = self._optimiser.init(self.parameters)
        self.step = 0
        self._update = jax.jit(self._compute)
        self._outputs = jax.jit(logits)

    def _compute(self, parameters: Parameters, mean: Parameters, state: Any, pace: float, *batch: Any) -> Any:
        (value, readable), gradient = jax.value_and_grad(loss, has_aux=True)(parameters, *batch)
        updates, state = self._optimiser.update(gradient, state, parameters)
        parameters = [old - pace * update for old, update in zip(parameters, updates, strict=True)]
        mean = [AVERAGED * old + (1 - AVERAGED) * new for old, new in zip(mean, parameters, strict=True)]
        return parameters, mean, state, value, readable

    def learn(self, batch: tuple[Any, ...], done: float) -> tuple[float, float]:
        """Learn from a batch and return its loss and its share of readable lines.

        ``done``: the share of the training that is over.
        """
        self.parameters, self.mean, self.state, value, readable = self._update(
            self.parameters, self.mean, self.state, rate(self.step, done), *batch
        )
        self.step += 1
        return float(value), float(readable)

    def read(self, pictures: Any, widths: Any, noise: Any) -> list[NDArray[np.int64]]:
        """Return the best code of each step of each line, by the mean weights."""
        outputs = np.asarray(self._outputs(self.mean, pictures, widths, noise))
        return [row[: width // STRIDE].argmax(1) for row, width in zip(outputs, widths, strict=True)]

    def save(self, path: Path) -> None:
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, *jax.tree.leaves(self._everything()))
        part.replace(path)

    def restore(self, path: Path) -> None:
        """Load a checkpoint that this program wrote, to go on from it."""
        with np.load(path) as data:
            leaves = [data[name] for name in data.files]
        everything = jax.tree.unflatten(jax.tree.structure(self._everything()), leaves)
        self.parameters, self.mean, self.state, step = everything
        self.step = int(step)

    def _everything(self) -> tuple[Any, ...]:
        return self.parameters, self.mean, self.state, self.step


def check(trainer: Trainer, alphabet: Alphabet, checks: dict[str, list[Sample]]) -> dict[str, float]:
    """Return the share of characters misread on lines that are not trained on, by source."""
    rates = {}
    random = np.random.default_rng(0)
    for source, samples in sorted(checks.items()):
        wrong = total = 0
        for group in _alike(samples):
            pictures, widths, noise, _, _ = arrays(group + [group[0]] * (16 - len(group)), random)
            for sample, best in zip(group, trainer.read(pictures, widths, noise), strict=False):
                edits = Levenshtein.distance(alphabet.decode(best), sample.codes.tolist())
                wrong += min(len(sample.codes), edits)
                total += len(sample.codes)
        rates[source] = round(wrong / max(1, total), 4)
    return rates


def _alike(samples: list[Sample]) -> Iterator[list[Sample]]:
    ordered = sorted(samples, key=lambda sample: sample.picture.shape[1])
    for start in range(0, len(ordered), 16):
        yield ordered[start : start + 16]


def write_model(base: Path, component: bytes, weights: Parameters, target: Path) -> None:
    """Write ``base`` with other weights, in integer form."""
    target.write_bytes(base.read_bytes())
    network = target.with_suffix(".lstm")
    network.write_bytes(replace_weights(component, [np.asarray(matrix, np.float64) for matrix in weights]))
    subprocess.run([COMBINE, "-o", target, network], check=True, capture_output=True)
    network.unlink()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model", type=Path, required=True, help="traineddata to go on from, in integer form"
    )
    parser.add_argument("--sets", type=Path, nargs="+", required=True, help="directories of line sets")
    parser.add_argument(
        "--shares", type=float, nargs="+", help="of the directories in a batch; equal if not given"
    )
    parser.add_argument("--work", type=Path, default=Path("build/training/learn"))
    parser.add_argument(
        "--minutes",
        type=float,
        default=90,
        help="how long to learn: the rate falls until then, on any machine",
    )
    parser.add_argument("--save-every", type=int, default=400, help="steps")
    parser.add_argument("--seed", type=int, default=1, help="of the order of lines")
    parser.add_argument(
        "--without", default="", help="a source (name before _) or a kind of wear to leave out and measure on"
    )
    choices = parser.parse_args()
    choices.work.mkdir(parents=True, exist_ok=True)
    subprocess.run([COMBINE, "-u", choices.model, choices.work / "base."], check=True, capture_output=True)
    alphabet = Alphabet((choices.work / "base.lstm-unicharset").read_text(encoding="utf-8"))
    trainer = Trainer((choices.work / "base.lstm").read_bytes())
    checkpoint = choices.work / "checkpoint.npz"
    if checkpoint.exists():
        trainer.restore(checkpoint)
    lines = Lines(choices.sets, choices.shares or [1.0] * len(choices.sets), alphabet, choices.without)
    train(trainer, lines, alphabet, choices, checkpoint)
    return 0


def train(
    trainer: Trainer, lines: Lines, alphabet: Alphabet, choices: argparse.Namespace, checkpoint: Path
) -> None:
    """Train for ``choices.minutes``, writing the curve to ``curve.jsonl``."""
    random = np.random.default_rng(choices.seed * 1_000_003 + trainer.step)
    log = partial(_log, choices.work / "curve.jsonl")
    seen: list[tuple[float, float, int]] = []
    began, done = time.monotonic(), 0.0
    while done < 1:
        if trainer.step % 100 == 0:
            lines.refresh()
        if trainer.step % choices.save_every == 0:
            log(step=trainer.step, lines_known=lines.count, misread=check(trainer, alphabet, lines.checks))
        samples = lines.batch(random)
        done = (time.monotonic() - began) / (60 * choices.minutes)
        seen.append((*trainer.learn(arrays(samples, random), done), len(samples)))
        if len(seen) == 50:
            value, readable, count = np.array(seen).T
            log(
                step=trainer.step,
                loss=round(value.mean(), 4),
                readable=round(readable.mean(), 3),
                lines=int(count.sum()),
            )
            seen = []
        if trainer.step % choices.save_every == 0 or done >= 1:
            trainer.save(checkpoint)
            target = choices.work / f"step{trainer.step:06d}.traineddata"
            write_model(choices.model, trainer.component, trainer.mean, target)
    log(step=trainer.step, misread=check(trainer, alphabet, lines.checks))


def _log(path: Path, **entry: object) -> None:
    entry = {"cpu": round(time.process_time(), 1), "at": time.strftime("%H:%M:%S"), **entry}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    print(json.dumps(entry, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.exit(main())
