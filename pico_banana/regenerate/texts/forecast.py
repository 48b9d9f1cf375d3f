"""What making texts anew would ask and cost, before anything is paid: `--dry-run`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.ledger.layout import is_ledger
from pico_banana.regenerate.texts.comparing import ROLES as COMPARED
from pico_banana.regenerate.texts.running import asked_alone
from pico_banana.regenerate.texts.writing import ROLES
from pico_banana.regenerate.values import Stage, Usage
from pico_banana.regenerate.work.budget import cost_usd, prices, unpriced
from pico_banana.regenerate.work.calls import TABLE_OF_STAGE
from pico_banana.regenerate.work.forecast_numbers import PICTURE_TOKENS, paid_share
from pico_banana.telling import Carded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.texts.questions import Gathered, Question

# Assumed: of ten texts one or two are asked for again; a token is four letters; a judge thinks some 300
# tokens before it answers in 60.
_TRIES, _LETTERS, _VERDICT, _THOUGHT = 1.15, 4, 60, 300
_WRITTEN = {"repaired": 30, "recaptioned": 140, "translated": 0}  # tokens; a translation is as long as its text


@dataclass(frozen=True, slots=True)
class TextsForecast(Carded):
    """What making texts anew is expected to ask and cost.

    Attributes:
        wording: what they will be.
        rows: rows and turns that get one.
        questions: what is asked, equal questions once.
        left: the questions that the ledger has no answer to.
        skipped: why other rows are left as they are, and how many.
        calls: the configuration's table to calls.
        usd: the configuration's table to US dollars.
        without_price: models whose price nobody knows; where there are any, the cost is unknown.
    """

    wording: str
    rows: int
    questions: int
    left: int
    skipped: Mapping[str, int]
    calls: Mapping[str, float]
    usd: Mapping[str, float]
    without_price: tuple[str, ...]

    @property
    def total_usd(self) -> float | None:
        """The expected cost; None where it is unknown."""
        return None if self.without_price else sum(self.usd.values())


def forecast_texts(config: Config, gathered: Gathered, ledger: Path | None = None) -> TextsForecast:
    """Say what making texts anew is expected to ask and cost; nobody is asked.

    Args:
        config: the configuration, with prices.
        gathered: the questions.
        ledger: the ledger's folder, which need not be there; what it holds is paid already.

    Returns:
        The forecast.
    """
    alone = asked_alone(config, gathered.wording)
    questions = {question.digest: question for question in gathered.questions.values()}
    done = _finished(ledger, alone.digest())
    left = [question for digest, question in questions.items() if digest not in done]
    known = prices(alone)
    calls, usd = dict[str, float](), dict[str, float]()
    for stage, usage in _usages(alone, gathered, left).items():
        table = TABLE_OF_STAGE[stage]
        calls[table] = len(left) * (1.0 if stage is Stage.SECOND_JUDGE else _TRIES)
        tried = {Stage.SHORTEN: float(len(left)), stage: calls[table]}
        share = paid_share(alone, stage, known[table], tried)
        usd[table] = calls[table] * cost_usd(known[table], usage) * share
    return TextsForecast(
        gathered.wording,
        len(gathered.questions),
        len(questions),
        len(left),
        dict(gathered.skipped),
        calls,
        usd,
        unpriced(alone),
    )


def _usages(config: Config, gathered: Gathered, left: list[Question]) -> dict[Stage, Usage]:
    role, _, stage = ROLES[gathered.wording]
    text = _mean(len(question.text) for question in left) / _LETTERS
    came = _WRITTEN[gathered.wording] or round(text)
    seen = 2 * PICTURE_TOKENS if gathered.wording == "recaptioned" else 0
    judged = Usage(
        round(_of_prompt(config, COMPARED[gathered.wording]) + text + came) + seen,
        _VERDICT + _THOUGHT,
        picture_input_tokens=seen,
        thought_tokens=_THOUGHT,
    )
    usages = {stage: Usage(round(_of_prompt(config, role) + text) + seen, came, picture_input_tokens=seen)}
    seconds = {Stage.SECOND_JUDGE: judged} if config.second_judge is not None else {}
    return usages | {Stage.JUDGE: judged} | seconds


def _of_prompt(config: Config, role: str) -> float:
    return len(config.prompts.chosen(role).template.template) / _LETTERS


def _mean(numbers: Iterable[int]) -> float:
    found = list(numbers)
    return sum(found) / len(found) if found else 0.0


def _finished(folder: Path | None, digest: str) -> set[str]:
    if folder is None or not is_ledger(folder):
        return set()
    with open_ledger(folder) as ledger:
        rows = ledger.database.execute(
            "SELECT questions.digest FROM questions JOIN finished ON finished.item = questions.item "
            "WHERE finished.digest = ?",
            (digest,),
        )
        return {str(found) for (found,) in rows}
