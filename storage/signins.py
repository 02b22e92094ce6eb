"""Queries about who is signed in, and who tried in vain."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from archive.errors import NotFound, Unavailable
from archive.model import Person, Session
from storage import rows
from storage.audit import recorded_people
from storage.engine import Queries

_SEEN_STEP = dt.timedelta(minutes=1)
"""``seen_at`` is this coarse, so that a page view seldom writes."""

_REMEMBERED = dt.timedelta(days=1)
"""Sessions begun before this, and failures older than this (and than the window asked for), are deleted
along the way."""


class SignIns:
    """The part of ``archive.ports.People`` that is about sessions and failed sign-ins."""

    def __init__(self, engine: Queries) -> None:
        self._engine = engine

    def open_session(self, person_id: int, key_hash: str, *, device: str, now: dt.datetime) -> Session:
        with recorded_people(self._engine):
            self._engine.run(
                "DELETE FROM session WHERE started_at <= :old", old=rows.time_text(now - _REMEMBERED)
            )
            row = self._engine.row(
                """INSERT INTO session (person_id, key_hash, device, started_at, seen_at)
                   SELECT id, :key_hash, :device, :now, :now FROM person WHERE id = :person_id
                   RETURNING *""",
                person_id=person_id,
                key_hash=key_hash,
                device=device,
                now=rows.time_text(now),
            )
            if row is None:
                raise NotFound("ไม่พบผู้ใช้นี้")
        return rows.session(row)

    def session(
        self, key_hash: str, *, idle: dt.timedelta, now: dt.datetime
    ) -> tuple[Session, Person] | None:
        found = self._engine.row(
            """SELECT session.* FROM session JOIN person ON person.id = session.person_id
               WHERE key_hash = :key_hash AND seen_at > :since AND disabled = 0""",
            key_hash=key_hash,
            since=rows.time_text(now - idle),
        )
        if found is None:
            return None
        session = rows.session(found)
        if abs(now - session.seen_at) >= _SEEN_STEP:  # seen in the future: the clock was set back since
            with suppress(Unavailable), self._engine.write(durable=False):  # a full disk locks nobody out
                self._engine.run(
                    "UPDATE session SET seen_at = :now WHERE id = :id", id=session.id, now=rows.time_text(now)
                )
        person = self._engine.rows("SELECT * FROM person WHERE id = :id", id=session.person_id)[0]
        return session, rows.person(person)

    def sessions(self, person_id: int) -> list[Session]:
        found = self._engine.rows(
            "SELECT * FROM session WHERE person_id = :person_id ORDER BY seen_at DESC, id DESC",
            person_id=person_id,
        )
        return [*rows.readable(rows.session, found)]

    def close_session(self, person_id: int, id: int) -> None:
        with recorded_people(self._engine):
            self._engine.run(
                "DELETE FROM session WHERE id = :id AND person_id = :person_id", id=id, person_id=person_id
            )

    def close_sessions(self, person_id: int) -> None:
        with recorded_people(self._engine):
            self._engine.run("DELETE FROM session WHERE person_id = :person_id", person_id=person_id)

    def note_failure(self, key: str, *, window: dt.timedelta, now: dt.datetime) -> int:
        old = rows.time_text(now - max(window, _REMEMBERED))
        with self._engine.write(durable=False):
            self._engine.run("DELETE FROM failure WHERE at <= :old", old=old)
            self._engine.run(
                "INSERT INTO failure (key, at) VALUES (:key, :now)", key=key, now=rows.time_text(now)
            )
        return self.failures(key, window=window, now=now)  # with those of others who try at the same time

    def failures(self, key: str, *, window: dt.timedelta, now: dt.datetime) -> int:
        found = self._engine.rows(
            # not those that lie ahead: the clock was set back, and nobody shall wait until it is there again
            "SELECT count(*) AS n FROM failure WHERE key = :key AND at > :since AND at <= :ahead",
            key=key,
            since=rows.time_text(now - window),
            ahead=rows.time_text(now + window),
        )
        return int(found[0]["n"])

    def forget_failures(self, key: str) -> None:
        with self._engine.write(durable=False):
            self._engine.run("DELETE FROM failure WHERE key = :key", key=key)
