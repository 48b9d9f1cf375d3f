"""What a judge is asked for and what it says: the rubric, the schema of a reply, and reading one without guessing.

The shipped rubric has the four published criteria, each a level from 0 to 5 with a reason. A rubric of one's own names
other criteria, another range, columns that are kept and not scored, or one bare number, as a reward model gives.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from pico_banana.errors import ConfigError, ModelReplyError
from pico_banana.regenerate.backends.json_replies import parse_json_object

CRITERIA = ("compliance", "seamlessness", "preservation", "quality")
COMPLIANCE = CRITERIA[0]
_ALONE = CRITERIA[-1:]  # unless a configuration says otherwise
DRIFT = "drift"
DIFFERENCES = "differences"

_NUMBER = re.compile(r"\s*[-+]?\d+(?:\.\d+)?\s*")
_DIGITS = 6


class Verdict(NamedTuple):  # a tuple, because a ledger's million attempts are judged in one go
    """What one judge said of one edit.

    Attributes:
        scores: criterion to score, 0 to 1, all of the rubric's criteria.
        drift: for turns after the first, 1 when nothing but what was asked differs from the source photo, else None.
        reasons: criterion to the judge's reason; also what it said in further columns, and the list of differences.
    """

    scores: Mapping[str, float]
    drift: float | None = None
    reasons: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Rubric:
    """What a judge is asked for.

    Attributes:
        criteria: what it scores; the policy's weights name the same.
        lowest: the least level; it becomes 0.
        highest: the greatest level; it becomes 1.
        whole: whether levels are whole numbers.
        reasons: False for a judge that gives bare numbers, such as a reward model.
        columns: further keys of the reply that are kept with the reasons and not scored.
        alone: criteria that are judged by the result alone where each is asked for itself, see `policy.ask`.
    """

    criteria: tuple[str, ...] = CRITERIA
    lowest: float = 0.0
    highest: float = 5.0
    whole: bool = True
    reasons: bool = True
    columns: tuple[str, ...] = ()
    alone: tuple[str, ...] = _ALONE

    def checked(self) -> Rubric:
        """Check that names and range make sense.

        Returns:
            The rubric itself.

        Raises:
            ConfigError: there is no criterion, a name is taken or comes twice, or the range is empty.
        """
        if not self.criteria:
            raise ConfigError("rubric.criteria names nothing; a judge scores something", key="rubric.criteria")
        names = (*self.criteria, *self.columns)
        taken = [name for name in names if names.count(name) > 1 or name in (DRIFT, DIFFERENCES)]
        if taken:
            text = f"rubric: {taken[0]!r} comes twice or is taken; {DRIFT} and {DIFFERENCES} are always asked for"
            raise ConfigError(text, key="rubric.criteria")
        if self.alone != _ALONE and (unknown := [name for name in self.alone if name not in self.criteria]):
            raise ConfigError(f"rubric.alone: {unknown[0]!r} is none of rubric.criteria", key="rubric.alone")
        if not self.lowest < self.highest:
            text = f"rubric.lowest is {self.lowest:g} and rubric.highest {self.highest:g}; it must be above"
            raise ConfigError(text, key="rubric.highest")
        return self

    def scaled(self, value: object) -> float | None:
        """Bring a level to 0 to 1.

        Args:
            value: as it stands in the reply.

        Returns:
            The score, or None when it is no level of this rubric.
        """
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.lowest <= value <= self.highest:
            return None
        if self.whole and value != int(value):
            return None
        return round((float(value) - self.lowest) / (self.highest - self.lowest), _DIGITS)


PUBLISHED = Rubric()


def verdict_schema(*, with_drift: bool, rubric: Rubric = PUBLISHED, levels: bool = False) -> dict[str, Any]:
    """Give the JSON schema a judge's reply must follow.

    Args:
        with_drift: whether the session's source photo is judged against, too.
        rubric: what is asked for.
        levels: whether the prompt asks for a list of differences and levels; else for scores from 0 to 1.

    Returns:
        A JSON schema; every criterion is an object of a reason and a level or score, or a number without reasons.
    """
    names = (*rubric.criteria, DRIFT) if with_drift else rubric.criteria
    level = {"type": "integer" if rubric.whole else "number", "minimum": rubric.lowest, "maximum": rubric.highest}
    if rubric.whole:
        level |= {"minimum": int(rubric.lowest), "maximum": int(rubric.highest)}
    one: dict[str, Any] = level
    if rubric.reasons:
        key, value = ("level", level) if levels else ("score", {"type": "number", "minimum": 0, "maximum": 1})
        properties = {"reason": {"type": "string"}, key: value}
        one = {"type": "object", "properties": properties, "required": ["reason", key]}
    listed = {DIFFERENCES: {"type": "array", "items": {"type": "string"}}} if levels and rubric.reasons else {}
    told = {name: {"type": "string"} for name in rubric.columns}
    every = {**listed, **dict.fromkeys(names, one), **told}
    return {"type": "object", "properties": every, "required": list(every)}


def parse_verdict(text: str, *, with_drift: bool, rubric: Rubric = PUBLISHED) -> Verdict:
    """Read a judge's reply; nothing is guessed.

    Args:
        text: the reply, JSON, perhaps in a Markdown fence; for one criterion without reasons also a number alone.
        with_drift: whether a drift score must be there.
        rubric: what was asked for.

    Returns:
        The verdict.

    Raises:
        ModelReplyError: the reply is not JSON, lacks a criterion, or has a number that is out of range.
    """
    names = (*rubric.criteria, DRIFT) if with_drift else rubric.criteria
    if len(names) == 1 and not rubric.reasons and _NUMBER.fullmatch(text):
        document: dict[str, Any] = {names[0]: float(text)}
    else:
        document = parse_json_object(text)
    scores = {name: _score(document, name, rubric, text) for name in names}
    drift = scores.pop(DRIFT, None)
    entries = {name: document[name] for name in names}
    reasons = {name: str(entry.get("reason", "")) for name, entry in entries.items() if isinstance(entry, Mapping)}
    return Verdict(scores, drift, {**reasons, **_kept(document, rubric)})


def averaged(verdicts: tuple[Verdict, ...]) -> Verdict:
    """Make one verdict of several passes of one judge.

    Args:
        verdicts: at least one.

    Returns:
        The mean of every score, and the reasons of the pass whose scores are nearest to it.
    """
    if len(verdicts) == 1:
        return verdicts[0]
    count = len(verdicts)
    scores = {name: round(sum(one.scores[name] for one in verdicts) / count, _DIGITS) for name in verdicts[0].scores}
    drifts = [one.drift for one in verdicts if one.drift is not None]
    drift = round(sum(drifts) / len(drifts), _DIGITS) if drifts else None
    nearest = min(verdicts, key=lambda one: sum(abs(one.scores[name] - scores[name]) for name in scores))
    return Verdict(scores, drift, nearest.reasons)


def _score(document: Mapping[str, Any], name: str, rubric: Rubric, text: str) -> float:
    entry = document.get(name)
    if isinstance(entry, Mapping) and "score" in entry and "level" not in entry:
        return _from_0_to_1(entry["score"], name, text)
    bare = not rubric.reasons and name in document
    if not bare and not (isinstance(entry, Mapping) and "level" in entry):
        raise ModelReplyError(f"the reply has no score for {name}", reply=text)
    value = entry["level"] if isinstance(entry, Mapping) else entry
    scaled = rubric.scaled(value)
    if scaled is None:
        kind = "whole number" if rubric.whole else "number"
        what = f"the level for {name} is {value!r}, not a {kind} from {rubric.lowest:g} to {rubric.highest:g}"
        raise ModelReplyError(what, reply=text)
    return scaled


def _from_0_to_1(value: object, name: str, text: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ModelReplyError(f"the score for {name} is {value!r}, not a number from 0 to 1", reply=text)
    return float(value)


def _kept(document: Mapping[str, Any], rubric: Rubric) -> dict[str, str]:
    """Keep the list of differences and the further columns as text."""
    kept: dict[str, str] = {}
    listed = document.get(DIFFERENCES)
    if isinstance(listed, list) and listed:
        kept[DIFFERENCES] = "; ".join(map(str, listed))
    for name in rubric.columns:
        if name in document:
            value = document[name]
            kept[name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return kept
