"""How answers travel: compressed where they hold no secret, kept by browsers where they never change."""

from __future__ import annotations

import gzip

from flask import Flask, Response, request, session

_TYPES = {
    "text/html",
    "text/css",
    "text/javascript",
    "application/json",
    "application/atom+xml",
    "image/svg+xml",
}
_LEAST = 500  # bytes worth the trouble
_FOR_EVER = "public, max-age=31536000, immutable"


def install(app: Flask) -> None:
    """Treat every answer of ``app``."""
    app.after_request(_keep)
    app.after_request(_compress)


def _keep(answer: Response) -> Response:
    """A static file that was asked for by its content (``?v=``) will never be another."""
    if request.endpoint == "static" and "v" in request.args and answer.status_code == 200:
        answer.headers["Cache-Control"] = _FOR_EVER
    return answer


def _compress(answer: Response) -> Response:
    """Pages of those who are signed in, or with a form's token in them, go as they are: compressed,
    their length would tell about the secrets in them (BREACH)."""
    if answer.mimetype not in _TYPES or answer.status_code != 200 or answer.content_encoding:
        return answer
    answer.vary.add("Accept-Encoding")
    if (request.endpoint != "static" and session) or not request.accept_encodings["gzip"]:
        return answer
    answer.direct_passthrough = False
    data = answer.get_data()
    if len(data) >= _LEAST:
        answer.set_data(gzip.compress(data, 6))
        answer.headers["Content-Encoding"] = "gzip"
        if (etag := answer.get_etag()[0]) is not None:
            answer.set_etag(etag, weak=True)
    return answer
