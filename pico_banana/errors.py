"""Every error this library raises on purpose, in one tree.

::

    PicoBananaError
    ├── UnknownNameError (ValueError)        a name that is not in a list; carries the nearest
    ├── SelectionError (ValueError)          a Selection that contradicts itself
    ├── ConfigError (ValueError)             a configuration file, variable or option that cannot be used
    ├── RowError (ValueError)                a line of a rows file that is not a row
    ├── LicenceError (PermissionError)       the licence of the data does not allow this
    ├── MissingExtraError (ImportError)      an optional package is not installed
    ├── MirrorError (OSError)                a mirror that is not there, or has no such file
    ├── StoreError (OSError)                 the local store cannot be read or written
    │   ├── DiskFullError                    there is no room for what was asked
    │   └── ShardHeldError                   another process is at the shard
    ├── PictureError (OSError)               a picture that cannot be had
    │   ├── PictureMissingError (FileNotFoundError)  nobody has it; asking again will not help
    │   └── PictureCorruptError (ValueError)         the bytes are not the picture they should be
    ├── TransportError (ConnectionError)     a request that failed; ask again later
    │   ├── ThrottledError                   the server asked us to slow down
    │   ├── ServerError                      the server failed (5xx)
    │   ├── InterruptedTransferError         the connection broke, or stood still
    │   └── RequestRefusedError              the server will never answer this request (4xx)
    │       └── GoneError                    the file is not there (404, 410)
    ├── ExportError (RuntimeError)           an export that cannot go on
    └── ModelError (RuntimeError)            a model backend did not do its work
        ├── RefusedError                     the model declined; never retried, never judged
        ├── ModelReplyError (ValueError)     the reply is not what the schema says
        ├── ModelUnavailableError            the service failed; ask again later
        ├── RunStoppedError                  going on would only waste money, or cannot work before a later time
        └── BudgetError                      the next call could exceed the budget

Whether an operation is tried again is decided by class alone: `TransportError.retryable`, `ModelError.retryable`. The
text says what was wrong, what would be right, and what to do; the facts are attributes.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from pico_banana.telling import Carded, redacted, told

if TYPE_CHECKING:
    from collections.abc import Iterable

_LISTED_WHOLE = 12  # so many names still fit a message


class PicoBananaError(Carded, Exception):
    """Base of every error this library raises on purpose; its text went through `telling.told`."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(told(part) if isinstance(part, str) else part for part in args))


