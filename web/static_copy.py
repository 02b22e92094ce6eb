"""Static copy of the public side: pages, originals and a small search, read from a disk without a server."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from flask import render_template, url_for

from archive import thai
from archive.errors import PrakatError
from archive.model import Announcement, Attachment, Collection, Status, TextSource
from archive.relations import published_relations
from archive.thai.characters import WORD_LETTERS, characters_of_class
from archive.thai.word_list import thai_stopwords
from indexer.analysis.dictionary import Lexicon
from indexer.analysis.loanwords import loanword_spellings
from indexer.analysis.tokenizer import fold_text
from indexer.reindex import NO_LIMIT
from indexer.search.query.question_words import QUESTION_WORDS
from web.app import create_app
from web.bagit_packages import copy_original, file_path, new_directory, read_many
from web.bootstrap import KNOWN, ORGANISATION, Services
from web.disclosure_overview import filled_years, year_overview
from web.fonts import WEIGHTS, woff2
from web.importing import ImportReport
from web.public.collections import public_sections
from web.settings import LOCAL_ADDRESS

_STATIC = Path(__file__).parent / "static"
_ON_FIRST_PAGE = 50  # newest announcements that the first page lists
_SHARD_CHARACTERS = 2_000_000  # of text in one file of the search: read in a blink, also from a slow stick
_BORDER = "\x7f"  # of two words, for the copy's search: a character of one byte that no text has
_THAI = characters_of_class(WORD_LETTERS)


def write_static_copy(
    services: Services, destination: Path, progress: Callable[[int, int], None]
) -> ImportReport:
    """Write the copy into a new directory; what is damaged is left out and named in the report's problems.

    That is an original or a record that cannot be read. The copy holds what residents see and nothing else,
    and appears when it is complete. Raises ``Conflict`` when ``destination`` exists.
    """
    environ = {ORGANISATION: services.organisation, KNOWN: services.organisations.all()}
    with (
        new_directory(destination) as folder,
        create_app(services).test_request_context(
            base_url=services.settings.base_url, environ_overrides=environ
        ),
    ):
        copy = _Copy(services, folder)
        copy.write(progress)
    return copy.report


@dataclass
class _Copy:
    services: Services
    folder: Path
    report: ImportReport = field(default_factory=ImportReport)
    _years: dict[int, list[Announcement]] = field(default_factory=dict)
    _shard: list[dict[str, object]] = field(default_factory=list)
    _shard_characters: int = 0
    _shards: int = 0
    _terms: set[str] = field(default_factory=set)

    @cached_property
    def _ended(self) -> frozenset[int]:
        return frozenset(self.services.relations.ids_no_longer_in_force())

    @cached_property
    def _lexicon(self) -> Lexicon:
        return self.services.dictionary.current()

    @property
    def _is_on_the_web(self) -> bool:
        """True where the archive has an address that leads to it from elsewhere."""
        return self.services.settings.base_url != LOCAL_ADDRESS

    def write(self, progress: Callable[[int, int], None]) -> None:
        self._write_looks()
        listed = self.services.announcements.count_by_status()[Status.PUBLISHED.value]
        for done, announcement in enumerate(self._public(), start=1):
            self._write_announcement(announcement)
            progress(done, max(done, listed))
        self._finish_shard()
        self._write_search_words()
        self._write_lists()

    def _public(self) -> Iterator[Announcement]:
        ids = sorted(id for id, _change in self.services.history.changed_since(0, limit=NO_LIMIT))
        readable = read_many(self.services, ids, self.report)
        return (each for each in readable if each.status is Status.PUBLISHED)

    def _write_looks(self) -> None:
        for name in ("site.css", "icon.svg", "copy-search.js"):
            self._place(f"static/{name}").write_bytes((_STATIC / name).read_bytes())
        for weight in WEIGHTS:
            self._place(f"fonts/sarabun-{weight}.woff2").write_bytes(woff2(weight))

    def _write_search_words(self) -> None:
        """Writes the words that the copy's search needs: terms, synonyms, translations and stop words.

        Terms are the Thai ones of the texts; translations are English words with Thai ones that they find.
        """
        spellings = [group for group in loanword_spellings() if not self._terms.isdisjoint(group)]
        words = {
            "terms": sorted(self._terms),
            "synonyms": [*self._lexicon.synonym_groups, *self._lexicon.abbreviations, *spellings],
            "translations": self._lexicon.translations,
            "stopwords": sorted(thai_stopwords()),
            "questions": re.sub(r"\s", "", QUESTION_WORDS.pattern),  # it is verbose, with no space of its own
        }
        self._write_search_data("words", words)

    def _with_borders(self, text: str) -> str:
        """Returns the text on one line, with ``_BORDER`` wherever the tokenizer parts Thai letters."""
        line = " ".join(text.split())
        terms, starts, _ends = self._lexicon.tokenizer.terms_and_places(fold_text(line))
        self._terms.update(term for term in terms if term[0] in _THAI)
        borders = [at for at in sorted(set(starts)) if at and line[at - 1] in _THAI and line[at] in _THAI]
        return _BORDER.join(line[start:end] for start, end in itertools.pairwise([0, *borders, len(line)]))

    def _write_search_data(self, name: str, content: object) -> None:
        written = json.dumps(content, ensure_ascii=False)
        self._place(f"search-data/{name}.js").write_text(f"prakatShard({written});\n", encoding="utf-8")

    def _write_announcement(self, announcement: Announcement) -> None:
        attachments = self.services.attachments.by_announcement([announcement.id])[announcement.id]
        shown = [each for each in attachments if each.hold is None]
        texts = self.services.pages.texts_by_attachment(each.id for each in shown)
        rows = [
            (each, self._copied(each), texts.get(each.id, []), self._is_recognised(each)) for each in shown
        ]
        path = url_for("public.announcement", announcement_id=announcement.id)
        self._render(
            f"announcements/{announcement.id}.html",
            "announcement.html",
            announcement=announcement,
            attachments=rows,
            published_relations=published_relations(self.services.records, announcement),
            address=self._is_on_the_web and self.services.site_url_of(announcement) + path,
        )
        self._years.setdefault(announcement.published_on.year + thai.ERA, []).append(announcement)
        self._add_to_search(
            announcement, [(each.label, pages) for each, _file, pages, _is_recognised in rows]
        )
        self.report.added += 1

    def _is_recognised(self, attachment: Attachment) -> bool:
        """Returns True if any page's text was read from a picture."""
        return any(page.source is TextSource.OCR for page in self.services.pages.by_attachment(attachment.id))

    def _copied(self, attachment: Attachment) -> str:
        """Copies an original. Returns its path in the copy; "" for one that cannot be copied."""
        target = file_path(attachment)
        try:
            copy_original(self.services, attachment.sha256, self.folder / target)
        except (PrakatError, OSError) as error:
            self.report.problems.append((f"{attachment.announcement_id} {attachment.filename}", str(error)))
            return ""
        self.report.files += 1
        return target.as_posix()

    def _add_to_search(
        self, announcement: Announcement, documents: Sequence[tuple[str, list[tuple[int, str]]]]
    ) -> None:
        pages = [
            (f"{label} หน้า {number}", self._with_borders(text))
            for label, texts in documents
            for number, text in texts
        ]
        self._shard.append(
            {
                "id": announcement.id,
                "title": self._with_borders(announcement.title),
                "kind": announcement.kind.thai,
                "day": thai.format_date(announcement.published_on),
                "ended": announcement.id in self._ended,
                "iso": announcement.published_on.isoformat(),
                "body": self._with_borders(
                    "\n".join(
                        [
                            announcement.author,
                            announcement.category,
                            announcement.body,
                            *(label for label, _texts in documents),
                        ]
                    )
                ),
                "pages": pages,
            }
        )
        self._shard_characters += len(announcement.body) + sum(len(text) for _where, text in pages)
        if self._shard_characters > _SHARD_CHARACTERS:
            self._finish_shard()

    def _finish_shard(self) -> None:
        if self._shard:
            self._write_search_data(str(self._shards), self._shard)
            self._shards += 1
        self._shard, self._shard_characters = [], 0

    def _write_lists(self) -> None:
        def newest(announcements: Sequence[Announcement]) -> list[Announcement]:
            return sorted(announcements, key=lambda each: (each.published_on, each.id), reverse=True)

        collections = self.services.collections.all()
        fiscal_years = sorted(filled_years(self.services), reverse=True)
        everything = list(itertools.chain.from_iterable(self._years.values()))
        self._render(
            "index.html",
            "list.html",
            heading=self.services.settings.site_name,
            searches=True,
            shards=self._shards,
            years=[(year, len(found)) for year, found in sorted(self._years.items(), reverse=True)],
            collections=collections,
            fiscal_years=fiscal_years,
            entries=[("", each) for each in newest(everything)[:_ON_FIRST_PAGE]],
        )
        for year, found in self._years.items():
            entries = [("", each) for each in newest(found)]
            self._render(f"years/{year}.html", "list.html", heading=f"พ.ศ. {year}", entries=entries)
        for collection in collections:
            self._render(
                f"collections/{collection.id}.html",
                "list.html",
                heading=collection.title,
                entries=_lines(collection),
            )
        for year in fiscal_years:
            self._render(
                f"disclosure/{year}.html",
                "list.html",
                heading=f"ข้อมูลข่าวสารที่ต้องเปิดเผย ปีงบประมาณ {year}",
                entries=_disclosed(self.services, year),
            )

    def _render(self, path: str, template: str, **values: object) -> None:
        text = render_template(
            f"static_copy/{template}",
            up="../" * path.count("/"),
            made_on=thai.today(),
            ended=self._ended,
            site_address=self._is_on_the_web and self.services.settings.base_url,
            **values,
        )
        self._place(path).write_text(text, encoding="utf-8")

    def _place(self, path: str) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target


def _lines(collection: Collection) -> list[tuple[str, Announcement | None]]:
    """Returns headings and announcements of a collection, each heading once."""
    lines: list[tuple[str, Announcement | None]] = []
    for part in public_sections(collection):
        shown: list[Announcement | None] = [*part.announcements] or [None]
        lines += [(part.label if at == 0 else "", each) for at, each in enumerate(shown)]
    return lines


def _disclosed(services: Services, year: int) -> list[tuple[str, Announcement | None]]:
    """Returns the items to disclose of a fiscal year with their published announcements, each item once."""
    lines: list[tuple[str, Announcement | None]] = []
    for item in year_overview(services, year):
        shown: list[Announcement | None] = [each.announcement for each in item.public] or [None]
        label = f"{item.item.number} {item.item.title}".strip()
        lines += [(label if at == 0 else "", each) for at, each in enumerate(shown)]
    return lines
