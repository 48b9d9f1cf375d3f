"""A file system of fsspec that nobody can write to, and that says so whichever way it is asked."""

from __future__ import annotations

from typing import NoReturn

from fsspec.spec import AbstractFileSystem

from pico_banana.errors import ConfigError


class ReadOnlyFileSystem(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Refuses every verb that writes; fsspec's own would do nothing, or fail with a bare `NotImplementedError`."""

    def mkdir(self, path: str, *_: object, **__: object) -> None:
        """Refuse to make a folder.

        Args:
            path: where.
        """
        _refuse(path)

    def makedirs(self, path: str, *_: object, **__: object) -> None:
        """Refuse to make folders.

        Args:
            path: where.
        """
        _refuse(path)

    def rmdir(self, path: str) -> None:
        """Refuse to remove a folder.

        Args:
            path: which.
        """
        _refuse(path)

    def rm(self, path: str | list[str], *_: object, **__: object) -> None:
        """Refuse to remove anything.

        Args:
            path: what.
        """
        _refuse(path)

    def rm_file(self, path: str) -> None:
        """Refuse to remove a picture.

        Args:
            path: which.
        """
        _refuse(path)

    def cp_file(self, path1: str, path2: str, *_: object, **__: object) -> None:
        """Refuse to copy a picture to another address; `get` copies it out.

        Args:
            path1: from where.
            path2: to where.
        """
        del path1
        _refuse(path2)

    def mv(self, path1: str, path2: str, *_: object, **__: object) -> None:
        """Refuse to move a picture.

        Args:
            path1: from where.
            path2: to where.
        """
        del path2
        _refuse(path1)

    def put_file(self, lpath: str, rpath: str, *_: object, **__: object) -> None:
        """Refuse to take a file in.

        Args:
            lpath: a file of one's own.
            rpath: to where.
        """
        del lpath
        _refuse(rpath)

    def pipe_file(self, path: str, value: bytes, *_: object, **__: object) -> None:
        """Refuse to take content in.

        Args:
            path: to where.
            value: the content.
        """
        del value
        _refuse(path)

    def touch(self, path: str, *_: object, **__: object) -> None:
        """Refuse to make or empty a file.

        Args:
            path: where.
        """
        _refuse(path)

    def require_reading(self, path: str, mode: str) -> None:
        """Refuse to open for anything but reading.

        Args:
            path: what is opened.
            mode: how.
        """
        if mode not in {"rb", "r"}:
            _refuse(path)


def _refuse(path: object) -> NoReturn:
    text = (
        f"picobanana:// is read-only, so nothing at {path} can be written, moved or removed; "
        "get() copies pictures out, to where the file system of their new place can"
    )
    raise ConfigError(text, key="path")
