"""Commands for people's accounts and the API's tokens."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING

import click

from archive import thai, validation
from archive.errors import Invalid, NotFound
from archive.model import ALL_SCOPES, Role, Scope
from indexer.lazy_import import lazy_import
from web.commands.terminal import FullHelpGroup, open_people_of, organisation_option

if TYPE_CHECKING:
    from web.accounts import passwords, tokens
else:
    passwords = lazy_import("web.accounts.passwords")
    tokens = lazy_import("web.accounts.tokens")


@click.group(cls=FullHelpGroup)
def user() -> None:
    """ผู้ใช้งานระบบ · people who may sign in.

    \b
    ตัวอย่าง · example:
      prakat user add somsri --role staff
    """


@user.command("add")
@click.argument("name")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), required=True, help="สิทธิ์ใช้งาน · role"
)
@click.option("--password-stdin", is_flag=True, help="อ่านรหัสผ่านจาก stdin · read the password from stdin")
@organisation_option
def add_user(name: str, role: str, password_stdin: bool, organisation: str | None) -> None:
    """เพิ่มผู้ใช้ · Add a person.

    \b
    ตัวอย่าง · example:
      prakat user add somsri --role admin
    """
    name = validation.checked_account_name(name)
    password = _password(name, password_stdin)
    person = open_people_of(organisation).accounts.add(name, passwords.hash_password(password), Role(role))
    click.echo(f"เพิ่ม {person.name} ({person.role}) แล้ว", err=True)


@user.command("password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="อ่านรหัสผ่านจาก stdin · read the password from stdin")
@organisation_option
def change_password(name: str, password_stdin: bool, organisation: str | None) -> None:
    """ตั้งรหัสผ่านใหม่ และให้ออกจากทุกเครื่อง · Give a new password to one who forgot it; ends all sessions.

    \b
    ตัวอย่าง · example:
      prakat user password somsri
    """
    people = open_people_of(organisation)
    known = people.accounts.by_name(name)
    if known is None:
        raise NotFound(f"ไม่พบผู้ใช้ {name} (no such person)")
    password_hash = passwords.hash_password(_password(name, password_stdin))
    people.accounts.set_password_and_sign_out(known[0].id, password_hash)
    click.echo(f"ตั้งรหัสผ่านใหม่ของ {name} แล้ว", err=True)


def _password(name: str, from_stdin: bool) -> str:
    """Returns a password, typed twice or read once, that is strong enough."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("รหัสผ่าน (password)", hide_input=True, confirmation_prompt=True, err=True)
    try:
        passwords.check_strength(password, guessable_words=(name,))
    except Invalid:
        lengths = f"{passwords.SHORTEST} to {passwords.LONGEST} characters"
        click.echo(f"({lengths}, not easy to guess: use several unrelated words)", err=True)
        raise
    return str(password)


@user.command("reset-second-factor")
@click.argument("name")
@organisation_option
def reset_second_factor(name: str, organisation: str | None) -> None:
    """ปิดการยืนยันตัวตนสองขั้น ของผู้ที่ทำโทรศัพท์และรหัสสำรองหาย · Switch off a lost second factor and end all sessions.

    ทุกเครื่องที่ผู้นั้นลงชื่อเข้าใช้อยู่ต้องลงชื่อใหม่ · The person signs in again everywhere.

    \b
    ตัวอย่าง · example:
      prakat user reset-second-factor somsri
    """
    people = open_people_of(organisation)
    known = people.accounts.by_name(name)
    if known is None or not people.second_factors.remove(known[0].id):
        raise NotFound(f"ไม่พบผู้ใช้ {name} ที่เปิดการยืนยันตัวตนสองขั้น (no such person with a second factor)")
    people.sign_ins.close_sessions(known[0].id)
    click.echo(f"ปิดการยืนยันตัวตนสองขั้นของ {name} แล้ว", err=True)


@user.command("list")
@organisation_option
def list_users(organisation: str | None) -> None:
    """แสดงผู้ใช้ · List people, one to a line: name, role, state.

    \b
    ตัวอย่าง · example:
      prakat user list
    """
    for person in open_people_of(organisation).accounts.everyone():
        click.echo(f"{person.name}\t{person.role}\t{'disabled' if person.disabled else 'active'}")


