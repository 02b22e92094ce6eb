"""Converts posts of a WordPress site, saved from its JSON interface (``/wp-json/wp/v2/posts?_embed``)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

from lxml import html
from lxml.etree import ParserError

from archive import thai
from archive.addresses import split_address
from archive.errors import Invalid
from archive.importers.legacy_site import OldPage, url_path_and_query
from archive.importers.xpath_rules import body_text, documents_linked
from archive.model import Draft

_PAST_THE_LAST_PAGE = "rest_post_invalid_page_number"  # code of the answer to a page that there is not


@dataclass(frozen=True, slots=True)
class WordPressJsonPages:
    """Reads saved answers of WordPress's interface; they need no further rules."""

    patterns: tuple[str, ...] = ("*.json",)

    def read_saved_page(self, data: bytes, name: str) -> Sequence[OldPage | Invalid]:  # noqa: ARG002  # posts have names
        """Returns the posts of an answer, or an error for each bad one; ``Invalid`` where it holds none.

        The answer is a list of posts or one post; that to a page past the last holds none. See ``SiteKind``.
        """
        try:
            answer = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise Invalid(f"ไม่ใช่ JSON ที่ถูกต้อง (not JSON): {error}") from error
        posts = answer if isinstance(answer, list) else [answer]
        if isinstance(answer, dict) and answer.get("code") == _PAST_THE_LAST_PAGE:
            return []
        if not posts or not all(isinstance(post, dict) and "title" in post for post in posts):
            raise Invalid("ไม่ใช่โพสต์ของ WordPress (not posts of WordPress: save /wp-json/wp/v2/posts?_embed)")
        return [_announcement_or_error(post) for post in posts]


def _announcement_or_error(post: Mapping[str, Any]) -> OldPage | Invalid:
    try:
        return _announcement(post)
    except Invalid as error:
        return error
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        return Invalid(f"โพสต์ไม่ครบ (an incomplete post): {error!r}")


def _announcement(post: Mapping[str, Any]) -> OldPage:
    embedded = post.get("_embedded", {})
    terms = [term for group in embedded.get("wp:term", []) for term in group]
    categories = [unescape(term["name"]) for term in terms if term.get("taxonomy") == "category"]
    content = _parsed(post["content"]["rendered"])
    address = str(post.get("link", ""))
    draft = Draft(
        title=body_text(_parsed(post["title"]["rendered"])).strip(),
        body=body_text(content),
        author=unescape(str(embedded.get("author", [{}])[0].get("name", ""))),
        category=categories[0] if categories else "",
        published_on=thai.parse_date(str(post["date"])[:10]),
        old_url=url_path_and_query(address) or None,
    )
    files = documents_linked([*content.iter("a", "iframe", "embed", "object")])
    return OldPage(draft, files, key=f"{split_address(address).netloc}:{int(post['id'])}")


def _parsed(text: str) -> html.HtmlElement:
    try:
        return html.fragment_fromstring(text, create_parent="div")
    except (ParserError, ValueError) as error:
        raise Invalid("โพสต์มีเนื้อหาที่อ่านไม่ได้ (unreadable content)") from error
