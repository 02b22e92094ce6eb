"""Queries about sessions and attempts to sign in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from archive.errors import Conflict, Unavailable
from archive.model import AttemptLimit, Person, Session
from storage import mappers
from storage.engine import EngineRepository
from storage.hash_chain import write_with_entries_of_changed_people

_SEEN_STEP = dt.timedelta(minutes=1)
"""Least time between two updates of ``seen_at``, so that few page views cause a write."""

_REMEMBERED = dt.timedelta(days=1)  # older sessions are deleted when a session is opened

_ATTEMPTS_FORGOTTEN_AFTER = dt.timedelta(hours=1)  # much longer than any pause between attempts


class EngineSignIns(EngineRepository):
    """Adapter of ``SignIns`` for any ``Engine``."""

    def open_session(
        self, person_id: int, key_hash: str, *, password_hash: str, device: str, now: dt.datetime
    ) -> Session:
        with write_with_entries_of_changed_people(self._engine):
            self._engine.run(
                "DELETE FROM session WHERE organisation_id IN :account_organisations AND started_at <= :old",
                old=mappers.time_text(now - _REMEMBERED),
            )
            row = self._engine.row(
                """INSERT INTO session (person_id, key_hash, device, started_at, seen_at, organisation_id)
                   SELECT id, :key_hash, :device, :now, :now, organisation_id FROM person
                   WHERE organisation_id IN :account_organisations AND id = :person_id
                       AND password_hash = :password_hash AND disabled = 0
                   RETURNING *""",
                person_id=person_id,
                password_hash=password_hash,
                key_hash=key_hash,
                device=device,
                now=mappers.time_text(now),
            )
            if row is None:
                raise Conflict("รหัสผ่านเปลี่ยนไประหว่างลงชื่อเข้าใช้ กรุณาลงชื่อเข้าใช้อีกครั้ง", code="password-changed")
            self._engine.run(
                """UPDATE person SET last_sign_in_at = :now
                   WHERE organisation_id IN :account_organisations AND id = :person_id""",
                person_id=person_id,
                now=mappers.time_text(now),
            )
        return mappers.session(row)

    def find_live_session(
        self, key_hash: str, *, idle: dt.timedelta, now: dt.datetime
    ) -> tuple[Session, Person] | None:
        found = self._engine.row(
            """SELECT session.* FROM session JOIN person ON person.id = session.person_id
               WHERE session.organisation_id IN :account_organisations AND key_hash = :key_hash
               AND seen_at > :since AND +person.organisation_id IN :account_organisations AND disabled = 0""",
            key_hash=key_hash,
            since=mappers.time_text(now - idle),
        )
        if found is None:
            return None
        session = mappers.session(found)
        if abs(now - session.seen_at) >= _SEEN_STEP:  # abs: the clock may have been set back
            with suppress(Unavailable), self._engine.write(is_durable=False):  # a full disk ends no session
                self._engine.run(
                    """UPDATE session SET seen_at = :now
                       WHERE organisation_id IN :account_organisations AND id = :id""",
                    id=session.id,
                    now=mappers.time_text(now),
                )
        person = self._engine.rows(
            """SELECT * FROM person
               WHERE organisation_id IN :account_organisations AND id = :id""",
            id=session.person_id,
        )[0]
        return session, mappers.person(person)

    def list_sessions(self, person_id: int) -> list[Session]:
        found = self._engine.rows(
            """SELECT * FROM session
               WHERE organisation_id IN :account_organisations AND person_id = :person_id
               ORDER BY seen_at DESC, id DESC""",
            person_id=person_id,
        )
        return [*mappers.map_readable_rows(mappers.session, found)]

    def close_sessions(self, person_id: int, *, only: int | None = None) -> None:
        with write_with_entries_of_changed_people(self._engine):
            self._engine.run(
                """DELETE FROM session
                   WHERE organisation_id IN :account_organisations
                   AND person_id = :person_id AND id IN :ids""",
                ids=None if only is None else [only],
                person_id=person_id,
            )

    def count_failure_unless_paused(
        self, limits: Sequence[AttemptLimit], *, now: dt.datetime
    ) -> dt.timedelta:
        with self._engine.write(is_durable=False):
            self._forget_old_attempts(now)
            states = [self._attempt_state(limit, now) for limit in _in_lock_order(limits)]
            wait = max((state.wait for state in states), default=dt.timedelta(0))
            if wait > dt.timedelta(0):
                return wait
            for state in states:
                self._keep_attempts(state.limit, state.failures + 1, now)
        return dt.timedelta(0)

    def clear_failures_of_attempt(self, limits: Sequence[AttemptLimit], *, now: dt.datetime) -> None:
        with self._engine.write(is_durable=False):
            for limit in _in_lock_order(limits):
                if limit.is_shared:
                    failures = self._attempt_state(limit, now).failures
                    self._keep_attempts(limit, max(failures - 1, 0), now)
                else:
                    self._engine.run("DELETE FROM sign_in_attempt WHERE key = :key", key=limit.key)

    def _attempt_state(self, limit: AttemptLimit, now: dt.datetime) -> _AttemptState:
        """Return the failures and the remaining pause of a limit, and lock its row.

        Call this inside a transaction; other processes with the same key wait until the transaction ends.
        """
        self._engine.run(
            """INSERT INTO sign_in_attempt (key, failures, last_at, next_at) VALUES (:key, 0, :now, :now)
               ON CONFLICT (key) DO NOTHING""",
            key=limit.key,
            now=mappers.time_text(now),
        )
        row = self._engine.rows(
            "SELECT * FROM sign_in_attempt WHERE key = :key FOR NO KEY UPDATE", key=limit.key
        )[0]
        wait = dt.datetime.fromisoformat(row["next_at"]) - now
        if wait > limit.longest_pause:  # the clock was set back: the stored time is not waited for
            return _AttemptState(limit, 0, dt.timedelta(0))
        return _AttemptState(limit, row["failures"], wait)

    def _keep_attempts(self, limit: AttemptLimit, failures: int, now: dt.datetime) -> None:
        self._engine.run(
            """UPDATE sign_in_attempt SET failures = :failures, last_at = :now, next_at = :next_at
               WHERE key = :key""",
            key=limit.key,
            failures=failures,
            now=mappers.time_text(now),
            next_at=mappers.time_text(now + limit.pause_after(failures)),
        )

    def _forget_old_attempts(self, now: dt.datetime) -> None:
        self._engine.run(
            "DELETE FROM sign_in_attempt WHERE last_at <= :old",
            old=mappers.time_text(now - _ATTEMPTS_FORGOTTEN_AFTER),
        )


@dataclass(frozen=True, slots=True)
class _AttemptState:
    limit: AttemptLimit
    failures: int
    wait: dt.timedelta  # time until the next attempt; zero or negative: no wait


def _in_lock_order(limits: Sequence[AttemptLimit]) -> list[AttemptLimit]:
    """Return the limits in the order in which every process locks their rows, to avoid deadlocks."""
    return sorted(limits, key=lambda limit: limit.key)
