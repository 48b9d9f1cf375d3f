"""Paths of published pictures: the ways they are written, brought into one form, and back."""

from __future__ import annotations

import re

from pico_banana.mirrors.addresses import problem_of_path, problem_of_url

# Rejected pictures carry a folder that is not on the server; absolute URLs carry the whole way to images/.
PATH_PREFIX = r"^(?:(?i:https?)://[^?#]*?/images/|(?:\./|/)?(?:nano-banana-300k/)?(?:images/)?)"
OTHER_HOST = r"^(?i:https?)://"  # an URL without images/ is kept whole, marked by "@"
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")
_PATH_PREFIX, _OTHER_HOST = re.compile(PATH_PREFIX), re.compile(OTHER_HOST)


def picture_path(published: str) -> str:
    """Bring a published picture path into one form.

    Args:
        published: `images/…`, the same with a stale folder before it, or an absolute URL.

    Returns:
        The path below `images/`; for an URL that has no `images/` in it, the URL without its scheme behind an "@".
    """
    return _OTHER_HOST.sub("@", _PATH_PREFIX.sub("", published, count=1), count=1)


def published_path(path: str) -> str:
    """Undo `picture_path`.

    Args:
        path: what `picture_path` gave.

    Returns:
        A path below the mirror's root, or an URL.
    """
    return f"https://{path[1:]}" if path.startswith("@") else f"images/{path}"


def problem_of_picture(path: str) -> str:
    """Say why a row may not name this picture.

    Args:
        path: what `picture_path` gave.

    Returns:
        What it is instead of a picture's path, or an empty string.
    """
    if not path:
        return "a folder"
    problem = problem_of_url(f"https://{path[1:]}") if path.startswith("@") else problem_of_path(path)
    if not problem and _SCHEME.match(path):
        problem = "names a scheme; rows may name paths, and http:// or https:// addresses"
    if not problem and ("::" in path or "\\" in path):
        problem = "has '::' or a backslash in it, which programs that open it would take for something else"
    return problem and f"which {problem}"
