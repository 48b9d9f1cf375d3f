"""Which codes of edit types a Selection wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pico_banana.rows.choosing.selection import Selection
    from pico_banana.rows.table.mapped import RowTable


def wanted_codes(table: RowTable, selection: Selection) -> list[bool]:
    """Say which edit type codes a Selection wants.

    Args:
        table: the row store whose codes these are.
        selection: any Selection.

    Returns:
        One answer per code.
    """
    return [
        (not selection.edit_types or kind in selection.edit_types)
        and (not selection.categories or kind.category in selection.categories)
        for kind in table.edit_types
    ]
