"""Published rows, one line at a time: the only room that knows the published key names.

`parse_line` turns one line into a row in our own names, or says what is wrong with it; `published` turns a row back
into what the release writes. `columns.py` does the first for whole blocks at once and falls back on this for any block
that is not perfect, so what counts as a row is decided here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pico_banana.mirrors.addresses import problem_of_url
from pico_banana.records import Subset
from pico_banana.rows.bad import BadRow
from pico_banana.rows.lines.jsonl import LINE_BYTES, RowsReader
from pico_banana.rows.lines.paths import picture_path, problem_of_picture, published_path
from pico_banana.rows.strict import NoJson, parse_json, parse_whole_json
from pico_banana.telling import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SOURCE, TEXT, SHORT, OUTPUT, LABEL = "open_image_input_url", "text", "summarized_text", "output_image", "edit_type"
REJECTED, LOCAL = "rejected_images", "local_input_image"
FILES, PROMPTS, ORIGINAL, FINAL = "files", "metadata_edit_turn_prompts", "original_input_image", "final_image"

_SHOWN = 120  # characters of a value in a message
_json = json.JSONEncoder(ensure_ascii=False).encode  # made once: json.dumps makes one for every line

Row: TypeAlias = dict[str, Any]


class _BadField(Exception):  # noqa: N818 - a signal inside this file, turned into a BadRow
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


def parse_line(subset: Subset, line: bytes, *, file: str = "", number: int = 0) -> Row | BadRow:
    """Read one line of a rows file.

    Args:
        subset: whose file it is.
        line: the line, UTF-8, without its end.
        file: the file's name, for the message.
        number: its 1-based number, for the message.

    Returns:
        The row in our own names (see `columns.schema`), or what is wrong with the line.
    """
    try:
        return _PARSERS[subset](_object(line))
    except (ValueError, _BadField) as error:
        return _unreadable(error, file, number)


def _object(line: bytes, parse: Callable[[bytes], object] = parse_json) -> Row:
    row = parse(line)
    if not isinstance(row, dict):
        raise _BadField("", f"a row must be a JSON object, this is {_kind(row)}")
    return row


def _unreadable(error: Exception, file: str, number: int) -> BadRow:
    if isinstance(error, _BadField):
        return BadRow(file, number, error.field, error.reason)
    if isinstance(error, UnicodeDecodeError):
        return BadRow(file, number, "", f"not UTF-8 (byte {error.start} of the line)")
    if isinstance(error, json.JSONDecodeError):
        return BadRow(file, number, "", f"not JSON ({error.msg} at character {error.pos})")
    if isinstance(error, NoJson):
        return BadRow(file, number, "", str(error))
    return BadRow(file, number, "", "not a row (a number of too many digits)")


def too_long(file: str, line: int) -> BadRow:
    """Say that a line is longer than any row.

    Args:
        file: the rows file.
        line: its 1-based number.

    Returns:
        The line as one that is no row.
    """
    return BadRow(file, line, "", f"longer than {LINE_BYTES >> 20} MB, which is no row")


def read_jsonl(path: str | Path) -> Iterator[dict[str, Any]]:
    """Read a rows file as it is published, key names and all.

    Args:
        path: a `.jsonl` file, or one that ends in `.gz` or `.zst`.

    Yields:
        Each line's object.

    Raises:
        RowError: a line that is not a JSON object.
    """
    for block in RowsReader(Path(path)).blocks():
        if block.too_long:
            raise too_long(str(path), block.first_line).error()
        for number, line in block.lines():
            try:
                row = _object(line, parse_whole_json)
            except (ValueError, _BadField) as error:
                raise _unreadable(error, str(path), number).error() from error
            yield row


def published(subset: Subset, row: Row) -> dict[str, Any]:
    """Write a row the way the release does.

    Args:
        subset: whose row it is.
        row: a row in our own names, as `parse_line` gives it.

    Returns:
        The object to write as one JSON line, keys in published order.
    """
    local = {LOCAL: row["local_source"]} if row.get("local_source") is not None else {}
    if subset is Subset.MULTI_TURN:
        return {FILES: _published_files(row), PROMPTS: list(row["turn_instruction"]), **local}
    texts = {TEXT: row["instruction"], OUTPUT: published_path(row["edited"]), LABEL: row["label"], SHORT: row["short"]}
    if subset is Subset.PREFERENCE:
        rejected = [published_path(path) for path in row["rejected"]]
        order = {OUTPUT: texts[OUTPUT], REJECTED: rejected, TEXT: texts[TEXT], LABEL: texts[LABEL]}
        return {**order, SOURCE: row["source"], SHORT: texts[SHORT], **local}
    return {SOURCE: row["source"], **texts, **local}


def published_line(subset: Subset, row: Row) -> bytes:
    """Write a row in our own names as one line of a rows file of its subset: UTF-8 JSON with its line end."""
    return _json(published(subset, row)).encode() + b"\n"


def _published_files(row: Row) -> list[dict[str, str]]:
    images: Sequence[str | None] = row["turn_image"]
    names = [*(f"edit_turn{turn}" for turn in range(1, len(images))), FINAL][: len(images)]
    found = {name: published_path(image) for name, image in zip(names, images, strict=True) if image is not None}
    found[ORIGINAL] = row["source"]
    return [{"id": name, "url": found[name]} for name in sorted(found)]


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def _string(row: Row, key: str, example: str) -> str:
    if key not in row:
        raise _BadField(key, f"'{key}' is missing; expected a string such as {example!r}")
    value = row[key]
    if not isinstance(value, str):
        raise _BadField(key, f"'{key}' is {_kind(value)}; expected a string such as {example!r}")
    return _encodable(value, key)


def _named(row: Row, key: str, example: str) -> str:
    value = _string(row, key, example)
    if not value:
        raise _BadField(key, f"'{key}' is empty; expected a string such as {example!r}")
    return value


def _encodable(value: str, key: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _BadField(key, f"'{key}' holds half of a surrogate pair, which is no text") from error
    return value


def _optional_string(row: Row, key: str) -> str | None:
    value = row.get(key)
    if value is not None and not isinstance(value, str):
        raise _BadField(key, f"'{key}' is {_kind(value)}; expected a string or null")
    return value if value is None else _encodable(value, key)


def _single_turn(row: Row) -> Row:
    return {
        "source": _photo(_named(row, SOURCE, "https://farm1.staticflickr.com/…_o.jpg"), SOURCE),
        "local_source": _optional_string(row, LOCAL),
        "edited": _picture(_named(row, OUTPUT, "images/positive-edit/1.png"), OUTPUT),
        "instruction": _string(row, TEXT, "Remove the boat …"),
        "short": _optional_string(row, SHORT),
        "label": _string(row, LABEL, "Zoom in"),
    }


def _preference(row: Row) -> Row:
    return {**_single_turn(row), "rejected": _rejected(row)}


def _rejected(row: Row) -> list[str]:
    value = [] if row.get(REJECTED) is None else row[REJECTED]
    value = [value] if isinstance(value, str) else value  # seen as a list; one picture written plainly means the same
    if not isinstance(value, list):
        raise _BadField(REJECTED, f"'{REJECTED}' is {_kind(value)}; expected a list of paths")
    names = [f"{REJECTED}[{index}]" for index in range(len(value))]
    return [_picture(_url(item, name), name) for item, name in zip(value, names, strict=True)]


def _picture(written: str, where: str) -> str:
    path = picture_path(written)
    if problem := problem_of_picture(path):
        wanted = "expected a path such as 'images/rejected-edit/1.png'"
        raise _BadField(where, f"'{where}' is {written[:_SHOWN]!r}, {problem}; {wanted}")
    return path


def _photo(url: str, where: str) -> str:
    if problem := problem_of_url(url):
        raise _BadField(where, f"'{where}' is {redacted(url)[:_SHOWN]!r}, which {problem}")
    return url


def _url(item: object, where: str) -> str:
    path = item.get("url") if isinstance(item, dict) else item
    if not isinstance(path, str) or not path:
        raise _BadField(where, f"'{where}' is not a path; expected a string such as 'images/rejected-edit/1.png'")
    return _encodable(path, where)


def _multi_turn(row: Row) -> Row:
    prompts = _prompts(row)
    pictures = _pictures(row)
    source = pictures.pop(ORIGINAL, None)
    if source is None:
        raise _BadField(FILES, f"'{FILES}' has no entry with the id '{ORIGINAL}'")
    # The last picture is called final_image, not edit_turnN; where it is absent, edit_turnN is taken if it is there.
    names = [f"edit_turn{turn}" for turn in range(1, len(prompts))]
    last = pictures.pop(FINAL, None) or pictures.pop(f"edit_turn{len(prompts)}", None)
    images = [pictures.pop(name, None) for name in names] + ([last] if prompts else [])
    return {
        "source": _photo(source, FILES),
        "local_source": _optional_string(row, LOCAL),
        "turn_instruction": prompts,
        "turn_image": [None if image is None else _picture(image, FILES) for image in images],
        "pictures_left_over": len(pictures) + (last is not None and not prompts),
    }


def _prompts(row: Row) -> list[str]:
    value = row.get(PROMPTS)
    if not isinstance(value, list):
        problem = f"'{PROMPTS}' is missing" if PROMPTS not in row else f"'{PROMPTS}' is {_kind(value)}"
        raise _BadField(PROMPTS, f"{problem}; expected a list of instructions")
    for index, prompt in enumerate(value):
        if not isinstance(prompt, str):
            raise _BadField(f"{PROMPTS}[{index}]", f"'{PROMPTS}[{index}]' is {_kind(prompt)}; expected a string")
        _encodable(prompt, f"{PROMPTS}[{index}]")
    return value


def _pictures(row: Row) -> dict[str, str]:
    value = row.get(FILES)
    if not isinstance(value, list):
        problem = f"'{FILES}' is missing" if FILES not in row else f"'{FILES}' is {_kind(value)}"
        raise _BadField(FILES, f"{problem}; expected a list of {{'id', 'url'}}")
    found: dict[str, str] = {}
    for index, entry in enumerate(value):
        where = f"{FILES}[{index}]"
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            raise _BadField(where, f"'{where}' is not an object with 'id' and 'url'")
        found.setdefault(entry["id"], _url(entry, where))
    return found


_PARSERS = {
    Subset.SINGLE_TURN: _single_turn,
    Subset.INSTRUCTIONS: _single_turn,
    Subset.PREFERENCE: _preference,
    Subset.MULTI_TURN: _multi_turn,
}
