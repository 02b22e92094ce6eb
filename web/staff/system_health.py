"""The state of the system for administrators: what works, what does not, and what to do about it."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from dataclasses import dataclass

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from archive.errors import PrakatError
from archive.worklist import Problem
from indexer.reindex import count_left_out
from indexer.scrub import FILES_EVERY, faulty_originals, read_scrub_record
from web import template_filters
from web.bootstrap import Services, services
from web.nightly import OVERDUE, NightlyStep, read_nightly
from web.serving.health import CHECKS, LEAST_FREE
from web.serving.metrics import SEARCH_SECONDS
from web.staff.blueprints import staff_blueprint

_ENGLISH = re.compile(r"\s*\([^()ก-๛]*[a-z]{3}[^()ก-๛]*\)")
"""The English that stands in brackets behind the Thai in messages for the log and for operators."""

_INCIDENTS = {
    "archive-went-back": lazy_gettext("คลังย้อนกลับไปเก่ากว่าข้อมูลสำรอง"),
    "audit-broken": lazy_gettext("บันทึกการเปลี่ยนแปลงขาดตอน"),
    "backup-altered": lazy_gettext("ข้อมูลสำรองถูกแก้"),
    "changes-lost": lazy_gettext("การเปลี่ยนแปลงที่รับไว้แล้วสูญหาย"),
    "record-altered": lazy_gettext("ข้อมูลถูกแก้โดยไม่ผ่านระบบ"),
    "record-deleted": lazy_gettext("ข้อมูลถูกลบโดยไม่ผ่านระบบ"),
    "record-inserted": lazy_gettext("มีข้อมูลที่ไม่ได้บันทึกผ่านระบบ"),
}
"""Code of an incident → its words on the page."""

pages = staff_blueprint("system_health", __name__, url_prefix="/staff/health", is_for_admins=True)

SLOW_SECONDS = 1.0  # seconds of a search above which a reader notices the wait

_MOST_SLOW = 0.01  # share of slow searches above which something is wrong with the machine
_LITTLE_FREE = 8 * LEAST_FREE  # bytes of disk below which there is time left to act


@dataclass(frozen=True, slots=True)
class HealthLine:
    """One thing that is watched. ``advice``: what to do, "" when all is well or still under way."""

    name: str
    value: str
    advice: str = ""
    place: str = ""  # address of the page on which something can be done
    is_under_way: bool = False  # not as it should be yet, with nothing for anybody to do


@pages.get("")
def overview() -> str:
    """Show administrators each part's state and what to do; to one of several towns its own parts alone."""
    here = services()
    lines = [
        _worker(here),
        _queue(here),
        _failures(here),
        _index(here),
        _slow_searches(),
        _disk(here),
        *(_of_whole_installation(here) if here.is_whole_installation else ()),
    ]
    return render_template(
        "staff/health.html",
        lines=lines,
        incidents=here.incidents.list_open() if here.is_whole_installation else (),
        incident_names=_INCIDENTS,
        now=dt.datetime.now(dt.UTC),
    )


def _of_whole_installation(here: Services) -> list[HealthLine]:
    """Returns the lines that also tell of other organisations' records, and of places on the machine."""
    return [_backup(here), *_night(here), _scrub(here), _incidents(here), *_other_trouble(here)]


def _trouble(name: str, here: Services) -> str:
    """Returns what the readiness check of this name finds wrong; "" when all is well."""
    try:
        return _for_officers(CHECKS[name](here))
    except (PrakatError, OSError) as error:
        return _for_officers(str(error))


def _for_officers(said: str) -> str:
    """Returns a message of the log without the English behind its Thai."""
    return _ENGLISH.sub("", said)


def _worker(here: Services) -> HealthLine:
    if _trouble("worker", here):
        return HealthLine(
            _("ระบบแปลงข้อความ"),
            _("ไม่ทำงาน"),
            _("เอกสารใหม่จะยังค้นไม่พบ กรุณาแจ้งผู้ดูแลเครื่องให้เปิดบริการใหม่ (systemctl restart prakat)"),
        )
    return HealthLine(_("ระบบแปลงข้อความ"), _("ทำงานอยู่"))


def _queue(here: Services) -> HealthLine:
    counts = here.jobs.count_by_status()
    waiting = counts.get("waiting", 0) + counts.get("reading", 0)
    oldest = here.jobs.oldest_waiting()
    value = _("%(count)s ไฟล์", count=f"{waiting:,}")
    if oldest is not None:
        value += " · " + _("รอตั้งแต่ %(time)s", time=template_filters.short_moment(oldest))
    advice = ""
    if _trouble("queue", here):
        advice = _(
            "มีเอกสารรออยู่ แต่ระบบไม่ได้แปลงข้อความ กรุณาแจ้งผู้ดูแลเครื่องให้เปิดบริการใหม่ (systemctl restart prakat)"
        )
    return HealthLine(_("เอกสารรอแปลงข้อความ"), value, advice)


