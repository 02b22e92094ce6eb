"""The people who may sign in, for administrators: accounts are added, changed, suspended and helped here."""

from __future__ import annotations

import secrets

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from archive import validation
from archive.errors import Conflict, PrakatError, gettext_noop
from archive.model import Person, Role
from web.accounts.passwords import check_strength, hash_password
from web.accounts.sign_in import current_person
from web.bootstrap import services
from web.errors import error_message
from web.serving.log import note_security
from web.staff.blueprints import staff_blueprint
from web.staff.form_fingerprints import fingerprint, refuse_if_changed

pages = staff_blueprint("people", __name__, url_prefix="/staff/people", is_for_admins=True)

_CHANGED_MEANWHILE = gettext_noop(
    "มีผู้แก้ผู้ใช้นี้ขณะที่คุณเปิดหน้านี้อยู่ ตารางแสดงค่าที่บันทึกไว้แล้ว ถ้ายังต้องการเปลี่ยนตามที่กรอก กรุณากดบันทึกอีกครั้ง"
)
_PASSWORD_BYTES = 12  # of chance in a password that the archive makes: sixteen letters


@pages.get("")
def list_people() -> str:
    """Show the people with division, role, last sign-in and state, and the forms that change them."""
    return _table()


@pages.post("")
def add_person() -> ResponseReturnValue:
    """Add an account with a name that no other has and a password that is not weak."""
    try:
        name, password = (
            validation.checked_account_name(request.form.get("name", "")),
            request.form.get("password", ""),
        )
        check_strength(password, guessable_words=(name, services().settings.site_name))
        person = services().people.accounts.add(name, hash_password(password), _role(), division=_division())
        note_security("person added", person=person.name, role=person.role.value)
        flash(_("เพิ่มผู้ใช้ %(name)s แล้ว", name=name), "good")
        return redirect(url_for("people.list_people"))
    except PrakatError as error:
        flash(error_message(error), "bad")
        return _table()


@pages.post("/<int:person_id>")
def change(person_id: int) -> ResponseReturnValue:
    """Set a person's division and role; nobody changes the own role, so that an administrator is left.

    Where these have changed since the form was opened, nothing is stored, and it shows what was chosen.
    """
    try:
        role, division = _role(), _division()
        with services().records.batch():
            person = _person(person_id)
            if (role, division) != (person.role, person.division):
                refuse_if_changed(_fingerprint(person), _CHANGED_MEANWHILE)
            if role is not person.role and _is_me(person):
                raise Conflict("เปลี่ยนสิทธิ์ใช้งานของตัวเองไม่ได้ กรุณาให้ผู้ดูแลระบบคนอื่นเปลี่ยน")
            services().people.accounts.set_role_and_division(person_id, role=role, division=division)
    except PrakatError as error:
        flash(error_message(error), "bad")
        return _table(edited=person_id), error.http_status
    note_security("person changed", person=person.name, role=role.value)
    flash(_("บันทึกของ %(name)s แล้ว", name=person.name), "good")
    return redirect(url_for("people.list_people"))


@pages.post("/<int:person_id>/password")
def reset_password(person_id: int) -> ResponseReturnValue:
    """Give a person who forgot the password a new one, shown this once; end the person's sessions."""
    person = _person(person_id)
    if _is_me(person):  # the page of the own account asks for the present password
        return redirect(url_for("account.own_account"))
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    services().people.accounts.set_password_and_sign_out(person_id, hash_password(password))
    note_security("password reset", person=person.name)
    return _table(reset=person, password=password)


@pages.post("/disable")
def disable_person() -> ResponseReturnValue:
    """Suspend an account, not one's own: the person is signed out everywhere and cannot sign in."""
    name = request.form.get("name", "")
    if any(each.name == name and _is_me(each) for each in services().people.accounts.everyone()):
        flash(_("ระงับบัญชีของตัวเองไม่ได้ กรุณาให้ผู้ดูแลระบบคนอื่นระงับ"), "bad")
        return redirect(url_for("people.list_people"))
    services().people.accounts.disable_and_sign_out(name)
    note_security("person disabled", person=name)
    flash(_("ระงับการใช้งานของ %(name)s แล้ว", name=name), "good")
    return redirect(url_for("people.list_people"))


@pages.post("/enable")
def enable_person() -> ResponseReturnValue:
    """Let a suspended person sign in again."""
    name = request.form.get("name", "")
    services().people.accounts.enable(name)
    note_security("person enabled", person=name)
    flash(_("%(name)s ใช้งานได้อีกครั้งแล้ว", name=name), "good")
    return redirect(url_for("people.list_people"))


def _table(*, reset: Person | None = None, password: str = "", edited: int | None = None) -> str:
    """Returns the page. ``reset``: whose new password it shows. ``edited``: whose form was refused."""
    everyone = services().people.accounts.everyone()
    shown = request.args.get("edit", type=int) if edited is None else edited
    one = next((each for each in everyone if each.id == shown), None)
    return render_template(
        "staff/people.html",
        everyone=everyone,
        roles=list(Role),
        edited=one,
        typed=request.form if edited is not None else {},
        fingerprint=_fingerprint(one) if one else "",
        reset=reset,
        password=password,
    )


def _fingerprint(person: Person) -> str:
    """Returns the fingerprint of what the form of an account shows."""
    return fingerprint(person.role.value, person.division)


def _is_me(person: Person) -> bool:
    me = current_person()
    return me is not None and me.id == person.id


def _person(person_id: int) -> Person:
    """Returns a person of this organisation; others are not to be changed here."""
    return next(
        (each for each in services().people.accounts.everyone() if each.id == person_id), None
    ) or abort(404)


def _role() -> Role:
    given = request.form.get("role", Role.STAFF)
    return Role(given) if given in set(Role) else abort(400)


def _division() -> str:
    return validation.checked_division(request.form.get("division", ""))
