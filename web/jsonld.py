"""Describes pages in schema.org's vocabulary, for search engines and other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for

from archive.model import Announcement, Attachment, Collection, DocumentKind, RelationKind
from archive.relations import PublishedRelations, published_relations
from web.addresses import absolute_url, announcement_url, page_path
from web.bootstrap import services
from web.public.collections import CollectionSection

_CONTEXT = "https://schema.org"


def site() -> dict[str, Any]:
    """Returns the archive as a service of the municipality, with its search address."""
    home, search = absolute_url(url_for("public.home")), absolute_url(url_for("public.results"))
    return {
        "@context": _CONTEXT,
        "@graph": [
            {
                "@type": "WebSite",
                "url": home,
                "name": services().settings.site_name,
                "inLanguage": ["th", "en"],
                "potentialAction": {
                    "@type": "SearchAction",
                    "target": {"@type": "EntryPoint", "urlTemplate": f"{search}?q={{query}}"},
                    "query-input": "required name=query",
                },
            },
            {
                "@type": "GovernmentService",
                "name": "ค้นหาประกาศและเอกสาร",
                "serviceType": "คลังประกาศและเอกสาร",
                "provider": _office(),
                "availableChannel": {"@type": "ServiceChannel", "serviceUrl": home},
            },
        ],
    }


def announcement(announcement: Announcement, attachments: Sequence[Attachment]) -> dict[str, Any]:
    """Returns an announcement as a schema.org digital document with its attachments as parts."""
    described = _document(announcement) | {
        "@context": _CONTEXT,
        "dateModified": announcement.updated_at.isoformat(),
        "isAccessibleForFree": True,
        "publisher": _office(),
        "hasPart": [_attachment_document(attachment) for attachment in attachments],
    }
    found = published_relations(services().records, announcement)
    if announcement.kind in _LEGAL_KINDS or found.chain:
        described |= _legal_force(found)
    if announcement.author:
        described["author"] = {"@type": "Organization", "name": announcement.author}
    return described


_LEGAL_KINDS = {DocumentKind.ORDER, DocumentKind.RULE, DocumentKind.BYLAW}
_LEGAL_RELATIONS = {
    RelationKind.CANCELS: "legislationRepeals",
    RelationKind.REPLACES: "legislationRepeals",
    RelationKind.AMENDS: "legislationChanges",
}


def _legal_force(found: PublishedRelations) -> dict[str, Any]:
    """Returns whether a legal document is in force and which ones it changes, in schema.org's terms.

    The force is left out while only a text that nobody has confirmed states that the document has ended.
    """
    described: dict[str, Any] = {"@type": ["DigitalDocument", "Legislation"]}
    if not found.is_force_unconfirmed:
        described["legislationLegalForce"] = f"{_CONTEXT}/{'InForce' if found.is_in_force else 'NotInForce'}"
    for kind, other in found.changes:
        described.setdefault(_LEGAL_RELATIONS[kind], []).append({"@id": announcement_url(other)})
    return described


def collection(collection: Collection, parts: Sequence[CollectionSection]) -> dict[str, Any]:
    """Returns a collection as an ordered list of documents."""
    listed = [each for part in parts for each in part.announcements]
    return {
        "@context": _CONTEXT,
        "@type": "CollectionPage",
        "url": absolute_url(url_for("collections.collection", collection_id=collection.id)),
        "name": collection.title,
        "inLanguage": "th",
        "publisher": _office(),
        "mainEntity": {
            "@type": "ItemList",
            "itemListElement": [
                {"@type": "ListItem", "position": at, "item": _document(each)}
                for at, each in enumerate(listed, start=1)
            ],
        },
    }


def _document(announcement: Announcement) -> dict[str, Any]:
    url = announcement_url(announcement)
    return {
        "@type": "DigitalDocument",
        "@id": url,
        "url": url,
        "name": announcement.title,
        "genre": announcement.kind.thai,
        "datePublished": announcement.published_on.isoformat(),
        "inLanguage": "th",
    }


def _attachment_document(attachment: Attachment) -> dict[str, Any]:
    file = url_for(
        "public.document_file", announcement_id=attachment.announcement_id, attachment_id=attachment.id
    )
    return {
        "@type": "DigitalDocument",
        "url": absolute_url(page_path(attachment, 1)),
        "name": attachment.label,
        "genre": attachment.kind.thai,
        "position": attachment.position,
        "encoding": {
            "@type": "MediaObject",
            "contentUrl": absolute_url(file),
            "encodingFormat": attachment.media_type,
            "contentSize": str(attachment.size),
            "sha256": attachment.sha256,
        },
    }


def _office() -> dict[str, str]:
    """Returns the municipality with the contact that its site profile gives."""
    profile = services().site_profiles.current()
    office = {"name": services().settings.site_name}
    office |= {"address": profile.address, "telephone": profile.phone, "email": profile.email}
    if profile.emblem_id:
        office["logo"] = absolute_url(url_for("statements.emblem", version_id=profile.emblem_id))
    return {"@type": "GovernmentOrganization"} | {name: value for name, value in office.items() if value}
