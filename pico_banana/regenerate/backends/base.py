"""The plug points: who writes, shortens, edits and judges, and, where it is wanted, who looks at the photos first.

A backend is any object with one of the five methods, or with one of those for texts in `texts`; plain or a coroutine.
It returns a `Reply`, also when the model refused or sent no picture: such a call costs money and is a record of its
own. It raises `ModelUnavailableError` when the service failed and may be asked again, `ConfigError` when it never will
answer this account or model. Others' backends are found by the entry-point group `pico_banana.regenerate`.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from importlib import import_module
from typing import Any, Protocol, TypeAlias, TypeVar, cast, runtime_checkable

from pico_banana.errors import ConfigError, unknown_name
from pico_banana.mirrors.plugins import load_plugin, plugin_names
from pico_banana.regenerate.backends.json_replies import repaired
from pico_banana.regenerate.values import Instruction, KnownObject, Picture, Reply, Usage, counted
from pico_banana.taxonomy import EditType  # noqa: TC001 - see above

ENTRY_POINT_GROUP = "pico_banana.regenerate"
SHIPPED = {
    "procedural": "pico_banana.regenerate.backends.procedural:backend",
    "gemini": "pico_banana.regenerate.backends.gemini:backend",
    "openai": "pico_banana.regenerate.backends.openai:backend",
    "diffusers": "pico_banana.regenerate.backends.diffusers:backend",
    "python": "pico_banana.regenerate.backends.function:backend",
    "editscore": "pico_banana.regenerate.backends.editscore:backend",
    "editreward": "pico_banana.regenerate.backends.editreward:backend",
}

RequestT = TypeVar("RequestT")
MaybeAwaitable: TypeAlias = Reply | Awaitable[Reply]


@dataclass(frozen=True, slots=True)
class InventoryRequest:
    """Asks what a photo shows, and what could be done with it.

    Attributes:
        photo: the source photo.
        prompt: the whole prompt, with the edit types and what is known already.
        schema: the JSON schema the reply must follow.
        edit_types: slugs of the types that are asked about.
        objects: what is known to be in the photo.
        seed: for services that take one.
    """

    photo: Picture
    prompt: str
    schema: Mapping[str, Any]
    edit_types: tuple[str, ...] = ()
    objects: tuple[KnownObject, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """Asks for one instruction.

    Attributes:
        photo: the picture as it is now: the source photo, or the result of the turn before.
        edit_type: the type the instruction must be of.
        prompt: the whole prompt, type and history included.
        history: the instructions of the turns before.
        objects: what is known to be in the source photo.
        seed: for services and writers that take one.
    """

    photo: Picture
    edit_type: EditType
    prompt: str
    history: tuple[str, ...] = ()
    objects: tuple[KnownObject, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ShortenRequest:
    """Asks for the short form of an instruction.

    Attributes:
        instruction: the long instruction, with its recipe.
        prompt: the whole prompt, the instruction included.
        seed: for services that take one.
    """

    instruction: Instruction
    prompt: str
    seed: int = 0


@dataclass(frozen=True, slots=True)
class EditRequest:
    """Asks for an edited picture.

    Attributes:
        photo: the picture to edit.
        instruction: what to do.
        edit_type: its type.
        prompt: the text to send to a model.
        seed: differs from attempt to attempt, so that a retry is a new draw.
    """

    photo: Picture
    instruction: Instruction
    edit_type: EditType
    prompt: str
    seed: int = 0


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """Asks for scores of an edit.

    Attributes:
        edited: the result; a model sees it first.
        inputs: the picture it was made from; for turns after the first the source photo too, before it. None for an
            axis that is judged by the result alone.
        instruction: what was asked.
        edit_type: its type.
        prompt: the whole prompt: rubric, guidance for the type, instruction.
        schema: the JSON schema the reply must follow.
        seed: for services that take one.
    """

    edited: Picture
    inputs: tuple[Picture, ...]
    instruction: Instruction
    edit_type: EditType
    prompt: str
    schema: Mapping[str, Any]
    seed: int = 0


@runtime_checkable
class PhotoReader(Protocol):
    """Says what a photo shows and which edit types suit it; replies with JSON text after the request's schema."""

    def inventory(self, request: InventoryRequest) -> MaybeAwaitable:
        """Take the inventory of one photo."""


@runtime_checkable
class InstructionWriter(Protocol):
    """Writes the instruction of one turn; replies with JSON text, see `instruct.parse_written`."""

    def write(self, request: WriteRequest) -> MaybeAwaitable:
        """Write one instruction for the picture as it is now."""


