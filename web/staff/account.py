"""The account of the person who is signed in: password, sessions, second factor."""

from __future__ import annotations

import datetime as dt
from typing import cast

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from archive.errors import Conflict, Invalid, TooMany
from archive.model import Person, SecondFactor
from web.accounts import second_factor
from web.accounts.passwords import LONGEST, check_strength, hash_password, verify_password
from web.accounts.sign_in import (
    current_person,
    current_session,
    must_set_up_second_factor,
    open_session,
)
from web.accounts.sign_in_limits import clear_failures, count_failure_or_refuse, own_password_limits
from web.bootstrap import services
from web.errors import error_message
from web.serving.log import note_security
from web.staff.blueprints import staff_blueprint

pages = staff_blueprint("account", __name__, url_prefix="/staff/account")

_BEGUN = "second factor begun"
_SECRET_SHOWN_FOR = dt.timedelta(minutes=10)
"""Time from the password until the telephone's first code: long enough to find and install an application."""


@pages.route("", methods=["GET", "POST"])
def own_account() -> ResponseReturnValue:
    """Show the person's sessions and second factor; a new password ends all sessions on other devices."""
    person = _me()
    current, new = request.form.get("current", ""), request.form.get("new", "")
    if request.method == "POST" and 0 < len(current) <= LONGEST and 0 < len(new) <= LONGEST:
        try:
            _check_own_password(person, current)
            check_strength(new, guessable_words=(person.name, services().settings.site_name))
        except (Invalid, TooMany) as error:
            note_security("password not changed", is_good=False, person=person.name)
            flash(error_message(error), "bad")
        else:
            password_hash = hash_password(new)
            services().people.accounts.set_password_and_sign_out(person.id, password_hash)
            open_session(person, password_hash)
            note_security("password changed", person=person.name)
            flash(_("เปลี่ยนรหัสผ่านแล้ว และออกจากระบบในเครื่องอื่นทั้งหมด"), "good")
            return redirect(url_for("account.own_account"))
    opened = current_session()
    return render_template(
        "staff/account.html",
        sessions=services().people.sign_ins.list_sessions(person.id),
        here=opened[0].id if opened else None,
        factor=services().people.second_factors.get(person.id),
    )


@pages.post("/sessions/<int:session_id>/close")
def close_session(session_id: int) -> ResponseReturnValue:
    """Sign out one of the person's devices."""
    person = _me()
    services().people.sign_ins.close_sessions(person.id, only=session_id)
    note_security("session ended", person=person.name)
    return redirect(url_for("account.own_account"))


@pages.get("/second-factor")
def second_factor_page() -> str:
    """Show the second factor: off, being set up, or on."""
    return _second_factor_page(_me())


@pages.post("/second-factor/begin")
def begin_second_factor() -> ResponseReturnValue:
    """Make a secret for who knows the password, and show it here for ``_SECRET_SHOWN_FOR``.

    Codes are asked for at sign-in only once a code has proved that the telephone knows the secret.
    """
    person = _me()
    if _knows_password(person):
        try:
            services().people.second_factors.store_unconfirmed(
                person.id, second_factor.encrypt_secret(second_factor.new_secret())
            )
            session[_BEGUN] = dt.datetime.now(dt.UTC).isoformat()
        except Conflict as error:
            flash(error_message(error), "bad")
    return redirect(url_for("account.second_factor_page"))


