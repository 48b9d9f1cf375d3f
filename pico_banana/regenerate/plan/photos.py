"""Where photos come from: a folder, Open Images ids, or a subset of the dataset. Nothing is read but names."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pico_banana.errors import ConfigError, PictureMissingError
from pico_banana.mirrors.addresses import url_of_key
from pico_banana.mirrors.notes import ODD_SHAPE, read_note
from pico_banana.records.decoding.decode import decode
from pico_banana.regenerate.plan.labels import with_labels
from pico_banana.regenerate.values import KnownObject, Photo, Picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pico_banana.records import ImageRef
    from pico_banana.regenerate.settings.sections import SourceSettings

# RFC 2606: a host that can never exist. A local photo has no address of its own, and its path is nobody's business.
LOCAL_HOST = "photos.invalid"
OPEN_IMAGES = "open-images-dataset.s3.amazonaws.com/train"
_PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
_ADDRESS = "picobanana://"
_ID_LENGTH = 16
_LOOKED_AT = (64, 64)  # pixels: enough to know that a photo can be decoded


def find_photos(settings: SourceSettings) -> Iterator[Photo]:
    """Give the photos a configuration names.

    Args:
        settings: the `[source]` table.

    Yields:
        Photos in a stable order, each address once.

    Raises:
        ConfigError: nothing is named, or the folder or file is not there or holds no photo.
    """
    if settings.folder:
        found = from_folder(_folder(settings.folder))
    elif settings.open_images:
        found = from_open_images(Path(settings.open_images))
    elif settings.subset:
        found = from_subset(settings.subset, mirror=settings.mirror)
    else:
        text = "[source] names no photos; set one of folder, open_images, subset"
        raise ConfigError(text, key="source")
    yield from with_labels(islice(found, settings.limit or None), settings)


def from_folder(folder: Path) -> Iterator[Photo]:
    """Give the photos of a folder and its subfolders.

    A folder with the published layout has its photos in `source/<host>/<path>`; they keep that address. An
    `objects.json` in the folder says what is known to be in them, see `docs/guides/regenerate.md`.

    Args:
        folder: the folder.

    Yields:
        Photos by path.

    Raises:
        ConfigError: the folder is not there, holds no photo, or one whose name is no text.
    """
    if not folder.is_dir():
        raise ConfigError(f"source.folder {folder} is not a folder", key="source.folder")
    published = (folder / "source").is_dir()
    root = folder / "source" if published else folder
    known = _known_objects(folder / "objects.json")
    count = 0
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in _PICTURES and path.is_file():
            count += 1
            name = _text(path.relative_to(root).as_posix(), path)
            # In the published layout a file is named as its address is; see `addresses.key_of_url`.
            url = url_of_key(name) if published else f"https://{LOCAL_HOST}/{quote(name)}"
            yield _photo(url, str(path), known.get(name))
    if not count:
        raise ConfigError(f"source.folder {folder} holds no .jpg, .png or .webp", key="source.folder")


def from_open_images(path: Path) -> Iterator[Photo]:
    """Give the photos of a list of Open Images ids.

    Args:
        path: a text file, one id of 16 hexadecimal digits a line; empty lines and lines that start with # do not count.

    Yields:
        Photos in the order of the list.

    Raises:
        ConfigError: the file is not there, or a line is no id.
    """
    if not path.is_file():
        raise ConfigError(f"source.open_images {path} is not a file", key="source.open_images")
    # An id is ASCII: whatever else a line holds is told by its number, in whatever encoding the file came.
    for number, line in enumerate(path.read_bytes().decode("utf-8-sig", "replace").split("\n"), start=1):
        name = line.strip()
        if not name or name.startswith("#"):
            continue
        if len(name) != _ID_LENGTH or not all(digit in "0123456789abcdef" for digit in name):
            text = f"{path}:{number}: {name!r} is not an Open Images id (16 of 0-9a-f)"
            raise ConfigError(text, key="source.open_images")
        address = f"{OPEN_IMAGES}/{name}.jpg"
        yield Photo(f"https://{address}", f"{_ADDRESS}source/{address}")


def from_refs(refs: Iterable[ImageRef]) -> Iterator[Photo]:
    """Give the source photos of records, each once.

    Args:
        refs: references to source photos, e.g. `record.source`.

    Yields:
        Photos in the order of the records.
    """
    seen: set[str] = set()
    for ref in refs:
        if ref.address not in seen:
            seen.add(ref.address)
            _, _, key = ref.address.partition("source/")
            yield Photo(url_of_key(key), ref.address)


def from_subset(subset: str, *, mirror: str = "") -> Iterator[Photo]:
    """Give the source photos of a subset of the dataset, each once.

    Args:
        subset: e.g. "single_turn".
        mirror: the mirror; empty for the release.

    Yields:
        Photos in the order of the rows.

    Raises:
        UnknownNameError: there is no such subset.
        MirrorError: the mirror is not there.
    """
    from pico_banana.mirrors.catalog import resolve_mirror
    from pico_banana.mirrors.known import remember
    from pico_banana.records import InstructionPair
    from pico_banana.rows.building.rowstore import open_rows
    from pico_banana.rows.choosing.selection import parse_subset
    from pico_banana.rows.table.reading import RecordReader

    place, which = resolve_mirror(mirror or None), parse_subset(subset)
    remember(place)
    records = RecordReader(open_rows(which, mirror=place), which, place.name).many(None)
    yield from from_refs(record.source for record in records if not isinstance(record, InstructionPair))


def read_photo(photo: Photo) -> Picture:
    """Read a photo.

    Args:
        photo: the photo.

    Returns:
        Its bytes, as they are.

    Raises:
        PictureMissingError: it is not there.
    """
    if "://" not in photo.locator:
        try:
            return Picture.of(Path(photo.locator).read_bytes())
        except FileNotFoundError as error:
            raise PictureMissingError(f"{photo.locator} is not there any more", address=photo.locator) from error
    import fsspec

    with fsspec.open(photo.locator, "rb") as file:
        return Picture.of(file.read())


def read_whole_photo(photo: Photo) -> Picture:
    """Read a photo that is about to be paid for, and make sure that it is one: models bill for a broken one, too.

    Args:
        photo: the photo.

    Returns:
        Its bytes, as they are.

    Raises:
        PictureMissingError: it is not there.
        PictureCorruptError: it cannot be decoded; the text names the file.
    """
    picture = read_photo(photo)
    decode(picture.data, size=_LOOKED_AT, address=photo.locator)  # all of it is read, half of the time is saved
    return picture


def _folder(name: str) -> Path:
    # The embedded sample is a mirror's folder in the package; what is known of its photos lies beside them.
    return Path(__file__).parents[2] / "rehearsal" / "sample" if name == "sample" else Path(name).expanduser()


def _text(name: str, path: Path) -> str:
    """Make sure that a file's name is text: any bytes are a name, and neither a ledger nor a row can hold them.

    Raises:
        ConfigError: it is none.
    """
    try:
        name.encode()
    except UnicodeEncodeError as error:
        shown = str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        raise ConfigError(f"the name of {shown} is not UTF-8; rename the file", key="source.folder") from error
    return name


def _known_objects(path: Path) -> dict[str, dict[str, Any]]:
    # A list of entries, one a photo; keyed here by the photo's path below source/.
    if not path.is_file():
        return {}
    try:
        entries = read_note(path)
        known = {entry["source"].removeprefix("source/"): entry for entry in entries}
        for name, entry in known.items():  # all of it is read now: an odd entry would end the plan half-way
            _photo(name, "", entry)
    except (*ODD_SHAPE, ArithmeticError) as error:
        text = f"{path} must be a JSON list of photos, each with source, size and objects ({error!r})"
        raise ConfigError(text, key="source.folder") from error
    return known


def _photo(url: str, locator: str, known: dict[str, Any] | None) -> Photo:
    if known is None:
        return Photo(url, locator)
    objects = tuple(thing for entry in known["objects"] for thing in _things(entry, known["size"]))
    tags = frozenset(str(known[name]) for name in ("scene", "season", "weather", "light") if known.get(name))
    return Photo(url, locator, known=True, objects=objects, tags=tags)


def _things(entry: dict[str, Any], size: list[int]) -> Iterator[KnownObject]:
    """Give a thing, and the writing on it as a thing of its own; boxes are in pixels of the photo."""

    def fractions(box: list[float]) -> tuple[float, float, float, float]:
        width, height = size
        return box[0] / width, box[1] / height, box[2] / width, box[3] / height

    kind = "person" if entry["kind"] == "person" else "object"
    colour = entry.get("colour", "")
    if "text" in entry:
        box = fractions(entry.get("text_box", entry["box"]))
        yield KnownObject(entry["name"], "text", box, entry["text"], entry.get("text_colour", ""))
    yield KnownObject(entry["name"], kind, fractions(entry["box"]), "", colour)
