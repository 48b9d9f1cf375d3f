"""Lines of a rows file that are no rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pico_banana.errors import RowError


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that is not a row.

    Attributes:
        file: the rows file.
        line: 1-based line number.
        field: the published key at fault, empty when the whole line is.
        reason: what is wrong and what would be right.
    """

    file: str
    line: int
    field: str
    reason: str

    @property
    def place_and_reason(self) -> str:
        """File, line and what is wrong, in one line."""
        return f"{Path(self.file).name}:{self.line}: {self.reason}"

    def error(self) -> RowError:
        """Make the error to raise for this line.

        Returns:
            An error that names file, line and field and says how to go on without the line.
        """
        go_on = "To load the rest, say on_bad_rows='skip' (--skip-bad-rows)"
        text = f"{self.place_and_reason}. {go_on}"
        return RowError(text, file=self.file, line=self.line, field=self.field)
