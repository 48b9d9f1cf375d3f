"""Money: prices by kind of token, one item first, the breaker, other models, quotas, targets, forecasts."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from pico_banana.errors import RequestRefusedError, RunStoppedError, ThrottledError
from pico_banana.regenerate.backends.base import ModelSettings
from pico_banana.regenerate.plan.items import make_items
from pico_banana.regenerate.settings.config import config_from
from pico_banana.regenerate.settings.pricelist import Price, default_model, listed
from pico_banana.regenerate.values import Outcome, Photo, Reply, Stage, Usage
from pico_banana.regenerate.work.advice import advice
from pico_banana.regenerate.work.budget import Budget, cost_usd, most_usd, reply_usd, unpriced
from pico_banana.regenerate.work.forecast import forecast
from pico_banana.regenerate.work.guards import Breaker, patient, same_model
from pico_banana.regenerate.work.pace import Pace
from pico_banana.regenerate.work.runner import run
from pico_banana.regenerate.work.target import Target
from pico_banana.rehearsal.models import Mind, ModelServer
from tests.regenerate.conftest import gemini_config
from tests.regenerate.scenes import write_plain_folder

pytest.importorskip("google.genai")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return write_plain_folder(tmp_path_factory.mktemp("photos"), 12)


def test_each_kind_of_token_has_its_price():
    price = Price(1.0, 10.0, 0.0, 8.0, 60.0, 0.1, 3.0)
    used = Usage(1000, 1500, 1, picture_input_tokens=300, cached_tokens=200, thought_tokens=100, picture_tokens=1120)
    by_hand = (500 * 1.0 + 200 * 0.1 + 300 * 8.0 + 280 * 10.0 + 100 * 3.0 + 1120 * 60.0) / 1e6
    assert cost_usd(price, used) == pytest.approx(by_hand)
    assert cost_usd(Price(0.3, 2.5, 0.039), Usage(0, 1290, 1, picture_tokens=1290)) == pytest.approx(0.039)


def test_listed_prices_hold_on_their_days_and_unknown_stays_unknown():
    last = dt.date(2026, 12, 31)
    assert listed("gemini", "gemini-3.8-flash", today=last).price.output_per_million == 3.75
    after = listed("gemini", "gemini-3.8-flash", today=last + dt.timedelta(days=1))
    assert after.price.output_per_million == 7.5
    assert listed("gemini", "gemini-99") is None
    assert listed("openai", "gemini-3.8-flash") is None
    image = listed("gemini", "gemini-3.1-flash-image").price
    assert cost_usd(image, Usage(0, 1120, 1, picture_tokens=1120)) == pytest.approx(0.0672)


def test_a_stage_without_a_model_gets_the_current_one_and_it_is_priced():
    stages = {name: {"backend": "gemini"} for name in ("writer", "shortener", "editor", "judge")}
    config = config_from(stages)
    assert config.editor.model == "gemini-3.1-flash-image"
    assert unpriced(config) == ()
    for name, settings in config.models.items():
        found = listed("gemini", default_model("gemini", name))
        assert settings.model
        assert found.source
        assert not found.warning


def test_an_unknown_price_is_said_and_never_zero(serve, photos, tmp_path):
    config = gemini_config(serve(), photos, writer={"model": "mine"}, source={"folder": str(photos), "limit": 1})
    assert unpriced(config) == ("mine",)
    state = run(config, tmp_path / "ledger")
    assert "cost unknown" in state.spent
    assert "0.0000" not in state.spent
    assert any("mine" in sentence for sentence in advice(config))


def test_a_service_that_counts_nothing_costs_what_was_set_aside():
    price = Price(1.0, 1.0)
    assert reply_usd(price, Reply(Outcome.OK), 0.5) == 0.5
    assert reply_usd(price, Reply(Outcome.REFUSED), 0.5) == 0.0
    assert reply_usd(Price(0.0, 0.0, 0.039), Reply(Outcome.OK, usage=Usage(pictures=1)), 0.5) == 0.039


def test_reserves_learn_from_what_calls_cost():
    budget = Budget(1.0)
    assert budget.most(Stage.EDIT, 0.05) == 0.05
    budget.reserve(0.05)
    budget.settle(Stage.EDIT, 0.05, 0.2)
    assert budget.most(Stage.EDIT, 0.05) == pytest.approx(0.25)
    assert budget.most(Stage.JUDGE, 0.05) == 0.05
    assert budget.reserved_usd == 0
    edit = most_usd(listed("gemini", "gemini-3.1-flash-image").price, ModelSettings(), Stage.EDIT)
    assert 0.0672 < edit < 0.09


def test_a_service_that_bills_beyond_its_limits_cannot_run_away(serve, photos, tmp_path):
    limits = {"max_input_tokens": 300, "max_output_tokens": 100}
    stages = dict.fromkeys(("writer", "shortener", "editor", "judge"), limits)
    models = ("gemini-2.5-flash", "gemini-2.5-flash-image", "gemini-2.5-pro")
    prices = {model: {"output_per_million": 50.0} for model in models}
    config = gemini_config(serve(), photos, prices=prices, run={"budget_usd": 0.5}, **stages)
    state = run(config, tmp_path / "ledger")
    assert "budget" in state.stopped
    assert state.spent_usd <= 0.5


@pytest.mark.parametrize(
    ("asked", "answered", "same"),
    [
        ("gemini-2.5-pro", "gemini-2.5-pro", True),
        ("gemini-2.5-pro", "models/gemini-2.5-pro-001", True),
        ("gpt-5.4", "gpt-5.4-2026-03-05", True),
        ("gpt-5.4", "gpt-5.4-mini", False),
        ("gemini-2.5-pro", "gemini-3.8-flash", False),
        ("gemini-flash-latest", "gemini-3.8-flash", True),
        ("google/gemini-3.1-flash-image", "google/gemini-3.1-flash-image", True),
        ("m", "", True),
    ],
)
def test_another_model_is_told_from_another_version(asked, answered, same):
    assert same_model(asked, answered) is same


def test_another_model_stops_the_run_early_unless_allowed(photos, tmp_path):
    with ModelServer(Mind(answers_as={"gemini-2.5-pro": "gemini-3.8-flash"})) as server:
        config = gemini_config(server, photos, run={"budget_usd": 50.0})
        state = run(config, tmp_path / "ledger")
        assert "'gemini-2.5-pro' and 'gemini-3.8-flash' answered" in state.stopped
        assert state.spent_usd < 0.5
        assert state.models["judge"] == {"gemini-3.8-flash": 1}
        allowed = gemini_config(server, photos, run={"budget_usd": 50.0, "allow_model_change": True})
        assert run(allowed, tmp_path / "ledger").left == 0


def test_a_wrong_parameter_costs_three_items_and_not_all(serve, photos, tmp_path):
    server = serve(bad_parameter=1.0)
    state = run(gemini_config(server, photos), tmp_path / "ledger")
    assert "refused 3 requests in one way" in state.stopped
    assert server.statuses[400] == 3
    assert sum(server.paid.values()) == 6, "a writer and a shortener for each"


def test_one_item_goes_through_all_stages_first(serve, photos, tmp_path):
    server = serve(latency_s=0.05)
    order: list[int] = []
    original = server._answer

    def noted(path, content, request):
        order.append(server._at_a_time)
        return original(path, content, request)

    server._answer = noted
    assert run(gemini_config(server, photos), tmp_path / "ledger").done == 12
    assert order[:4] == [1, 1, 1, 1]
    assert max(order) > 1


@pytest.mark.parametrize("fault", ["daily_quota", "account_empty"])
def test_a_spent_quota_pauses_the_run(fault, serve, photos, tmp_path):
    server = serve(**{fault: 1.0})
    state = run(gemini_config(server, photos), tmp_path / "ledger")
    assert "run the same command" in state.stopped
    assert (state.failed, state.left, sum(server.statuses.values())) == (0, 12, 1)


def test_the_breaker_forgives_once_a_stage_has_answered():
    breaker = Breaker()
    breaker.answered(Stage.EDIT)
    errors = [breaker.judged(Stage.EDIT, RequestRefusedError(f"bad photo {n}", status=400)) for n in range(10)]
    assert [isinstance(error, RunStoppedError) for error in errors] == [False] * 9 + [True]


def test_a_wait_for_hours_ends_the_run():
    assert isinstance(patient(ThrottledError("x", retry_after=5.0), 900), ThrottledError)
    assert "in 2 h" in str(patient(ThrottledError("x", retry_after=7200.0), 900))
    assert isinstance(patient(ThrottledError("x", retry_after=1e12), 900), RunStoppedError)


def test_tokens_a_minute_are_reconciled_with_what_was_used():
    async def started() -> int:
        pace, stop = Pace(ModelSettings(tokens_per_minute=20_000, concurrency=500)), asyncio.Event()
        count = 0
        for _ in range(60):
            try:
                at = await asyncio.wait_for(pace.enter(12_288, stop), 0.2)
            except TimeoutError:
                break
            pace.leave(at, tokens=1_000)
            count += 1
        return count

    # By reserves alone one call would start; by use twenty, less what is expected of the next.
    assert 15 <= asyncio.run(started()) <= 20


def test_void_limits_and_yesterday_are_said():
    editor = {"backend": "gemini", "model": "gemini-3.1-flash-image", "concurrency": 300}
    judge = {"backend": "gemini", "model": "gemini-3.8-flash", "parameters": {"temperature": 0.1}}
    said = advice(
        config_from({"editor": editor, "judge": judge, "writer": {"backend": "gemini", "model": "gemini-2.5-pro"}})
    )
    assert any("editor.concurrency = 300 is never reached: run.items_in_flight = 64" in text for text in said)
    assert any("judge.parameters.temperature: deprecated" in text for text in said)
    assert any("gemini-2.5-pro is stopped on 2026-12-01" in text for text in said)
    assert len(said) == 3


def test_a_target_stops_and_prefers_what_yields():
    target = Target(2, by_type=True, earlier={"film_grain": 2})
    config = config_from({"assign": {"edit_types": ["film_grain", "restyle_text", "caricature"]}})
    items = list(make_items(config, [Photo(f"u{n}", f"u{n}") for n in range(30)]))
    given = []
    for item in target.chosen(items):
        given.append(str(item.edit_types[0]))
        target.note(given[-1], accepted=True, usd=0.1)
    assert given == ["caricature"] * 2 + ["restyle_text"] * 2
    total = Target(3)
    for item in total.chosen(items):
        total.note(str(item.edit_types[0]), accepted=True, usd=0.1)
    assert total.accepted == {"film_grain": 3}


def test_a_run_with_a_target(serve, photos, tmp_path):
    config = gemini_config(serve(), photos, run={"items_in_flight": 1})
    state = run(config, tmp_path / "ledger", target=Target(2))
    assert state.ended["accepted"] == 2
    assert state.stopped == ""
    assert sum(usd or 0 for usd in state.usd_per_accepted.values()) > 0


def test_forecasts_know_declines_refusals_hours_and_disk():
    stages = {name: {"backend": "gemini"} for name in ("writer", "shortener", "editor", "judge")}
    config = config_from({**stages, "assign": {"edit_types": ["film_grain"]}})
    found = forecast(config, make_items(config, [Photo(f"u{n}", f"u{n}") for n in range(100)]))
    assert found.calls["write"] == 100
    assert found.declined == pytest.approx(2.0)
    assert found.refused == pytest.approx(98 * 0.02)
    assert found.accepted < 98
    assert 0 < found.hours < 1
    assert 150 < found.disk_mb < 250
    assert 5 < found.total_usd < 12
