"""OCR correction: corrects misread letters in recognised Thai text where the words leave no doubt.

On 1.2 million letters of clean text the correction changes 12 in 100,000, half of them slips of the writers.

A recogniser takes letters for their look-alikes and loses the marks above them (สารสัม for สารส้ม, ตากว่า for
ต่ำกว่า). Words that look alike have one *outline*: marks left out, look-alikes as one letter. A line is cut
into words at the least cost, where a word may also stand for a stretch of its outline, at a price for every
sign that differs. The price is so high that only long or frequent words are put in the place of what is
no word.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from archive.thai.characters import CONSONANTS, LEADING_VOWELS, WORD_LETTERS
from archive.thai.word_list import thai_words
from indexer.extraction.ocr.place_names import NO_PLACE_NAMES, PlaceNames

LEAST = 5  # code points: shortest word that may replace a misread one
USUAL = 5  # occurrences in the Thai National Corpus that such a word must have
LEAST_OF_FREQUENT = 4  # code points: the same for a frequent word, as ตำบล, which is often read ดำบล
FREQUENT = 2000  # occurrences there of such a word; 1.2 million clean letters gain 9 right, 4 wrong changes
MOST_DIFFERING = 0.3  # share of a word's signs that may differ, but for one: เนก้า is not a misread เบต้า
IN_USE = 200  # occurrences there that make a word known that the dictionary lacks (20–500 are as good) …
LEAST_IN_USE = 4  # … if it has as many code points: ราชสีมา of an address
SLIP = 7.0  # cost (nats) of a sign that differs
DOUBT = 1.0  # cost (nats) instead of SLIP in a line that is read again if a more usual row of words comes out
LETTER = 5.0  # cost (nats) beside SLIP of a letter that was lost, added or taken for one of another shape
LEAST_OF_LETTER = 6  # letters of the outline of a word that may have such a letter: in shorter ones by chance
UNKNOWN = 8.0  # cost (nats) of a letter that belongs to no word
JOIN = 6.0  # gain (nats) from which on a stray space is removed
REACH = 14  # letters on either side of a space that are compared
PLACE = 10.0  # cost (nats) of a place name that the archive knows, at most: as of a usual word
NAME = 14.0  # cost (nats) of a person's name: names are known words, but never replace other text
LEAST_STEM = 3  # code points of a word that loses its ์ in front of another one: แพทย
SHARE_OF_STEM = 0.01  # of the uses of such a word, in compounds without ์; พาณิชย has 0.03, ศูนย 0.0003
LONGEST = 24  # letters of the longest outline
HEAD = 3  # first letters of an outline that tell how long a word with them may be
REMEMBERED = 2000  # texts whose words are kept: a row is asked for after each of its readings

_STRETCH = re.compile(f"[{WORD_LETTERS}]{{3,}}")
_LETTERS = re.compile(f"[{WORD_LETTERS}]+")
_LETTERS_BEFORE = re.compile(f"[{WORD_LETTERS}]+$")
_SPACED = re.compile(f"(?<=[{WORD_LETTERS}]) (?=[{CONSONANTS}{LEADING_VOWELS}])")
_RANK = (
    "(?:ว่าที่ ?)?(?:พล|พัน|ร้อย|จ่า|สิบ|นาวา|เรือ|พันจ่า|จ่าสิบ)(?:ตำรวจ|อากาศ)?(?:เอก|โท|ตรี)|นายดาบตำรวจ|ดาบตำรวจ"
    rf"|(?<![{WORD_LETTERS}.])(?:(?:พล|[พรส])\.(?:ต\.)?[อทต]|จ\.(?:ส\.)?[อทต]|น\.[อทตส]|ด\.[ตชญ]|ม\.(?:ร\.ว|ล)|ดร|ผศ|รศ)\."
)
_NAMED = re.compile(
    r"(?:นาย(?!ก|อำเภอ|ทะเบียน|ช่าง|จ้าง|แพทย์)|นาง(?:สาว)?|เด็ก(?:ชาย|หญิง)(?! ?(?:และ|หรือ|ที่|ใน|อายุ|ทุก))"
    rf"|พระ(?:ครู|มหา(?!กษัตริ|กรุณา|จักร|ราช|มงคล)|อธิการ)|{_RANK})"
    r" ?\S+(?: +\S+)?"
    # the signer of a letter, in a row of its own; สำเนา and ต่อ are names too
    r"|^\((?!สำเนา(?! |ว)|ลงชื่อ|เอกสาร|ต่อ(?:หน้า|จาก)|ร่าง)[^()\d]+\)$"
)
_BEGIN_NO_COMPOUND = tuple("และ หรือ ได้ ที่ ของ ให้ เป็น ใน ตาม โดย ซึ่ง แล้ว ไม่ เพื่อ แห่ง".split())
"""First words of what follows a word in ์ that do not go on with it as in พาณิชยกรรม."""
_MARKS = dict.fromkeys(map(ord, "ั็่้๊๋์ํ๎"), None)
_ALIKE = ("ขชซ", "กคดต", "นบป", "ทห", "ผพฝฟ", "ถภ", "ฎฏ", "ลส", "เแ", "โใไ", "าำ", "ิีึื", "ุู")
_UNLIKE = {frozenset("กด"), frozenset("กต")}  # one is never read for the other: ก is like ค alone
_OUTLINE = _MARKS | {ord(letter): alike[0] for alike in _ALIKE for letter in alike}


class _Words(NamedTuple):
    """Cost of every word, and by outline the words that may be put in.

    ``shortened`` has the long ones of these words by their outline without one of its letters. ``lengths``
    has the length of the longest outline of a word, by the outline's first ``HEAD`` letters. ``first_halves``
    and ``last_halves`` have the halves of the long words' outlines, of their own length and one letter off.
    ``compound_stems`` has the words in ์ that lose it in front of another word, as in พาณิชยกรรม, without it.
    ``beginnings`` has every beginning of every word.
    """

    costs: dict[str, float]
    outlines: dict[str, list[str]]
    shortened: dict[str, list[str]]
    lengths: dict[str, int]
    first_halves: frozenset[str]
    last_halves: frozenset[str]
    compound_stems: frozenset[str]
    beginnings: frozenset[str]


def correct_ocr_errors(text: str) -> str:
    """Returns the text with misread letters corrected where its line leaves no doubt; other letters stay."""
    return _outside_names(_STRETCH, _corrected_run, _outside_names(_SPACED, _without_stray_space, text))


def doubtful_words(text: str) -> Iterator[tuple[int, int]]:
    """Yields start and end of Thai stretches whose row is to be read again: no word, or like a usual one.

    A word is doubtful too that looks like a more usual long one, as คำประกัน does. Stretches of fewer than
    three Thai letters are not judged.
    """
    for match in _STRETCH.finditer(text):
        end = match.start()
        for piece, word in _likeliest(match[0], slip=DOUBT, with_letters=False):
            start, end = end, end + len(piece)
            if (piece != word and len(word) >= LEAST) or piece not in _words().costs:
                yield start, end


def word_evidence(text: str) -> float:
    """Returns by how much (nats) its known words make the text likelier than letters of no word."""
    return sum(UNKNOWN * len(letters) - _cost(letters) for letters in _LETTERS.findall(text))


def _outside_names(pattern: re.Pattern[str], change: Callable[[re.Match[str]], str], text: str) -> str:
    """Applies ``change`` to the matches of ``pattern`` that are not within a person's name."""
    named = [match.span() for match in _NAMED.finditer(text)]
    return pattern.sub(
        lambda match: (
            match[0] if any(start <= match.start() < end for start, end in named) else change(match)
        ),
        text,
    )


