"""The assembled files, byte for byte, against a plain writer that holds everything in memory and knows no tricks."""

from __future__ import annotations

import json
import sqlite3

import pytest

from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.results import parting
from pico_banana.regenerate.results.assembly import assemble
from pico_banana.regenerate.results.report import make_report
from pico_banana.regenerate.settings.config import config_from
from pico_banana.regenerate.settings.makers import who
from pico_banana.regenerate.settings.policy import CRITERIA, Policy, Verdict
from pico_banana.regenerate.values import Stage
from pico_banana.taxonomy import edit_type

CONFIG = config_from({"second_judge": {"model": "another"}})
HIGH, LOW, THIRDS = (0.9, 0.8, 0.95, 1.0), (0.2, 0.5, 0.4, 0.1), (0.1 + 0.2, 1 / 3, 2 / 3, 1e-7)
WHY = [{"compliance": 'Says "no" · naïvely', "quality": "plain\nlines \\ 日本"}]
PLAIN = [{"compliance": "fine", "quality": "sharp"}]


def tried(*scores, second=(), drift=None, outcome="scored", reasons=PLAIN, sizes=(640, 480, 1024, 768), changed=0.25):
    return {
        "outcome": outcome, "first": scores, "second": second, "drift": drift, "reasons": reasons, "sizes": sizes,
        "changed": changed,
    }  # fmt: skip


NOTHING = tried(outcome="refused", reasons=[], sizes=(None,) * 4, changed=None)
# One list of attempts a turn, one list of turns an item; the photos of items 1 and 2 are the same one.
ITEMS = [
    [[tried(*HIGH, sizes=(None,) * 4, changed=None)]],
    [
        [
            tried(*LOW, reasons=WHY),
            tried(*THIRDS, second=THIRDS, reasons=PLAIN * 2),
            tried(*HIGH, second=HIGH, reasons=WHY * 2),
        ]
    ],
    [[tried(*LOW), tried(*LOW), tried(*LOW)]],
    [[tried(*HIGH)], [tried(*LOW, drift=0.5), tried(*HIGH, drift=1.0)], [tried(*HIGH, drift=0.0)]],
    [[NOTHING]],
    [[tried(outcome="check_failed", reasons=[]), tried(*HIGH)]],
    [],
    [[tried(*HIGH)], [tried(*HIGH, drift=0.9)], [NOTHING]],
]


def url(item):
    return "https://photos.invalid/a%20b/1.jpg" if item <= 2 else f"https://photos.invalid/{item}.jpg"


def words(item, turn):
    return f"Façade {item}, turn {turn}: “warmer” 日本", "" if item % 2 else f'Say "{turn}"'


def sha(item, turn, attempt):
    return f"{item:02}{turn:02}{attempt:02}" * 10


def fill(path):
    database = sqlite3.connect(path)
    judge, second = who(Stage.JUDGE, CONFIG.judge), who(Stage.SECOND_JUDGE, CONFIG.second_judge)
    for item, turns in enumerate(ITEMS, 1):
        database.execute("INSERT OR IGNORE INTO photos VALUES (?, ?, 'x', 0, '[]', '[]')", (item, url(item)))
        types = json.dumps(["zoom_in"] * max(1, len(turns)))
        database.execute(
            "INSERT INTO items SELECT ?, id, ?, ? FROM photos WHERE url = ?", (item, types, item, url(item))
        )
        before = 0
        for turn, attempts in enumerate(turns, 1):
            written = 1000 * item + 100 * turn
            database.execute(
                "INSERT INTO instructions VALUES (?, ?, ?, ?, 0, 0, ?, ?, '{}', 'ok', '')",
                (item, turn, before, written, *words(item, turn)),
            )
            for number, one in enumerate(attempts, 1):
                picture = sha(item, turn, number) if one is not NOTHING else None
                outcome = "made" if one["first"] and one["outcome"] == "scored" else one["outcome"]
                values = (
                    item, turn, written, number, written + number, 0, outcome, "", picture, "image/png", 0,
                    *one["sizes"], one["changed"], "{}", 0.0,
                )  # fmt: skip
                database.execute(f"INSERT INTO attempts VALUES ({', '.join('?' * len(values))})", values)
                for place, (said, why) in enumerate(
                    zip(verdicts(one) if one["first"] else [], one["reasons"], strict=True)
                ):
                    drift = {} if said.drift is None else {"drift": said.drift}
                    asked = (judge, second)[place]
                    values = (
                        item, turn, written + number, written + number + 10 + place, asked, asked,
                        ("judge", "second_judge")[place], "ok", "", json.dumps({**said.scores, **drift}),
                        json.dumps(why, ensure_ascii=False),
                    )  # fmt: skip
                    database.execute(f"INSERT INTO verdicts VALUES ({', '.join('?' * len(values))})", values)
            before = written + len(attempts)
    database.commit()
    database.close()


def verdicts(one):
    first = Verdict(dict(zip(CRITERIA, one["first"], strict=True)), one["drift"])
    return [first, *([Verdict(dict(zip(CRITERIA, one["second"], strict=True)))] if one["second"] else [])]


def note(number, one, policy, call):
    decision = policy.decide(*verdicts(one)) if one["first"] else None
    return {
        "attempt": number,
        "outcome": one["outcome"],
        "score": decision.score if decision else None,
        "why": decision.why if decision else one["outcome"],
        "verdicts": [
            {**said.scores, **({"drift": said.drift} if said.drift is not None else {})}
            for said in (verdicts(one) if one["first"] else [])
        ],
        "reasons": one["reasons"],
        "sizes": one["sizes"],
        "changed": one["changed"],
        "call": call,
    }


