"""Completion of the command line, in the shells themselves."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from pico_banana.cli import build_parser, main
from pico_banana.cli.completion import with_names
from pico_banana.records import Flag
from pico_banana.sharing.export import formats
from pico_banana.taxonomy import categories, edit_types

CASES = {
    "pico-banana dow": ["download"],
    "pico-banana mirror s": ["serve"],
    "pico-banana ls --ty": ["--type"],
    "pico-banana ls single_turn --type zoom_": ["zoom_in"],
    "pico-banana gallery look --category ": sorted(str(group) for group in categories()),
    "pico-banana ls --not-flag short_": [
        "short_chat_template",
        "short_cut_start",
        "short_equals_long",
        "short_missing",
    ],
    "pico-banana ls --split test_": ["test_5", "test_90_5_5"],
    "pico-banana export lla": ["llama-factory", "llama-factory-preference"],
    "pico-banana ls multi": ["multi_turn"],
}
BASH = """\
source "$1"
IFS=' ' read -r -a COMP_WORDS <<< "$2"
case "$2" in *' ') COMP_WORDS+=("");; esac
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$2 COMP_POINT=${#2}
_shtab_pico_banana
printf '%s\\n' "${COMPREPLY[@]}"
"""


def _needed(shell: str) -> str:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} here")
    return program


def _script(shell, tmp_path, capsys):
    assert main(["completion", shell]) == 0
    script = tmp_path / f"pico-banana.{shell}"
    script.write_text(capsys.readouterr().out, "utf-8")
    return str(script)


@pytest.mark.parametrize(("line", "completed"), CASES.items(), ids=CASES)
def test_bash_completes(line, completed, tmp_path, capsys):
    bash, script = _needed("bash"), _script("bash", tmp_path, capsys)
    done = subprocess.run([bash, "-c", BASH, "bash", script, line], capture_output=True, text=True, check=True)
    assert sorted(word.strip() for word in done.stdout.splitlines()) == completed


def test_fish_completes(tmp_path, capsys):
    fish, script = _needed("fish"), _script("fish", tmp_path, capsys)
    for line, completed in CASES.items():
        asked = [fish, "-N", "-c", f'source {script}; complete -C "{line}"']
        done = subprocess.run(asked, capture_output=True, text=True, check=True, env={"HOME": str(tmp_path)})
        assert sorted(found.partition("\t")[0] for found in done.stdout.splitlines()) == completed, line


def test_zsh_reads_the_script(tmp_path, capsys):
    zsh, script = _needed("zsh"), _script("zsh", tmp_path, capsys)
    told = 'autoload -Uz compinit; compinit -u -D; eval "$(cat $1)"; print -l $_comps[pico-banana]'
    done = subprocess.run([zsh, "-f", "-c", told, "zsh", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip().startswith("_shtab_pico_banana")


def test_all_names_are_offered(capsys):
    for shell in ("bash", "zsh", "fish"):
        assert main(["completion", shell]) == 0
        script = capsys.readouterr().out
        names = (*map(str, edit_types()), *(flag.value for flag in Flag), *formats())
        assert [name for name in names if name not in script] == []


def test_names_are_choices_only_for_completion():
    with_names(build_parser())
    assert build_parser().parse_args(["ls", "Single-Turn", "--type", "Zoom in"]).edit_types == ["zoom_in"]
