"""Arguments of another type than a verb takes: one line that says what to write, and no error of Python's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import pico_banana as pb
from pico_banana.errors import PicoBananaError

if TYPE_CHECKING:
    from collections.abc import Callable

WRONG: dict[str, tuple[Callable[[Any], object], str]] = {
    "percent": (lambda ds: ds.splits("a"), r"'a' is no percent of the photos; give whole numbers"),
    "kind": (lambda ds: ds.counts(3), r"unknown .* 3\. "),
    "condition": (lambda ds: ds.where(3), r"3 is no SQL; give a text"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_an_argument_of_another_type_is_told(wrong: str) -> None:
    do, said = WRONG[wrong]
    with pytest.raises(PicoBananaError, match=said):
        do(pb.load("single_turn", mirror="sample"))
