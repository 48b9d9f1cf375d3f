"""From an embedded ICC profile to sRGB, in every mode a picture can have."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

_MODE_OF_SPACE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_ALPHA_MODES = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})


def to_srgb(picture: PillowImage) -> PillowImage:
    """Convert a picture's colours from its profile to sRGB.

    Args:
        picture: loaded, in any mode; transparency is kept.

    Returns:
        The picture in RGB or RGBA; itself where it has no profile, or one that cannot be read or is for other colours.
    """
    from PIL import ImageCms

    profile = picture.info.get("icc_profile")
    if not profile:
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return _applied(picture, source)
    except Exception:  # noqa: BLE001  a broken profile says nothing about the colours; keep them as stored
        return picture


def _applied(picture: PillowImage, source: object) -> PillowImage:
    from PIL import ImageCms

    clear = picture.mode in _ALPHA_MODES or "transparency" in picture.info
    mode = _MODE_OF_SPACE[source.profile.xcolor_space.strip()]  # type: ignore[attr-defined]  # ImageCms ships no types
    if (mode == "CMYK") != (picture.mode == "CMYK"):  # a profile for ink says nothing about light
        return picture
    alpha = picture.convert("RGBA").getchannel("A") if clear else None
    stored = picture.convert("RGBA") if clear else picture
    stored = stored if stored.mode == mode else stored.convert("RGB").convert(mode)
    target = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(stored, source, target, outputMode="RGB") or stored  # type: ignore[arg-type]
    if alpha is not None:
        converted.putalpha(alpha)
    return converted
