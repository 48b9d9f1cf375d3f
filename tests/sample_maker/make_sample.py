"""Make the embedded sample: `python -m tests.sample_maker.make_sample DIR`.

The sample that ships in `pico_banana/rehearsal/sample` is what this writes; a test compares the two. It is a
mirror in the published layout, drawn and written by this project alone, with `objects.json` beside it: where every
known object is in every photo.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pico_banana.pictures.sources.index import INDEX_PATH
from pico_banana.pictures.sources.index_build import build_index
from pico_banana.rehearsal.making.names import photo_path
from pico_banana.rehearsal.making.open_images import COLUMNS, TABLE, Photo, table_row
from pico_banana.rehearsal.making.pictures import jpeg, png
from tests.sample_maker.sample_rows import SEED, Sample, text_files
from tests.sample_maker.studio import collection
from tests.sample_maker.studio.filters import photographed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pico_banana.rehearsal.making.pictures import Pixels
    from tests.sample_maker.studio.painter import Picture
    from tests.sample_maker.studio.render import Drawn
    from tests.sample_maker.studio.scene import Scene
    from tests.sample_maker.studio.shots import Photo as SourcePhoto
    from tests.sample_maker.studio.shots import Shot

OBJECTS = "objects.json"
_UNUSED_PHOTOS = 12
_SESSIONS = 1000  # numbers of sessions start here where those of edits come first
_LEVEL_STEP = 4  # levels of 256 that an edit's colours are rounded to: invisible, and a third of the file's size


def photo_files(sample: Sample) -> Iterator[tuple[str, bytes]]:
    """Draw the photos, and make what is known about them.

    Args:
        sample: the content.

    Yields:
        (path, content): each photo, the Open Images table, objects.json.
    """
    drawn = {photo.name: photo.shot.drawn(photo.size) for photo in sample.photos}
    files = {photo.name: jpeg(levels(photographed(drawn[photo.name].picture), step=1)) for photo in sample.photos}
    for photo in sample.photos:
        yield photo_path(sample.photo_url(photo)), files[photo.name]
    yield TABLE, _table(sample, [files[photo.name] for photo in sample.photos])
    yield OBJECTS, _known_objects(sample, drawn)


def _table(sample: Sample, files: list[bytes]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number in range(len(files) + _UNUSED_PHOTOS):
        photo = Photo(sample.names.image_id(number), sample.names.photo(number), number)
        original = files[number] if number < len(files) else None
        row = dict(zip(COLUMNS, table_row(photo, seed=SEED, host=sample.names.host, original=original), strict=True))
        if original:
            row |= {"Title": sample.photos[number].name.capitalize(), "Rotation": "0.0"}  # ours are upright
        writer.writerow(row.values())
    return buffer.getvalue().encode()


def _known_objects(sample: Sample, drawn: dict[str, Drawn]) -> bytes:
    """Write objects.json: a list of photos, one object a line."""
    entries = []
    for photo in sample.photos:
        facts = json.dumps(_known(sample, photo), ensure_ascii=False)
        lines = [json.dumps(known, ensure_ascii=False) for known in _objects(photo.shot.scene, drawn[photo.name])]
        entries.append(f'{facts[:-1]}, "objects": [\n  ' + ",\n  ".join(lines) + "\n]}")
    return ("[\n" + ",\n".join(entries) + "\n]\n").encode()


def _known(sample: Sample, photo: SourcePhoto) -> dict[str, object]:
    scene = photo.shot.scene
    return {
        "source": photo_path(sample.photo_url(photo)),
        "name": photo.name,
        "scene": scene.backdrop,
        "season": scene.look.season,
        "weather": scene.look.weather,
        "light": scene.look.light,
        "size": list(photo.size),
    }


def _objects(scene: Scene, drawn: Drawn) -> Iterator[dict[str, object]]:
    for thing in scene.things:
        if thing.name not in drawn.boxes:
            continue
        facts: dict[str, object] = {"name": thing.name, "kind": thing.kind, "colour": thing.colour}
        if thing.person is not None:
            facts |= {"colour": thing.person.cloth, "hair": thing.person.hair, "wears": thing.person.top}
        facts["box"] = list(drawn.boxes[thing.name])
        if thing.name in drawn.text_boxes:
            facts |= {"text": thing.text, "text_box": list(drawn.text_boxes[thing.name]), "text_colour": thing.ink}
        yield facts


def edited_paths(sample: Sample) -> set[str]:
    """Name every picture that is no photo.

    Args:
        sample: the content.

    Returns:
        Paths below the sample's folder.
    """
    return {path for path, *_ in _edited(sample)}


def edited_drawings(sample: Sample) -> Iterator[tuple[str, Pixels]]:
    """Draw the accepted edits, the rejected ones, and the turns of the sessions.

    Args:
        sample: the content.

    Yields:
        (path, colours as bytes, of shape (height, width, 3)).
    """
    for path, photo, shot, key in _edited(sample):
        yield path, levels(shot.drawn(collection.edited_size(photo, shot, *key)).picture, step=_LEVEL_STEP)


def _edited(sample: Sample) -> Iterator[tuple[str, SourcePhoto, Shot, tuple[int, int]]]:
    """Give every picture that is no photo: (path, its photo, what it shows, numbers that name it)."""
    for edit in sample.edits:
        if edit.has_picture:
            yield sample.edited_path(edit), edit.photo, edit.shot(), (edit.number, 0)
    for edit in sample.retried:
        for place, (path, changes) in enumerate(zip(sample.rejected_paths(edit), edit.rejected, strict=True)):
            yield path, edit.photo, edit.photo.shot.changed(changes), (edit.number, place + 1)
    for session in sample.sessions:
        for turn, (turn_path, shot) in enumerate(zip(sample.turn_paths(session), session.shots(), strict=True)):
            if turn_path is not None:
                yield turn_path, session.photo, shot, (_SESSIONS + session.number, turn)


def levels(picture: Picture, *, step: int) -> Pixels:
    """Turn colours from 0 to 1 into bytes.

    Args:
        picture: of shape (height, width, 3).
        step: the bytes are multiples of it.

    Returns:
        Bytes of the same shape.
    """
    return (np.rint(picture.astype(np.float64) * (255 / step)) * step).clip(0, 255).astype(np.uint8)


def index_of(table: bytes) -> bytes:
    """Build the photo index of a table, so that the sample needs no network for credit and tars.

    Args:
        table: the Open Images table.

    Returns:
        The index.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photos.index"
        build_index(io.BytesIO(table), path, about=TABLE)
        return path.read_bytes()


