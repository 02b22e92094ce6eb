"""Commands for several municipalities on one installation."""

from __future__ import annotations

from dataclasses import replace

import click

from archive.errors import NotFound
from archive.model import PROVINCE, THE_PROVINCE, Organisation
from web.app import create_app
from web.background_worker import inbox_targets, watched_folder_command
from web.commands.terminal import FullHelpGroup, open_or_begin_services
from web.organisations import checked_organisation


@click.group(cls=FullHelpGroup)
def organisation() -> None:
    """หน่วยงานในระบบเดียวกัน · municipalities on one installation; there is one until another is added.

    \b
    ตัวอย่าง · example:
      prakat organisation add bangkhen "เทศบาลตำบลบางเขน"
    """


@organisation.command("add")
@click.argument("slug")
@click.argument("name")
@click.option("--host", help="ชื่อโฮสต์ของตน · a host name of its own; otherwise it is at /SLUG/")
def add_organisation(slug: str, name: str, host: str | None) -> None:
    """เพิ่มหน่วยงาน · Add an organisation; once there are two, the first one's pages move to /SLUG/.

    Each has staff, records and an address of its own. What the first one had alone is then the address of the
    province.

    \b
    ตัวอย่าง · example:
      prakat organisation add bangkhen "เทศบาลตำบลบางเขน" --host bangkhen.go.th
    """
    services = open_or_begin_services()
    checked_organisation(Organisation(id=PROVINCE, slug=slug, name=name, host=host), create_app(services))
    services.organisations.add(slug, name.strip(), host)
    known = services.organisations.all()
    towns = services.for_organisation(THE_PROVINCE, known)
    click.echo(f"เพิ่ม {name} แล้ว: {towns.site_url_of_organisation(known[-1].id)}/", err=True)
    if not known[0].name:
        click.echo(
            f"หน่วยงานเดิมอยู่ที่ {towns.site_url_of_organisation(known[0].id)}/ แล้ว ตั้งชื่อด้วย:"
            f' prakat organisation change {known[0].slug} --slug SLUG --name "NAME"'
            " (what was here alone has that address now, and wants a name)",
            err=True,
        )
    for folder in inbox_targets(services):
        if not folder.is_dir():
            command = watched_folder_command(folder)
            click.echo(f"ยังไม่มีโฟลเดอร์รับสแกน {folder.name} (a watched folder is missing): {command}", err=True)


@organisation.command("change")
@click.argument("slug")
@click.option("--slug", "new_slug", help="ชื่อใหม่ในที่อยู่ · its new part of the address")
@click.option("--name", help="ชื่อหน่วยงาน · its name")
@click.option("--host", help="ชื่อโฮสต์ของตน ว่างคือไม่มี · its host name; empty: none")
def change_organisation(slug: str, new_slug: str | None, name: str | None, host: str | None) -> None:
    """แก้ชื่อหรือที่อยู่ · Change a name or an address. Links to the old address lead nowhere afterwards.

    \b
    ตัวอย่าง · example:
      prakat organisation change main --slug pladuk --name "เทศบาลตำบลหนองปลาดุก"
    """
    services = open_or_begin_services()
    known = next((each for each in services.organisations.all() if each.slug == slug), None)
    if known is None:
        raise NotFound(f"ไม่พบหน่วยงาน {slug} (no such organisation)")
    to = replace(
        known,
        slug=new_slug or slug,
        name=known.name if name is None else name.strip(),
        host=known.host if host is None else host or None,
    )
    services.organisations.change(slug, to=checked_organisation(to, create_app(services)))


@organisation.command("list")
def list_organisations() -> None:
    """แสดงหน่วยงาน · List them, one to a line: slug, name, address.

    \b
    ตัวอย่าง · example:
      prakat organisation list
    """
    services = open_or_begin_services()
    known = services.organisations.all()
    towns = services.for_organisation(THE_PROVINCE, known)
    for each in known:
        address = towns.site_url_of_organisation(each.id) if len(known) > 1 else services.settings.base_url
        click.echo(f"{each.slug}\t{each.name or services.settings.site_name}\t{address}/")


COMMANDS = (organisation,)
