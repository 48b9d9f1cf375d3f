"""How charts look, and how they become files: SVG that takes the colours of its page, or PNG on paper of its own.

The colours of series are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), darkened or lightened until each
has a contrast of 3 to 1 on white and on a dark page alike. No chart says anything by colour alone: series are also in
the order of their legend, and bars have their numbers beside them.
"""

from __future__ import annotations

import html
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pico_banana.errors import missing_extra

if TYPE_CHECKING:
    from collections.abc import Callable

Form: TypeAlias = Literal["svg", "png"]
FORMS: tuple[Form, ...] = ("svg", "png")
BLUE, ORANGE, GREEN, PURPLE, GREY = "#2a7fbc", "#cf5c00", "#009168", "#b0629a", "#808890"
SERIES = (GREEN, BLUE, PURPLE, ORANGE, GREY)
_DPI = 160
# Stand-ins in an SVG, replaced by what the page says; colours that nobody draws with.
_INK_MARK, _PAPER_MARK = "#010203", "#fdfcfb"
_LIGHT, _DARK = ("#1f2328", "#ffffff"), ("#e6edf3", "#161b22")
_ADAPTS = (
    f"<style>.chart{{color:{_LIGHT[0]};--paper:{_LIGHT[1]}}}"
    f"@media (prefers-color-scheme:dark){{.chart{{color:{_DARK[0]};--paper:{_DARK[1]}}}}}</style>"
)


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart, not yet drawn.

    Attributes:
        name: names its file, such as "edit_types".
        title: what stands above it.
        says: the same in words, for those who do not see it.
        draw: puts it on a figure of matplotlib.
        size: width and height in inches; a letter is 10 points high.
    """

    name: str
    title: str
    says: str
    draw: Callable[[Any], None] = field(repr=False)
    size: tuple[float, float]

    def svg(self, *, inline: bool = False) -> str:
        """Give it as SVG.

        Args:
            inline: for the middle of a page, whose colours it takes; a file has its own paper, in the reader's scheme.

        Returns:
            One `<svg>` element.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        text = self._rendered("svg", _INK_MARK, _PAPER_MARK).decode()
        text = text[text.index("<svg") :].replace(_INK_MARK, "currentColor")
        text = text.replace(_PAPER_MARK, "none" if inline else "var(--paper)")
        named = f'<svg class="chart" role="img" aria-label="{html.escape(f"{self.title}: {self.says}")}"'
        head, tag, rest = text.partition(">")
        return f"{head.replace('<svg', named, 1)}{tag}{'' if inline else _ADAPTS}{rest}".rstrip() + "\n"

    def png(self) -> bytes:
        """Give it as PNG, for light paper.

        Returns:
            The file.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        return self._rendered("png", *_LIGHT)

    def _rendered(self, form: Form, ink: str, paper: str) -> bytes:
        matplotlib = require_matplotlib()
        from matplotlib.figure import Figure

        file = io.BytesIO()
        with matplotlib.rc_context(_settings(ink, paper)):
            figure = Figure(figsize=self.size, layout="constrained")
            self.draw(figure.add_subplot())
            figure.suptitle(self.title, x=0.01, ha="left", fontsize=12, fontweight="bold")
            figure.savefig(
                file, format=form, dpi=_DPI, metadata={"Date": None} if form == "svg" else {"Software": None}
            )
        return file.getvalue()


def require_matplotlib() -> Any:  # noqa: ANN401 - an optional module
    """Import matplotlib.

    Returns:
        The module.

    Raises:
        missing_extra: it is not installed, a MissingExtraError.
    """
    try:
        import matplotlib as mpl
    except ImportError as absent:
        raise missing_extra("matplotlib", "plots", "a chart") from absent
    return mpl


def has_matplotlib() -> bool:
    """Say whether charts can be drawn here.

    Returns:
        Whether matplotlib is installed; it is not imported.
    """
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def _settings(ink: str, paper: str) -> dict[str, Any]:
    lines = dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), ink)
    return {
        **lines,
        "figure.facecolor": paper,
        "savefig.facecolor": paper,
        "axes.facecolor": "none",
        "legend.frameon": False,
        "grid.color": ink,
        "grid.alpha": 0.15,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.constrained_layout.w_pad": 0.1,
        "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same letters everywhere
        "font.size": 10,
        "svg.fonttype": "path",
        "svg.hashsalt": "pico_banana",  # the same chart is the same file
    }
