"""Commands on the reports that residents send."""

from __future__ import annotations

from archive.commands.transactions import CommandsOnRecords, in_one_transaction


class ReportCommands(CommandsOnRecords):
    """Sets residents' reports to done, or back to open."""

    @in_one_transaction
    def finish(self, id: int, *, actor: str) -> None:
        """Set a report to done. Raises ``NotFound`` for an unknown one."""
        self._records.reports.finish(id, actor=actor)

    @in_one_transaction
    def reopen(self, id: int) -> None:
        """Set a finished report back to open. Raises ``NotFound`` for an unknown one."""
        self._records.reports.reopen(id)
