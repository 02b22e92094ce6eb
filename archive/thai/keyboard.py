"""Converts text that was typed with the keyboard set to the wrong language.

The Thai layout is Kedmanee (มอก. 820), the Latin layout is that of the United States.
"""

from __future__ import annotations

_LATIN = """`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?"""
_THAI = """_ๅ/-ภถุึคตจขชๆไำพะัีรนยบลฃฟหกดเ้่าสวงผปแอิืทมใฝ%+๑๒๓๔ู฿๕๖๗๘๙๐"ฎฑธํ๊ณฯญฐ,ฅฤฆฏโฌ็๋ษศซ.()ฉฮฺ์?ฒฬฦ"""
_TO_THAI = dict(zip(map(ord, _LATIN), _THAI, strict=True))
_TO_LATIN = {ord(thai): latin for latin, thai in zip(_LATIN, _THAI, strict=True) if ord(thai) > 0x7F}


def switch_layout(typed: str) -> str:
    """Returns the text as the same keys type it in the other layout.

    ``gmL[k]`` → เทศบาล, ``แนอรก`` → ``covid``. Characters that are on no key stay.
    """
    return typed.translate(_TO_THAI if typed.isascii() else _TO_LATIN)


def switched_readings(typed: str) -> tuple[str, ...]:
    """Returns one text in the other layout, or two for Latin capitals (also with Caps Lock on).

    ``OHE`` → ``ฯ็ฎ`` and, with Caps Lock on, ``น้ำ``.
    """
    typings = (typed, typed.swapcase()) if typed.isascii() and typed.isupper() else (typed,)
    return tuple(map(switch_layout, typings))