def _without_stray_space(match: re.Match[str]) -> str:
    """Returns "" for a stray space: one word across the space is far more likely than two words beside it."""
    text, place = match.string, match.end()
    left = _LETTERS_BEFORE.search(text, max(0, match.start() - REACH), match.start())
    right = _LETTERS.match(text, place, place + REACH)
    if left is None or right is None:
        return match[0]
    apart, joined = _cost(left[0]) + _cost(right[0]), _cost(left[0] + right[0])
    if apart - joined >= JOIN:
        return ""
    return "" if _is_in_misread_word(left[0], right[0]) else match[0]


def _is_in_misread_word(left: str, right: str) -> bool:
    """Returns True if one long misread word across the space is far more likely than words beside it."""
    read, end = _likeliest(left + right), 0
    for piece, word in read:
        start, end = end, end + len(piece)
        if start < len(left) < end:
            is_misread = word != piece and len(word) >= LEAST_OF_LETTER
            apart = _cost_of(_likeliest(left)) + _cost_of(_likeliest(right))
            return is_misread and apart - _cost_of(read) >= JOIN
    return False


def _cost(text: str) -> float:
    """Returns the cost (nats) of the letters as a row of words, with no letter misread."""
    costs = _words().costs
    best = [0.0] + [math.inf] * len(text)
    for start in range(len(text)):
        for end in range(start + 1, min(len(text), start + LONGEST) + 1):
            cost = costs.get(text[start:end], UNKNOWN if end == start + 1 else math.inf)
            best[end] = min(best[end], best[start] + cost)
    return best[-1]


