"""Make data like Pico-Banana-400K anew: photo, instruction, edit, judge, and rows in the published layout.

```python
from pathlib import Path
from pico_banana.regenerate import assemble, open_ledger, read_config, run

state = run(read_config(Path("config.toml")), Path("runs/a"))
with open_ledger(Path("runs/a")) as ledger:
    made = assemble(ledger, Path("data/a"))
```

The order of things: `photos` and `plan` choose, `stages` asks (over the `desk`, which pays, paces and records),
`walk` strings attempts and turns together, `runner` walks many items at a time, `ledger` remembers, `derive` applies a
policy, `assembly` writes rows. `judging` is the last stage alone, over edits that are there already, and
`judged` what came of it; `texts` makes the texts of published rows anew.
Names are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pico_banana.regenerate.judged import scores
    from pico_banana.regenerate.judging import PublishedEdit, judge_published, published_edits
    from pico_banana.regenerate.ledger.book import Ledger, open_ledger
    from pico_banana.regenerate.ledger.many import Ledgers, open_run
    from pico_banana.regenerate.rejudge import rejudge, rejudge_shard
    from pico_banana.regenerate.results.assembly import Assembled, assemble
    from pico_banana.regenerate.results.report import Report, make_report
    from pico_banana.regenerate.results.report_html import write_html
    from pico_banana.regenerate.results.status import make_status
    from pico_banana.regenerate.settings.config import Config, config_from, read_config
    from pico_banana.regenerate.settings.policy import Policy, Verdict
    from pico_banana.regenerate.texts.forecast import TextsForecast, forecast_texts
    from pico_banana.regenerate.texts.making import MadeTexts, make_texts
    from pico_banana.regenerate.texts.questions import captioned_edits, faulty_texts, texts_to_translate
    from pico_banana.regenerate.texts.table import texts_table
    from pico_banana.regenerate.work.forecast import Forecast, forecast_run
    from pico_banana.regenerate.work.runner import run
    from pico_banana.regenerate.work.sharded import run_shard
    from pico_banana.regenerate.work.staff import Staff
    from pico_banana.regenerate.work.state import RunState

_HOMES = {
    "Assembled": "results.assembly",
    "Config": "settings.config",
    "Forecast": "work.forecast",
    "Ledger": "ledger.book",
    "Ledgers": "ledger.many",
    "MadeTexts": "texts.making",
    "Policy": "settings.policy",
    "PublishedEdit": "judging",
    "Report": "results.report",
    "RunState": "work.state",
    "Staff": "work.staff",
    "TextsForecast": "texts.forecast",
    "Verdict": "settings.policy",
    "assemble": "results.assembly",
    "captioned_edits": "texts.questions",
    "config_from": "settings.config",
    "faulty_texts": "texts.questions",
    "forecast_run": "work.forecast",
    "forecast_texts": "texts.forecast",
    "judge_published": "judging",
    "make_report": "results.report",
    "make_status": "results.status",
    "make_texts": "texts.making",
    "open_ledger": "ledger.book",
    "open_run": "ledger.many",
    "published_edits": "judging",
    "read_config": "settings.config",
    "rejudge": "rejudge",
    "rejudge_shard": "rejudge",
    "run": "work.runner",
    "run_shard": "work.sharded",
    "scores": "judged",
    "texts_table": "texts.table",
    "texts_to_translate": "texts.questions",
    "write_html": "results.report_html",
}

__all__ = [
    "Assembled",
    "Config",
    "Forecast",
    "Ledger",
    "Ledgers",
    "MadeTexts",
    "Policy",
    "PublishedEdit",
    "Report",
    "RunState",
    "Staff",
    "TextsForecast",
    "Verdict",
    "assemble",
    "captioned_edits",
    "config_from",
    "faulty_texts",
    "forecast_run",
    "forecast_texts",
    "judge_published",
    "make_report",
    "make_status",
    "make_texts",
    "open_ledger",
    "open_run",
    "published_edits",
    "read_config",
    "rejudge",
    "rejudge_shard",
    "run",
    "run_shard",
    "scores",
    "texts_table",
    "texts_to_translate",
    "write_html",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as many types as names
    """Import a public name on first use.

    Raises:
        AttributeError: there is no such name.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value  # also where a submodule has the same name: `regenerate.assembly` is the function
    return value
