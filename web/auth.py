"""Signing in: sessions that the archive knows and can end, slow hashes, a brake on guessing."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Callable, Iterable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect, FlaskForm
from werkzeug.exceptions import Forbidden
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from archive.errors import Invalid, TooMany
from archive.model import Person, Role, Session
from archive.rules import LONGEST_NAME
from web.addresses import path_here
from web.bootstrap import services
from web.errors import in_words
from web.log import note_security
from web.passwords import LONGEST, check_strength, hash_password, verify

P = ParamSpec("P")
R = TypeVar("R")

pages = Blueprint("auth", __name__)
csrf = CSRFProtect()
limiter = Limiter(get_remote_address, storage_uri="memory://")

IDLE = dt.timedelta(minutes=30)
"""A session not used for so long must be opened again; typing into a form is use."""

LONGEST_SESSION = dt.timedelta(hours=12)
"""However much it is used: a working day."""

CLOCK_SLACK = dt.timedelta(minutes=5)
"""One begun further in the future was begun before the clock was set back, and is not trusted."""

WINDOW = dt.timedelta(minutes=15)
ATTEMPTS = "60/minute"
"""Sign-ins of one address, right or wrong: each costs the processor a slow hash."""

MOST_FAILURES = 8
"""Wrong passwords for one name of an organisation, or from one address, within ``WINDOW``; then both wait."""

_KEY = "key"


class SignIn(FlaskForm):  # type: ignore[misc]
    name = StringField(validators=[InputRequired(), Length(max=LONGEST_NAME)])
    password = PasswordField(validators=[InputRequired(), Length(max=LONGEST)])


class NewPassword(FlaskForm):  # type: ignore[misc]
    current = PasswordField(validators=[InputRequired(), Length(max=LONGEST)])
    new = PasswordField(validators=[InputRequired(), Length(max=LONGEST)])


def install(app: Flask) -> None:
    """CSRF protection for every form, and who is signed in for every template."""
    csrf.init_app(app)
    limiter.init_app(app)
    app.context_processor(lambda: {"person": current_person()})
    app.register_blueprint(pages)


def current_person() -> Person | None:
    """Who is signed in with this request."""
    opened = current_session()
    return opened[1] if opened else None


def current_session() -> tuple[Session, Person] | None:
    if "opened" not in g:
        key = session.get(_KEY)
        now = dt.datetime.now(dt.UTC)
        opened = services().people.session(_hash(key), idle=IDLE, now=now) if key else None
        lasts = opened is not None and -CLOCK_SLACK < now - opened[0].started_at < LONGEST_SESSION
        g.opened = opened if lasts else None
    return cast("tuple[Session, Person] | None", g.opened)


def signed_in() -> bool:
    return current_person() is not None


def staff_only(view: Callable[P, R]) -> Callable[P, R | ResponseReturnValue]:
    """Others are asked to sign in first, and come back."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R | ResponseReturnValue:
        if not signed_in():
            return redirect(url_for("auth.sign_in", next=request.script_root + request.path))
        return view(*args, **kwargs)

    return checked


def admin_only(view: Callable[P, R]) -> Callable[P, R | ResponseReturnValue]:
    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R | ResponseReturnValue:
        person = current_person()
        if person is not None and person.role is not Role.ADMIN:
            raise Forbidden
        return staff_only(view)(*args, **kwargs)

    return checked


@pages.route("/sign-in", methods=["GET", "POST"])
@limiter.limit(ATTEMPTS, methods=["POST"])
def sign_in() -> ResponseReturnValue:
    """One message for every failure: nobody learns which names exist."""
    form = SignIn()
    if form.validate_on_submit():
        name = form.name.data.strip()
        known = services().people.by_name(name)
        tried = _failure_keys(name, known[0] if known else None)
        _brake(tried)
        right = verify(known[1] if known else None, form.password.data)
        if known and right and not known[0].disabled:
            _open(known[0])
            note_security("signed in", person=known[0].name)
            return redirect(path_here(request.args.get("next", ""), url_for("dashboard.overview")))
        _note_failure(tried)
        note_security("sign-in failed", good=False, person=known[0].name if known else "(unknown)")
        flash(_("ชื่อผู้ใช้หรือรหัสผ่านไม่ถูกต้อง"), "bad")
    return render_template(
        "staff/sign-in.html", form=form, thai_layout=_typed_in_thai(form.password.data or "")
    )


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    opened = current_session()
    if opened is not None:
        services().people.close_session(opened[1].id, opened[0].id)
        note_security("signed out", person=opened[1].name)
    session.clear()
    return redirect(url_for("public.home"))


