#!/usr/bin/env bash
# Build a release into dist/: wheel, source, manual, components (SBOM), checksums, signature. Nothing is uploaded.
# `make release KEY=...` is the whole: it runs every check before, and makes the tag after. Without KEY, a rehearsal.
#   scripts/release.sh [KEY]     KEY: an Ed25519 key in PEM, as backups use (openssl genpkey -algorithm ed25519)
# Whoever downloads it verifies:
#   openssl pkeyutl -verify -pubin -inkey prakat.pub -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig && sha256sum -c SHA256SUMS
set -euo pipefail
cd "$(dirname "$0")/.."
key=${1:-}
rm -rf dist
.venv/bin/uv build --quiet --no-build-isolation --python .venv/bin/python --out-dir dist .
rm -f dist/.gitignore
.venv/bin/python scripts/components.py dist/prakat.cdx.json
cp requirements.lock requirements-run.lock CHANGELOG.md dist/
manual=$(mktemp -d)
trap 'rm -rf "$manual"' EXIT
.venv/bin/mkdocs build --quiet --strict --site-dir "$manual/manual"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
tar czf "dist/prakat-$version-manual.tar.gz" -C "$manual" manual
for distribution in dist/*.whl "dist/prakat-$version.tar.gz"; do scripts/smoke.sh "$distribution"; done
(cd dist && sha256sum ./*.whl ./*.tar.gz prakat.cdx.json requirements*.lock CHANGELOG.md | sed 's# \./# #' >SHA256SUMS)
if [ -n "$key" ]; then
    openssl pkeyutl -sign -inkey "$key" -rawin -in dist/SHA256SUMS -out dist/SHA256SUMS.sig
    openssl pkey -in "$key" -pubout -out dist/prakat.pub
    openssl pkeyutl -verify -pubin -inkey dist/prakat.pub -rawin -in dist/SHA256SUMS -sigfile dist/SHA256SUMS.sig
fi
ls -l dist
