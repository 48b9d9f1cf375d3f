"""`Statistics`: the numbers of a selection, as a notebook, a file and a command line show them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import unknown_name
from pico_banana.mirrors.store import write_atomic
from pico_banana.records.charts.style import FORMS, Form, has_matplotlib, require_matplotlib
from pico_banana.sharing.statistics.charts import charts_of
from pico_banana.sharing.statistics.values import Numbers, Spread
from pico_banana.telling import html_card

if TYPE_CHECKING:
    from pico_banana.records.charts.style import Chart


@dataclass(frozen=True, slots=True)
class Statistics(Numbers):
    """What a selection is made of; see `Numbers` for its attributes."""

    def to_dict(self) -> dict[str, Any]:
        """Give the numbers as plain values, fit for JSON.

        Returns:
            Name to value.
        """
        found: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return found

    def charts(self) -> list[Chart]:
        """Give the charts that these numbers allow; nothing is drawn yet.

        Returns:
            The charts: types, categories, lengths, turns, problems; aspect, alignment, scores, survival and cost where
            annotations tell them.
        """
        return charts_of(self)

    def plot(self, folder: str | Path, *, form: Form = "svg") -> list[Path]:
        """Draw the charts into a folder; files of the same names are replaced.

        Args:
            folder: where to; made when it is not there.
            form: "svg", which takes the reader's light or dark scheme, or "png".

        Returns:
            The files.

        Raises:
            UnknownNameError: there is no such form.
            MissingExtraError: matplotlib is not installed.
            StoreError: the folder cannot be written.
        """
        if form not in FORMS:
            error = unknown_name("form of charts", form, FORMS)
            raise error
        require_matplotlib()
        files = []
        for chart in self.charts():
            files.append(Path(folder) / f"{chart.name}.{form}")
            write_atomic(files[-1], chart.svg().encode() if form == "svg" else chart.png())
        return files

    def summary(self) -> str:
        """Say the numbers in lines.

        Returns:
            A few lines of text.
        """
        words = [f"{name} instructions: {_told(one, 'words ')}" for name, one in self.words.items()]
        flags = ", ".join(f"{count:,} {name}" for name, count in self.flags.items()) or "none known"
        turns = ", ".join(f"{count:,} of {name}" for name, count in self.turns.items())
        measured = [f"aspect over the source's: {_told(self.aspect)}"] if self.aspect is not None else []
        lines = [
            f"{self.rows:,} rows of {self.subset}, {self.mirror}: {len(self.edit_types)} types in "
            f"{len(self.categories)} categories",
            *([f"sessions by turns: {turns}"] if turns else []),
            *words,
            f"problems: {flags}",
            *measured,
            *([f"paid: {sum(self.usd.values()):,.4f} USD"] if self.usd else []),
            *([f"{self.unknown_ids:,} annotations are about other rows"] if self.unknown_ids else []),
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        body = "".join(f"<div>{chart.svg(inline=True)}</div>" for chart in self.charts()) if has_matplotlib() else ""
        return html_card("Statistics", {}, text=self.summary(), body=body)


def _told(found: Spread, unit: str = "") -> str:
    return f"{found.middle:.3g} {unit}in the middle, nine of ten from {found.low:.3g} to {found.high:.3g}"