def _failures(here: Services) -> HealthLine:
    failed = here.jobs.count_by_status().get("failed", 0)
    return HealthLine(
        _("แปลงข้อความไม่ได้"),
        _("%(count)s ไฟล์", count=f"{failed:,}"),
        _("เปิดดูทีละเรื่อง แล้วเปลี่ยนไฟล์ หรือกดแปลงใหม่") if failed else "",
        url_for("worklist.show_worklist", problem=Problem.FAILED) if failed else "",
    )


def _index(here: Services) -> HealthLine:
    behind = left_out = 0
    try:
        left_out = count_left_out(here.records, here.index)
        behind = here.history.last_change() - here.index.position()
        value = _("เป็นปัจจุบันแล้ว") if behind <= 0 else _("รอปรับปรุงอีก %(count)s รายการ", count=f"{behind:,}")
    except PrakatError:
        value = _("ใช้ไม่ได้")
    trouble = _trouble("index", here)
    advice = _("ระบบกำลังซ่อมเอง หากเกินหนึ่งชั่วโมงยังไม่หาย ให้ผู้ดูแลเครื่องใช้คำสั่ง prakat reindex") if trouble else ""
    if left_out and not advice:
        advice = _(
            "มีประกาศที่เผยแพร่แล้ว %(count)s เรื่องที่ค้นไม่พบ ให้ผู้ดูแลเครื่องใช้คำสั่ง prakat check เพื่อดูว่าเรื่องใด",
            count=f"{left_out:,}",
        )
    return HealthLine(_("การค้นหา"), value, advice, is_under_way=behind > 0)


def _slow_searches() -> HealthLine:
    total, slow = SEARCH_SECONDS.count_all(), SEARCH_SECONDS.count_above_bucket(SLOW_SECONDS)
    value = _("%(slow)s จาก %(total)s ครั้งใช้เวลาเกิน 1 วินาที", slow=f"{slow:,}", total=f"{total:,}")
    is_slow = total and slow / total > _MOST_SLOW
    advice = _("เครื่องอาจทำงานหนักหรือหน่วยความจำไม่พอ ให้ผู้ดูแลเครื่องใช้คำสั่ง prakat doctor") if is_slow else ""
    return HealthLine(_("การค้นหาที่ช้า ตั้งแต่เปิดบริการ"), value, advice)


def _disk(here: Services) -> HealthLine:
    usage = shutil.disk_usage(here.settings.data)
    value = _(
        "เหลือ %(free)s จาก %(total)s GB", free=f"{usage.free / 1e9:,.1f}", total=f"{usage.total / 1e9:,.1f}"
    )
    advice = ""
    if usage.free < _LITTLE_FREE:
        advice = _("เหลือน้อย หากเต็มจะรับไฟล์ใหม่ไม่ได้ กรุณาขยายดิสก์ หรือย้ายข้อมูลสำรองไปไว้ที่อื่น")
    elif trouble := _trouble("files", here):
        advice = _("%(trouble)s ให้ผู้ดูแลเครื่องใช้คำสั่ง prakat doctor แล้วทำตามที่แนะนำ", trouble=trouble)
    return HealthLine(_("พื้นที่ดิสก์"), value, advice)


def _backup(here: Services) -> HealthLine:
    last = here.backups.last()
    if last is None:
        advice = _("ยังไม่เคยสำรอง หากดิสก์เสียจะหายทั้งหมด ให้ผู้ดูแลเครื่องเปิดงานกลางคืน (prakat-nightly.timer)")
        return HealthLine(_("สำรองข้อมูลล่าสุด"), _("ยังไม่มี"), advice)
    night = read_nightly(here.settings)
    steps = night.steps if night else ()
    failed = next((step for step in steps if step.name == "backup" and not step.is_ok), None)
    advice = ""
    if failed is not None:
        advice = _(
            "คืนล่าสุดสำรองไม่สำเร็จ: %(detail)s ให้ผู้ดูแลเครื่องใช้คำสั่ง prakat doctor แล้วทำตามที่แนะนำ",
            detail=_for_officers(failed.detail),
        )
    elif dt.datetime.now(dt.UTC) - last.made_at > OVERDUE:
        advice = _("เก่าเกินสองวัน ให้ผู้ดูแลเครื่องตรวจงานกลางคืน (prakat-nightly.timer) และดิสก์ที่เก็บข้อมูลสำรอง")
    made = f"{template_filters.short_moment(last.made_at)} · {last.destination}"
    return HealthLine(_("สำรองข้อมูลล่าสุด"), made, advice)


