"""Signing in and out: passwords, second factors, and sessions kept by the archive, which can end them."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import ParamSpec, TypeVar, cast

from flask import Blueprint, Flask, Response, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError, generate_csrf
from werkzeug.exceptions import Forbidden

from archive.addresses import split_address
from archive.errors import TooMany, Unavailable
from archive.model import Person, Role, Session
from archive.validation import LONGEST_NAME
from web.accounts import second_factor
from web.accounts.passwords import LONGEST, verify_password
from web.accounts.sign_in_limits import (
    clear_failures,
    code_limits,
    count_failure_or_refuse,
    set_device_cookie,
    sign_in_limits,
)
from web.addresses import path_on_this_site
from web.bootstrap import services
from web.errors import answer_http_error, error_message
from web.serving.log import note_security

P = ParamSpec("P")
R = TypeVar("R")

pages = Blueprint("auth", __name__)
csrf = CSRFProtect()

IDLE = dt.timedelta(minutes=30)  # time without use after which a session ends; typing into a form is use

LONGEST_SESSION = dt.timedelta(hours=12)
"""Time after which a session ends, however much it is used: a working day."""

CLOCK_SLACK = dt.timedelta(minutes=5)
"""A session begun further in the future was begun before the clock was set back, and is not trusted."""

CODE_WITHIN = dt.timedelta(minutes=10)
"""Time from the right password to the second factor's code: a telephone may have to be fetched."""

_KEY = "key"
_PENDING = "second factor"
_WHILE_SETTING_UP = {
    "account.second_factor_page",
    "account.begin_second_factor",
    "account.confirm_second_factor",
}


def register_sign_in(app: Flask) -> None:
    """Add the pages of signing in, CSRF protection of every form, and the person in every template."""
    csrf.init_app(app)
    app.register_error_handler(CSRFError, _refuse_outdated_form)
    app.context_processor(lambda: {"person": current_person()})
    app.register_blueprint(pages)


def current_person() -> Person | None:
    """Returns the person signed in, whose session counts as used now; None for a visitor."""
    opened = current_session()
    return opened[1] if opened else None


def current_session() -> tuple[Session, Person] | None:
    """Returns the request's session, which counts as used now, and its person; None for a visitor."""
    if "opened" not in g:
        key = session.get(_KEY)
        now = dt.datetime.now(dt.UTC)
        opened = services().people.sign_ins.find_live_session(_hash(key), idle=IDLE, now=now) if key else None
        lasts = opened is not None and -CLOCK_SLACK < now - opened[0].started_at < LONGEST_SESSION
        g.opened = opened if lasts else None
    return cast("tuple[Session, Person] | None", g.opened)


def person_may_see_unpublished() -> bool:
    """Returns True for a person who is signed in and lacks no second factor that must be set up."""
    person = current_person()
    return person is not None and not must_set_up_second_factor(person)


def must_set_up_second_factor(person: Person) -> bool:
    """Returns True for an administrator without the second factor that the settings require."""
    if person.role is not Role.ADMIN or services().settings.second_factor != "admins":
        return False
    factor = services().people.second_factors.get(person.id)
    return factor is None or not factor.is_confirmed


