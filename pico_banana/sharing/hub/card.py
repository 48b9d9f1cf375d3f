"""The dataset card: YAML the Hub and `datasets` read, and text for people (`card.md` is its frame)."""

from __future__ import annotations

import re
from collections import Counter
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from pico_banana import __version__
from pico_banana.mirrors.catalog import facts
from pico_banana.mirrors.fetch.sizes import readable
from pico_banana.sharing.hub.card_texts import CITATION, COLUMNS, OWN_TERMS, RELEASE_TERMS, STREAMING
from pico_banana.sharing.hub.charts import chart_lines
from pico_banana.sharing.hub.examples import example_table
from pico_banana.sharing.hub.licence import Origin
from pico_banana.sharing.parquet.columns import card_features
from pico_banana.sharing.parquet.layout import Form

if TYPE_CHECKING:
    from pico_banana.sharing.hub.published import Config, Repository

DATA_VERSION = "1.0.0"
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def card(repository: Repository) -> bytes:
    """Give the card.

    Args:
        repository: the repository, its Parquet files written.

    Returns:
        The content of `README.md`.
    """
    import yaml

    header = yaml.safe_dump(metadata(repository), sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{header}---\n\n{_text(repository)}".encode()


def metadata(repository: Repository) -> dict[str, Any]:
    """Give the card's YAML.

    Args:
        repository: the repository, its Parquet files written.

    Returns:
        The fields of https://github.com/huggingface/hub-docs/blob/main/datasetcard.md; each config has a version and a
        fingerprint, which enter the cache key of a local copy, so that changed data are never served stale.
    """
    pictures = repository.form is Form.PICTURES
    release = repository.terms.origin is Origin.RELEASE
    licences = list(repository.terms.licences)
    return {
        "pretty_name": repository.title,
        "license": licences if len(licences) > 1 else licences[0],
        "language": ["en"],
        "task_categories": ["image-text-to-image", "image-to-image"],
        "size_categories": [size_category(repository.rows)],
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated"],
        "multilinguality": ["monolingual"],
        "source_datasets": ["extended|open-images"] if release else ["original"],
        "tags": [
            "image-editing",
            "instruction-based-image-editing",
            "pico-banana-400k",
            *(["image"] if pictures else []),
        ],
        **(_gate() if repository.gated else {}),
        "configs": [config_entry(config, default=number == 0) for number, config in enumerate(repository.configs)],
        "dataset_info": [info_entry(config) for config in repository.configs],
    }


def config_entry(config: Config, *, default: bool) -> dict[str, Any]:
    """Give a config's entry in the YAML.

    Args:
        config: the config.
        default: it is the one that `load_dataset` takes without a name.

    Returns:
        Its name, version, fingerprint and files.
    """
    return {
        "config_name": config.name,
        **({"default": True} if default else {}),
        "version": DATA_VERSION,
        "description": f"data fingerprint {config.fingerprint}",
        "data_files": [{"split": split.split, "path": config.pattern(split)} for split in config.splits],
    }


def info_entry(config: Config) -> dict[str, Any]:
    """Give what `datasets` checks and the viewer shows of a config.

    Args:
        config: the config.

    Returns:
        Its columns, rows and bytes.
    """
    return {
        "config_name": config.name,
        "features": card_features(config.columns),
        "splits": [
            {"name": split.split, "num_bytes": split.data_bytes, "num_examples": split.rows} for split in config.splits
        ],
        "download_size": config.size,
        "dataset_size": config.data_bytes,
    }


def _gate() -> dict[str, Any]:
    return {
        "extra_gated_heading": "The licence of these data",
        "extra_gated_prompt": "For non-commercial use; to be shared only unchanged and with attribution.",
        "extra_gated_fields": {
            "Affiliation": "text",
            "I will use the data for non-commercial purposes only": "checkbox",
            "I will share the data only unchanged and with attribution": "checkbox",
        },
        "extra_gated_button_content": "Agree",
    }


def size_category(rows: int) -> str:
    """Name how large a repository is, as the Hub's search does.

    Args:
        rows: of all configs.

    Returns:
        Such as "1K<n<10K".
    """
    return next((name for limit, name in _SIZES if rows < limit), "1M<n<10M")


def _text(repository: Repository) -> str:
    first = repository.configs[0]
    release = repository.terms.origin is Origin.RELEASE
    pictures = repository.form is Form.PICTURES
    text = Template(files("pico_banana.sharing.hub").joinpath("card.md").read_text("utf-8")).substitute(
        title=repository.title,
        intro=_intro(repository),
        examples=example_table(repository.examples),
        default=first.name,
        load_lines="\n".join(
            f'{config.name} = load_dataset("USER/NAME", "{config.name}", split="{config.splits[0].split}")'
            for config in repository.configs
        ),
        streaming=STREAMING,
        configs_table=_configs_table(repository),
        columns_text=COLUMNS
        if pictures
        else COLUMNS.replace("Pictures are", "Pictures are not in the files: they are"),
        distribution=f"{chart_lines(repository.charts)}\n\n{_counts_table(repository)}\n"
        if _shown_counts(repository)
        else "",
        split_hint=_split_hint(repository),
        missing=_missing(repository),
        licence=RELEASE_TERMS if release else OWN_TERMS.format(licence=repository.terms.licences[0]),
        making=_making(repository),
        citation=f"## Citation\n\n{CITATION.format(paper=facts()['paper'])}" if release else "",
    )
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def _intro(repository: Repository) -> str:
    whose = "the published data" if repository.terms.origin is Origin.RELEASE else "data in the same shape, made anew"
    what = "a photo, an instruction, and the edited picture"
    form = "pictures embedded" if repository.form is Form.PICTURES else "addresses in place of pictures"
    return (
        f"Text-guided image edits: {what}; sessions of several edits in a row; edits with the attempts rejected before "
        f"them. This repository holds {whose} as Parquet, {form}: {repository.rows:,} rows, "
        f"{readable(repository.size)}."
    )


def _configs_table(repository: Repository) -> str:
    lines = ["| config | splits | rows | files | size |", "|---|---|---:|---:|---:|"]
    for config in repository.configs:
        splits = ", ".join(f"{split.split} {split.rows:,}" for split in config.splits)
        count = sum(len(split.shards) for split in config.splits)
        lines.append(f"| `{config.name}` | {splits} | {config.rows:,} | {count} | {readable(config.size)} |")
    return "\n".join(lines)


def _shown_counts(repository: Repository) -> dict[str, int]:
    return next((dict(config.counts) for config in repository.configs if config.counts), {})


def _counts_table(repository: Repository) -> str:
    from pico_banana.taxonomy import edit_types

    category_of = {str(kind): kind.category.label for kind in edit_types()}
    totals: Counter[str] = Counter()
    for name, count in _shown_counts(repository).items():
        totals[category_of.get(name, "Unknown")] += count
    lines = ["| category | rows |", "|---|---:|"]
    return "\n".join([*lines, *(f"| {name} | {count:,} |" for name, count in totals.most_common())])


def _split_hint(repository: Repository) -> str:
    if len(repository.configs[0].splits) > 1:
        return "the splits here part the photos, the same way in every config."
    return '`pico_banana` parts the photos, the same way in every subset: `pb.load(..., split="train_90_5_5")`.'


def _missing(repository: Repository) -> str:
    if not repository.missing:
        return ""
    gone = sum(missing.gone for missing in repository.missing)
    return (
        f"- **{len(repository.missing):,} pictures are null**: {gone:,} are gone or broken where they were published, "
        f"{len(repository.missing) - gone:,} could not be fetched when this repository was made.\n"
    )


def _making(repository: Repository) -> str:
    own = repository.terms.origin is Origin.OWN
    source = "from data made or chosen by the publisher" if own else "from the published files, unchanged"
    if repository.terms.changes:
        source = f"with permission, as a changed copy: {'; '.join(repository.terms.changes)}"
    return (
        f"Written by `pico-banana publish` {__version__}, {source}. Pictures are embedded byte for byte. "
        "`index/pictures.parquet` says where each lies, so that one Range request reads one. "
        "`jsonl/` holds the rows as lines, in the published layout."
    )
