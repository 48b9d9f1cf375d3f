"""Types hold strictly, inside the package and for a user's script. Slow: `make proofs`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]

SCRIPT = '''
"""What somebody would write; every type is checked by assert_type."""

from __future__ import annotations

from typing import assert_type

from PIL.Image import Image

import pico_banana as pb

singles = pb.load("single_turn", categories=["Human-Centric"], split="train_90_5_5", mirror="sample")
assert_type(singles, pb.PicoBanana[pb.SingleTurn])
assert_type(pb.load(), pb.PicoBanana[pb.SingleTurn])
assert_type(pb.load(pb.Subset.PREFERENCE), pb.PicoBanana[pb.Preference])
assert_type(singles[0], pb.SingleTurn)
assert_type(singles["single_turn/positive-edit/1"].edit_type, pb.EditType)
assert_type(singles[:10], pb.PicoBanana[pb.SingleTurn])
assert_type(singles[[1, 2]].shuffle(seed=3).sample(5, balance="category"), pb.PicoBanana[pb.SingleTurn])
assert_type(singles.select(edit_types="zoom_in", contains=("a", "b"), limit=3), pb.PicoBanana[pb.SingleTurn])
assert_type(singles.filter(lambda row: len(row.instruction) > 10), pb.PicoBanana[pb.SingleTurn])
assert_type(singles[0].edited.image(), Image)
assert_type(singles.splits()["test"], pb.PicoBanana[pb.SingleTurn])
assert_type(singles.counts("category"), dict[str, int])
assert_type([row.short_instruction for row in singles], list[str | None])

sessions = pb.load("multi_turn", turns=range(2, 4), inferred_edit_types="zoom_in", on_bad_rows="skip")
assert_type(sessions[0].turns[0].image, pb.ImageRef | None)
assert_type([turn.instruction for session in sessions for turn in session.turns], list[str])

pairs = pb.load("instructions")
assert_type(pairs[0].clean_short_instruction, str | None)
for preference in pb.load("preference"):
    assert_type(list(preference.pairs()), list[tuple[pb.ImageRef, pb.ImageRef]])


def of_a_name(subset: str) -> int:
    return len(pb.load(subset))


assert_type(pb.Selection.of("single_turn", limit=3).digest, str)
'''
WRONG = """
import pico_banana as pb

pb.load("single_turn", split_by="photo")
pb.load("single_turn")[0].turns
pb.load("multi_turn")[0].edited
pb.load(on_bad_rows="ignore")
"""


def _mypy(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_the_package_is_strictly_typed() -> None:
    code, output = _mypy()
    assert code == 0, output


def test_a_users_script_is_strictly_typed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    code, output = _mypy("--strict", str(script))
    assert code == 0, output


def test_a_users_mistakes_are_found(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(WRONG)
    _, output = _mypy("--strict", str(script))
    lines = {line.split(":")[1] for line in output.splitlines() if f"{script}:" in line and ": error:" in line}
    assert lines == {"4", "5", "6", "7"}, output


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "pico_banana" / "py.typed").is_file()