def _night(here: Services) -> list[HealthLine]:
    """Returns the lines of the last check and of the last rehearsal of a restore."""
    last = read_nightly(here.settings)
    steps: dict[str, NightlyStep] = {step.name: step for step in last.steps} if last else {}
    lines = []
    for name, label, remedy in (
        ("check", _("ตรวจคลังล่าสุด"), _("ให้ผู้ดูแลเครื่องใช้คำสั่ง prakat check แล้วทำตามที่แนะนำ")),
        ("restore", _("ซ้อมกู้คืนล่าสุด"), _("ข้อมูลสำรองอาจใช้ไม่ได้ ให้ผู้ดูแลเครื่องสำรองใหม่ แล้วซ้อมกู้คืนอีกครั้ง")),
    ):
        step = steps.get(name)
        if last is None or step is None:
            setup = _(
                "ยังไม่เคยมีงานกลางคืน ให้ผู้ดูแลเครื่องใช้คำสั่ง systemctl enable --now prakat-nightly.timer"
                " แล้ว systemctl start prakat-nightly"
            )
            lines.append(HealthLine(label, _("ยังไม่เคย"), setup))
            continue
        advice = "" if step.is_ok else remedy
        if step.code == "no-room":
            advice = _(
                "ข้อมูลสำรองไม่ได้เสีย แต่ดิสก์ของคลังไม่มีที่ให้ซ้อม ให้ผู้ดูแลเครื่องเพิ่มที่ว่าง (prakat doctor บอกวิธี)"
                " แล้วใช้คำสั่ง systemctl start prakat-nightly"
            )
        if step.is_skipped and last.is_rehearsal_overdue:
            advice = _("ยังไม่ได้ซ้อมกู้คืนด้วยกุญแจในสองเดือนนี้ ให้ผู้ดูแลเครื่องใช้คำสั่ง prakat nightly พร้อม --identity")
        if step.is_ok and last.is_overdue:
            advice = _("งานกลางคืนไม่ทำงานเกินสองวัน ให้ผู้ดูแลเครื่องตรวจงานกลางคืน (prakat-nightly.timer)")
        value = f"{template_filters.short_moment(last.finished_at)} · {_for_officers(step.detail)}"
        lines.append(HealthLine(label, value, advice))
    return lines


def _scrub(here: Services) -> HealthLine:
    state = read_scrub_record(here.settings.data)
    finished = dt.datetime.fromisoformat(state.files_finished_at) if state.files_finished_at else None
    value = template_filters.short_moment(finished) if finished else _("ยังอ่านไม่ครบรอบแรก")
    if damaged := faulty_originals(here.settings.data):
        count = len(damaged)
        advice = _(
            "ไฟล์ต้นฉบับเสียหายหรือหายไป %(count)s ไฟล์ ให้ผู้ดูแลเครื่องใช้คำสั่ง prakat check แล้วกู้คืนจากข้อมูลสำรอง",
            count=f"{count:,}",
        )
    elif finished and dt.datetime.now(dt.UTC) - finished > 2 * FILES_EVERY:
        advice = _("ไม่ได้อ่านทวนเกินสองสัปดาห์ กรุณาตรวจว่าระบบแปลงข้อความทำงานอยู่")
    else:
        advice = ""
    return HealthLine(_("อ่านทวนไฟล์ต้นฉบับครบรอบล่าสุด"), value, advice)


def _incidents(here: Services) -> HealthLine:
    found = here.incidents.list_open()
    advice = _("ดูรายการด้านล่าง ให้ผู้ดูแลเครื่องใช้คำสั่ง prakat check และรับทราบเมื่อรู้สาเหตุแล้ว") if found else ""
    return HealthLine(
        _("หลักฐานว่าข้อมูลสูญหายหรือถูกแก้"), _("พบ %(count)s รายการ", count=f"{len(found):,}"), advice
    )


def _other_trouble(here: Services) -> list[HealthLine]:
    """Returns a line for each other part that does not work; none when all is well."""
    names = {"database": _("ฐานข้อมูล"), "scanner": _("โปรแกรมตรวจไวรัส"), "records": _("รายการในฐานข้อมูล")}
    found = {name: _trouble(name, here) for name in names}
    remedy = _("ให้ผู้ดูแลเครื่องใช้คำสั่ง prakat doctor แล้วทำตามที่แนะนำ")
    return [HealthLine(names[name], _("มีปัญหา"), f"{said} {remedy}") for name, said in found.items() if said]