@pages.post("/second-factor/confirm")
def confirm_second_factor() -> ResponseReturnValue:
    """Switch the second factor on after a right code, and show the recovery codes this once."""
    person = _me()
    factor = services().people.second_factors.get(person.id)
    if factor is None or factor.is_confirmed or not _has_just_begun():
        if factor is not None and not factor.is_confirmed:
            flash(_("เลยเวลา 10 นาทีแล้ว กรุณาเริ่มตั้งค่าใหม่ และลบรายการเดิมในแอป"), "bad")
        return redirect(url_for("account.second_factor_page"))
    now = dt.datetime.now(dt.UTC)
    step = second_factor.time_step(second_factor.decrypt_secret(factor), request.form.get("code", ""), now)
    if step is None:
        flash(_("รหัสไม่ตรง กรุณาตรวจเวลาในโทรศัพท์ แล้วพิมพ์รหัส 6 หลักที่แอปแสดงอยู่"), "bad")
        return redirect(url_for("account.second_factor_page"))
    codes = second_factor.generate_recovery_codes()
    services().people.second_factors.confirm(
        person.id, step=step, recovery_hashes=[second_factor.recovery_hash(code) for code in codes], now=now
    )
    note_security("second factor on", person=person.name)
    flash(_("เปิดการยืนยันตัวตนสองขั้นแล้ว"), "good")
    return _second_factor_page(person, codes=codes)


@pages.post("/second-factor/recovery-codes")
def new_recovery_codes() -> ResponseReturnValue:
    """Replace the recovery codes by new ones, for a person who knows the password."""
    person = _me()
    factor = services().people.second_factors.get(person.id)
    if factor is None or not factor.is_confirmed or not _knows_password(person):
        return redirect(url_for("account.second_factor_page"))
    codes = second_factor.generate_recovery_codes()
    services().people.second_factors.replace_recovery_codes(
        person.id, [second_factor.recovery_hash(code) for code in codes]
    )
    note_security("recovery codes replaced", person=person.name)
    return _second_factor_page(person, codes=codes)


@pages.post("/second-factor/disable")
def disable_second_factor() -> ResponseReturnValue:
    """Switch the second factor off for who knows the password; who must have one sets up another."""
    person = _me()
    if _knows_password(person) and services().people.second_factors.remove(person.id):
        note_security("second factor off", person=person.name)
        flash(_("ปิดการยืนยันตัวตนสองขั้นแล้ว"), "good")
    return redirect(url_for("account.second_factor_page"))


def _second_factor_page(person: Person, *, codes: list[str] | None = None) -> str:
    """Returns the page of the second factor. ``codes``: recovery codes that were made just now."""
    factor = services().people.second_factors.get(person.id)
    return render_template(
        "staff/second-factor.html",
        factor=factor,
        codes=codes,
        is_required=must_set_up_second_factor(person),
        is_key_changed=factor and factor.is_confirmed and not second_factor.has_readable_secret(factor),
        **_enrolment(person, factor),
    )


def _enrolment(person: Person, factor: SecondFactor | None) -> dict[str, object]:
    """Returns the secret as a QR code and as text while this session sets it up; else nothing."""
    if factor is None or factor.is_confirmed or not _has_just_begun():
        return {}
    secret = second_factor.decrypt_secret(factor)
    groups = [secret[at : at + 4] for at in range(0, len(secret), 4)]
    address = second_factor.enrolment_address(person, secret)
    picture = Markup(second_factor.enrolment_qr_code(address))  # noqa: S704  # the library's, of letters that it drew
    return {"secret": " ".join(groups), "qr_code": picture, "address": address}


def _has_just_begun() -> bool:
    """Returns True while this session may see the secret: who only finds the desk unlocked later may not."""
    begun = session.get(_BEGUN)
    return (
        begun is not None and dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(begun) < _SECRET_SHOWN_FOR
    )


def _me() -> Person:
    """Returns the person who is signed in, on pages for staff only."""
    return cast(Person, current_person())


def _knows_password(person: Person) -> bool:
    """Returns True when the form has the person's password; otherwise shows an error message."""
    try:
        _check_own_password(person, request.form.get("password", ""))
    except (Invalid, TooMany) as error:
        note_security("own password not right", is_good=False, person=person.name)
        flash(error_message(error), "bad")
        return False
    return True


def _check_own_password(person: Person, typed: str) -> None:
    """Raises ``Invalid`` for a wrong password of the person, ``TooMany`` during a pause."""
    limits = own_password_limits(person)
    count_failure_or_refuse(limits)
    if not verify_password(services().people.accounts.password_hash(person.id), typed):
        raise Invalid("รหัสผ่านไม่ถูกต้อง", field="current")
    clear_failures(limits)
