"""Croissant metadata (JSON-LD, http://mlcommons.org/croissant/1.0): what is in the files, for tools of any kind.

The Hub writes such a file of its own for a repository it can convert; this one serves a folder, or an archive.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pico_banana.mirrors.store import write_atomic
from pico_banana.sharing.hub.card import DATA_VERSION
from pico_banana.sharing.hub.hashes import Hashes
from pico_banana.sharing.hub.licence import Origin
from pico_banana.sharing.hub.published import CROISSANT, Config, Repository
from pico_banana.sharing.parquet.columns import Fields, Kind, Label, Many, Picture, Plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_LICENCE_URLS = {
    "cc-by-nc-nd-4.0": "https://creativecommons.org/licenses/by-nc-nd/4.0/",
    "cc-by-2.0": "https://creativecommons.org/licenses/by/2.0/",
    "cc-by-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
}
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def write_croissant(repository: Repository) -> None:
    """Write `croissant.json`.

    Args:
        repository: the repository, its Parquet files written.
    """
    text = json.dumps(croissant(repository), indent=2, ensure_ascii=False)
    write_atomic(repository.folder / CROISSANT, text.encode())


def croissant(repository: Repository) -> dict[str, Any]:
    """Describe the files and their columns.

    Args:
        repository: the repository, its Parquet files written.

    Returns:
        JSON-LD of Croissant 1.0: a file object and a record set for each config.
    """
    release = repository.terms.origin is Origin.RELEASE
    about = f"Text-guided image edits: {repository.rows:,} rows in {len(repository.configs)} configs."
    described = described_configs(
        repository.folder, repository.configs, title=repository.title, about=about, licences=repository.terms.licences
    )
    cited = {"datePublished": "2025-10-22", "citeAs": "arXiv:2510.19808"} if release else {}
    return {**described, "name": "pico-banana-400k", **cited}


def described_configs(
    folder: Path, configs: Sequence[Config], *, title: str, about: str, licences: Sequence[str]
) -> dict[str, Any]:
    """Describe the files and columns of configs.

    Args:
        folder: the repository's.
        configs: the configs, written.
        title: the repository's name for people.
        about: what it is, in a sentence.
        licences: the Hub's identifiers.

    Returns:
        JSON-LD of Croissant 1.0.
    """
    with Hashes(folder) as hashes:
        files = [entry for config in configs for entry in _files(config, hashes)]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": re.sub(r"[^A-Za-z0-9-]+", "-", title).strip("-").lower() or "annotations",
        "alternateName": title,
        "description": about,
        "license": [_LICENCE_URLS.get(name, name) for name in licences],
        "url": "https://arxiv.org/abs/2510.19808",  # the paper describes the shape, also of what was made anew
        "version": DATA_VERSION,
        "inLanguage": "en",
        "distribution": files,
        "recordSet": [_record_set(config) for config in configs],
    }


def _files(config: Config, hashes: Hashes) -> list[dict[str, Any]]:
    objects = [
        {
            "@type": "cr:FileObject",
            "@id": shard.file,
            "name": shard.file,
            "contentUrl": shard.file,
            "contentSize": f"{shard.size} B",
            "encodingFormat": "application/x-parquet",
            "sha256": hashes.sha256(shard.file),
        }
        for split in config.splits
        for shard in split.shards
    ]
    together = {
        "@type": "cr:FileSet",
        "@id": _files_id(config),
        "name": _files_id(config),
        "description": f"The Parquet files of {config.name}.",
        "encodingFormat": "application/x-parquet",
        "includes": f"{config.name}/*.parquet",
    }
    return [*objects, together]


def _files_id(config: Config) -> str:
    return f"{config.name}-files"


def _record_set(config: Config) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": config.name,
        "name": config.name,
        "description": f"{config.rows:,} rows",
        "key": {"@id": f"{config.name}/id"},
        "field": [_field(config, name, kind) for name, kind in config.columns],
    }


def _field(config: Config, name: str, kind: Kind) -> dict[str, Any]:
    extract: dict[str, Any] = {"column": name}
    item = kind.item if isinstance(kind, Many) else kind
    shared: dict[str, Any] = {"@type": "cr:Field", "@id": f"{config.name}/{name}", "name": name}
    if isinstance(kind, Many):
        shared["repeated"] = True
    source: dict[str, Any] = {"fileSet": {"@id": _files_id(config)}, "extract": extract}
    if isinstance(item, Picture):
        source["transform"] = {"jsonPath": "bytes"}
    if isinstance(item, Fields):
        return {**shared, "subField": [_sub_field(config, name, inner, of) for inner, of in item.fields]}
    return {**shared, "dataType": _data_type(item), "source": source}


def _sub_field(config: Config, parent: str, name: str, kind: Kind) -> dict[str, Any]:
    path = f"$[*].{name}.bytes" if isinstance(kind, Picture) else f"$[*].{name}"
    return {
        "@type": "cr:Field",
        "@id": f"{config.name}/{parent}/{name}",
        "name": name,
        "repeated": True,
        "dataType": _data_type(kind),
        "source": {
            "fileSet": {"@id": _files_id(config)},
            "extract": {"column": parent},
            "transform": {"jsonPath": path},
        },
    }


def _data_type(kind: Kind) -> str:
    match kind:
        case Picture():
            return "sc:ImageObject"
        case Label():
            return "sc:Integer"
        case Plain("bool"):
            return "sc:Boolean"
        case Plain(dtype) if dtype.startswith("float"):
            return "sc:Float"
        case Plain(dtype) if dtype.startswith(("int", "uint")):
            return "sc:Integer"
        case _:
            return "sc:Text"
