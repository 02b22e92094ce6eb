#!/usr/bin/env bash
# Install a built distribution into a clean environment and use it as an officer would, from nothing to a restore.
#   scripts/smoke.sh dist/prakat-0.2.0-py3-none-any.whl | dist/prakat-0.2.0.tar.gz
set -euo pipefail
distribution=$(readlink -f "$1")
project=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r "$project/requirements.lock"
venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation "$distribution"
export PRAKAT_DATA=$work/data PATH=$work/venv/bin:$PATH

prakat --version
printf '{"ref":"1","title":"ประกาศซ่อมถังประปา","published_on":"9 มิถุนายน 2564"}\n' >manifest.jsonl
prakat import manifest.jsonl
prakat reindex
prakat search ถังประปา >found.txt
grep -q "ประกาศซ่อมถังประปา" found.txt
printf 'รหัสผ่านยาวพอสมควร\n' | prakat user add somsri --role admin --password-stdin

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
prakat serve --port "$port" --processes 1 >serve.log 2>&1 &
server=$!
python3 - "$port" <<'PYTHON'
import sys, time, urllib.request

site = f"http://127.0.0.1:{sys.argv[1]}"
end = time.monotonic() + 60
while True:
    try:
        urllib.request.urlopen(f"{site}/healthz", timeout=3)
        break
    except OSError:
        if time.monotonic() > end:
            raise
        time.sleep(0.2)
for path in ("/", "/search?q=%E0%B8%9B%E0%B8%A3%E0%B8%B0%E0%B8%9B%E0%B8%B2", "/help", "/oai?verb=Identify", "/feed.xml",
             "/openapi.json", "/fonts/sarabun-regular.woff2"):  # fmt: skip
    answer = urllib.request.urlopen(site + path, timeout=30)
    assert answer.status == 200 and answer.read(), path
PYTHON
kill "$server"
wait "$server" || true

prakat backup backups/
PRAKAT_DATA=$work/restored prakat restore backups
PRAKAT_DATA=$work/restored prakat check
prakat doctor || [ $? = 1 ] # it finds what this machine lacks

# the sample archive, with the two packages more that it needs
venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r "$project/requirements-run.lock"
PRAKAT_DATA=$work/sample prakat sample 2>/dev/null
PRAKAT_DATA=$work/sample prakat search ประปา >found.txt
grep -q "ประปา" found.txt
echo "ใช้งานได้ (it works): $(basename "$distribution")"
