#!/usr/bin/env bash
# Install what is missing: Debian's packages, a virtual environment, the locked dependencies.
#   scripts/install.sh run|test|scale LOCK
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=$1 lock=$2

packages=(tesseract-ocr-tha tesseract-ocr-eng tesseract-ocr-osd)
[ "$purpose" = test ] && packages+=(tesseract-ocr chromium poppler-utils fonts-thai-tlwg clamav-daemon faketime nginx-light
    exim4-daemon-light)
if [ "$purpose" = scale ]; then
    packages=(postgresql)
    command -v mvn >/dev/null || packages+=(maven)
    command -v javac >/dev/null || packages+=(default-jdk-headless)
fi

missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done

python=""
for candidate in python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || missing+=(python3)
[ -n "$python" ] && "$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)

if [ ${#missing[@]} -gt 0 ]; then
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo -n)
    if command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
        echo "ติดตั้งโปรแกรมที่ขาด (installing): ${missing[*]}" >&2
        {
            "${as_root[@]}" apt-get update -qq &&
                "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
                    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
        } || [ "$purpose" = scale ] # servers that are missing leave their suites out
    else
        echo "ขาดโปรแกรมต่อไปนี้ โปรดติดตั้งด้วยสิทธิ์ผู้ดูแล แล้วเรียกใหม่ (install these, then run again):" >&2
        echo "  sudo apt-get install ${missing[*]}" >&2
        # Pages can be served and read without these; only Python itself cannot be missing.
        [ "$purpose" != test ] && [ -n "$python" ] && "$python" -c 'import ensurepip, venv' 2>/dev/null || exit 1
    fi
    [ -n "$python" ] || python=python3
fi

if [ "$purpose" != scale ]; then # that one comes after `test`, which has the libraries of the same lock
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    echo "ติดตั้งไลบรารี (installing libraries) ..." >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
fi

# What reads Prometheus' rules, without the server that Debian's package starts; without it that test is left out.
if [ "$purpose" = test ] && [ ! -x .venv/bin/promtool ] && command -v apt-get >/dev/null; then
    package=$(mktemp -d)
    (cd "$package" && apt-get download -qq prometheus && dpkg-deb -x ./prometheus_*.deb .) >/dev/null 2>&1 &&
        cp "$package/usr/bin/promtool" .venv/bin/ || echo "ดาวน์โหลด promtool ไม่สำเร็จ (failed)" >&2
    rm -rf "$package"
fi

# The S3 server of the tests, from its published source; without it their suite says so and is left out.
gateway=github.com/versity/versitygw/cmd/versitygw@v1.8.0
if [ "$purpose" = scale ] && [ ! -x .venv/bin/versitygw ] && command -v go >/dev/null; then
    echo "สร้าง versitygw (building; some minutes, once)" >&2
    GOBIN=$PWD/.venv/bin timeout 600 go install "$gateway" >/dev/null 2>&1 || echo "สร้าง versitygw ไม่สำเร็จ (failed)" >&2
fi

# The OpenSearch of the tests, from Maven's central repository; without it their suite says so and is left out.
version=${OPENSEARCH:-2.19.1}
jars=.venv/opensearch-$version
if [ "$purpose" = scale ] && [ ! -d "$jars" ] && command -v mvn >/dev/null; then
    echo "ดาวน์โหลด OpenSearch $version (downloading)" >&2
    timeout 600 mvn --quiet --batch-mode --file tests/cluster/pom.xml dependency:copy-dependencies \
        -Dopensearch="$version" -DoutputDirectory="$PWD/$jars.new" >/dev/null 2>&1 &&
        mv "$jars.new" "$jars" || echo "ดาวน์โหลด OpenSearch ไม่สำเร็จ (failed)" >&2
fi