def _cost_of(read: Sequence[tuple[str, str]]) -> float:
    """Returns the cost (nats) of pieces of text that stand for words."""
    costs = _words().costs
    return sum(costs.get(word, UNKNOWN) + SLIP * Levenshtein.distance(piece, word) for piece, word in read)


def _corrected_run(match: re.Match[str]) -> str:
    read = _likeliest(match[0])
    known = [True, *(piece in _words().costs for piece, _ in read), True]
    pieces = (meant if known[at] and known[at + 2] else piece for at, (piece, meant) in enumerate(read))
    written = list(pieces)
    for at, ((piece, _), (_, following)) in enumerate(pairwise(read)):
        is_stem = not piece.endswith("์") and not following.startswith(_BEGIN_NO_COMPOUND)
        if is_stem and written[at].removesuffix("์") in _words().compound_stems:
            written[at] = written[at].removesuffix("์")
    return "".join(written)


@lru_cache(maxsize=REMEMBERED)
def _likeliest(text: str, *, slip: float = SLIP, with_letters: bool = True) -> tuple[tuple[str, str], ...]:
    """Returns the pieces of the cheapest way to cut the text, each with its most likely word.

    Where a letter belongs to no word, long words that differ from the text by one letter are tried too,
    unless ``with_letters`` is False. ``slip`` is the cost (nats) of a sign that differs.
    """
    places = [place for place, letter in enumerate(text) if ord(letter) not in _MARKS]
    if not places:
        return ((text, text),)
    places[0] = 0
    outline = "".join(text[place] for place in places).translate(_OUTLINE)
    places.append(len(text))
    read = tuple(_cut(text, places, outline, slip=slip, with_letters=False))
    if not with_letters or all(word in _words().costs for _, word in read):
        return read
    return tuple(_cut(text, places, outline, slip=slip, with_letters=True))


def _cut(
    text: str, places: Sequence[int], outline: str, *, slip: float, with_letters: bool
) -> Iterator[tuple[str, str]]:
    """Yields the pieces of the cheapest way to cut the text at ``places``, each with its most likely word."""
    size, words = len(outline), _words()
    candidates = _more_candidates if with_letters else _candidates
    best = [math.inf] * size + [0.0]
    chosen: list[tuple[int, str]] = [(0, "")] * size
    for start in range(size - 1, -1, -1):
        most = LONGEST if with_letters else words.lengths.get(outline[start : start + HEAD], HEAD)
        for end in range(start + 1, min(size, start + most) + 1):
            shown, letters = text[places[start] : places[end]], outline[start:end]
            is_word = shown in words.costs or letters in words.outlines
            if not (is_word or with_letters) and len(letters) > 1:
                continue  # most stretches
            for word, cost in candidates(shown, letters, slip):
                if cost + best[end] < best[start]:
                    best[start], chosen[start] = cost + best[end], (end, word)
    start = 0
    while start < size:
        end, word = chosen[start]
        yield text[places[start] : places[end]], word
        start = end


