r"""A rows file as blocks of whole lines: plain, gzip or Zstandard; `\\n` ends a line and nothing else does.

`str.splitlines` would also split on U+2028, which stands inside published texts, so lines are cut as bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from pico_banana.errors import RowError, missing_extra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BLOCK_BYTES = 1 << 20
LINE_BYTES = 16 << 20  # published rows have about 600; a longer line is refused before it fills the memory
# Compressed. Its text can be 30,000 times as long, so that small pieces keep a hostile file's from filling the memory.
_ZSTANDARD_BYTES = 1 << 10
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Block:
    r"""Some whole lines of a rows file.

    Attributes:
        data: the lines, UTF-8, each with its `\\n`; the file's last line may lack it.
        first_line: the 1-based number of the first line.
        too_long: the block stands for one line of more than `LINE_BYTES`, whose content was thrown away.
    """

    data: bytes
    first_line: int
    too_long: bool = False

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Give each line that is not blank.

        Yields:
            The 1-based line number and the line without its end.
        """
        for offset, line in enumerate(self.data.split(b"\n")):
            if stripped := line.strip():
                yield self.first_line + offset, stripped


class RowsReader:
    """Reads one rows file in blocks, and knows the hash of what it read.

    Attributes:
        path: the rows file, `.jsonl`, or that with `.gz` or `.zst` behind it.
    """

    def __init__(self, path: Path) -> None:
        """Get ready to read a file; nothing is opened yet."""
        self.path = path
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """SHA-256 of the file on disk, in hexadecimal; of the whole file once `blocks` has ended."""
        return self._digest.hexdigest()

    def blocks(self, *, on_bytes: Callable[[int], object] | None = None) -> Iterator[Block]:
        """Cut the file into blocks of whole lines.

        Args:
            on_bytes: told how many more bytes of the file on disk were read.

        Yields:
            Blocks of about `BLOCK_BYTES`; a longer line makes a longer block, up to `LINE_BYTES`.

        Raises:
            RowError: a compressed file is damaged or cut off.
            MissingExtraError: a `.zst` file, and no zstandard installed.
        """
        line, rest, dropping = 1, b"", False
        with self.path.open("rb") as raw:
            chunks = _chunks(_Tally(raw, self._digest.update, on_bytes), self.path)
            while chunk := self._next(chunks, line):
                if dropping:
                    _, ended, chunk = chunk.partition(b"\n")
                    dropping, line = not ended, line + len(ended)
                data = rest + chunk
                if data.find(b"\n") > LINE_BYTES:  # ends in this chunk: too long wherever blocks happen to end
                    yield Block(b"", line, too_long=True)
                    line, data = line + 1, data[data.find(b"\n") + 1 :]
                end = data.rfind(b"\n") + 1
                if end:
                    yield _block(data[:end], line)
                    line += data.count(b"\n", 0, end)
                rest = data[end:]
                if len(rest) > LINE_BYTES:
                    yield Block(b"", line, too_long=True)
                    rest, dropping = b"", True
        if rest:
            yield _block(rest, line)

    def _next(self, chunks: Iterator[bytes], line: int) -> bytes:
        try:
            return next(chunks, b"")
        except Exception as error:
            # zstandard is optional, so the class of its error cannot be named here
            if not isinstance(error, (EOFError, gzip.BadGzipFile, zlib.error)) and type(error).__name__ != "ZstdError":
                raise
            text = f"{self.path}:{line}: the compressed file is damaged or cut off ({error}); fetch it again"
            raise RowError(text, file=str(self.path), line=line) from error


def _block(data: bytes, line: int) -> Block:
    return Block(data.removeprefix(_BOM) if line == 1 else data, line)


class _Tally(io.RawIOBase):
    """A file that tells what was read from it."""

    def __init__(
        self, raw: IO[bytes], on_data: Callable[[bytes], None], on_bytes: Callable[[int], object] | None
    ) -> None:
        super().__init__()
        self._raw, self._on_data, self._on_bytes = raw, on_data, on_bytes

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._raw.read(size)
        self._on_data(data)
        if self._on_bytes is not None:
            self._on_bytes(len(data))
        return data


def _chunks(raw: _Tally, path: Path) -> Iterator[bytes]:
    """Read a file, decompressed as its name says."""
    if path.suffix == ".zst":
        yield from _zstandard(raw, path)
        return
    file = gzip.GzipFile(fileobj=cast("IO[bytes]", raw)) if path.suffix == ".gz" else raw
    while chunk := file.read(BLOCK_BYTES):
        yield chunk


def _zstandard(raw: _Tally, path: Path) -> Iterator[bytes]:
    # Frame by frame, because the package's own reader takes a file that is cut off for a whole one.
    try:
        import zstandard
    except ImportError as error:
        raise missing_extra("zstandard", "zstd", f"Reading {path.name}") from error
    decompressor = zstandard.ZstdDecompressor()
    frame = None
    texts: list[bytes] = []
    while data := raw.read(_ZSTANDARD_BYTES):
        while data:
            frame = frame or decompressor.decompressobj()
            texts.append(frame.decompress(data))
            data, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
        if sum(map(len, texts)) >= BLOCK_BYTES:
            yield from _cut(b"".join(texts))
            texts = []
    yield from _cut(b"".join(texts))
    if frame is not None:
        raise EOFError("the last frame does not end")


def _cut(text: bytes) -> Iterator[bytes]:
    return (text[start : start + BLOCK_BYTES] for start in range(0, len(text), BLOCK_BYTES))
