"""Settings for every test."""

from __future__ import annotations

import os

from argon2 import PasswordHasher, profiles
from hypothesis import HealthCheck, settings

from storage.permissions import PRIVATE_UMASK
from web.accounts import passwords

# As the command does: what tests make is as private as what it makes.
os.umask(PRIVATE_UMASK)

# A password's hash is made to cost 0.15 s of a processor, and the tests sign in a thousand times. Services
# that they start as processes hash as always.
passwords.HASHER = PasswordHasher.from_parameters(profiles.CHEAPEST)

# No deadlines: a busy machine is not a wrong program.
settings.register_profile("prakat", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("prakat")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: half of the time is waiting, for browsers, leases, servers."""
    return (os.cpu_count() or 1) + 1
