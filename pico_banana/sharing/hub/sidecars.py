"""Publish annotations alone: tables of one's own that name rows by id and hold nothing of the release.

Scores, reasons, masks or captions that somebody made can be shared under a licence of their choice; whoever has the
data joins them by `id`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError, LicenceError
from pico_banana.mirrors.store import atomic_path, write_atomic
from pico_banana.records import Subset
from pico_banana.rows.sidecar import ID, read_annotations
from pico_banana.sharing.hub.card import config_entry, info_entry, size_category
from pico_banana.sharing.hub.croissant import described_configs
from pico_banana.sharing.hub.licence import Origin, agreed_terms
from pico_banana.sharing.hub.published import CARD, CROISSANT, SidecarConfig
from pico_banana.sharing.hub.settling import Settling
from pico_banana.sharing.parquet.columns import kind_of
from pico_banana.sharing.parquet.layout import Form, columns
from pico_banana.sharing.parquet.noted import digest_of
from pico_banana.sharing.parquet.run import Shard, Written, hash_of_ids
from pico_banana.sharing.parquet.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

_DERIVED = frozenset({"repaired", "translated"})  # wordings that are made of the release's text, see `records.wording`
_TEXT = """\
# {title}

Annotations of rows of Pico-Banana-400K, by row `id`. This repository holds no row, text or picture of it; the data are
[published by their makers](https://github.com/apple/pico-banana-400k) under CC BY-NC-ND 4.0.

{table}

```python
from datasets import load_dataset

{name} = load_dataset("USER/NAME", "{name}", split="train")
```

Every `id` names one row of the release, whatever the subset: join on it.
"""


def build_sidecars(
    files: Sequence[str | Path], folder: str | Path, *, licence: str | None, title: str
) -> dict[str, int]:
    """Write a repository's folder of annotations.

    Args:
        files: Parquet, CSV or JSON Lines files with a column `id`; a config each, named after the file.
        folder: where the repository goes.
        licence: the Hub's identifier of the licence of the annotations.
        title: the repository's name for people.

    Returns:
        Config to number of rows.

    Raises:
        ConfigError: a file is no table, has no `id`, repeats one, or two files have one name; or the folder holds files
            that no publication of ours wrote.
        LicenceError: a file has a column of the release, such as `instruction` or `edited_image`, or texts that were
            made of its texts.
    """
    folder = Path(folder)
    terms = agreed_terms(Origin.OWN, (), licence=licence)
    tables = {_name(Path(file)): read_annotations(file) for file in files}
    if len(tables) != len(files) or not files:
        raise ConfigError("a repository of annotations needs files, each with a name of its own", key="sidecar")
    for name, table in tables.items():
        _check(name, table)
    settling = Settling(folder)
    settling.begin([CARD, CROISSANT, *(_file(name) for name in tables)])
    configs = [_write(name, table, folder) for name, table in tables.items()]
    settling.card(_card(configs, licence=terms.licences[0], title=title).encode())
    about = "Annotations of rows of Pico-Banana-400K, by row id; no row, text or picture of it."
    described = described_configs(folder, configs, title=title, about=about, licences=terms.licences)
    write_atomic(folder / CROISSANT, json.dumps(described, indent=2, ensure_ascii=False).encode())
    settling.finish([CARD, CROISSANT, *(_file(name) for name in tables)])
    return {name: len(table) for name, table in tables.items()}


def _name(file: Path) -> str:
    return re.sub(r"\W+", "_", file.name.split(".")[0]).strip("_") or "annotations"


def _check(name: str, table: pa.Table) -> None:
    released = {column for subset in Subset for column, _ in columns(subset, Form.ROWS)} - {"id"}
    taken = sorted(released & set(table.column_names))
    if taken:
        text = f"{name} has columns of the release ({', '.join(taken)}), which CC BY-NC-ND 4.0 does not let you adapt"
        raise LicenceError(f"{text}; leave them out: the id finds them again")
    made = set(table["wording"].unique().to_pylist()) & _DERIVED if "wording" in table.column_names else set()
    if made:
        text = f"{name} has texts that are {' and '.join(sorted(made))}: made of those of the release, which"
        raise LicenceError(
            f"{text} CC BY-NC-ND 4.0 does not let you adapt; captions of your own (`texts recaption`) are yours"
        )


def _file(name: str) -> str:
    return f"{name}/train-00000-of-00001.parquet"


def _write(name: str, table: pa.Table, folder: Path) -> SidecarConfig:
    import pyarrow.parquet as pq

    path, plain = _file(name), table.replace_schema_metadata(None)
    with atomic_path(folder / path) as temporary, Sink(temporary, folder / path) as out:
        pq.write_table(plain, out, write_page_index=True, row_group_size=20_000)
    size, digest = (folder / path).stat().st_size, digest_of(folder / path)
    shard = Shard(path, len(table), size, plain.nbytes, digest, hash_of_ids(plain[ID].to_pylist()))
    columns = tuple((field.name, kind_of(field.type)) for field in plain.schema)
    return SidecarConfig(name, columns, (Written(folder / name, "train", (shard,), 0),))


def _card(configs: list[SidecarConfig], *, licence: str, title: str) -> str:
    import yaml

    facts = {
        "pretty_name": title,
        "license": licence,
        "language": ["en"],
        "size_categories": [size_category(sum(config.rows for config in configs))],
        "tags": ["image-editing", "pico-banana-400k"],
        "configs": [config_entry(config, default=place == 0) for place, config in enumerate(configs)],
        "dataset_info": [info_entry(config) for config in configs],
    }
    lines = ["| config | rows | columns |", "|---|---:|---|"]
    lines += [f"| `{one.name}` | {one.rows:,} | {', '.join(name for name, _ in one.columns)} |" for one in configs]
    text = _TEXT.format(title=title, table="\n".join(lines), name=configs[0].name)
    return f"---\n{yaml.safe_dump(facts, sort_keys=False)}---\n\n{text}"
