"""WebDataset: tar shards with `{key}.input.jpg`, `{key}.edited.png`, `{key}.json`; preferences add a rejected one.

Pictures that stay as published go from file to tar inside the kernel.
"""

from __future__ import annotations

import json
import tarfile
from itertools import islice
from typing import IO, TYPE_CHECKING

from pico_banana.mirrors.store import atomic_path
from pico_banana.mirrors.writing import write_whole
from pico_banana.records import Subset
from pico_banana.sharing.export.choices import each_pair
from pico_banana.sharing.export.pictures import send
from pico_banana.sharing.export.registry import EDITS, Format
from pico_banana.sharing.export.shards import shard_names, write_shards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.export.options import ExportOptions
    from pico_banana.sharing.export.pictures import Picture

_ROLES = {"source": ("input", "jpg"), "edited": ("edited", "png"), "rejected0": ("rejected", "png")}
_CODECS = {"jpeg": "jpg", "png": "png"}
_PLAIN_NAME, _PLAIN_SIZE = 100, 8**11  # what the fields of a plain header hold
_OWNER = b"0000644\0" + b"0000000\0" * 2
_TIME = b"%011o\0" % 0
_POSIX = b"ustar\x0000" + bytes(247)
_END = bytes(2 * tarfile.BLOCKSIZE)


def _write(job: Job) -> None:
    size = job.options.shard_rows
    pairs = job.dataset.subset is Subset.PREFERENCE
    # One rejected edit a sample: `datasets` refuses shards whose samples have different members.
    edits = list(each_pair(job.edits(rejected=True)) if pairs else job.edits())
    names = shard_names(len(edits), size, f"{job.options.split}-{{number}}.tar")

    def write(number: int, name: str) -> int:
        part = islice(edits, number * size, (number + 1) * size)
        with atomic_path(job.folder / name) as temporary, temporary.open("wb", buffering=0) as file:
            ready = job.with_pictures(part, tally=False)
            written = sum(_add_edit(file, edit, pictures, job.options) for edit, pictures in ready)
            write_whole(file, _END)
        return written

    write_shards(job, names, write)


def _add_edit(tar: IO[bytes], edit: Edit, pictures: dict[str, Picture], options: ExportOptions) -> int:
    for role, picture in pictures.items():
        _add_picture(tar, f"{edit.key}.{_member(role, options.codec)}", picture)
    about = {"id": edit.id, "instruction": edit.instruction, "edit_type": edit.edit_type, "category": edit.category}
    data = json.dumps(about, ensure_ascii=options.ascii).encode()
    write_whole(tar, b"".join(_padded(f"{edit.key}.json", data)))
    return 1


def _member(role: str, codec: str) -> str:
    """Name a member by its role alone: readers want the same members in every sample, whatever the codec of one."""
    name, usual = _ROLES[role]
    return f"{name}.{_CODECS.get(codec, usual)}"


def _add_picture(tar: IO[bytes], name: str, picture: Picture) -> None:
    if picture.path is None:
        write_whole(tar, b"".join(_padded(name, picture.read())))
        return
    write_whole(tar, _header(name, picture.size))
    with picture.path.open("rb", buffering=0) as file:
        send(file, tar, picture.size)
    write_whole(tar, bytes(-picture.size % tarfile.BLOCKSIZE))


def _padded(name: str, data: bytes) -> Iterator[bytes]:
    yield _header(name, len(data))
    yield data
    yield bytes(-len(data) % tarfile.BLOCKSIZE)


def _header(name: str, size: int) -> bytes:
    """Make a member's header: the plain form of POSIX at once, which `tarfile` takes 15 times as long for."""
    raw = name.encode()
    if len(raw) <= _PLAIN_NAME and size < _PLAIN_SIZE and raw.isascii():
        start, end = raw.ljust(100, b"\0") + _OWNER + b"%011o\0" % size + _TIME, b"0" + bytes(100) + _POSIX
        return b"%b%06o\0 %b" % (start, sum(start) + sum(end) + 8 * ord(" "), end)
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member.tobuf(tarfile.PAX_FORMAT)


FORMAT = Format("webdataset", "tar shards for webdataset and load_dataset('webdataset')", EDITS, _write, splits=True)