def _candidates(shown: str, outline: str, slip: float) -> Sequence[tuple[str, float]]:
    """Returns the possible texts of a piece with their costs: the piece itself, and words of its outline.

    A piece of several letters that is no word is not among them.
    """
    words = _words()
    cost = words.costs.get(shown, UNKNOWN if len(outline) == 1 else math.inf)
    itself = () if cost == math.inf else ((shown, cost),)
    alike = words.outlines.get(outline, ())
    others = ((word, _differing(shown, word)) for word in alike if word != shown)
    return [
        *itself,
        *(
            (word, words.costs[word] + slip * signs)
            for word, signs in others
            if signs <= _most_differing(word)
        ),
    ]


def _differing(shown: str, word: str) -> float:
    """Returns in how many signs a text differs from a word of its outline; infinite where two are unlike."""
    letters = zip(shown.translate(_MARKS), word.translate(_MARKS), strict=True)
    return (
        math.inf if any(frozenset(pair) in _UNLIKE for pair in letters) else Levenshtein.distance(shown, word)
    )


def _most_differing(word: str) -> float:
    return max(1.0, MOST_DIFFERING * len(word))


def _more_candidates(shown: str, outline: str, slip: float) -> Sequence[tuple[str, float]]:
    """Returns the same, and long words whose outline has one letter more or less, or another one."""
    costs = _words().costs
    near = (
        (word, costs[word] + LETTER + slip * Levenshtein.distance(shown, word))
        for word in _one_letter_off(outline)
    )
    return [*_candidates(shown, outline, slip), *near]


def _one_letter_off(outline: str) -> list[str]:
    """Returns the long words whose outline has one letter more or less than the given one, or another."""
    if len(outline) < LEAST_OF_LETTER - 1:
        return []
    words, half = _words(), len(outline) // 2
    if not (outline[:half] in words.first_halves or outline[half:] in words.last_halves):
        return []  # one letter differs in one half only
    near = set(words.shortened.get(outline, ()))
    for place in range(len(outline)):
        shorter = outline[:place] + outline[place + 1 :]
        near.update(words.outlines.get(shorter, ()) if len(shorter) >= LEAST_OF_LETTER else ())
        near.update(
            word
            for word in words.shortened.get(shorter, ())
            if Levenshtein.distance(word.translate(_OUTLINE), outline) == 1
        )
    return sorted(near)


@contextmanager
def known_place_names(names: PlaceNames) -> Iterator[None]:
    """Has place names count as words within the block; attested ones also replace misread text."""
    reset = _PLACE_NAMES.set(names)
    _likeliest.cache_clear()
    try:
        yield
    finally:
        _PLACE_NAMES.reset(reset)
        _likeliest.cache_clear()


_PLACE_NAMES: ContextVar[PlaceNames] = ContextVar("place names", default=NO_PLACE_NAMES)


def _words() -> _Words:
    names = _PLACE_NAMES.get()
    return _words_and(names) if any(names) else _listed_words()


@lru_cache(maxsize=1)
def _words_and(names: PlaceNames) -> _Words:
    """Returns the listed words with place names, which are as likely as usual words."""
    place_names = (*names.attested, *names.others)
    listed = _listed_words()
    costs = dict(listed.costs)
    usual = {name for name in names.attested if len(name) >= LEAST}
    new = sorted(name for name in usual if name not in listed.outlines.get(name.translate(_OUTLINE), ()))
    for name in place_names:
        costs[name] = min(PLACE, costs.get(name, PLACE))
    own = _outlined(new)
    first_halves, last_halves = _halves(own)
    return _Words(
        costs,
        _joined(listed.outlines, own),
        _joined(listed.shortened, _shortened(own)),
        _longest(place_names, listed.lengths),
        listed.first_halves | first_halves,
        listed.last_halves | last_halves,
        listed.compound_stems,
        listed.beginnings | _beginnings(place_names),
    )


def _joined(some: dict[str, list[str]], others: dict[str, list[str]]) -> dict[str, list[str]]:
    return some | {outline: [*some.get(outline, ()), *alike] for outline, alike in others.items()}


