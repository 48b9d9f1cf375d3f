"""Crafts that change the light and colour of the whole photo: tone, grain, lighting, an old look."""

from __future__ import annotations

import numpy as np

from pico_banana.regenerate.backends.procedural.craft import ramp
from pico_banana.regenerate.backends.procedural.look import Change, Look, LookCraft, See
from pico_banana.regenerate.backends.procedural.pixels import Generator, Mask, Pixels, blur, luma, mix, saturate


def warmth(pixels: Pixels) -> float:
    """Measure how warm a photo is: mean of red minus blue, -1 to 1."""
    return float((pixels[..., 0] - pixels[..., 2]).mean())


def _tint(red: float, green: float, blue: float) -> Change:
    def change(photo: Pixels, amount: float, rng: Generator) -> Pixels:
        gains = 1 + (np.array([red, green, blue], dtype=np.float32) - 1) * np.float32(amount)
        return np.clip(photo * gains, 0, 1)

    return change


def _grain(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    noise = rng.normal(0, 0.055 * amount, photo.shape[:2]).astype(np.float32)[..., None]
    faded = saturate(photo, 1 - 0.45 * amount) * (1 - 0.16 * amount) + 0.10 * amount
    shoulder = 1 - np.abs(luma(faded)[..., None] - 0.5)  # film shows its grain in the middle tones
    made: Pixels = np.clip(faded * _vignette(photo, 0.35 * amount)[..., None] + noise * shoulder, 0, 1)
    return made


def _leak(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    height, width = photo.shape[:2]
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    glow = np.exp(-((across - (0.0 if rng.random() < 0.5 else 1.0)) ** 2) / 0.05) * (0.55 + 0.45 * np.cos(down * 5))
    aged = _grain(_tint(1.12, 1.0, 0.82)(photo, amount, rng), amount, rng)
    made: Pixels = 1 - (1 - aged) * (
        1 - glow[..., None] * np.array([0.75, 0.36, 0.12], dtype=np.float32) * np.float32(amount)
    )
    return made


def _vignette(photo: Pixels, amount: float) -> Mask:
    height, width = photo.shape[:2]
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    darkening: Mask = (1 - amount * np.clip((down**2 + across**2) / 2, 0, 1) ** 1.5).astype(np.float32)
    return darkening


def _golden(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    height, width = photo.shape[:2]
    side = 0.12 if rng.random() < 0.5 else 0.88
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    sun = np.exp(-((across - side) ** 2 * 2.2 + (down - 0.25) ** 2 * 3.0))
    lit = _tint(1.22, 1.0, 0.66)(photo, amount, rng) * (0.80 + 0.34 * sun[..., None])
    glow = sun[..., None] * np.array([0.30, 0.17, 0.03], dtype=np.float32) * np.float32(amount)
    return np.clip(1 - (1 - np.clip(lit, 0, 1)) * (1 - glow), 0, 1)


def _night(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    dark = saturate(photo, 0.55) ** np.float32(1 + 0.7 * amount) * np.array([0.42, 0.52, 0.86], dtype=np.float32)
    return mix(photo, np.clip(dark, 0, 1), min(1.0, amount)) * _vignette(photo, 0.3)[..., None]


def _tubes(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    flat = 0.5 + (photo - 0.5) * np.float32(1 - 0.16 * amount) + 0.07 * np.float32(amount)
    return _tint(0.88, 1.09, 0.99)(saturate(flat, 1 - 0.3 * amount), amount, rng)


def _sepia(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    grey = luma(photo)[..., None]
    brown = 0.08 + grey**0.9 * np.array([0.93, 0.80, 0.60], dtype=np.float32)
    aged = mix(photo, brown, min(1.0, amount))
    noise = rng.normal(0, 0.03 * amount, photo.shape[:2]).astype(np.float32)[..., None]
    return (
        np.clip((aged + noise) * _vignette(photo, 0.55 * amount)[..., None], 0, 1)
        * (1 - _scratches(photo, rng))[..., None]
    )


def _newsreel(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    grey = np.clip(0.5 + (luma(photo)[..., None] - 0.5) * 1.25, 0, 1)
    noise = rng.normal(0, 0.06 * amount, photo.shape[:2]).astype(np.float32)[..., None]
    worn = np.clip(mix(photo, np.repeat(grey, 3, axis=2), min(1.0, amount)) + noise, 0, 1)
    made: Pixels = worn * _vignette(photo, 0.6 * amount)[..., None] + _scratches(photo, rng)[..., None] * 0.6
    return made


def _scratches(photo: Pixels, rng: Generator) -> Mask:
    height, width = photo.shape[:2]
    mask = np.zeros((height, width), dtype=np.float32)
    for _ in range(int(rng.integers(3, 8))):
        column, begin = int(rng.integers(width)), int(rng.integers(height))
        mask[begin : begin + int(rng.integers(height // 6, height // 2 + 1)), column] = 0.35
    return blur(mask, 0.6)


def _seventies(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    faded = mix(photo, (0.86, 0.62, 0.38), 0.20 * amount)
    return _grain(_tint(1.12, 0.98, 0.80)(faded, amount, rng), amount * 0.7, rng)


def _warmer(least: float) -> See:
    return lambda before, after: ramp((warmth(after) - warmth(before)) * (1 if least > 0 else -1), 0.015, abs(least))


def _grainy(before: Pixels, after: Pixels) -> float:
    def fine(pixels: Pixels) -> float:
        grey = luma(pixels)
        return float(np.median(np.abs(grey - blur(grey, 1.2))))

    return ramp(fine(after) - fine(before), 0.002, 0.012)


def _darker(before: Pixels, after: Pixels) -> float:
    return ramp(float(luma(before).mean() - luma(after).mean()), 0.05, 0.20)


def _greyer(before: Pixels, after: Pixels) -> float:
    # Of one hue is old too: what counts is how little the hues differ, not how strong the one is.
    def hues(pixels: Pixels) -> float:
        spread = pixels - luma(pixels)[..., None]
        return float(spread.std(axis=(0, 1)).mean())

    return ramp(1 - hues(after) / max(hues(before), 1e-3), 0.2, 0.65)


def _both(one: See, other: See) -> See:
    return lambda before, after: min(one(before, after), other(before, after))


def _greener(before: Pixels, after: Pixels) -> float:
    def green(pixels: Pixels) -> float:
        return float((pixels[..., 1] - (pixels[..., 0] + pixels[..., 2]) / 2).mean())

    return ramp(green(after) - green(before), 0.01, 0.045)


def _colourful(look: Look, photo: Pixels) -> bool:
    return look.name not in {"sepia", "newsreel"} or float(np.ptp(photo, axis=2).mean()) > 0.06


COLOR_TONE = LookCraft(
    "color_tone",
    (
        Look(
            "warm",
            "Shift the overall colour tone of the photo to a warm amber: let the lights turn golden and the "
            "shadows brownish, "
            "take the blue cast out, and leave every object, edge and texture exactly as it is.",
            "Make the overall colours a warm amber.",
            _tint(1.16, 1.02, 0.72),
            _warmer(0.07),
            0.9,
        ),
        Look(
            "cool",
            "Shift the overall colour tone of the photo to a cool blue, as on an overcast morning: let whites "
            "turn icy and "
            "warm surfaces muted, and leave every object, edge and texture exactly as it is.",
            "Make the overall colours a cool blue.",
            _tint(0.76, 0.97, 1.18),
            _warmer(-0.07),
            0.9,
        ),
    ),
    lambda look, photo: warmth(photo) < 0.25 if look.name == "warm" else warmth(photo) > -0.25,
)
FILM_GRAIN = LookCraft(
    "film_grain",
    (
        Look(
            "grain",
            "Give the photo the look of an old colour film: visible fine grain over the whole frame, faded "
            "colours with lifted "
            "blacks, and a soft darkening towards the corners. The scene itself stays unchanged.",
            "Add film grain, faded colours and a soft vignette.",
            _grain,
            _grainy,
            0.8,
        ),
        Look(
            "leak",
            "Make the photo look like a print from a leaky vintage camera: an orange light leak along one side, "
            "warm faded colours "
            "and clearly visible grain, while everything in the scene stays where it is.",
            "Add a vintage filter with an orange light leak and grain.",
            _leak,
            _both(_grainy, _warmer(0.05)),
            0.75,
        ),
    ),
)
LIGHTING = LookCraft(
    "lighting",
    (
        Look(
            "golden",
            "Relight the scene as in the golden hour shortly before sunset: a low warm sun from one side, "
            "glowing highlights on that "
            "side, softer light on the other, and amber colours throughout. Keep everything in its place.",
            "Relight the scene in golden-hour sunlight.",
            _golden,
            _warmer(0.09),
            0.75,
        ),
        Look(
            "night",
            "Turn the light of the scene into a clear moonlit night: dark, bluish, with muted colours and deep "
            "shadows, bright "
            "enough to make out every object. Nothing in the scene moves or disappears.",
            "Turn day into a moonlit night.",
            _night,
            _darker,
            0.75,
        ),
        Look(
            "tubes",
            "Light the scene with fluorescent tubes instead: flat, even light with a greenish tint, pale "
            "colours and weak shadows, "
            "with everything in the scene left as it is.",
            "Use flat, greenish fluorescent light.",
            _tubes,
            _greener,
            0.85,
        ),
    ),
    lambda look, photo: look.name != "night" or float(luma(photo).mean()) > 0.3,
)
HISTORICAL = LookCraft(
    "modern_historical",
    (
        Look(
            "sepia",
            "Make this look like a photograph from around 1890: brown sepia tones instead of colours, a strong "
            "vignette, a few "
            "scratches on the plate and fine grain, while the scene keeps its composition.",
            "Make it look like a sepia photograph from 1890.",
            _sepia,
            _greyer,
        ),
        Look(
            "newsreel",
            "Turn the photo into a frame of a 1920s newsreel: black and white with hard contrast, heavy grain, "
            "bright vertical "
            "scratches and dark corners. The scene keeps its composition.",
            "Make it a grainy black-and-white 1920s newsreel frame.",
            _newsreel,
            _both(_greyer, _grainy),
        ),
        Look(
            "seventies",
            "Give the picture the look of a snapshot from the 1970s: yellowed, faded colours with an orange "
            "cast, lifted blacks "
            "and visible grain, as if it had been kept in an album since then.",
            "Make it look like a faded 1970s snapshot.",
            _seventies,
            _both(_warmer(0.05), _grainy),
        ),
    ),
    _colourful,
)
