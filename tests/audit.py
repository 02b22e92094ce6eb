"""Finds known weaknesses in the locked dependencies, from the public advisories: ``make audit``."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parent.parent / "requirements-dev.lock"  # all of requirements.lock and more

SERVICES = {
    "PyPI": ("--vulnerability-service", "pypi"),
    "OSV": ("--vulnerability-service", "osv"),
}
_PATIENCE = "10"  # seconds for one answer


def audit(lock: Path, *service: str) -> tuple[list[str], int, str]:
    """Returns the weaknesses found, the number of dependencies looked up, and what kept others from it."""
    ran = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--requirement", lock, "--require-hashes", "--disable-pip",
         "--format", "json", "--progress-spinner", "off", "--timeout", _PATIENCE, *service],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        dependencies = json.loads(ran.stdout)["dependencies"]
    except ValueError:
        return [], 0, ran.stderr.strip().rpartition("\n")[2]
    found = [
        f"{each['name']} {each['version']}: {weakness['id']}, mended in {weakness['fix_versions'] or '-'}"
        for each in dependencies
        for weakness in each.get("vulns", ())
    ]
    skipped = [each["skip_reason"] for each in dependencies if "skip_reason" in each]
    return found, len(dependencies) - len(skipped), f"{len(skipped)} × {skipped[0]}" if skipped else ""


def main(arguments: list[str]) -> int:
    """Print the findings; return the exit status: 1 for a known weakness or when none answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lock", nargs="?", type=Path, default=LOCK)
    parser.add_argument(
        "--osv", metavar="URL", help="an advisory service of one's own that speaks as OSV does"
    )
    parser.add_argument(
        "--allow-unreachable", action="store_true", help="succeed where no advisory service can be reached"
    )
    given = parser.parse_args(arguments)
    services = {"OSV": (*SERVICES["OSV"], "--osv-url", given.osv)} if given.osv else SERVICES
    for name, options in services.items():
        found, looked_up, hindered = audit(given.lock, *options)
        for line in found:
            print(line)
        if looked_up or found:
            print(f"{looked_up} dependencies looked up at {name}, {len(found)} weaknesses known")
        if hindered:
            print(f"not looked up at {name}: {hindered}")
        if looked_up or found:
            return 1 if found else 0
    print("NOT AUDITED: no advisory service can be reached from here")
    return 0 if given.allow_unreachable else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
