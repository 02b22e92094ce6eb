"""The sample archive, for a first look."""

from __future__ import annotations

import secrets

import click

from archive.errors import Unavailable
from archive.model import Role
from indexer.reindex import is_rebuild_needed, rebuild
from web.accounts.passwords import hash_password
from web.commands.terminal import open_or_begin_services_of_settings, progress_bar
from web.settings import FILE

_NAME = "demo"
_NOT_INSTALLED = (
    "เครื่องนี้ยังไม่มีไลบรารีที่ใช้สร้างคลังตัวอย่าง ติดตั้งด้วย pip install --require-hashes -r requirements-run.lock"
    " (the libraries that make the sample archive are not installed)"
)


@click.command()
def sample() -> None:
    """ใส่คลังตัวอย่างและผู้ดูแลระบบชื่อ demo · Add a fictional municipality's sample, once, and an administrator demo.

    รหัสผ่านอยู่ใน sample-sign-in.txt · The password is in sample-sign-in.txt of the data directory. A site
    without settings gets the municipality's name. Called again, it adds what is missing, nothing twice.

    \b
    ตัวอย่าง · example:
      prakat sample
    """
    try:
        from web.sample.archive import complete_sample
        from web.sample.documents import OFFICE
    except ModuleNotFoundError as missing:
        raise Unavailable(_NOT_INSTALLED) from missing
    services = open_or_begin_services_of_settings()
    note = services.settings.data / "sample-sign-in.txt"
    if services.people.accounts.by_name(_NAME) is None:
        password = secrets.token_urlsafe(9)
        services.people.accounts.add(_NAME, hash_password(password), Role.ADMIN)
        note.touch(mode=0o600)
        note.write_text(f"เจ้าหน้าที่ลงชื่อเข้าใช้ (staff sign-in): {_NAME} / {password}\n", encoding="utf-8")
    if not (written_settings := services.settings.data / FILE).exists():
        written_settings.write_text(f'site_name = "{OFFICE}"\n', encoding="utf-8")
    click.echo("กำลังสร้างคลังตัวอย่าง ใช้เวลาราวหนึ่งนาที (making the sample archive: about a minute)", err=True)
    with progress_bar("สร้างคลังตัวอย่าง") as progress:
        count = complete_sample(services, progress)
    if is_rebuild_needed(services.records, services.index):
        rebuild(services.records, services.index)
    click.echo(f"คลังตัวอย่างมี {count} เรื่อง", err=True)
    click.echo(f"ชื่อและรหัสผ่านของเจ้าหน้าที่อยู่ใน {note} (staff name and password are in it)", err=True)


COMMANDS = (sample,)
