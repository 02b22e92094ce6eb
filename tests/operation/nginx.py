"""The shipped nginx configuration, run on this machine without TLS."""

from __future__ import annotations

import getpass
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from urllib.error import URLError
from urllib.request import urlopen

from tests.torture.service import free_port

SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx.conf"


@contextmanager
def nginx(
    folder: Path, service_port: int, *, limits: bool = True, holds: Mapping[str, str] = MappingProxyType({})
) -> Iterator[int]:
    """Run nginx in front of the service; yields the port on which nginx listens.

    Without ``limits`` nginx counts no requests, as for a crowd of many addresses. ``holds``: shorter times to
    wait for the service in the place of those that are shipped.
    """
    port = free_port()
    text = _without_tls(SHIPPED.read_text(), folder, service_port, port)
    if not limits:
        text = re.sub(r"(?m)^\s*limit_(req|conn) .*", "", text)
    for shipped, shorter in holds.items():
        assert f"proxy_read_timeout {shipped};" in text
        text = text.replace(f"proxy_read_timeout {shipped};", f"proxy_read_timeout {shorter};")
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"user {getpass.getuser()}; daemon off; worker_processes 2;\n"
        f"pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        "events { worker_connections 2048; }\n"
        "http {\n"
        + "".join(f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy"))
        + f"access_log {folder}/access.log;\n{text}\n}}\n"
    )
    process = subprocess.Popen(["nginx", "-e", f"{folder}/error.log", "-c", str(configuration)])
    try:
        for _ in range(100):
            try:
                urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
                break
            except (URLError, ConnectionError):
                assert process.poll() is None, (folder / "error.log").read_text()
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def _without_tls(text: str, folder: Path, service_port: int, port: int) -> str:
    text = text.split("server {\n    listen 80;")[0]
    text = re.sub(r"(?m)^\s*(ssl_\w+|listen \[::\]).*", "", text)
    text = text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port};")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{service_port}")
    text = text.replace("/var/log/nginx", str(folder))
    return text.replace("/var/cache/nginx/prakat", f"{folder}/cache")
