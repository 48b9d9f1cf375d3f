"""Configuration: what is wrong is named, with what would be right; keys never end up in it."""

from __future__ import annotations

import dataclasses

import pytest

from pico_banana.errors import ConfigError, UnknownNameError
from pico_banana.regenerate.settings.config import config_from, differing_keys, read_config


@pytest.mark.parametrize(
    ("document", "key", "says"),
    [
        ({"polcy": {}}, "polcy", "'policy'"),
        ({"policy": {"treshold": 0.8}}, "policy.treshold", "'threshold'"),
        ({"policy": {"threshold": "high"}}, "policy.threshold", "must be a number"),
        ({"policy": {"comparison": "=>"}}, "policy.comparison", "'>='"),
        ({"policy": {"second": {"when": "often"}}}, "policy.second.when", "near_threshold"),
        ({"writer": {"concurrency": 1.5}}, "writer.concurrency", "whole number"),
        ({"writer": {"concurrency": True}}, "writer.concurrency", "whole number"),
        ({"writer": {"concurrency": 0}}, "writer.concurrency", "at least 1"),
        ({"assign": {"edit_types": "zoom_in"}}, "assign.edit_types", "must be a list"),
        ({"source": {"folder": "a", "subset": "single_turn"}}, "source", "exactly one"),
        ({"sessions": {"share": 2}}, "sessions", "0 to 1"),
        ({"sessions": {"min_turns": 4, "max_turns": 3}}, "sessions", "min_turns"),
        ({"prices": {"m": {"per_image": 1}}}, "prices.m.per_image", "per_picture"),
        ({"judge": []}, "judge", "must be a table"),
    ],
)
def test_mistakes_are_named(document, key, says):
    with pytest.raises(ConfigError) as caught:
        config_from(document)
    assert caught.value.key == key
    assert says in str(caught.value)


def test_unknown_edit_type_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="zoom_in"):
        config_from({"assign": {"edit_types": ["zoom"]}})


def test_file_that_is_missing_or_no_toml(tmp_path):
    with pytest.raises(ConfigError, match="is not there"):
        read_config(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("seed = = 3")
    with pytest.raises(ConfigError, match="is not TOML"):
        read_config(tmp_path / "bad.toml")


def test_paths_are_relative_to_the_file(tmp_path):
    (tmp_path / "config.toml").write_text('[source]\nfolder = "photos"\n')
    assert read_config(tmp_path / "config.toml").source.folder == str(tmp_path / "photos")


def test_keys_that_differ_are_those_that_change_what_is_asked():
    before = config_from({"writer": {"model": "a"}, "run": {"budget_usd": 1.0}})
    after = config_from(
        {
            "writer": {"model": "b", "concurrency": 3},
            "policy": {"threshold": 0.8},
            "run": {"budget_usd": 2.0},
            "prices": {"a": {"per_picture": 1.0}},
        }
    )
    assert differing_keys(before.as_json(), after) == ("policy.threshold", "writer.model")
    assert before.digest() != after.digest()
    faster = dataclasses.replace(before, run=dataclasses.replace(before.run, items_in_flight=7))
    assert differing_keys(before.as_json(), faster) == ()
    assert before.digest() == faster.digest()


def test_no_key_is_stored(monkeypatch, tmp_path):
    monkeypatch.setenv("GEMINI_API_KEY", "sk-secret")
    assert "sk-secret" not in config_from({"writer": {"backend": "gemini", "model": "m"}}).as_json()
