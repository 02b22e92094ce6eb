"""Template filters and globals that every page shares: language, theme, dates, texts, versioned assets."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from base64 import b64encode
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache, lru_cache
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import urlencode

import segno
from flask import Flask, g, request, url_for
from flask_babel import Babel, force_locale, get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from archive import thai
from archive.disclosure import DisclosureItem, DisclosureRule, Period, calendar_year_of_month
from archive.facets import FACETS
from archive.fields import FIELDS_BY_NAME, FieldType
from archive.filetype import ACCEPTED_FILES, is_office
from archive.model import Announcement, Attachment, Page, Status
from archive.privacy import GROUNDS
from archive.relations import kind_and_number_of_first_order, title_with_number
from archive.suggested_fields import document_number
from archive.transfer_ports import OTHER_ARCHIVE
from indexer.extraction.parsers import can_draw_pages
from indexer.scrub import faulty_originals
from indexer.search.highlighting import TextSegment, highlight, split_at_glance
from indexer.search.query.parser import MAX_QUERY_LENGTH, Query
from web import addresses, jsonld, labels, line_breaking
from web.accounts.access import visible_attachments
from web.api.schemas import SearchArgs
from web.bootstrap import services
from web.disclosure_overview import year_items
from web.errors import translated
from web.search_service import PageResult
from web.village_names import village_names

LANGUAGES = ("th", "en")
_STATIC = Path(__file__).parent / "static"
_GLANCE = 62  # letters of a passage that a phone shows: two lines of a page 390 pixels wide
_CUT_PASSAGE = Markup('{}<span class="cut"></span>{}<span class="rest">{}</span>')
_OPPORTUNITY = Markup('<wbr aria-hidden="true">')
_NUMBERED = re.compile(r"^\s*[(]?([0-9๐-๙]{1,2})[.)]\s+(.+)$")


def register_template_filters(app: Flask) -> None:
    """Install filters, globals and the choice of language for ``app``'s templates."""
    app.config.update(
        BABEL_DEFAULT_LOCALE="th", BABEL_TRANSLATION_DIRECTORIES=str(Path(__file__).parent / "translations")
    )
    Babel(app, locale_selector=_language)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    _add_filters(app)
    _add_globals(app)
    app.context_processor(_shared)


def _add_filters(app: Flask) -> None:
    app.jinja_env.filters.update(
        day=day,
        short_moment=short_moment,
        is_past=is_past,
        kind=labels.kind_name,
        remark=labels.note_text,
        reading=labels.reading_status_name,
        status=labels.status_name,
        relation=labels.relation_name,
        disclosure_section=labels.section_name,
        disclosure_period=labels.period_name,
        disclosure_state=labels.disclosure_state_name,
        part_name=part_name,
        report=labels.report_name,
        cited=cited,
        document_number=document_number,
        kind_and_number=kind_and_number,
        action=labels.action_name,
        reason_without_undo=labels.reason_without_undo,
        actor=labels.actor_name,
        role=labels.role_name,
        personal_data=labels.personal_data_name,
        field=labels.field_name,
        device=labels.device_name,
        field_values=field_values,
        differing=differing_lines,
        linked_announcement=jsonld.announcement,
        linked_collection=jsonld.collection,
        month_name=month_name,
        year_in_page_language=year_in_page_language,
        shorten=thai.shorten,
        size=size,
        marked=marked,
        passage=passage,
        highlighted=highlighted,
        file_type=file_type,
        readable_address=addresses.readable_address,
        in_english=in_english,
        unbroken=words_kept_whole,
        unbroken_html=html_words_kept_whole,
        translated=translated,
        blocks=blocks,
        thousands=lambda n: f"{n:,}",
    )


def _add_globals(app: Flask) -> None:
    app.jinja_env.globals.update(
        accepted_files=ACCEPTED_FILES,
        facets=FACETS,
        grounds=GROUNDS,
        asset=asset,
        linked_site=jsonld.site,
        absolute=addresses.absolute_url,
        page_path=addresses.page_path,
        picture_path=addresses.picture_path,
        line_share=addresses.line_share_url,
        path_of_request=addresses.path_of_request,
        month_path=month_path,
        path_with=path_with,
        repeated_search_arguments=repeated_search_arguments,
        hit_picture=hit_picture,
        is_drawable=is_drawable,
        faulty_originals=lambda: faulty_originals(services().settings.data),
        is_no_longer_in_force=is_no_longer_in_force,
        is_own_number=is_own_number,
        qr_code=qr_code,
        month_names=month_names,
        now=lambda: dt.datetime.now(thai.BANGKOK),
        village_name=lambda number: village_names().get(int(number), ""),
    )


def _language() -> str:
    chosen = request.cookies.get("language", "")
    return chosen if chosen in LANGUAGES else "th"


