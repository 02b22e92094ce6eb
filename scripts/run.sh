#!/usr/bin/env bash
# Serve an archive; on first use fill it with the sample.
#   scripts/run.sh DATA PORT
set -euo pipefail
cd "$(dirname "$0")/.."
export PRAKAT_DATA=$1
port=$2

if [ ! -e "$PRAKAT_DATA/prakat.sqlite" ]; then
    echo "สร้างคลังตัวอย่าง (making the sample archive) ..." >&2
    .venv/bin/prakat sample
fi
if [ -f "$PRAKAT_DATA/sample-sign-in.txt" ]; then
    cat "$PRAKAT_DATA/sample-sign-in.txt"
fi
exec .venv/bin/prakat serve --port "$port"
