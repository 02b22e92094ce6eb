"""Fine-tune Debian's Thai Tesseract model on made lines: ``python -m training.train``; see README.md."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import unicodedata
from multiprocessing import Pool
from pathlib import Path

from pythainlp.corpus.common import thai_words

from training.lineset import page
from training.scan import ScanMaker
from training.text import LATIN, LineWriter
from training.weights import in_floating_point

STOCK = Path("/usr/share/tesseract-ocr/5/tessdata/tha.traineddata")
RESULT = Path(__file__).parent.parent / "indexer" / "data" / "prakat_tha.traineddata"
LINES_PER_FILE = 80  # lstmtraining holds whole files in memory and draws from them in turn
LEARNING_RATE = "0.0005"  # half of what training from nothing takes: keeps what the stock model knows
# what the stock character set lacks: half of the Thai digits, a consonant, sara am (it spells น้ำ as น้า),
# Latin letters, signs of office
WANTED = "๔๖๗๘๙ฌำ" + "&;–‘’฿_" + LATIN + LATIN.upper()
PARTS = ("unicharset", "recoder", "word-dawg")  # of the model, replaced before training
IS_LETTER, IS_LOWER, IS_UPPER, IS_DIGIT, IS_SIGN = 1, 2, 4, 8, 16  # Tesseract's property bits (hexadecimal)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--work", type=Path, default=Path("build/training"), help="directory for all that is made"
    )
    parser.add_argument("--lines", type=int, default=8000, help="training lines to make")
    parser.add_argument("--seed", type=int, default=1, help="of the made lines: another one when going on")
    parser.add_argument("--iterations", type=int, default=12000, help="lines to learn from, with repetition")
    parser.add_argument("--stock", type=Path, default=STOCK, help="the model to start from, or to go on from")
    parser.add_argument("--result", type=Path, default=RESULT, help="where the model goes")
    choices = parser.parse_args()
    choices.work.mkdir(parents=True, exist_ok=True)
    base = extend(choices.stock, choices.work)
    train_list = write_lines(choices.work / "train", seed=choices.seed, count=choices.lines)
    check_list = write_lines(choices.work / "check", seed=0, count=400)
    fine_tune(choices.work, base, choices.stock, train_list, check_list, choices.iterations)
    finish(choices.work, base, choices.result)
    print(choices.result, hashlib.sha256(choices.result.read_bytes()).hexdigest())
    return 0


def extend(stock: Path, work: Path) -> Path:
    """The stock model with the new characters in its character set and coder: where training starts."""
    run("combine_tessdata", "-u", stock, work / "stock.")
    _, *rows = (work / "stock.lstm-unicharset").read_text(encoding="utf-8").splitlines()
    known = [row.split(" ", 1)[0] for row in rows]
    chars = known + [char for char in WANTED if char not in known]
    rows += [unichar(chars, number) for number in range(len(known), len(chars))]
    (work / "base.lstm-unicharset").write_text("\n".join([str(len(rows)), *rows, ""]), encoding="utf-8")
    coder = (work / "stock.lstm-recoder").read_bytes()[4:]
    codes = b"".join(struct.pack("<bii", 1, 1, code) for code in range(len(known), len(chars)))  # one each
    (work / "base.lstm-recoder").write_bytes(struct.pack("<i", len(chars)) + coder + codes)
    (work / "float.lstm").write_bytes(in_floating_point((work / "stock.lstm").read_bytes()))
    base = work / "base.traineddata"
    shutil.copy(stock, base)
    write_dictionary(work / "base.lstm-word-dawg", work / "base.lstm-unicharset", chars)
    run("combine_tessdata", "-o", base, *(work / f"base.lstm-{part}" for part in PARTS))
    return base


def write_dictionary(dawg: Path, unicharset: Path, chars: list[str]) -> None:
    """The words that the recogniser leans to; the stock ones are few and none has ำ after a tone mark."""
    known = set(chars)
    words = sorted(word for word in thai_words() if len(word) > 1 and known.issuperset(word))
    listing = dawg.with_suffix(".txt")
    listing.write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
    run("wordlist2dawg", listing, dawg, unicharset)


def unichar(chars: list[str], number: int) -> str:
    """Returns one row of a character set.

    The row has character, properties, unused metrics, script, case, direction and mirror.
    """
    char = chars[number]
    thai, latin = "\u0e00" <= char <= "\u0e7f" and char != "฿", char in LATIN + LATIN.upper()
    script = "Thai" if thai else "Latin" if latin else "Common"
    bits = IS_LETTER * char.isalpha() | IS_DIGIT * char.isdigit()
    bits |= IS_LOWER * char.islower() | IS_UPPER * char.isupper()
    bits |= IS_SIGN * unicodedata.category(char).startswith("P")
    other_case = chars.index(char.swapcase())
    direction = 0 if thai or latin else 10
    metrics = "0,255,0,255,0,0,0,0,0,0"
    return f"{char} {bits:x} {metrics} {script} {other_case} {direction} {number} {char}"


def write_lines(folder: Path, *, seed: int, count: int) -> Path:
    """Make ``count`` lines as ``.lstmf`` files and return the list that names them."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{number:04d}.lstmf" for number in range(-(-count // LINES_PER_FILE))]
    with Pool() as pool:
        pool.starmap(write_file, [(path, seed * 100_000 + number) for number, path in enumerate(paths)])
    listing = folder.with_suffix(".list")
    listing.write_text("".join(f"{path.resolve()}\n" for path in paths), encoding="utf-8")
    return listing


def write_file(path: Path, seed: int) -> None:
    """Write one file of made lines.

    Each file has its own seed, so any number of processes makes the same files.
    """
    writer, scanner = LineWriter(seed), ScanMaker(seed)
    texts = [writer.line() for _ in range(LINES_PER_FILE)]
    pages = [page(text, scanner.picture(text, writer.line())) for text in texts]
    path.write_bytes(struct.pack("<I", len(pages)) + b"".join(pages))


def fine_tune(work: Path, base: Path, stock: Path, train: Path, check: Path, iterations: int) -> None:
    run(
        "lstmtraining", "--model_output", work / "prakat", "--continue_from", work / "float.lstm",
        "--traineddata", base, "--old_traineddata", stock,
        "--train_listfile", train, "--eval_listfile", check, "--max_iterations", str(iterations),
        "--reset_learning_rate", "--learning_rate", LEARNING_RATE, "--target_error_rate", "0.0001",
        "--max_image_MB", "1500",
    )  # fmt: skip


def finish(work: Path, base: Path, result: Path) -> None:
    """The best checkpoint as an integer model: the last file holds both it and the newest."""
    result.parent.mkdir(parents=True, exist_ok=True)
    run(
        "lstmtraining", "--stop_training", "--convert_to_int", "--continue_from", work / "prakat_checkpoint",
        "--traineddata", base, "--model_output", result,
    )  # fmt: skip


def run(*command: object) -> None:
    """Run one of Tesseract's training programs on a single core; stop everything when it fails."""
    subprocess.run([str(part) for part in command], check=True, env=os.environ | {"OMP_THREAD_LIMIT": "1"})


if __name__ == "__main__":
    sys.exit(main())