def staff_only(view: Callable[P, R]) -> Callable[P, R | ResponseReturnValue]:
    """Returns the view for staff: others first sign in, or set up the second factor that they must have."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R | ResponseReturnValue:
        person = current_person()
        if person is None:
            return _ask_to_sign_in()
        if request.endpoint not in _WHILE_SETTING_UP and must_set_up_second_factor(person):
            flash(_("หน่วยงานกำหนดให้ผู้ดูแลระบบยืนยันตัวตนสองขั้น กรุณาตั้งค่าก่อนเริ่มงาน"), "warn")
            return redirect(url_for("account.second_factor_page"))
        return view(*args, **kwargs)

    return checked


def _ask_to_sign_in() -> ResponseReturnValue:
    """Redirect to the sign-in page, which leads back to the page of the request or of its form."""
    if request.method == "POST":
        flash(_("หมดเวลาหรือออกจากระบบไปแล้ว กรุณาลงชื่อเข้าใช้อีกครั้ง สิ่งที่พิมพ์ยังไม่ได้บันทึก"), "warn")
    return redirect(url_for("auth.sign_in", next=_page_of_request()))


def _page_of_request() -> str:
    """Returns the path of the requested page; for a form that was sent, of the page with the form."""
    here = request.script_root + request.path
    came_from = split_address(request.referrer or "")
    is_of_form = request.method == "POST" and came_from.netloc == request.host
    return path_on_this_site(came_from.path, here) if is_of_form else here


def _refuse_outdated_form(error: CSRFError) -> ResponseReturnValue:
    """Answer a form whose token is not the session's: its person was signed out after the form was opened."""
    if request.path.startswith("/staff"):
        note_security("refused", is_good=False, status=error.code, path=request.path, method=request.method)
        if current_person() is None:
            return _ask_to_sign_in()
        said = _("หน้านี้เปิดไว้ก่อนลงชื่อเข้าใช้ครั้งล่าสุด สิ่งที่ส่งยังไม่ได้บันทึก กรุณากลับไปหน้าก่อนแล้วบันทึกอีกครั้ง")
        page = render_template("error.html", status=error.code, message=said, back=_page_of_request())
        return page, HTTPStatus.BAD_REQUEST
    return answer_http_error(error)


def admin_only(view: Callable[P, R]) -> Callable[P, R | ResponseReturnValue]:
    """Decorates a view for admins: staff get status 403, who is not signed in the sign-in page."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R | ResponseReturnValue:
        person = current_person()
        if person is not None and person.role is not Role.ADMIN:
            raise Forbidden
        return staff_only(view)(*args, **kwargs)

    return checked


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form and check the password.

    Every failure has the same message: nobody learns which names exist. Only who knows the password of a
    suspended account is told that it is suspended.
    """
    typed, password = request.form.get("name", ""), request.form.get("password", "")
    status = HTTPStatus.OK
    headers: dict[str, str] = {}
    if request.method == "POST" and 0 < len(typed) <= LONGEST_NAME and 0 < len(password) <= LONGEST:
        name = typed.strip()
        known = services().people.accounts.by_name(name)
        limits = sign_in_limits(name, known[0] if known else None)
        try:
            count_failure_or_refuse(limits)
            is_right = verify_password(known[1] if known else None, password)
            if is_right and known and not known[0].disabled:
                clear_failures(limits)
                return _first_factor_passed(*known, request.args.get("next", ""))
            note_security("sign-in failed", is_good=False, person=known[0].name if known else "(unknown)")
            suspended = _("บัญชีนี้ระงับการใช้งานอยู่ กรุณาติดต่อผู้ดูแลระบบของหน่วยงาน")
            flash(suspended if is_right else _("ชื่อผู้ใช้หรือรหัสผ่านไม่ถูกต้อง"), "bad")
        except TooMany as error:
            note_security("sign-in paused", is_good=False)
            flash(error_message(error), "bad")
            status, headers = HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(error.retry_after)}
    page = render_template("staff/sign-in.html", name=typed, thai_layout=_typed_in_thai(password))
    return page, status, headers


def _first_factor_passed(person: Person, password_hash: str, next: str) -> ResponseReturnValue:
    factor = services().people.second_factors.get(person.id)
    if factor is not None and factor.is_confirmed:
        return _ask_for_code(person, password_hash, next)
    return _signed_in(person, password_hash, next)


@pages.route("/sign-in/code", methods=["GET", "POST"])
def enter_code() -> ResponseReturnValue:
    """Ask for the second factor, after the right password."""
    pending = _pending()
    if pending is None:
        return redirect(url_for("auth.sign_in"))
    person, password_hash, next = pending
    status = HTTPStatus.OK
    headers: dict[str, str] = {}
    if request.method == "POST":
        try:
            if _use_code(person):
                return _signed_in(person, password_hash, _page_after_code(person, next))
            note_security("second factor failed", is_good=False, person=person.name)
            flash(_("รหัสยืนยันไม่ถูกต้องหรือใช้ไปแล้ว กรุณารอรหัสถัดไปแล้วลองใหม่"), "bad")
        except TooMany as error:
            note_security("second factor paused", is_good=False, person=person.name)
            flash(error_message(error), "bad")
            status, headers = HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(error.retry_after)}
        except Unavailable as error:
            flash(error_message(error), "bad")
            status = HTTPStatus(error.http_status)
    return render_template("staff/sign-in-code.html"), status, headers