def _shared() -> dict[str, Any]:
    theme = request.cookies.get("theme", "")
    return {
        "site_name": services().settings.site_name,
        "base_url": services().settings.base_url,
        "locale": _language(),
        "theme": theme if theme in ("light", "dark") else "",
        "query_typed": addresses.search_text_of_request(),
        "styles": styles(request.script_root),
        "site_profile": services().site_profiles.current,
    }


def is_no_longer_in_force(announcement: Announcement) -> bool:
    """Returns True if a published announcement cancels or replaces this one; asks once in a request."""
    if "ended" not in g:
        g.ended = services().relations.ids_no_longer_in_force()
    return announcement.id in g.ended


def asset(name: str) -> str:
    """Returns the address of a static file.

    The address changes with the file's content, so that browsers may keep the file for ever.
    """
    return url_for("static", filename=name, v=_version(name))


@cache
def _version(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:10]


_STYLES = (_STATIC / "site.css").read_text(encoding="utf-8")


@lru_cache(maxsize=128)
def styles(root: str) -> Markup:
    """Returns the styles of residents' pages for a site whose root is ``root``.

    Addresses in the styles are relative to the file of the styles, so they are rewritten to begin at
    ``root``. The styles travel inside the page: on a slow phone a request of their own would keep the first
    text waiting for as long again (measured by ``benchmarks.first_text``).
    """
    return Markup(_STYLES.replace('url("../', f'url("{root}/'))  # noqa: S704  our own file


@lru_cache(maxsize=128)
def styles_csp_source(root: str) -> str:
    """Returns the CSP source (a SHA-256 hash) that allows the inline styles of ``styles`` and no others."""
    return f"'sha256-{b64encode(hashlib.sha256(styles(root).encode()).digest()).decode()}'"


def day(date: dt.date | dt.datetime) -> str:
    """Returns a date as ``9 มิถุนายน 2564``, a moment with its Thai time; ``9 June 2021`` in English."""
    clock = ""
    if isinstance(date, dt.datetime):
        local = date.astimezone(thai.BANGKOK)
        date, clock = local.date(), f" {local:%H:%M}"
    if str(get_locale()) == "en":
        return f"{date.day} {date:%B} {date.year}{clock}"
    return thai.format_date(date) + (f"{clock} น." if clock else "")


def short_moment(at: dt.datetime) -> str:
    """Returns a moment, in Thai time, as ``9 มิ.ย. 64 08:30``; in English ``9 Jun 2021 08:30``."""
    local = at.astimezone(thai.BANGKOK)
    if str(get_locale()) == "en":
        return f"{local.day} {local:%b %Y %H:%M}"
    return f"{thai.format_short_date(local.date())} {local:%H:%M}"


def is_past(date: dt.date) -> bool:
    """Returns True when the day is over in Thailand."""
    return date < thai.today()


def kind_and_number(attachments: Iterable[Attachment]) -> str:
    """Returns kind and number of the first binding document in the reader's language; "" without a number."""
    kind, number = kind_and_number_of_first_order(attachments)
    return _("%(kind)sที่ %(number)s", kind=labels.kind_name(kind), number=number) if number else ""


def is_own_number(announcement: Announcement, attachments: Iterable[Attachment]) -> bool:
    """Returns True if the document whose number ``kind_and_number`` gives is of the announcement's kind."""
    return kind_and_number_of_first_order(attachments)[0] is announcement.kind


def cited(announcement: Announcement) -> str:
    """Returns the announcement's name as other texts cite it: number and title."""
    return title_with_number(announcement, visible_attachments(announcement.id, is_staff=False))


def field_values(fields: Mapping[str, object]) -> list[tuple[str, str]]:
    """Returns name and value of each field that a change set, as people read them."""
    return [(name, _shown_value(code, fields[code])) for code, name in labels.field_names(fields)]


def _shown_value(code: str, value: object) -> str:
    if value is None or value == "":
        return "–"
    if code == "items" and isinstance(value, list):
        titles = _titles([number for _label, number in value if number])
        return "\n".join(" ".join(filter(None, (label, titles.get(number, "")))) for label, number in value)
    text = str(value)
    if code in FIELDS_BY_NAME and FIELDS_BY_NAME[code].type in (FieldType.DATE, FieldType.MOMENT):
        return day(dt.datetime.fromisoformat(text) if "T" in text else dt.date.fromisoformat(text))
    if code in FIELDS_BY_NAME and FIELDS_BY_NAME[code].type is FieldType.FLAG:
        return str(_("ใช่") if value else _("ไม่"))
    if code == "relation":
        name, _space, number = text.partition(" ")
        if number.startswith(OTHER_ARCHIVE):
            other = _("เรื่องเลขที่ %(number)s ของคลังเดิม", number=number.removeprefix(OTHER_ARCHIVE))
            return f"{labels.relation_name(name)} {other}"
        return f"{labels.relation_name(name)} {_titles([int(number)])[int(number)]}"
    return _CODES[code](text) if code in _CODES else text


