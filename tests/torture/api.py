"""The JSON API as a client over the network sees it."""

from __future__ import annotations

import http.client
import json
import secrets
from typing import Any
from urllib.parse import urlencode


class Interrupted(Exception):
    """The connection broke: the request may or may not have been carried out."""


class Refused(Exception):
    """An answer that is not 2xx."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status}: {body[:300].decode(errors='replace')}")
        self.status = status


class Api:
    """A client that opens one connection for each request, so that a killed server is noticed at once."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Connection": "close"}

    def ready(self) -> bool:
        return self.readiness()[0] == 200

    def readiness(self) -> tuple[int, bytes]:
        try:
            return self._ask("GET", "/readyz", b"", {})
        except Interrupted:
            return 0, b""

    def get(self, path: str, **query: object) -> Any:
        return self._json("GET", f"/api/v1{path}?{urlencode(query)}", b"", {})

    def post(self, path: str, given: dict[str, object] | None = None) -> Any:
        return self._sent("POST", path, given or {})

    def patch(self, path: str, given: dict[str, object]) -> Any:
        return self._sent("PATCH", path, given)

    def upload(self, announcement_id: int, content: bytes, filename: str) -> Any:
        """Upload a file as a browser's form does."""
        border = secrets.token_hex(16)
        body = (
            f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
            "Content-Type: application/pdf\r\n\r\n"
        ).encode() + content
        body += f"\r\n--{border}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={border}"}
        return self._json("POST", f"/api/v1/announcements/{announcement_id}/attachments", body, headers)

    def file(self, attachment_id: int) -> bytes:
        status, body = self._ask("GET", f"/api/v1/attachments/{attachment_id}/file", b"", {})
        if status != 200:
            raise Refused(status, body)
        return body

    def _sent(self, method: str, path: str, given: dict[str, object]) -> Any:
        body = json.dumps(given).encode()
        return self._json(method, f"/api/v1{path}", body, {"Content-Type": "application/json"})

    def _json(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Any:
        status, answer = self._ask(method, path, body, headers)
        if not 200 <= status < 300:
            raise Refused(status, answer)
        return json.loads(answer)

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request(method, path, body, self._headers | headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Interrupted from error
        finally:
            connection.close()