@pages.route("/staff/account", methods=["GET", "POST"])
@staff_only
def account() -> ResponseReturnValue:
    """Change the password (every session ends but a new one here), and see where one is signed in."""
    person = cast(Person, current_person())
    form = NewPassword()
    if form.validate_on_submit():
        known = services().people.by_name(person.name)
        try:
            if not verify(known[1] if known else None, form.current.data):
                raise Invalid("รหัสผ่านเดิมไม่ถูกต้อง", field="current")
            check_strength(form.new.data, about=(person.name, services().settings.site_name))
        except Invalid as error:
            note_security("password not changed", good=False, person=person.name)
            flash(in_words(error), "bad")
        else:
            services().people.set_password(person.id, hash_password(form.new.data))
            services().people.close_sessions(person.id)
            _open(person)
            note_security("password changed", person=person.name)
            flash(_("เปลี่ยนรหัสผ่านแล้ว และออกจากระบบในเครื่องอื่นทั้งหมด"), "good")
            return redirect(url_for("auth.account"))
    opened = current_session()
    return render_template(
        "staff/account.html",
        form=form,
        sessions=services().people.sessions(person.id),
        here=opened[0].id if opened else None,
    )


@pages.post("/staff/account/sessions/<int:id>/close")
@staff_only
def close_session(id: int) -> ResponseReturnValue:
    person = cast(Person, current_person())
    services().people.close_session(person.id, id)
    note_security("session ended", person=person.name)
    return redirect(url_for("auth.account"))


@pages.get("/staff/awake")
@staff_only
def awake() -> ResponseReturnValue:
    """Asked for by a form while somebody types into it, so that the session does not end meanwhile."""
    return ""


def _open(person: Person) -> None:
    """A fresh key each time, so that one known from before is worth nothing."""
    key = secrets.token_urlsafe(32)
    now = dt.datetime.now(dt.UTC)
    services().people.open_session(
        person.id, _hash(key), device=(request.user_agent.string or "")[:200], now=now
    )
    for tried in _failure_keys(person.name, person):
        services().people.forget_failures(tried)
    session.clear()
    session[_KEY] = key
    g.pop("opened", None)


def _brake(keys: Iterable[str]) -> None:
    now = dt.datetime.now(dt.UTC)
    for key in keys:
        if services().people.failures(key, window=WINDOW, now=now) >= MOST_FAILURES:
            note_security("sign-in braked", good=False)
            raise TooMany(_("ลงชื่อเข้าใช้ผิดหลายครั้ง กรุณารอ 15 นาทีแล้วลองใหม่"))


def _note_failure(keys: Iterable[str]) -> None:
    for key in keys:
        services().people.note_failure(key, window=WINDOW, now=dt.datetime.now(dt.UTC))


def _failure_keys(name: str, person: Person | None) -> tuple[str, str]:
    """What failures are counted by: the name, in the organisation that the person belongs to (for a name that
    nobody has, that of the site), so that what is tried elsewhere locks no one out; and the address, whatever
    site it tries."""
    here = services().organisation
    whose = person.organisation if person else here.id if here else ""
    return f"sign-in:{whose}:{name}", f"sign-in-from:{request.remote_addr}"


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _typed_in_thai(password: str) -> bool:
    """Probably the Thai keyboard was on."""
    return any("\u0e00" <= letter <= "\u0e7f" for letter in password)