@runtime_checkable
class Shortener(Protocol):
    """Rewrites a long instruction as a short one; replies with plain text."""

    def shorten(self, request: ShortenRequest) -> MaybeAwaitable:
        """Write the short form."""


@runtime_checkable
class ImageEditor(Protocol):
    """Applies one instruction to one picture."""

    def edit(self, request: EditRequest) -> MaybeAwaitable:
        """Give the edited picture."""


@runtime_checkable
class Judge(Protocol):
    """Scores one edit; replies with JSON text that follows the request's schema."""

    def judge(self, request: JudgeRequest) -> MaybeAwaitable:
        """Give scores with reasons."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How one stage reaches its model: a `[writer]`, `[shortener]`, `[editor]` or `[judge]` table of the configuration.

    Attributes:
        backend: a shipped or installed backend's name.
        model: the model's name at the service; empty for a backend that has only one.
        base_url: where the service is, when not at its usual address.
        project: the Google Cloud project, to ask Gemini on Vertex; empty for the Gemini API.
        location: the Vertex location, e.g. "europe-west4"; empty for "global".
        key_env: the environment variable that holds the key; empty for the backend's usual one.
        concurrency: most calls at a time.
        requests_per_minute: hard limit; 0 for none.
        tokens_per_minute: hard limit; 0 for none.
        timeout_s: seconds until a call counts as hung.
        max_output_tokens: longest reply; also bounds the cost that is reserved for a call.
        max_input_tokens: bounds the cost that is reserved for a call.
        parameters: further parameters, passed to the backend as they are.
    """

    backend: str = "procedural"
    model: str = ""
    base_url: str = ""
    project: str = ""
    location: str = ""
    key_env: str = ""
    concurrency: int = 8
    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    timeout_s: float = 180.0
    max_output_tokens: int = 4096
    max_input_tokens: int = 8192
    parameters: Mapping[str, Any] = field(default_factory=dict)


Factory: TypeAlias = Callable[[ModelSettings], object]


def backend(settings: ModelSettings) -> object:
    """Make the backend a configuration names.

    Args:
        settings: the stage's settings; `backend` is the name.

    Returns:
        An object with at least one of the methods `inventory`, `write`, `shorten`, `edit`, `judge`, `caption`,
        `translate`, `compare`.

    Raises:
        UnknownNameError: nothing is installed under that name.
        MissingExtraError: the backend's package is not installed.
        ConfigError: the settings do not fit the backend.
    """
    return _factory(settings.backend)(settings)


def backend_names() -> tuple[str, ...]:
    """List the backends that can be named.

    Returns:
        The shipped ones and those other packages registered, sorted.
    """
    return tuple(sorted({*SHIPPED, *plugin_names(ENTRY_POINT_GROUP)}))


def require(found: object, method: str, *, stage: str) -> object:
    """Check that a backend can do what its stage needs.

    Args:
        found: the backend.
        method: one of those that `backend` names.
        stage: the stage's name in the configuration, for the message.

    Returns:
        The backend.

    Raises:
        ConfigError: it lacks the method.
    """
    if callable(getattr(found, method, None)):
        return found
    text = f"the backend of [{stage}], {type(found).__name__}, has no method {method}(); choose one that has"
    raise ConfigError(text, key=f"{stage}.backend")


async def answered(method: Callable[[RequestT], MaybeAwaitable], request: RequestT) -> Reply:
    """Call a backend's method, coroutine or not; a plain one runs in a thread. What it writes can be stored.

    Args:
        method: the bound method.
        request: its request.

    Returns:
        The reply.
    """
    if inspect.iscoroutinefunction(method):
        return _storable(cast("Reply", await method(request)))
    reply = await asyncio.to_thread(method, request)
    return _storable(await reply if inspect.isawaitable(reply) else reply)


def _storable(reply: Reply) -> Reply:
    """Mend the texts of a reply, whoever's backend it comes from: the ledger stores UTF-8 and 64-bit numbers."""
    used = reply.usage
    return replace(
        reply,
        text=repaired(reply.text),
        reason=repaired(reply.reason),
        model=repaired(reply.model),
        raw=repaired(reply.raw),
        usage=Usage(*(counted(getattr(used, entry.name)) for entry in fields(Usage))),
    )


def _factory(name: str) -> Factory:
    if name in SHIPPED:
        module, _, attribute = SHIPPED[name].partition(":")
        return cast("Factory", getattr(import_module(module), attribute))
    found = load_plugin(ENTRY_POINT_GROUP, name)
    if found is None:
        raise unknown_name("backend", name, backend_names())
    return cast("Factory", found)
