"""A mirror as strangers have it: odd names and texts, photos on their side, pictures that are none."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = (
    'Say "hi", then\nbreak the line',
    "A line\u2028separator and a next line\x85",
    "Replace <image> by <video> in the frame",
    "Ünïcode 🍌, back\\slash, 'quote', comma, tab\t.",
)


def picture(form: str, colour: tuple[int, int, int] = (90, 120, 40), orientation: int = 1) -> bytes:
    """A picture of two halves, so that turning shows."""
    drawn = Image.new("RGB", (48, 32), colour)
    drawn.paste((250, 250, 250), (0, 0, 48, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    drawn.save(
        buffer, form, **({"exif": exif} if orientation != 1 else {}), **({"quality": 95} if form == "JPEG" else {})
    )
    return buffer.getvalue()


PNG, JPEG, ON_ITS_SIDE = picture("PNG"), picture("JPEG"), picture("JPEG", orientation=6)
CUT_PNG, CUT_JPEG, PAGE = PNG[:-20], JPEG[:-40], b"<!doctype html><html>gone</html>"


def make_odd_mirror(root: Path, rows: list[tuple[str, bytes | None, bytes | None]], texts=TEXTS) -> Path:
    """Write a mirror; a row is the name of its edit, its source and its edit, None for a file that is not there."""
    lines = []
    for number, (name, source, edited) in enumerate(rows):
        url = f"https://photos.example/{number}.jpg"
        output = f"images/positive-edit/{name}.png"
        row = {"open_image_input_url": url, "text": texts[number % len(texts)], "output_image": output}
        lines.append(json.dumps(row | {"edit_type": "Zoom in", "summarized_text": f"short {number}"}))
        parts = urlsplit(url)
        for path, data in ((f"source/{parts.netloc}{parts.path}", source), (output, edited)):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            if data is not None:
                (root / path).write_bytes(data)
    (root / "jsonl").mkdir(exist_ok=True)
    (root / "jsonl/sft.jsonl").write_text("\n".join(lines) + "\n")
    return root
