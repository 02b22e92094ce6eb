"""OAI-PMH 2.0: lets other archives harvest the public announcements as Dublin Core.

Nothing is kept between requests: a resumption token holds the place and the limits of its harvest. An
announcement that was withdrawn is a deleted record, for ever.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlsplit

from flask import Blueprint, Response, request, url_for
from lxml import etree

from archive.errors import NotFound
from archive.model import Announcement, Status
from archive.relations import named_relations, published_relations
from web.accounts.access import visible_attachments
from web.accounts.sign_in import csrf
from web.addresses import absolute_url, announcement_url
from web.bootstrap import services
from web.settings import postmaster_address

pages = Blueprint("oai", __name__)
csrf.exempt(pages)  # OAI-PMH demands POST beside GET; nothing is changed by either

RECORDS_PER_ANSWER = 100
"""Records in one answer; a harvester comes back for the rest with the resumption token."""

_OAI = "http://www.openarchives.org/OAI/2.0/"
_OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
_DC = "http://purl.org/dc/elements/1.1/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XML = "http://www.w3.org/XML/1998/namespace"
_PREFIX = "oai_dc"
_LONGEST_WRITE = dt.timedelta(minutes=5)
"""Time that storing a change of many records may take, by which ``responseDate`` stays behind the clock.

A harvester asks next for what changed after that date, and a change bears the time at which it began.
"""
_SECOND = "%Y-%m-%dT%H:%M:%SZ"
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?P<time>T\d\d:\d\d:\d\dZ)?", re.ASCII)
_IDENTIFIER = re.compile(r"oai:[^:]+:announcements/(\d{1,10})")
_TOO_LARGE = 2**31  # a number of a record that no archive reaches; a database refuses much larger ones


class ProtocolError(Exception):
    """A request that the protocol does not allow. ``code`` is one of the protocol's error codes."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(said)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Place:
    """Place in a harvest: its limits in time, the last record sent, and the number of records sent."""

    since: dt.datetime | None
    before: dt.datetime | None
    after: tuple[dt.datetime, int] | None = None
    sent: int = 0


@pages.route("/oai", methods=["GET", "POST"])
def answer_harvester() -> Response:
    """Answer one OAI-PMH request; errors of the protocol are answers too, with status 200."""
    root = etree.Element(f"{{{_OAI}}}OAI-PMH", nsmap={None: _OAI, "xsi": _XSI})
    root.set(f"{{{_XSI}}}schemaLocation", f"{_OAI} {_OAI}OAI-PMH.xsd")
    _add(root, "responseDate", (dt.datetime.now(dt.UTC) - _LONGEST_WRITE).strftime(_SECOND))
    asked = _add(root, "request", absolute_url(url_for("oai.answer_harvester")))
    try:
        verb, arguments = _checked_arguments()
        filled = etree.Element(f"{{{_OAI}}}{verb}")
        _VERBS[verb].answer(filled, arguments)
        for name, value in {"verb": verb, **arguments}.items():
            asked.set(name, value)
        root.append(filled)
    except ProtocolError as error:
        _add(root, "error", str(error), code=error.code)
    text = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return Response(text, content_type="text/xml; charset=utf-8")


def _checked_arguments() -> tuple[str, dict[str, str]]:
    """Returns verb and arguments of the request. Raises ``ProtocolError`` for those that make no sense."""
    values = request.values
    verb = values.get("verb", "")
    if verb not in _VERBS or len(values.getlist("verb")) > 1:
        raise ProtocolError("badVerb", "unknown or missing verb")
    arguments = {name: value for name, value in values.items() if name != "verb"}
    if any(len(values.getlist(name)) > 1 for name in arguments):
        raise ProtocolError("badArgument", "an argument is repeated")
    required, optional = _VERBS[verb].required, _VERBS[verb].optional
    is_resumed = verb.startswith("List") and arguments.keys() == {"resumptionToken"}
    if not is_resumed and not required <= arguments.keys() <= required | optional:
        raise ProtocolError(
            "badArgument", f"{verb} takes {', '.join(sorted(required | optional)) or 'nothing'}"
        )
    if arguments.get("metadataPrefix", _PREFIX) != _PREFIX:
        raise ProtocolError("cannotDisseminateFormat", f"only {_PREFIX} is available")
    return verb, arguments


