"""A store built by other code must not be read as if it were ours: the format's number stands for its columns."""

from __future__ import annotations

from hashlib import sha256

from pico_banana.records import Flag, Subset
from pico_banana.rows.building.rowstore import FORMAT
from pico_banana.rows.table.mapped import TEXTS
from pico_banana.rows.table.stored import stored_schema


def test_the_format_number_changes_with_what_is_stored() -> None:
    """When this fails, raise `rowstore.FORMAT` and pin both anew."""
    stored = [stored_schema(subset).to_string() for subset in Subset if subset is not Subset.INSTRUCTIONS]
    facts = "\n".join([*stored, *TEXTS, *(flag.value for flag in Flag)])
    assert (FORMAT, sha256(facts.encode()).hexdigest()[:12]) == (5, "dc158443f445")