@user.command("disable")
@click.argument("name")
@organisation_option
def disable_user(name: str, organisation: str | None) -> None:
    """ระงับการใช้งานของผู้ใช้ · The person can no longer sign in, and is signed out everywhere.

    \b
    ตัวอย่าง · example:
      prakat user disable somsri
    """
    open_people_of(organisation).accounts.disable_and_sign_out(name)
    click.echo(f"ระงับการใช้งานของ {name} แล้ว", err=True)


@user.command("enable")
@click.argument("name")
@organisation_option
def enable_user(name: str, organisation: str | None) -> None:
    """ให้ผู้ใช้ที่ระงับไว้ใช้งานได้อีกครั้ง · Let a disabled person sign in again.

    \b
    ตัวอย่าง · example:
      prakat user enable somsri
    """
    open_people_of(organisation).accounts.enable(name)
    click.echo(f"ให้ {name} ใช้งานอีกครั้งแล้ว", err=True)


@click.group(cls=FullHelpGroup)
def token() -> None:
    """กุญแจของโปรแกรมอื่น · API tokens for other programs.

    \b
    ตัวอย่าง · example:
      prakat token add website
    """


@token.command("add")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="สิทธิ์ ระบุได้หลายครั้ง ไม่ระบุคือทุกสิทธิ์ · may be given several times; write and publish can read too;"
    " all without it",
)
@click.option(
    "--expires",
    metavar="DATE",
    help="ใช้ได้ถึงสิ้นวันนี้ เช่น 2027-12-31 หรือ 31 ธันวาคม 2570 · works until the end of this day;"
    " for ever without it",
)
@organisation_option
def add_token(name: str, scopes: tuple[str, ...], expires: str | None, organisation: str | None) -> None:
    """ออก token ใหม่ แสดงครั้งเดียว · Print a token, once; any scope reads too; all, for ever, unless limited.

    \b
    ตัวอย่าง · example:
      prakat token add website
      prakat token add scanner --scope write --expires 2027-12-31
    """
    made = tokens.new_token()
    given = frozenset(map(Scope, scopes)) | {Scope.READ} if scopes else ALL_SCOPES
    expires_at = _end_of_day(expires) if expires else None
    people = open_people_of(organisation)
    people.tokens.add(
        validation.checked_account_name(name), tokens.token_hash(made), scopes=given, expires_at=expires_at
    )
    click.echo(made)
    click.echo("เก็บไว้ให้ดี จะไม่แสดงอีก (keep it: it is not shown again)", err=True)


@token.command("list")
@organisation_option
def list_tokens(organisation: str | None) -> None:
    """แสดง token · List tokens: name, made, state, scopes, expiry, last use.

    \b
    ตัวอย่าง · example:
      prakat token list
    """
    now = dt.datetime.now(dt.UTC)
    for each in open_people_of(organisation).tokens.all():
        has_expired = each.expires_at is not None and each.expires_at <= now
        state = "revoked" if each.revoked_at else "expired" if has_expired else "active"
        scopes = ",".join(scope.value for scope in Scope if scope in each.scopes)
        times = [
            at.isoformat(timespec="seconds") if at else "-"
            for at in (each.created_at, each.expires_at, each.last_used_at)
        ]
        click.echo("\t".join([each.name, times[0], state, scopes, *times[1:]]))


def _end_of_day(typed: str) -> dt.datetime:
    """Returns the last moment of a day in Thailand. Raises ``Invalid`` for a day that is over."""
    day = thai.parse_date(typed)
    end = dt.datetime.combine(day, dt.time.max, thai.BANGKOK)
    if end <= dt.datetime.now(dt.UTC):
        raise Invalid("เลยวันหมดอายุที่ระบุมาแล้ว กรุณาระบุวันใหม่ (this day is over)", field="expires")
    return end


@token.command("revoke")
@click.argument("name")
@organisation_option
def revoke_token(name: str, organisation: str | None) -> None:
    """ยกเลิก token · The token works no longer.

    \b
    ตัวอย่าง · example:
      prakat token revoke website
    """
    open_people_of(organisation).tokens.revoke(name)
    click.echo(f"ยกเลิก {name} แล้ว", err=True)


COMMANDS = (user, token)