def sample_files() -> Iterator[tuple[str, bytes]]:
    """Make every file of the sample, one after the other.

    Yields:
        (path, content).
    """
    sample = Sample()
    yield from text_files(sample)
    for path, content in photo_files(sample):
        yield path, content
        if path == TABLE:
            yield INDEX_PATH, index_of(content)
    for path, pixels in edited_drawings(sample):
        yield path, png(pixels, path, small=True)


def make_sample(folder: Path, *, tell: Callable[[str], None] | None = None) -> int:
    """Write the sample.

    Args:
        folder: its root; files in it are replaced, others stay.
        tell: called with the path of each file written.

    Returns:
        How many bytes were written.

    Raises:
        StoreError: a file cannot be written.
    """
    from pico_banana.mirrors.store import write_atomic

    total = 0
    for path, content in sample_files():
        write_atomic(folder / path, content)
        total += len(content)
        if tell:
            tell(path)
    return total


def _tell(path: str) -> None:
    import sys

    sys.stderr.write(f"{path}\n")


def main() -> None:
    """Write the sample into the folder named on the command line."""
    import argparse
    import sys
    from pathlib import Path

    parser = argparse.ArgumentParser(
        prog="python -m tests.sample_maker.make_sample", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("folder", type=Path)
    total = make_sample(parser.parse_args().folder, tell=_tell)
    sys.stderr.write(f"{total:,} bytes\n")


if __name__ == "__main__":
    main()
