"""Removes interrogative words from a question: no record contains ``อยากทราบว่า…กี่แห่งคะ``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from archive.thai.characters import WORD_LETTERS
from indexer.analysis.tokenizer import Tokenizer, group_into_longest_words
from indexer.search.query.parser import TypedChunk

_AFTER_WHAT_IS_DONE = "|".join(
    f"(?<={done})"
    for done in (
        "ได้ แล้ว เข้า ออก เปิด ปิด จ่าย แจก โอน เสร็จ ซ่อม สร้าง เริ่ม ครบ หมด หมดเขต มา ลงทะเบียน ประกาศ ผ่าน".split()
    )
)  # elsewhere a last ยัง belongs to a name: ลำน้ำยัง

# Not of its number or time, nor of a longer word: ประกาศใช้.
_ANNOUNCEMENT_LEAD = rf"^ ประกาศ (?=[{WORD_LETTERS}]) (?!(?:เลข)?ที่|ฉบับ|หมายเลข|ลงวัน|ปี|เดือน|ใช้|ให้|ผล$)"

QUESTION_WORDS = re.compile(
    rf"""
      ^(?:สวัสดี)? (?:(?:รบกวน|ขออนุญาต|ขอ|อยาก|ต้องการ|ใคร่) (?:จะ|ขอ)?)+ (?:สอบถาม|รับทราบ|ทราบ|ถาม|รู้)
        (?:ข้อมูล|รายละเอียด|ข่าว|เรื่อง|เกี่ยวกับ|หน่อย|ว่า)*
    | ^ขอ (?:ข้อมูล|รายละเอียด|ข่าว|เอกสาร)? (?:เรื่อง|เกี่ยวกับ)? (?=.+(?:หน่อย|ครับ|คับ|ค่ะ|คะ)$)
    | (?:ต้อง)? (?:ใช้|เตรียม) (?:เอกสาร|หลักฐาน)? อะไร (?:บ้าง)?
    | ^ (?:ขอ|หา|ค้นหา|อยาก|ต้องการ) (?:ได้|ดู|หา|อ่าน)* (?:ข้อมูล|รายละเอียด|ข่าว|เอกสาร|ประกาศ) (?:เรื่อง|เกี่ยวกับ|ของ)?
    | ^ (?:ข้อมูล|ข่าว|เอกสาร|ประกาศ) (?:เรื่อง|เกี่ยวกับ)
    | {_ANNOUNCEMENT_LEAD}
    | ^ (?:จะ|อยาก)? พา (?=.+ไป)
    | ^ (?:เรื่อง|ข่าวประชาสัมพันธ์|ข่าวสาร|ข่าว)
        (?:(?:ของ|ใน|แถว)? (?:หมู่บ้าน|บ้าน|ตำบล|ชุมชน|เทศบาล|เมือง) เรา | ของ | เกี่ยวกับ)?
    | (?:ทั้งหมด|ทุกเรื่อง|ทุกอย่าง) (?:ของ)? $ | (?:ใหม่)? ล่าสุด $
    | (?:ตอนนี้|เดี๋ยวนี้|ขณะนี้) (?=(?:ยัง)?(?:มี|เปิด|รับ)?(?:อยู่)?(?:ไหม|มั้ย|หรือไม่|หรือยัง|หรือเปล่า|รึเปล่า|บ้าง))
    | (?:เฮ็ด|(?<!ข)ยะ|ทำ)? (?:จั่ง|จัง|จะ)(?:ได๋|ใด๋) | (?:มื้อ|วัน|ยาม|ตอน)? (?:ได๋|ใด๋) | (?:อยู่|ไป)? ไส $
    | (?:เป็น|คือ|มี|ชื่อ|เรียก)? (?:ว่า)? (?:ใคร|อะไร) (?:บ้าง)?
    | (?:อยู่)? (?:ที่ไหน|ที่ใด) (?:บ้าง)? | (?:วัน|เดือน|ตอน|ช่วง|ตรง)? ไหน (?:บ้าง)?
    | (?:แล้ว)? (?:ต้อง)? (?:เสีย|ใช้|จ่าย|คิด) เงิน (?:กี่บาท | เท่า (?:ไร|ไหร่|ใด))
    | (?:แล้ว)? (?:ต้อง)? (?:เสีย|จ่าย|คิด) (?:เงิน|ค่าใช้จ่าย) (?=(?:ไหม|มั้ย|หรือไม่|ห?รือเปล่า|รึเปล่า)(?:ครับ|คับ|ค่ะ|คะ)*$)
    | (?:เมื่อ|เท่า) (?:ไร|ไหร่|ใด) | (?:เพราะ)? เหตุใด | เพราะอะไร | ทำไม | ใด (?:บ้าง)?
    | (?:เป็น|ทำ)? (?:อย่างไร|ยังไง) (?:บ้าง)? | กี่ (?:โมง)? | บ้าง
    | (?:ยัง (?:ใช้|มีผล) (?:บังคับ)? (?:ได้)? (?:อยู่)?)? (?:ใช่|ได้|แล้ว)?
        (?:ไหม|มั้ย|หรือไม่|ห?รือเปล่า|รึเปล่า|(?:หรือ|รึ|{_AFTER_WHAT_IS_DONE})ยัง|เหรอ)
        (?=(?:ครับ|คับ|ค่ะ|คะ|จ๊ะ)*$)
    | (?:หน่อย|ด้วย|นะ)* (?:หน่อย|ครับ|คับ|ค่ะ|คะ|จ้า|จ้ะ|จ๊ะ|นะ)+ $
    """,
    re.VERBOSE,
)

_SUBJECT_LEAD = re.compile(
    r"""ประกาศ | (?:ข้อมูล|ข่าว|เอกสาร|ประกาศ) (?:เรื่อง|เกี่ยวกับ)
      | (?P<may_begin_title>เรื่อง|ข่าวประชาสัมพันธ์|ข่าวสาร|ข่าว) (?:(?:ของ|ใน|แถว)? .* เรา | ของ | เกี่ยวกับ)?""",
    re.VERBOSE,
)  # asks nothing: what follows is the subject
_ANNOUNCEMENT_BEFORE_SUBJECT = re.compile(_ANNOUNCEMENT_LEAD, re.VERBOSE)

ENGLISH_QUESTION_WORDS = frozenset("can do does how what when where which who".split())
ENGLISH_STOP_WORDS = ENGLISH_QUESTION_WORDS | frozenset(
    "a an and are at for from get i in is me my need of on please the there to want with you your".split()
)  # words by which an English query names nothing


def has_question_words(text: str) -> bool:
    """Returns True if a folded piece of a query asks something, more than naming its subject does."""
    return any(not _SUBJECT_LEAD.fullmatch(asks[0]) for asks in QUESTION_WORDS.finditer(text))


def may_begin_title(chunk: TypedChunk) -> bool:
    """Returns True if a piece begins with a word such as เรื่อง that is left out unless a title begins so."""
    lead = QUESTION_WORDS.match(chunk.text)
    return lead is not None and _begins_title(lead) and lead.end() < len(chunk.text)


def chunks_without_question_words(
    chunks: Sequence[TypedChunk], segmenter: Tokenizer, *, should_keep_title_word: bool
) -> list[TypedChunk]:
    """Returns the pieces without question words, quoted ones whole; may keep a first เรื่อง or ข่าว.

    Nothing is returned where nothing remains. Pieces with ``OR`` stay whole too, and a piece may be split
    where a question word stood in it. The ประกาศ before a subject is left out, typed with a space or without:
    a notice need not call itself so. With ``should_keep_title_word`` the เรื่อง or ข่าว that a piece begins
    with stays, as does one that is the last piece.
    """
    remaining: list[TypedChunk] = []
    for chunk, following in zip_longest(chunks, chunks[1:]):
        stays = should_keep_title_word or (chunk is chunks[-1] and not may_begin_title(chunk))
        if chunk.is_exact or chunk.others:
            remaining.append(chunk)
        elif not (chunk.text == "ประกาศ" and following and _begins_with_subject(following)):
            remaining += (
                TypedChunk(chunk.text[start:end], raw=chunk.raw[start:end])
                for start, end in stretches_without_question_words(
                    chunk.text, segmenter, should_keep_title_word=stays
                )
            )
    return remaining


def _begins_with_subject(chunk: TypedChunk) -> bool:
    """Returns True for letters that are no number or time of the ประกาศ before them, nor in quotes."""
    return not chunk.is_exact and _ANNOUNCEMENT_BEFORE_SUBJECT.match(f"ประกาศ{chunk.text}") is not None


def stretches_without_question_words(
    text: str, segmenter: Tokenizer, *, should_keep_title_word: bool = False
) -> list[tuple[int, int]]:
    """Returns the stretches ``[start, end)`` of a folded piece beside its question words, if any are left.

    With ``should_keep_title_word`` the เรื่อง or ข่าว that it begins with stays; that of a longer word (ข่าวกีฬา)
    always.
    """
    words = [text[token.start : token.end] for token in segmenter.tokens(text)]
    borders = {0, *(token.end for token in segmenter.tokens(text))}
    first_word = "".join(next(iter(group_into_longest_words(words)), ()))
    stretches = []
    at = 0
    for asks in QUESTION_WORDS.finditer(text):
        if _begins_title(asks) and (should_keep_title_word or asks.end() < len(first_word)):
            continue
        if asks.start() in borders and asks.end() in borders:
            stretches.append((at, asks.start()))
            at = asks.end()
    stretches.append((at, len(text)))
    return [(start, end) for start, end in stretches if any(map(str.isalnum, text[start:end]))]


def _begins_title(asks: re.Match[str]) -> bool:
    lead = _SUBJECT_LEAD.fullmatch(asks[0])
    return lead is not None and lead["may_begin_title"] is not None