@cache
def _listed_words() -> _Words:
    from pythainlp.corpus import thai_family_names, thai_female_names, thai_male_names, tnc

    counts = dict(tnc.unigram_word_freqs())
    listed = [word for word in thai_words() if len(word) > 1]
    every = math.log(sum(counts.values()))
    costs = {word: every - math.log(counts.get(word, 0) + 1) for word in listed}
    in_use = (word for word, count in counts.items() if count >= IN_USE and len(word) >= LEAST_IN_USE)
    outlines = _outlined(
        word for word in sorted(costs) if _may_replace(word, counts.get(word, 0)) and _STRETCH.fullmatch(word)
    )
    for word in in_use:
        if _STRETCH.fullmatch(word):
            costs.setdefault(word, every - math.log(counts[word] + 1))
    for names in (thai_male_names(), thai_female_names(), thai_family_names()):
        for name in names:
            costs.setdefault(name, NAME)
    first_halves, last_halves = _halves(outlines)
    return _Words(
        costs,
        outlines,
        _shortened(outlines),
        _longest(costs, {}),
        first_halves,
        last_halves,
        _compound_stems(costs, counts),
        _beginnings(costs),
    )


def _may_replace(word: str, count: int) -> bool:
    """Returns True for a word that is long or frequent enough to be put in the place of a misread one."""
    return count >= (USUAL if len(word) >= LEAST else FREQUENT) and len(word) >= LEAST_OF_FREQUENT


def _outlined(words: Iterable[str]) -> dict[str, list[str]]:
    """Returns the words by their outlines."""
    outlines: dict[str, list[str]] = {}
    for word in words:
        outlines.setdefault(word.translate(_OUTLINE), []).append(word)
    return outlines


def _longest(words: Iterable[str], known: Mapping[str, int]) -> dict[str, int]:
    """Returns the ``known`` lengths of outlines, by their first letters, with those of the words."""
    lengths = dict(known)
    for outline in (word.translate(_OUTLINE) for word in words):
        lengths[outline[:HEAD]] = max(len(outline), lengths.get(outline[:HEAD], 0))
    return lengths


def _halves(outlines: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Returns the first and the last halves of long outlines, of their own length and one letter off."""
    sizes = [
        (outline, size)
        for outline in outlines
        if len(outline) >= LEAST_OF_LETTER
        for size in (len(outline) - 1, len(outline), len(outline) + 1)
    ]
    return (
        frozenset(outline[: size // 2] for outline, size in sizes),
        frozenset(outline[len(outline) - (size - size // 2) :] for outline, size in sizes),
    )


def _beginnings(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word[:size] for word in words for size in range(1, len(word) + 1))


def _compound_stems(words: Iterable[str], counts: Mapping[str, int]) -> frozenset[str]:
    """Returns the words in ์, without it, with which words begin that lack the ์ and are in use beside them."""
    uses: defaultdict[str, int] = defaultdict(int)
    ends_in_silence = {word.removesuffix("์") for word in words if word.endswith("์")}
    for word in words:
        for size in range(LEAST_STEM, len(word)):
            if word[size] != "์" and word[:size] in ends_in_silence:
                uses[word[:size]] += counts.get(word, 0) + 1
    return frozenset(stem for stem, count in uses.items() if count > SHARE_OF_STEM * counts.get(f"{stem}์", 0))


def _shortened(outlines: dict[str, list[str]]) -> dict[str, list[str]]:
    shortened: dict[str, list[str]] = {}
    for outline, alike in outlines.items():
        if len(outline) >= LEAST_OF_LETTER:
            for shorter in {outline[:place] + outline[place + 1 :] for place in range(len(outline))}:
                shortened.setdefault(shorter, []).extend(alike)
    return shortened


def word_rarities() -> dict[str, float]:
    """Returns every known word with its rarity in nats: 4 for the most frequent, some 18 for unseen words."""
    return _words().costs


def word_beginnings() -> frozenset[str]:
    """Returns every beginning of every known word."""
    return _words().beginnings