def _page_after_code(person: Person, next: str) -> str:
    """Returns ``next``, or the page of the second factor where the telephone's codes serve no more."""
    factor = services().people.second_factors.get(person.id)
    is_usable = factor is None or second_factor.has_readable_secret(factor)
    return next if is_usable else url_for("account.second_factor_page")


def _use_code(person: Person) -> bool:
    """Uses up the code in the form. Returns False for a wrong or used one, which counts as a failure.

    Raises ``TooMany`` after too many failures.
    """
    factor = services().people.second_factors.get(person.id)
    if factor is None or not factor.is_confirmed:  # an administrator has removed the second factor meanwhile
        return False
    limits = code_limits(person)
    count_failure_or_refuse(limits)
    if not second_factor.use_code(person, factor, request.form.get("code", ""), dt.datetime.now(dt.UTC)):
        return False
    clear_failures(limits)
    return True


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Close the session of this browser."""
    opened = current_session()
    if opened is not None:
        services().people.sign_ins.close_sessions(opened[1].id, only=opened[0].id)
        note_security("signed out", person=opened[1].name)
    session.clear()
    return redirect(url_for("public.home"))


@pages.get("/staff/awake")
@staff_only
def keep_session_alive() -> ResponseReturnValue:
    """Keep the session alive and answer with its form token, while somebody types into a form."""
    return Response(generate_csrf(), mimetype="text/plain")


def open_session(person: Person, password_hash: str) -> None:
    """Sign the person in with a fresh session key; ``Conflict`` if the password has changed; logs nothing.

    The session that this browser had before is closed: its key is then worth nothing. ``password_hash`` is
    what the password was compared with.
    """
    before = current_session()
    key = secrets.token_urlsafe(32)
    now = dt.datetime.now(dt.UTC)
    services().people.sign_ins.open_session(
        person.id,
        _hash(key),
        password_hash=password_hash,
        device=(request.user_agent.string or "")[:200],
        now=now,
    )
    if before is not None:
        services().people.sign_ins.close_sessions(before[1].id, only=before[0].id)
    session.clear()
    session[_KEY] = key
    g.pop("opened", None)


def _signed_in(person: Person, password_hash: str, next: str) -> ResponseReturnValue:
    open_session(person, password_hash)
    note_security("signed in", person=person.name)
    answer = redirect(path_on_this_site(next, url_for("worklist.show_worklist")))
    set_device_cookie(answer, person)
    return answer


def _ask_for_code(person: Person, password_hash: str, next: str) -> ResponseReturnValue:
    """Redirect to the second factor after a right password; the code must come within ``CODE_WITHIN``."""
    session.clear()
    session[_PENDING] = {
        "person": person.id,
        "password": _hash(password_hash),
        "at": dt.datetime.now(dt.UTC).isoformat(),
        "next": next,
    }
    return redirect(url_for("auth.enter_code"))


def _pending() -> tuple[Person, str, str] | None:
    """Returns who typed a right password in this browser, its hash, and the page to go to afterwards.

    None when that was longer ago than ``CODE_WITHIN``, the password is another by now, or the person is
    disabled.
    """
    pending = session.get(_PENDING)
    if pending is None:
        return None
    age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(pending["at"])
    if not -CLOCK_SLACK < age < CODE_WITHIN:
        return None
    person = services().people.accounts.person(pending["person"])
    password_hash = services().people.accounts.password_hash(person.id)
    if person.disabled or _hash(password_hash) != pending.get("password"):
        return None
    return person, password_hash, pending["next"]


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _typed_in_thai(password: str) -> bool:
    """Returns True when the password has Thai letters: the Thai keyboard was probably on."""
    return any("\u0e00" <= letter <= "\u0e7f" for letter in password)
