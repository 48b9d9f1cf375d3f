"""How large a batch may be, and one batch from its file to its answers where the service fails at a single step."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

import pytest

from pico_banana.errors import ConfigError, GoneError, RequestRefusedError, ServerError
from pico_banana.regenerate.backends.batching import Looked
from pico_banana.regenerate.ledger.batchbook import FAILED, FETCHED, SENT, WRITTEN, Batch, BatchBook
from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.settings.batching import BatchSettings
from pico_banana.regenerate.work.batch_jobs import BatchJobs
from pico_banana.regenerate.work.batch_queue import BatchQueue, Waiting
from pico_banana.regenerate.work.runner import run
from tests.regenerate.test_regenerate_batches import BATCH, calls, config_from, document, twice

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = BatchSettings(poll_s=0.001, tries=3)
ANSWERS = b'{"key": "a"}\n{"key": "b"}'
RUNNING, ENDED = Looked(ended=False, why="running"), Looked(ended=True, files=("answers",), why="succeeded")


class Service:
    """Says at each step what a test wants: a value, or an error; the last one again and again."""

    def __init__(self, **steps) -> None:
        usual = {"submit": ["job"], "find": [""], "look": [ENDED], "read": [ANSWERS], "cancel": [None]}
        self.steps = {name: list(told) for name, told in {**usual, **steps}.items()}
        self.asked: list[str] = []

    def _say(self, step):
        self.asked.append(step)
        told = self.steps[step]
        found = told.pop(0) if len(told) > 1 else told[0]
        if isinstance(found, Exception):
            raise found
        return found

    async def submit(self, name, file, *, picture):
        assert file.read_bytes() == b"{}\n"
        return self._say("submit")

    async def find(self, name):
        return self._say("find")

    async def look(self, job):
        return self._say("look")

    async def read(self, file):
        return self._say("read")

    async def cancel(self, job):
        return self._say("cancel")


@pytest.fixture
def book(tmp_path):
    with open_ledger(tmp_path / "ledger", create=True, writable=True) as ledger:
        yield BatchBook(ledger)


def fetched(book, service, *, fresh=True, at=None, settings=SETTINGS):
    """Bring a batch of two requests to its end; gives it, and how its job ended."""
    batch = Batch("pico-banana-1", "editor", picture=True, output_bytes=1000, opened={"0a": 1, "0b": 2})
    batch.at = batch.at if at is None else at
    book.write(batch, [b"{}\n"])
    return batch, asyncio.run(BatchJobs(book, settings).fetched(service, batch, fresh=fresh))


def test_answers_are_kept_as_whole_lines(book):
    service = Service(look=[RUNNING, RUNNING, Looked(ended=True, files=("answers", "errors"))])
    batch, _ = fetched(book, service)
    assert batch.state == FETCHED
    assert service.asked == ["submit", "look", "look", "look", "read", "read"]
    assert book.answers_file(batch).read_bytes() == 2 * (ANSWERS + b"\n")


def test_a_job_whose_creation_was_cut_is_looked_up_and_not_sent_again(book):
    service = Service(submit=[ServerError("cut")], find=["job"])
    batch, _ = fetched(book, service)
    assert (batch.job, batch.state) == ("job", FETCHED)
    assert service.asked == ["submit", "find", "look", "read"]


def test_a_job_that_the_list_does_not_have_is_sent_again(book):
    service = Service(submit=[ServerError("cut"), "job"])
    assert fetched(book, service)[0].state == FETCHED
    assert service.asked == ["submit", "find", "submit", "look", "read"]


@pytest.mark.parametrize("steps", [[RequestRefusedError("no")], [ServerError("cut"), RequestRefusedError("no")]])
def test_a_batch_that_the_service_refuses_goes_online(book, steps):
    service = Service(submit=steps)
    batch, looked = fetched(book, service)
    assert (looked.why, looked.is_paid) == ("the service refused the batch", False)
    assert batch.state == FAILED
    assert not book.requests_file(batch).exists()
    assert "look" not in service.asked


def test_as_long_as_nobody_can_say_whether_a_batch_was_sent_nothing_is_sent(book):
    service = Service(find=[RequestRefusedError("no list for this key")])
    with pytest.raises(RequestRefusedError, match="no list"):
        fetched(book, service, fresh=False)
    assert service.asked == ["find"]
    assert book.requests_file(Batch("pico-banana-1", "editor", picture=True, output_bytes=1000)).exists()


def test_a_service_that_takes_no_batches_says_what_to_do(book):
    with pytest.raises(ConfigError, match="or no batches there: --transport online"):
        fetched(book, Service(submit=[ConfigError("404 no such page", key="model")]))


@pytest.mark.parametrize("step", ["look", "read"])
def test_what_the_service_no_longer_has_goes_online(book, step):
    service = Service(**{step: [GoneError("404 no such job")]})
    batch, looked = fetched(book, service)
    assert batch.state == FAILED
    assert "no longer has it" in looked.why
    assert looked.is_paid
    assert book.readable_bytes == 0, "it was not too large"


def test_a_job_that_ends_while_it_is_cancelled_is_read(book):
    """It is too late to cancel it: 409 in one protocol, 400 in the other."""
    for error in (ServerError("409 cannot cancel a batch that is completed"), RequestRefusedError("400 not running")):
        service = Service(look=[RUNNING, ENDED], cancel=[error])
        assert fetched(book, service, at=0.0)[0].state == FETCHED
        assert service.asked == ["submit", "look", "cancel", "look", "read"]


def test_a_stuck_job_is_cancelled_once_and_given_up_where_that_does_not_help(book):
    service = Service(look=[RUNNING], cancel=[ServerError("busy"), None])
    batch, looked = fetched(book, service, at=0.0)
    assert batch.state == FAILED
    assert (looked.why, looked.is_paid) == ("stuck, and not to be cancelled", True)
    assert service.asked.count("cancel") == 2, "until the service heard of it"


def test_the_name_of_a_job_is_durable_before_it_is_looked_at(book):
    service = Service(look=[ConfigError("stop here")])
    with pytest.raises(ConfigError):
        fetched(book, service)
    row = book._ledger.database.execute("SELECT job, state FROM batches").fetchone()
    assert tuple(row) == ("job", SENT)
    assert SENT != WRITTEN


def filled(settings, *, line=b"x" * 100, picture=True, readable_bytes=0):
    """Count the requests that fit one batch."""
    queue = BatchQueue(settings, picture)
    for number in count():
        one = Waiting(str(number), line, open=None, came=None)
        if not queue.fits(one, readable_bytes=readable_bytes):
            return number
        queue.add(one)
    return None


@pytest.mark.parametrize(
    ("changes", "readable_bytes", "most"),
    [
        ({}, 0, 80),  # 200 MB of answers of 2.5 MB each
        ({}, 100_000_000, 40),  # answers of 200 MB could not be read: half of that
        ({"output_bytes": 50_000_000}, 100_000_000, 20),
        ({"requests": 7}, 0, 7),
        ({"input_bytes": 1_000}, 0, 10),
        ({"output_bytes": 1}, 0, 1),  # what fits nowhere goes alone
    ],
)
def test_a_batch_is_bounded_by_its_answers_its_requests_and_its_file(changes, readable_bytes, most):
    assert filled(BatchSettings(**changes), readable_bytes=readable_bytes) == most


def test_answers_of_text_are_small():
    assert filled(BatchSettings(), line=b"x", picture=False) == 200_000_000 // 8_000


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    from tests.regenerate.scenes import write_plain_folder

    return write_plain_folder(tmp_path_factory.mktemp("photos"), 6, width=48, height=36)


@pytest.mark.parametrize("protocol", ["gemini", "openai"])
@pytest.mark.parametrize(("step", "lost"), [("create", "jobs"), ("look", "files")])
def test_a_run_goes_on_online_when_a_service_kept_nothing(serve, photos, tmp_path, protocol, step, lost):
    server = serve(batch_s=0.0)

    def forget(name: str) -> None:
        if name == f"{protocol}_{step}":
            getattr(server.room, lost).clear()

    server.routes.noticed = forget
    state = run(config_from(document(protocol, server, photos)), tmp_path / "ledger")
    assert state.left == state.failed == 0
    found = calls(tmp_path / "ledger")
    assert found["batch", "unavailable"] > 0
    assert found["single", "ok"] > 0
    with open_ledger(tmp_path / "ledger") as ledger:
        statement = "SELECT min(usd), sum(usd) FROM calls WHERE transport = 'batch' AND outcome = 'unavailable'"
        least, lost = ledger.database.execute(statement).fetchone()
        assert least > 0, "nobody knows what it cost, so the most that it can have cost counts"
        assert state.spent_usd == pytest.approx(sum(ledger.spent_usd()))
        assert state.spent_usd > lost


@pytest.mark.parametrize("protocol", ["gemini", "openai"])
def test_a_job_that_ends_before_it_can_be_cancelled_is_no_trouble(serve, photos, tmp_path, protocol):
    server = serve(batch_s=3600)

    def end(name: str) -> None:
        if name.endswith("_look"):
            for job in server.room.jobs.values():
                job.began -= 7200
                server.room.look(job)

    server.routes.noticed = end
    told = document(protocol, server, photos)
    told["batch"] = {**BATCH, "patience_h": 1e-9}
    state = run(config_from(told), tmp_path / "ledger")
    assert state.left == state.failed == 0
    assert not twice(server)
    found = calls(tmp_path / "ledger")
    assert found["batch", "ok"] > 0
    assert ("batch", "unavailable") not in found