def _identify(filled: etree._Element, _arguments: Mapping[str, str]) -> None:
    first = services().harvest.changes(limit=1)
    since = first[0].updated_at if first else dt.datetime.now(dt.UTC)
    _add(filled, "repositoryName", services().settings.site_name)
    _add(filled, "baseURL", absolute_url(url_for("oai.answer_harvester")))
    _add(filled, "protocolVersion", "2.0")
    contact = services().site_profiles.current().email or postmaster_address(services().settings)
    _add(filled, "adminEmail", contact)
    _add(filled, "earliestDatestamp", since.strftime(_SECOND))
    _add(filled, "deletedRecord", "persistent")
    _add(filled, "granularity", "YYYY-MM-DDThh:mm:ssZ")


def _list_formats(filled: etree._Element, arguments: Mapping[str, str]) -> None:
    if "identifier" in arguments:
        _find(arguments["identifier"])
    format = _add(filled, "metadataFormat")
    _add(format, "metadataPrefix", _PREFIX)
    _add(format, "schema", "http://www.openarchives.org/OAI/2.0/oai_dc.xsd")
    _add(format, "metadataNamespace", _OAI_DC)


def _refuse_sets(_filled: etree._Element, _arguments: Mapping[str, str]) -> None:
    raise ProtocolError("noSetHierarchy", "the records are in no sets")


def _get_record(filled: etree._Element, arguments: Mapping[str, str]) -> None:
    _add_record(filled, _find(arguments["identifier"]))


def _list(
    filled: etree._Element,
    arguments: Mapping[str, str],
    add: Callable[[etree._Element, Announcement], None],
) -> None:
    token = arguments.get("resumptionToken")
    place = _read_token(token) if token is not None else _first_place(arguments)
    found = services().harvest.changes(
        since=place.since, before=place.before, after=place.after, limit=RECORDS_PER_ANSWER + 1
    )
    if not found and token is None:
        raise ProtocolError("noRecordsMatch", "nothing was published or withdrawn so")
    for announcement in found[:RECORDS_PER_ANSWER]:
        add(filled, announcement)
    if len(found) > RECORDS_PER_ANSWER:
        last = found[RECORDS_PER_ANSWER - 1]
        rest = replace(place, after=(last.updated_at, last.id), sent=place.sent + RECORDS_PER_ANSWER)
        _add(filled, "resumptionToken", _write_token(rest), cursor=str(place.sent))
    elif token is not None:
        _add(filled, "resumptionToken", cursor=str(place.sent))


def _first_place(arguments: Mapping[str, str]) -> _Place:
    """Returns the beginning of a harvest. Raises ``ProtocolError`` for arguments that make no sense."""
    if "set" in arguments:
        raise ProtocolError("noSetHierarchy", "the records are in no sets")
    given = [arguments[name] for name in ("from", "until") if name in arguments]
    if len({len(each) for each in given}) > 1:
        raise ProtocolError("badArgument", "from and until have different granularities")
    since = _moment(arguments["from"])[0] if "from" in arguments else None
    before = _moment(arguments["until"])[1] if "until" in arguments else None
    if since is not None and before is not None and since >= before:
        raise ProtocolError("badArgument", "from is later than until")
    return _Place(since, before)


def _moment(text: str) -> tuple[dt.datetime, dt.datetime]:
    """Returns the first moment of a day or second, and the first moment after it."""
    if form := _DATE.fullmatch(text):
        with suppress(ValueError, OverflowError):
            first = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
            return first, first + (dt.timedelta(seconds=1) if form["time"] else dt.timedelta(days=1))
    raise ProtocolError("badArgument", "a date has the form 2026-11-28 or 2026-11-28T12:00:00Z")


def _write_token(place: _Place) -> str:
    last = place.after
    content = {
        "since": place.since.isoformat() if place.since else None,
        "before": place.before.isoformat() if place.before else None,
        "at": last[0].isoformat() if last else None,
        "id": last[1] if last else 0,
        "sent": place.sent,
    }
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def _read_token(token: str) -> _Place:
    """Returns the place that a token holds. Raises ``ProtocolError`` for a token that was not given out."""
    try:
        content = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
        since, before = (content[name] and _utc(content[name]) for name in ("since", "before"))
        last_id, sent = int(content["id"]), int(content["sent"])
        if max(last_id, sent) >= _TOO_LARGE or min(last_id, sent) < 0:
            raise ValueError
        return _Place(since, before, (_utc(content["at"]), last_id), sent)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ProtocolError("badResumptionToken", "begin the harvest again") from error


