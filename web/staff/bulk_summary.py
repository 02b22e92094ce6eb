"""The sentence that says what was done to many records at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from archive.model import Change
from web import template_filters

_SENTENCES = {
    "publish": lazy_gettext("เผยแพร่แล้ว %(count)s เรื่อง"),
    "publish_at": lazy_gettext("ตั้งเวลาเผยแพร่แล้ว %(count)s เรื่อง"),
    "withdraw": lazy_gettext("ถอนแล้ว %(count)s เรื่อง"),
    "trash": lazy_gettext("ทิ้งลงถังขยะแล้ว %(count)s เรื่อง"),
    "restore": lazy_gettext("กู้คืนเป็นฉบับร่างแล้ว %(count)s เรื่อง"),
    "category": lazy_gettext("เปลี่ยนหมวดแล้ว %(count)s เรื่อง"),
    "assigned_to": lazy_gettext("มอบหมายแล้ว %(count)s เรื่อง"),
    "collection": lazy_gettext("เพิ่มเข้าชุดแล้ว %(count)s เรื่อง"),
    "disclose": lazy_gettext("เพิ่มเข้าข้อมูลข่าวสารที่ต้องเปิดเผยแล้ว %(count)s เรื่อง"),
}
"""Action or changed field → sentence. Of several changes of one record, the first of this order counts."""


def describe_bulk(changes: Sequence[Change]) -> str:
    """Returns a sentence, in the reader's language, for changes made at once: "เผยแพร่แล้ว 10 เรื่อง"."""
    steps: dict[tuple[int | None, int | None], set[str]] = {}
    for change in changes:
        # each record that is put into a collection is a change of the collection of its own
        record = (change.announcement_id, change.id if change.collection_id else None)
        steps.setdefault(record, set()).update(_steps(change))
    counts = Counter(next((name for name in _SENTENCES if name in done), "") for done in steps.values())
    sentences = {"": _("ทำแล้ว %(count)s เรื่อง")} | {name: str(text) for name, text in _SENTENCES.items()}
    said = " · ".join(sentences[name] % {"count": count} for name, count in counts.items())
    return ": ".join(filter(None, (said, _items(changes))))


def _items(changes: Sequence[Change]) -> str:
    """Returns the items to disclose under which records were put, each with its year; "" for none."""
    entries = dict.fromkeys(change.after["disclosure"] for change in changes if "disclosure" in change.after)
    return ", ".join(template_filters.field_values({"disclosure": entry})[0][1] for entry in entries)


def _steps(change: Change) -> set[str]:
    if change.collection_id:
        return {"collection"}
    return {change.action} if change.action != "revise" else set(change.after)