def _titles(ids: Sequence[int]) -> dict[int, str]:
    """Returns by id how the history names announcements: by title and number, or by number alone."""
    known = services().announcements.get_many(ids)
    return {id: f"“{known[id].title}” #{id}" if id in known and known[id].title else f"#{id}" for id in ids}


_CODES: Mapping[str, Callable[[str], str]] = {
    "kind": labels.kind_name,
    "status": lambda text: labels.status_name(Status(text)),
    "disclosure": lambda text: _disclosure(*text.split()),
    "section": lambda text: labels.section_name(DisclosureRule(text)),
    "period": lambda text: labels.period_name(Period(text)),
    "keywords": lambda text: text.replace("\n", ", "),
    "is_hidden": lambda text: str(_("ใช่") if text == "1" else _("ไม่")),
}
"""Field of the history → function that writes its value for people."""


def _disclosure(year: str, key: str, part: str) -> str:
    """Returns an item to disclose as people read it: ``2569 O16 สรุปผลการจัดซื้อจัดจ้าง ต.ค. 68``."""
    known = year_items(services(), int(year))
    item = next((each for each in known if each.key == key), None)
    if item is None:
        return f"{year} {key}"
    return " ".join(filter(None, (year, item.number, item.title, part_name(item, int(part), int(year)))))


def part_name(item: DisclosureItem, part: int, year: int) -> str:
    """Returns the name of a part of an item in a fiscal year: ``ต.ค. 68``, ``ไตรมาส 1``; "" for the year."""
    if item.period is Period.QUARTERLY:
        return str(_("ไตรมาส %(number)s", number=part))
    if item.period is not Period.MONTHLY or not part:
        return ""
    of_year = calendar_year_of_month(year, part)
    if str(get_locale()) == "en":
        return f"{dt.date(2000, part, 1):%b} {of_year - thai.ERA}"
    return f"{thai.SHORT_MONTHS[part - 1]} {of_year % 100:02d}"


def differing_lines(was: str, now: str) -> tuple[str, str]:
    """Returns the lines of two texts that differ; ``…`` stands for a stretch that both texts have."""
    before, after = was.split("\n"), now.split("\n")
    gone: list[str] = []
    come: list[str] = []
    for what, left, left_end, right, right_end in SequenceMatcher(None, before, after).get_opcodes():
        gone += [thai.ELLIPSIS] if what == "equal" else before[left:left_end]
        come += [thai.ELLIPSIS] if what == "equal" else after[right:right_end]
    return "\n".join(gone), "\n".join(come)


def month_name(date: dt.date) -> str:
    """Returns the name of the date's month: ``มิถุนายน``; in English ``June``."""
    return f"{date:%B}" if str(get_locale()) == "en" else thai.MONTHS[date.month - 1]


def month_names() -> list[tuple[int, str]]:
    """Returns number and name of each month, in the reader's language."""
    return [(number, month_name(dt.date(2000, number, 1))) for number in range(1, 13)]


def year_in_page_language(buddhist_year_or_date: int | dt.date) -> str:
    """Returns a year B.E., or a date's year, as the page's readers count it: ``พ.ศ. 2564``, ``2021``."""
    year = buddhist_year_or_date
    buddhist = thai.buddhist_year(year) if isinstance(year, dt.date) else year
    return str(buddhist - thai.ERA) if str(get_locale()) == "en" else f"พ.ศ. {buddhist}"


def month_path(date: dt.date) -> str:
    """Returns the address of the search for everything published in the date's month."""
    last = date.replace(day=monthrange(date.year, date.month)[1])
    return f"{url_for('public.results')}?from={date.replace(day=1)}&to={last}&sort=newest"


def size(number: int) -> str:
    """Returns a number of bytes for people: ``2.4 MB``."""
    return f"{number / 1e6:.1f} MB" if number >= 1e6 else f"{max(number // 1000, 1)} KB"


def words_kept_whole(text: str) -> Markup:
    """Returns the text, escaped, with its words kept whole at the ends of lines.

    A translated text with values in it is HTML already, whose values are escaped: it is not escaped again.
    """
    if isinstance(text, Markup):
        return html_words_kept_whole(text)
    return line_breaking.with_break_opportunities(text, services().dictionary.current().words)


def html_words_kept_whole(content: Markup) -> Markup:
    """Returns HTML with the words of its texts kept whole at the ends of lines."""
    return line_breaking.html_with_break_opportunities(content, services().dictionary.current().words)


