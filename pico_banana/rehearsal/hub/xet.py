"""Xet, the transport of current clients: the token, the blocks they upload, and files put together from them.

A client cuts files into chunks by content, packs the chunks it has not sent before into xorbs, and then says in a shard
which chunks make which file. The formats are those of https://huggingface.co/docs/xet; only what an upload needs is
here. Files come back by plain HTTP, as they do from the Hub for clients without Xet.
"""

from __future__ import annotations

import re
import struct
import time
from itertools import islice
from typing import TYPE_CHECKING

from pico_banana.mirrors.store import write_atomic
from pico_banana.rehearsal.hub.calls import Call, Refusal, Reply, json_reply, writable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HASH_BYTES = 32
_ENTRY_BYTES = 48  # of everything in a shard
_BOOKEND = b"\xff" * _HASH_BYTES
_VERIFIED, _WITH_SHA256 = 1 << 31, 1 << 30
_CHUNK_HEAD = 8
_NONE, _LZ4, _GROUPED = 0, 1, 2
_TOKEN_SECONDS = 3600


# `GET /api/datasets/<repo>/xet-write-token/<revision>`
def _write_token(call: Call) -> Reply:
    writable(call)
    ends = int(time.time()) + _TOKEN_SECONDS
    headers = {"X-Xet-Cas-Url": f"{call.base}/xet", "X-Xet-Access-Token": "xet", "X-Xet-Token-Expiration": str(ends)}
    reply = json_reply({"casUrl": f"{call.base}/xet", "accessToken": "xet", "exp": ends})
    return Reply(reply.status, reply.body, {**reply.headers, **headers})


# `GET /xet/v1/chunks/<prefix>/<hash>`: no chunk is known but those that this client sent itself
def _chunk(call: Call) -> Reply:
    raise Refusal(404, "NotFound", f"no shard has the chunk {call.names['hash']}")


# `POST /xet/v1/xorbs/<prefix>/<hash>`
def _xorb(call: Call) -> Reply:
    file = _place(call, call.names["hash"])
    new = not file.is_file()
    if new:
        write_atomic(file, call.body)
    return json_reply({"was_inserted": new})


# `POST /xet/v1/shards`
def _shard(call: Call) -> Reply:
    for pieces in _files(call.body):
        call.settings.repos.put(b"".join(_content(call, *piece) for piece in pieces))
    return json_reply({"result": 1})


def _place(call: Call, name: str) -> Path:
    return call.settings.repos.folder / "xorbs" / name


def _files(shard: bytes) -> Iterator[list[tuple[str, int, int]]]:
    """Give the files of a shard, each as (xorb, first chunk, chunk behind the last) of its pieces."""
    place = _ENTRY_BYTES
    while (name := shard[place : place + _HASH_BYTES]) and name != _BOOKEND:
        flags, count = struct.unpack_from("<II", shard, place + _HASH_BYTES)
        place += _ENTRY_BYTES
        yield [_piece(shard, place + number * _ENTRY_BYTES) for number in range(count)]
        more = (count if flags & _VERIFIED else 0) + (1 if flags & _WITH_SHA256 else 0)
        place += (count + more) * _ENTRY_BYTES


def _piece(shard: bytes, place: int) -> tuple[str, int, int]:
    words = struct.unpack_from("<4Q", shard, place)
    first, last = struct.unpack_from("<II", shard, place + _HASH_BYTES + 8)
    return "".join(f"{word:016x}" for word in words), first, last


def _content(call: Call, xorb: str, first: int, last: int) -> bytes:
    file = _place(call, xorb)
    if not file.is_file():
        raise Refusal(400, "XorbMissing", f"the xorb {xorb} was never uploaded")
    return b"".join(islice(_chunks(file.read_bytes()), first, last))


def _chunks(xorb: bytes) -> Iterator[bytes]:
    """Give the chunks of a xorb: each a version, its length, how it is compressed, its length without that."""
    import pyarrow as pa

    place = 0
    while place + _CHUNK_HEAD <= len(xorb) and xorb[place] == 0:
        length, kind = int.from_bytes(xorb[place + 1 : place + 4], "little"), xorb[place + 4]
        size = int.from_bytes(xorb[place + 5 : place + _CHUNK_HEAD], "little")
        place += _CHUNK_HEAD
        data = xorb[place : place + length]
        place += length
        if kind in {_LZ4, _GROUPED}:
            data = pa.decompress(data, decompressed_size=size, codec="lz4", asbytes=True)
        yield _regrouped(data) if kind == _GROUPED else data


def _regrouped(data: bytes) -> bytes:
    """Undo "byte grouping 4": every fourth byte lay together."""
    out, place = bytearray(len(data)), 0
    for number in range(4):
        size = (len(data) - number + 3) // 4
        out[number::4] = data[place : place + size]
        place += size
    return bytes(out)


ROUTES = tuple(
    ((method,), re.compile(pattern), handler)
    for method, pattern, handler in (
        ("GET", r"/api/datasets/(?P<repo>[^/]+/[^/]+)/xet-write-token/(?P<revision>[^/]+)", _write_token),
        ("GET", r"/xet/v1/chunks/[^/]+/(?P<hash>[0-9a-f]{64})", _chunk),
        ("POST", r"/xet/v1/xorbs/[^/]+/(?P<hash>[0-9a-f]{64})", _xorb),
        ("POST", r"/xet(?:/v1)?/shards", _shard),
    )
)
