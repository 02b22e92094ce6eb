"""Command that saves the profile that a municipality shows on its pages."""

from __future__ import annotations

from archive.commands.transactions import CommandsOnRecords, in_one_transaction
from archive.site_profile import Emblem, SiteProfile, checked_profile


class SiteProfileCommands(CommandsOnRecords):
    """Saves versions of the site profile, which residents see at once."""

    @in_one_transaction
    def save(self, profile: SiteProfile, *, emblem: Emblem | None = None, actor: str) -> None:
        """Save a profile with tidy texts as a new version, unless nothing differs from the present one.

        ``emblem``: see ``SiteProfiles.save``. Raises ``Invalid`` as ``checked_profile`` does.
        """
        self._records.site_profiles.save(checked_profile(profile), emblem=emblem, actor=actor)