def _utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


def _find(identifier: str) -> Announcement:
    """Returns the announcement with this identifier, public or once public. Raises ``ProtocolError``."""
    named = _IDENTIFIER.fullmatch(identifier)
    absent = ProtocolError("idDoesNotExist", "there is no such record")
    if named is None or int(named[1]) >= _TOO_LARGE or not services().harvest.was_public(int(named[1])):
        raise absent
    try:
        found = services().announcements.get(int(named[1]))
    except NotFound as error:
        raise absent from error
    if identifier != _identifier(found):
        raise absent
    return found


def _identifier(announcement: Announcement) -> str:
    host = urlsplit(services().site_url_of(announcement)).hostname or "localhost"
    return f"oai:{host}:announcements/{announcement.id}"


def _add_header(parent: etree._Element, announcement: Announcement) -> None:
    """Add the header of a record. That of a deleted record names nothing but the record."""
    is_deleted = announcement.status is not Status.PUBLISHED
    header = _add(parent, "header", **({"status": "deleted"} if is_deleted else {}))
    _add(header, "identifier", _identifier(announcement))
    _add(header, "datestamp", announcement.updated_at.astimezone(dt.UTC).strftime(_SECOND))


def _add_record(parent: etree._Element, announcement: Announcement) -> None:
    record = _add(parent, "record")
    _add_header(record, announcement)
    if announcement.status is Status.PUBLISHED:
        _add_dublin_core(_add(record, "metadata"), announcement)


def _add_dublin_core(metadata: etree._Element, announcement: Announcement) -> None:
    dublin = etree.SubElement(metadata, f"{{{_OAI_DC}}}dc", nsmap={"oai_dc": _OAI_DC, "dc": _DC, "xsi": _XSI})
    dublin.set(f"{{{_XSI}}}schemaLocation", f"{_OAI_DC} http://www.openarchives.org/OAI/2.0/oai_dc.xsd")

    def say(name: str, text: str, language: str | None = None) -> None:
        if text:
            element = etree.SubElement(dublin, f"{{{_DC}}}{name}")
            element.text = text
            if language:
                element.set(f"{{{_XML}}}lang", language)

    say("title", announcement.title, "th")
    say("creator", announcement.author, "th")
    say("publisher", services().settings.site_name, "th")
    say("subject", announcement.category, "th")
    say("description", announcement.body, "th")
    say("date", announcement.published_on.isoformat())
    if announcement.expires_on is not None:  # DCMI Period: the time in which it applies
        period = f"start={announcement.published_on}; end={announcement.expires_on}; scheme=W3C-DTF"
        say("coverage", period)
    say("type", announcement.kind.thai, "th")
    say("type", announcement.kind.english, "en")
    say("identifier", announcement_url(announcement))
    say("language", "th")
    attachments = visible_attachments(announcement.id, is_staff=False)
    for media_type in sorted({attachment.media_type for attachment in attachments}):
        say("format", media_type)
    for attachment in attachments:
        file = url_for("public.document_file", announcement_id=announcement.id, attachment_id=attachment.id)
        say("relation", absolute_url(file, services().site_url_of(announcement)))
    for name, other in named_relations(published_relations(services().records, announcement)):
        say("relation", f"{name}: {announcement_url(other)}")


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{_OAI}}}{name}", attributes)
    element.text = text
    return element


@dataclass(frozen=True, slots=True)
class _Verb:
    """A verb: the function that answers it, its required and optional arguments (OAI-PMH 2.0, section 4)."""

    answer: Callable[[etree._Element, Mapping[str, str]], None]
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


_LISTED = {"required": frozenset({"metadataPrefix"}), "optional": frozenset({"from", "until", "set"})}

_VERBS = {
    "Identify": _Verb(_identify),
    "ListMetadataFormats": _Verb(_list_formats, optional=frozenset({"identifier"})),
    "ListSets": _Verb(_refuse_sets, optional=frozenset({"resumptionToken"})),
    "GetRecord": _Verb(_get_record, required=frozenset({"identifier", "metadataPrefix"})),
    "ListIdentifiers": _Verb(partial(_list, add=_add_header), **_LISTED),
    "ListRecords": _Verb(partial(_list, add=_add_record), **_LISTED),
}
