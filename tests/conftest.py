"""Settings for every test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# No deadlines: a busy machine is not a wrong program.
settings.register_profile("prakat", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("prakat")
