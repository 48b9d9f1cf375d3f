"""The values that pass between the stages: pictures, photos, items, replies, usage.

All are frozen. A stage takes some and gives some; only the ledger and the runner hold state.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from pico_banana.taxonomy import EditType

Recipe: TypeAlias = Mapping[str, Any]

# No model has a window of more than a few million tokens; a larger count, like a negative one, is nonsense.
_MOST_TOKENS = 20_000_000

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


class Stage(StrEnum):
    """What a call is for."""

    INVENTORY = "inventory"
    WRITE = "write"
    SHORTEN = "shorten"
    EDIT = "edit"
    JUDGE = "judge"
    SECOND_JUDGE = "second_judge"


class Outcome(StrEnum):
    """How a call ended; everything but UNAVAILABLE is an answer, and is never asked again."""

    OK = "ok"
    REFUSED = "refused"  # the service declined for a reason of policy
    DECLINED = "declined"  # the backend cannot do this edit on this photo
    NO_PICTURE = "no_picture"  # a picture was asked for and none came, with or without a word about it
    CUT_OFF = "cut_off"  # the reply ended at the token limit
    MALFORMED = "malformed"  # the service said itself that its reply is broken
    UNAVAILABLE = "unavailable"  # throttled, failed, hung up: ask again


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture and its hash.

    Attributes:
        data: the file, PNG, JPEG, WebP or GIF.
        sha256: the SHA-256 of `data`, hexadecimal.
    """

    data: bytes = field(repr=False)
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> Picture:
        """Hash an encoded picture.

        Args:
            data: the file.

        Returns:
            The picture.
        """
        return cls(data, hashlib.sha256(data).hexdigest())

    @property
    def media_type(self) -> str:
        """The media type by the first bytes; "application/octet-stream" when they are of no known format."""
        for magic, name in _MAGIC:
            if self.data.startswith(magic):
                return name
        is_webp = self.data[:4] == b"RIFF" and self.data[8:12] == b"WEBP"
        return "image/webp" if is_webp else "application/octet-stream"


@dataclass(frozen=True, slots=True)
class KnownObject:
    """Something known to be in a photo.

    Attributes:
        name: what it is, e.g. "red kite".
        kind: "object", "person" or "text".
        box: left, top, right, bottom, as fractions of the width and height, 0 to 1.
        text: the words, for kind "text"; else empty.
        colour: a plain colour word where known, else empty.
        place: where it is in words, where no box is known; the box is the whole photo then.
    """

    name: str
    kind: str
    box: tuple[float, float, float, float]
    text: str = ""
    colour: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Photo:
    """One source photo, not yet read.

    Attributes:
        url: the address that names it in the rows; unique in a run.
        locator: a path or an fsspec address that gives its bytes.
        known: False when nothing is known of what it shows; then `objects` says nothing.
        objects: what is known to be in it.
        tags: other things known of it, e.g. "outdoor"; "person", "text" and "object" follow from `objects`.
        suits: slugs of the edit types that suit it, by its inventory; None without one. The plan is made of it, and it
            is kept with the inventory, not with the plan.
    """

    url: str
    locator: str
    known: bool = False
    objects: tuple[KnownObject, ...] = ()
    tags: frozenset[str] = frozenset()
    suits: frozenset[str] | None = None

    @property
    def all_tags(self) -> frozenset[str]:
        """The tags with the kinds of its known objects."""
        return self.tags | {thing.kind for thing in self.objects}


@dataclass(frozen=True, slots=True)
class Item:
    """One photo with the edits planned for it: one for a single-turn item, 2 to 5 for a session.

    Attributes:
        id: its number in the plan, from 1.
        photo: the photo.
        edit_types: the edit type of each turn.
        seed: what every seeded choice of this item derives from.
    """

    id: int
    photo: Photo
    edit_types: tuple[EditType, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call used.

    Attributes:
        input_tokens: tokens sent, pictures included, as the service counts them.
        output_tokens: tokens of the reply, thinking and pictures included.
        pictures: pictures made, drafts left out.
        picture_input_tokens: of the tokens sent, those of pictures, where the service says so.
        cached_tokens: of the tokens sent, those it had in its cache.
        thought_tokens: of the tokens of the reply, those of thinking.
        picture_tokens: of the tokens of the reply, those of pictures.
        drafts: pictures that were made while thinking, and are no result.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    pictures: int = 0
    picture_input_tokens: int = 0
    cached_tokens: int = 0
    thought_tokens: int = 0
    picture_tokens: int = 0
    drafts: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a backend gave back for one call.

    Attributes:
        outcome: how it ended; only OK carries a usable text or picture.
        text: the text of the reply, for a writer, shortener or judge.
        picture: the picture, for an editor.
        usage: what the service says was used.
        reason: the finish reason or refusal in the service's words.
        model: the model that answered, as the service names it.
        transport: "single" or "batch"; batch pictures are reported to be of lower quality.
        raw: the reply as JSON text, pictures left out.
        call: the call's number in the ledger; the desk sets it.
    """

    outcome: Outcome
    text: str = ""
    picture: Picture | None = None
    usage: Usage = Usage()
    reason: str = ""
    model: str = ""
    transport: str = "single"
    raw: str = "{}"
    call: int = 0


@dataclass(frozen=True, slots=True)
class Instruction:
    """What is asked of the editor at one turn.

    Attributes:
        text: the long instruction.
        short: the short instruction; empty when shortening gave nothing usable.
        recipe: what a procedural writer adds for the procedural editor and judge; empty from a model.
    """

    text: str
    short: str = ""
    recipe: Recipe = field(default_factory=dict)


def counted(value: object) -> int:
    """Read a count of tokens that a service sent.

    Args:
        value: whatever it sent, None included.

    Returns:
        The count; 0, as if it had sent none, when it is no whole number, negative, or beyond any model.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return value if 0 <= value <= _MOST_TOKENS else 0


def derived_seed(*parts: object) -> int:
    """Derive a seed from parts, the same in every process.

    Args:
        parts: values whose text forms name the use, e.g. the item's seed, a turn, an attempt.

    Returns:
        An integer from 0 to 2**31 - 1, which every service accepts.
    """
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
