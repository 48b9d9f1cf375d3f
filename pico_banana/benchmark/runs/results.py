"""What came of a run: one line an edit, and a passport that says how it came about. JSON, one file a pair of names."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import StoreError
from pico_banana.mirrors.notes import ODD_SHAPE, read_note
from pico_banana.mirrors.store import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FORMAT = "pico-banana benchmark results 1"
# How the edit ended. What the editor did not deliver counts as failed; what nobody asked it, or its service could not
# answer, and what a judge did not judge, counts as missing.
MADE, REFUSED, NOT_REACHED, MISSING = "made", "refused", "not_reached", "missing"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one edit.

    Attributes:
        id: the row's id.
        part: "single_turn", "multi_turn", "preference"; "duel" for a comparison of two editors, "rewriting" for a text.
        turn: from 1.
        turns: how many the session has; 1 for a single edit.
        edit_type: its type.
        category: that type's category; empty for an unknown type.
        photo: the photo's address.
        ended: "made"; "refused" when the editor gave no picture; "not_reached" for turns after such a one; "missing"
            when the editor was not asked, or its service failed, and after a turn of which no judge could be asked.
        score: 0 to 1; 0 for what was refused or not reached; None where it is missing, or the judge gave nothing. Of a
            duel 1 when the first editor has won, 0.5 for a tie.
        success: whether the score passes; None with the score.
        scores: criterion to score, and what was counted of a text.
        reason: why there is no score, or no picture.
        distance: mean difference to the *original* photo, 0 to 1; None without a picture.
        calls: numbers of the calls in the ledger: of the edit, 0 for none, then those of the judge.
        picture: the SHA-256 of the picture.
        rival: of a pair the score of the rejected edit, of a duel the other editor's; None where it is missing.
    """

    id: str
    part: str
    turn: int
    turns: int
    edit_type: str
    category: str
    photo: str
    ended: str
    score: float | None = None
    success: bool | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    distance: float | None = None
    calls: tuple[int, ...] = ()
    picture: str = ""
    rival: float | None = None

    @classmethod
    def blank(cls, ended: str, turn: int = 1) -> Result:
        """Make a result of which nothing but its end is known; whoever keeps it says what it is the result of."""
        return cls("", "", turn, 1, "", "", "", ended)


@dataclass(frozen=True, slots=True)
class Results:
    """All results of one editor under one judge.

    Attributes:
        passport: how they came about; see `passport.py`.
        items: the results in the order of the definition.
        anchors: what the judge said of the anchor set: name to score; None where it gave nothing.
    """

    passport: Mapping[str, Any]
    items: tuple[Result, ...]
    anchors: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def editor(self) -> str:
        """The editor's name."""
        return str(self.passport["editor"]["name"])

    @property
    def judge(self) -> str:
        """The judge's name."""
        return str(self.passport["judge"]["name"])

    def write(self, folder: Path) -> Path:
        """Write the file, or replace an earlier one of the same editor, judge and wording.

        Args:
            folder: the benchmark's folder.

        Returns:
            The file.
        """
        names = (self.editor, self.judge, str(self.passport["wording"]))
        path = folder / "results" / f"{'--'.join(map(slug, names))}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = ",\n".join(json.dumps(_plain(item), ensure_ascii=False) for item in self.items)
        head = {"format": FORMAT, "passport": self.passport, "anchors": self.anchors}
        text = json.dumps(head, ensure_ascii=False, indent=1)[:-2] + f',\n "items": [\n{lines}\n]}}\n'
        write_atomic(path, text.encode())
        return path


def slug(name: str) -> str:
    """Make a name fit for a file."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "unnamed"


def read_results(path: Path) -> Results:
    """Read a file of results.

    Args:
        path: the file.

    Returns:
        The results.

    Raises:
        StoreError: it is no such file.
    """
    try:
        told = read_note(path)
        items = tuple(Result(**{**item, "calls": tuple(item.get("calls", ()))}) for item in told["items"])
        found = Results(told["passport"], items, told["anchors"])
    except (OSError, *ODD_SHAPE) as error:
        raise StoreError(f"{path} is no file of benchmark results ({error!r})", path=str(path)) from error
    if told.get("format") != FORMAT:
        raise StoreError(f"{path} has the format {told.get('format')!r}; this version reads {FORMAT!r}", path=str(path))
    return found


def results_in(folder: str | Path) -> list[Results]:
    """Read all results of a benchmark's folder, or the files that are named.

    Args:
        folder: a folder of `benchmark run`, or one file of results.

    Returns:
        The results by file name.

    Raises:
        StoreError: there are none, or a file is none.
    """
    place = Path(folder)
    files = [place] if place.is_file() else sorted((place / "results").glob("*.json"))
    if not files:
        text = f"{place} holds no results; make some with `pico-banana benchmark run --out {place}`"
        raise StoreError(text, path=str(place))
    return [read_results(path) for path in files]


def comparable(all_results: Iterable[Results]) -> list[Results]:
    """Check that results are of one benchmark.

    Args:
        all_results: the results.

    Returns:
        The same.

    Raises:
        StoreError: they are of two definitions.
    """
    found = list(all_results)
    sums = {one.passport["definition"]["checksum"]: one for one in found}
    if len(sums) > 1:
        named = ", ".join(f"{one.editor}: {checksum[:12]}" for checksum, one in sums.items())
        raise StoreError(f"these results are of different definitions and cannot be compared ({named})")
    return found


def _plain(item: Result) -> dict[str, Any]:
    empty: tuple[object, ...] = (None, "", {}, ())
    return {name: value for name, value in asdict(item).items() if value not in empty or name in {"score", "success"}}