def naive(policy):
    """Write every file as one text, a json.dumps a line."""
    files = {
        name: []
        for name in (
            "jsonl/sft.jsonl", "manifest/sft_manifest.txt", "jsonl/preference.jsonl",
            "manifest/preference_manifest.txt", "jsonl/multi-turn.jsonl", "manifest/multi_turn_manifest.txt",
            "annotations/regenerate.jsonl",
        )
    }  # fmt: skip

    def put(name, row):
        files[f"jsonl/{name}.jsonl"].append(row)

    def say(kind, path, item, turns):
        said = [
            {
                "edit_type": "zoom_in",
                "attempts": [
                    note(number, one, policy, 1000 * item + 100 * turn + number)
                    for number, one in enumerate(attempts, 1)
                ],
            }
            for turn, attempts in enumerate(turns, 1)
        ]
        files["annotations/regenerate.jsonl"].append({"id": f"{kind}/{path}", "item": item, "turns": said})

    for item, turns in enumerate(ITEMS, 1):
        done = []
        for attempts in turns:
            if not attempts[-1]["first"] or not policy.decide(*verdicts(attempts[-1])).accepted:
                break
            done.append(attempts)
        if not done:
            continue
        retries = len(done[0]) - 1
        path = f"positive-edit/{item:06}_retry{retries}" if retries else f"positive-edit/{item}"
        picture, (text, short) = f"images/{path}.png", words(item, 1)
        label = edit_type("zoom_in").label
        put("sft", {"open_image_input_url": url(item), "text": text, "output_image": picture, "edit_type": label,
                    "summarized_text": short or None})  # fmt: skip
        files["manifest/sft_manifest.txt"].append(picture)
        say("single_turn", path, item, done[:1])
        failed = [number for number, one in enumerate(done[0][:-1], 1) if one["outcome"] == "scored"]
        if failed:
            rejected = [f"images/rejected-edit/{item}_{number}.png" for number in failed]
            put("preference", {"output_image": picture, "rejected_images": rejected, "text": text, "edit_type": label,
                               "open_image_input_url": url(item), "summarized_text": short or None})  # fmt: skip
            files["manifest/preference_manifest.txt"] += [picture, *rejected]
            say("preference", path, item, done[:1])
        if len(done) > 1:
            paths = [f"images/multi-turn/{item}_turn{turn}.png" for turn in range(1, len(done) + 1)]
            names = [*(f"edit_turn{turn}" for turn in range(1, len(done))), "final_image"]
            rows = [{"id": name, "url": one} for name, one in zip(names, paths, strict=True)]
            rows.append({"id": "original_input_image", "url": url(item)})
            prompts = [words(item, turn)[0] for turn in range(1, len(done) + 1)]
            put("multi-turn", {"files": rows, "metadata_edit_turn_prompts": prompts})
            files["manifest/multi_turn_manifest.txt"] += paths
            say("multi_turn", f"multi-turn/{item}_turn{len(done)}", item, done)
    return files


@pytest.mark.parametrize("policy", [Policy(), Policy(threshold=0.6, comparison=">="), Policy(combine="geometric")])
@pytest.mark.parametrize("workers", [1, 3])
def test_assembled_files_are_those_of_a_plain_writer(policy, workers, tmp_path, monkeypatch):
    monkeypatch.setattr(parting, "_ITEMS_WORTH_A_PROCESS", 2)
    monkeypatch.setattr(parting, "SPAN", 3)
    leftover = tmp_path / "out" / ".assembling" / "0"
    leftover.mkdir(parents=True)
    with open_ledger(tmp_path / "l", create=True, writable=True) as ledger:
        ledger.bind(CONFIG)
    fill(tmp_path / "l" / "ledger.sqlite")
    with open_ledger(tmp_path / "l") as ledger:
        made = assemble(ledger, tmp_path / "out", policy=policy, pictures=False, workers=workers)
    assert not leftover.exists()
    for name, lines in naive(policy).items():
        expected = "".join(f"{one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)}\n" for one in lines)
        assert (tmp_path / "out" / name).read_text(encoding="utf-8") == expected, name
    assert made.items == len(ITEMS)
    assert (made.accepted, made.preference, made.sessions) == (5, 1, 2)
    assert made.ended == {"discarded": 1, "refused": 1, "not begun": 1}
    assert made.pictures == 5 + 2 + (3 + 2) + 4  # accepted, rejected, turns, photos


def test_counts_are_kept_until_a_row_of_their_span_changes(tmp_path):
    """What was counted is read again as it was kept; one more verdict, and the span is counted anew."""
    with open_ledger(tmp_path / "l", create=True, writable=True) as ledger:
        ledger.bind(CONFIG)
    fill(tmp_path / "l" / "ledger.sqlite")
    policies = Policy(), Policy(combine="geometric", threshold=0.99)
    with open_ledger(tmp_path / "l") as ledger:
        counted = [make_report(ledger, policy=policy) for policy in policies]
        assert [one.accepted for one in counted] == [5, 0]
        assert [make_report(ledger, policy=policy) for policy in policies] == counted
        assert ledger.database.execute("SELECT count(*) FROM counted").fetchone()[0] == len(policies)
        ledger.database.execute("UPDATE counted SET part = replace(part, '\"sessions\": 2', '\"sessions\": 9')")
        assert make_report(ledger, policy=policies[0]).sessions == 9  # it was read, not counted
        ledger.database.execute("UPDATE attempts SET outcome = 'refused' WHERE item = 1")
        assert (make_report(ledger, policy=policies[0]).accepted, counted[0].sessions) == (4, 2)