def in_english(text: str) -> str:
    """Returns a text of the pages in English, for who typed English on a Thai page."""
    with force_locale("en"):
        return str(_(text))


def marked(segments: tuple[TextSegment, ...]) -> Markup:
    """Returns the segments, escaped, with hits in ``<mark>`` and words kept whole."""
    return line_breaking.segments_with_break_opportunities(segments, services().dictionary.current().words)


def passage(segments: tuple[TextSegment, ...]) -> Markup:
    """Returns the segments as ``marked`` does; on a phone the page shows the first of them and ``…``."""
    shown, rest = split_at_glance(segments, services().tokenizer, letters=_GLANCE)
    if not rest:
        return marked(shown)
    first = replace(rest[0], text=rest[0].text.lstrip())
    between = _OPPORTUNITY if first == rest[0] else " "  # a line's end after <wbr> would show no space
    return _CUT_PASSAGE.format(marked(shown), between, marked((first, *rest[1:])))


def highlighted(text: str, query: Query | None) -> Markup:
    """Returns the text with the query's hits in ``<mark>``; without a query just the text."""
    if query is None:
        return words_kept_whole(text)
    return marked(highlight(text, query, services().tokenizer))


def file_type(filename: str) -> str:
    """Returns ``PDF`` for ``order.pdf``: four letters of the ending at most, ``?`` without one.

    Pages show it for a document without a picture.
    """
    return PurePath(filename).suffix.removeprefix(".").upper()[:4] or "?"


def qr_code(content: str, title: str = "", *, error: str = "m") -> Markup:
    """Returns a QR code, an SVG that prints sharp. ``title`` names it; without one it is an address.

    ``error``: level of error correction, as segno names them; "h" reads with 30 % of it spoilt.
    """
    drawn = segno.make(content, micro=False, error=error)
    return Markup(  # noqa: S704
        drawn.svg_inline(
            border=2,
            svgclass="qr",
            lineclass=None,
            light="#fff",
            omitsize=True,
            title=title or _("คิวอาร์โค้ดของลิงก์นี้"),
        )
    )


def is_drawable(attachment: Attachment, page: Page | None = None) -> bool:
    """Return True when files of this type, or the given page, can be drawn, whether read or not.

    Pages of an Office file can be drawn where LibreOffice is installed and was when the file was read.
    """
    was_drawn = page is None or bool(page.lines) or not is_office(attachment.media_type)
    return was_drawn and can_draw_pages(attachment.media_type)


def hit_picture(page: PageResult, typed: str, width: int) -> str:
    """Returns the address of a picture of the area of a result page that answers, hits marked."""
    return addresses.picture_path(page.attachment, page.number, width=width, q=typed, crop="hit")


@dataclass(frozen=True, slots=True)
class BodyBlock:
    """A numbered list with the number that it starts from, or, without one, a paragraph."""

    items: tuple[str, ...]
    start: int | None = None


def blocks(body: str) -> Iterator[BodyBlock]:
    """Yields each line of a body as a paragraph, and lines with numbers in a row as one list.

    No typed text is lost, and a list keeps its numbers.
    """
    items: list[str] = []
    start = 0
    for line in filter(str.strip, body.split("\n")):
        found = _NUMBERED.match(line)
        number = int(thai.arabic_digits(found[1])) if found else None
        if items and number != start + len(items):
            yield BodyBlock(tuple(items), start)
            items = []
        if found and number is not None:
            start = start if items else number
            items.append(found[2])
        else:
            yield BodyBlock((line.strip(),))
    if items:
        yield BodyBlock(tuple(items), start)


def repeated_search_arguments() -> dict[str, str]:
    """Returns this search's arguments, ``page`` too, for links and forms; each cut to what a search reads.

    Arguments of anything else are left out. A page has some hundred links: one long argument would make
    megabytes of it.
    """
    longest = {"q": MAX_QUERY_LENGTH}
    return {
        name: value[: longest.get(name, _LONGEST_ARGUMENT)]
        for name, value in request.args.items()
        if value and name in _SEARCH_ARGUMENTS
    }


_LONGEST_ARGUMENT = 200  # characters of a repeated argument; no author, category or date is longer
_SEARCH_ARGUMENTS = frozenset(field.data_key or name for name, field in SearchArgs().fields.items())


def path_with(endpoint: str = "public.results", /, **changes: object) -> str:
    """Returns this search's address with arguments changed, on page 1; None removes one, "" does not.

    ``endpoint``: that of another page, for the same search there.
    """
    arguments = {name: value for name, value in repeated_search_arguments().items() if name != "page"}
    arguments |= {name: str(value) for name, value in changes.items() if value is not None}
    for name, value in changes.items():
        if value is None:
            arguments.pop(name, None)
    return url_for(endpoint) + (f"?{urlencode(arguments)}" if arguments else "")
