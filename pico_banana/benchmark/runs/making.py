"""Where the picture of an edit comes from: a model over the desk, a file made elsewhere, the release, or arithmetic."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from pico_banana.benchmark.runs.names import PROCEDURAL, EditorName
from pico_banana.benchmark.runs.results import MADE, MISSING, REFUSED
from pico_banana.errors import PictureError, PictureMissingError
from pico_banana.records.decoding.images import image_of
from pico_banana.regenerate.backends.base import ImageEditor, ModelSettings, WriteRequest, backend, require
from pico_banana.regenerate.plan.photos import read_photo
from pico_banana.regenerate.values import Instruction, Outcome, Photo, Picture, Reply, Usage, derived_seed
from pico_banana.regenerate.work.stages import edit, parse_written

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

    from pico_banana.benchmark.tasks import Step, Task
    from pico_banana.regenerate.backends.base import EditRequest
    from pico_banana.regenerate.backends.procedural import Procedural
    from pico_banana.regenerate.work.desk import Desk
    from pico_banana.regenerate.work.scene import Scene
    from pico_banana.regenerate.work.staff import Staff

_WHOLE = 2**31
_SOFT = 6.0  # pixels of blur: nobody takes it for the edit that was asked for
_SMALL = (64, 64)


@dataclass(frozen=True, slots=True)
class Edited:
    """What an editor gave for one step.

    Attributes:
        ended: see `Result.ended`.
        instruction: what it was asked, with a recipe from the procedural writer.
        picture: what it made, or None.
        reason: why there is none.
        call: the number of the call; 0 where nothing was asked.
        distance: mean difference to the original photo, 0 to 1.
    """

    ended: str
    instruction: Instruction
    picture: Picture | None = None
    reason: str = ""
    call: int = 0
    distance: float | None = None


class Weakened:
    """A procedural editor of known quality: it does a share of the edits, and blurs the photo for the others."""

    def __init__(self, editor: ImageEditor, rate: float) -> None:
        """Take the editor and the share it may do."""
        self._editor, self._rate = editor, rate
        self._name = f"procedural-{rate:g}"

    def edit(self, request: EditRequest) -> Reply:
        """Do the edit, or not; which, is drawn from the request's seed."""
        if derived_seed(request.seed, "weakened") / _WHOLE < self._rate:
            return replace(cast("Reply", self._editor.edit(request)), model=self._name)
        return Reply(Outcome.OK, picture=blurred(request.photo), usage=Usage(pictures=1), model=self._name)


def editor_of(named: EditorName) -> ImageEditor:
    """Make the editor that is named; one whose pictures are there already is never asked."""
    if named.settings is None:
        return cast("ImageEditor", backend(ModelSettings()))
    made = cast("ImageEditor", require(backend(named.settings), "edit", stage="editor"))
    weak = named.settings.backend == PROCEDURAL and bool(named.settings.model)
    return Weakened(made, named.rate) if weak else made


async def edited(named: EditorName, desk: Desk, staff: Staff, scene: Scene, task: Task, step: Step) -> Edited:
    """Give the picture of one step.

    Args:
        named: the editor.
        desk: where calls go over.
        staff: who does the work.
        scene: the turn.
        task: what the step is one of.
        step: what is asked.

    Returns:
        The picture, or why there is none.
    """
    instruction = Instruction(step.instruction)
    if named.settings is None:
        made = await asyncio.to_thread(_there_already, named, task, step, scene.turn)
    elif named.settings.backend == PROCEDURAL:
        made = await _by_arithmetic(desk, staff, scene)
    else:
        made = _read(await edit(desk, staff, scene, instruction, 1), instruction)
    return await asyncio.to_thread(_measured, made, scene.original)


async def _by_arithmetic(desk: Desk, staff: Staff, scene: Scene) -> Edited:
    """Have the procedural writer say what suits the photo: text alone is not understood by arithmetic."""
    instruction = await asyncio.to_thread(written, scene)
    if isinstance(instruction, str):
        return Edited(REFUSED, Instruction(""), reason=instruction)
    return _read(await edit(desk, staff, scene, instruction, 1), instruction)


def written(scene: Scene) -> Instruction | str:
    """Have the procedural writer write an instruction of a turn's type for its picture, the same every time.

    Args:
        scene: the turn.

    Returns:
        The instruction with its recipe, or why there is none.
    """
    objects = scene.item.photo.objects
    writer = cast("Procedural", backend(ModelSettings()))
    request = WriteRequest(scene.photo, scene.edit_type, "", scene.history, objects, scene.seed("write"))
    reply = writer.write(request)
    if reply.outcome is not Outcome.OK:
        return reply.reason
    return parse_written(reply.text)


def _read(reply: Reply, instruction: Instruction) -> Edited:
    if reply.outcome is Outcome.OK and reply.picture is not None:
        return Edited(MADE, instruction, reply.picture, call=reply.call)
    return Edited(REFUSED, instruction, reason=f"{reply.outcome}: {reply.reason}".rstrip(": "), call=reply.call)


def _there_already(named: EditorName, task: Task, step: Step, turn: int) -> Edited:
    instruction = Instruction(step.instruction)
    address = step.published if named.published else named.pictures.get((task.id, turn))
    if address is None:
        return Edited(MISSING, instruction, reason="no picture was given for this edit")
    try:
        return Edited(MADE, instruction, read_photo(Photo(address, address)))
    except PictureMissingError as error:
        return Edited(MISSING, instruction, reason=str(error))


def _measured(made: Edited, original: Picture) -> Edited:
    if made.picture is None:
        return made
    try:
        far = distance(original, made.picture)
    except PictureError as error:
        return Edited(REFUSED, made.instruction, reason=f"what came is no picture ({error})", call=made.call)
    return Edited(made.ended, made.instruction, made.picture, made.reason, made.call, far)


def distance(one: Picture, other: Picture) -> float:
    """Measure how far two pictures are apart, both made small.

    Args:
        one: a picture.
        other: a picture.

    Returns:
        The mean difference of a channel, 0 to 1.
    """
    import numpy as np

    small = [np.asarray(image_of(picture.data).resize(_SMALL), np.float32) / 255 for picture in (one, other)]
    return round(float(np.abs(small[0] - small[1]).mean()), 4)


def blurred(picture: Picture) -> Picture:
    """Give a picture without its detail."""
    from PIL import ImageFilter

    return encoded(image_of(picture.data).filter(ImageFilter.GaussianBlur(_SOFT)))


def encoded(image: PillowImage, *, compress_level: int = -1) -> Picture:
    """Encode a Pillow image as PNG."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=compress_level)
    return Picture.of(file.getvalue())