class UnknownNameError(PicoBananaError, ValueError):
    """A name that is not in the list it should be in.

    Attributes:
        kind: what the name should be, e.g. "edit type".
        name: the name as given.
        suggestions: known names near it, best first.
    """

    def __init__(self, message: str, *, kind: str = "", name: str = "", suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.kind, self.name, self.suggestions = kind, name, suggestions


class SelectionError(PicoBananaError, ValueError):
    """A Selection whose parts contradict each other or do not fit the subset."""


class ConfigError(PicoBananaError, ValueError):
    """A configuration file, environment variable or option (`key`, dotted) that cannot be used."""

    def __init__(self, message: str, *, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class RowError(PicoBananaError, ValueError):
    """A line of a rows file that is not a row.

    Attributes:
        file: the file's path or address.
        line: 1-based line number in that file.
        field: the published key at fault, empty when the whole line is.
    """

    def __init__(self, message: str, *, file: str = "", line: int = 0, field: str = "") -> None:
        super().__init__(message)
        self.file, self.line, self.field = redacted(file), line, field


class LicenceError(PicoBananaError, PermissionError):
    """The licence of the data does not allow what was asked."""


class MissingExtraError(PicoBananaError, ImportError):
    """An optional package is needed and not installed.

    Attributes:
        package: the package that is missing.
        extra: the extra of pico-banana that brings it.
    """

    def __init__(self, message: str, *, package: str = "", extra: str = "") -> None:
        super().__init__(message)
        self.package, self.extra = package, extra


class MirrorError(PicoBananaError, OSError):
    """A mirror (`mirror`, its root without secrets) that is not there, or does not hold a file it should."""

    def __init__(self, message: str, *, mirror: str = "") -> None:
        super().__init__(message)
        self.mirror = redacted(mirror)


class StoreError(PicoBananaError, OSError):
    """The local store cannot be read or written; `path` is the file or folder at fault."""

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(message)
        self.path = redacted(path)


class DiskFullError(StoreError):
    """There is no room for what was asked; what was already stored is intact."""


class ShardHeldError(StoreError):
    """Another process is at the shard; it shows signs of life."""


class PictureError(PicoBananaError, OSError):
    """A picture that cannot be had.

    Attributes:
        address: the picture's `picobanana://` address.
    """

    def __init__(self, message: str, *, address: str = "") -> None:
        super().__init__(message)
        self.address = redacted(address)


class PictureMissingError(PictureError, FileNotFoundError):
    """Nobody has this picture; asking again will not help."""


class PictureCorruptError(PictureError, ValueError):
    """The bytes are not the picture they should be: cut off, another format, or hostile."""


class TransportError(PicoBananaError, ConnectionError):
    """A request that failed.

    Attributes:
        url: the address asked for, without its secrets.
        status: the HTTP status, 0 when there was none.
        retry_after: seconds the server asked us to wait, or None.
    """

    retryable = True

    def __init__(self, message: str, *, url: str = "", status: int = 0, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.url, self.status, self.retry_after = redacted(url), status, retry_after


class ThrottledError(TransportError):
    """The server asked us to slow down (429, or 503 with a date to come back)."""


class ServerError(TransportError):
    """The server failed (5xx)."""


class InterruptedTransferError(TransportError):
    """The connection broke, stood still, or ended too early; `connected` is False when there was none at all."""

    connected = True


class RequestRefusedError(TransportError):
    """The server will never answer this request (a 4xx other than 408 and 429)."""

    retryable = False


class GoneError(RequestRefusedError):
    """The file is not there (404, 410)."""


class ExportError(PicoBananaError, RuntimeError):
    """An export that cannot go on; what was already written is intact."""


class ModelError(PicoBananaError, RuntimeError):
    """A model backend did not do its work.

    Attributes:
        backend: the backend's name.
        retry_after: seconds the service asked us to wait, or None.
    """

    retryable = False

    def __init__(self, message: str, *, backend: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.backend, self.retry_after = backend, retry_after


class RefusedError(ModelError):
    """The model declined this request; a record of its own, never retried, never judged.

    Attributes:
        reason: the finish reason or refusal text as the service gave it.
    """

    def __init__(self, message: str, *, backend: str = "", reason: str = "") -> None:
        super().__init__(message, backend=backend)
        self.reason = reason


class ModelReplyError(ModelError, ValueError):
    """A reply that is not what its schema says.

    Attributes:
        reply: the raw reply, as text.
    """

    def __init__(self, message: str, *, backend: str = "", reply: str = "") -> None:
        super().__init__(message, backend=backend)
        self.reply = reply


class ModelUnavailableError(ModelError):
    """The service failed, throttled or hung up; ask again later."""

    retryable = True


class RunStoppedError(ModelError):
    """Going on would only waste money, or cannot work before a later time; what was answered is kept."""


class BudgetError(ModelError):
    """The next call could exceed the budget; nothing was spent beyond it."""


def nearest(name: str, known: Iterable[str], *, count: int = 3) -> tuple[str, ...]:
    """Give the known names most like `name`, best first.

    Args:
        name: the name that was not found.
        known: the names it could have been.
        count: how many to give at most; none when nothing is near.
    """
    by_folded = {candidate.casefold(): candidate for candidate in known}
    return tuple(by_folded[hit] for hit in get_close_matches(name.casefold(), by_folded, n=count, cutoff=0.55))


def unknown_name(kind: str, name: str, known: Iterable[str], *, see: str = "") -> UnknownNameError:
    """Build the error for a name that is not in its list.

    Args:
        kind: what the name should be, e.g. "edit type".
        name: the name as given.
        known: every name that would have been right.
        see: where to look them up, e.g. "`pico-banana types`".

    Returns:
        An error that suggests the nearest names, or lists them all when few.
    """
    suggestions = nearest(str(name), names := list(known))  # what was given may be of any type
    hint = f"Did you mean {' or '.join(repr(s) for s in suggestions)}?" if suggestions else ""
    if not hint and 0 < len(names) <= _LISTED_WHOLE:
        hint = f"Known: {', '.join(names)}."
    hint = f"{hint} See {see}.".strip() if see else hint
    return UnknownNameError(f"unknown {kind} {name!r}. {hint}".strip(), kind=kind, name=name, suggestions=suggestions)


def missing_extra(package: str, extra: str, purpose: str) -> MissingExtraError:
    """Build the error for an optional package that is not installed.

    Args:
        package: the import name.
        extra: the extra of pico-banana that brings it, named in the command that mends it.
        purpose: what it is needed for, e.g. "SQL over rows".
    """
    text = f"{purpose} needs the package '{package}'. Install it with: pip install 'pico-banana[{extra}]'"
    return MissingExtraError(text, package=package, extra=extra)
