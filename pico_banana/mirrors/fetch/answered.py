"""What an answer's head means: a `Response` that can be read, or the error that it is."""

from __future__ import annotations

import http.client
import io
from http import HTTPStatus

from pico_banana.errors import RequestRefusedError
from pico_banana.mirrors.fetch.response import Response
from pico_banana.mirrors.fetch.status import contradiction, error_of, is_all_there, is_packed, span_of
from pico_banana.mirrors.fetch.wire import HttpBody, Inflated

_DRAINED_BYTES = 1 << 16  # a longer error page costs more to read than a new connection


def response_of(
    url: str, headers: dict[str, str], connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
) -> Response:
    """Turn an answer into a `Response`.

    Args:
        url: what was asked for.
        headers: what was asked with.
        connection: where the answer comes from.
        answer: its head has been read.

    Returns:
        The response, its body still to be read.

    Raises:
        kind: the error that the answer is.
        RequestRefusedError: it contradicts itself, or is not what was asked for.
    """
    offset = int(headers.get("Range", "bytes=0-").strip("bytes=-"))
    if offset and is_all_there(answer, offset, headers.get("If-Range")):
        drain(connection, answer)
        response = Response(io.BytesIO(), url=url, offset=offset, length=0)
        response.etag = headers.get("If-Range", "")
        return response
    if answer.status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        drain(connection, answer)
        kind, text, wait = error_of(url, answer)
        raise kind(text, url=url, status=answer.status, retry_after=wait)
    if problem := contradiction(answer, offset):
        connection.close()
        text = f"{url}: the answer is not to be trusted: {problem}"
        raise RequestRefusedError(text, url=url, status=answer.status)
    return _response(url, connection, answer)


def _response(url: str, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> Response:
    body, etag = HttpBody(connection, answer), answer.headers.get("ETag", "")
    content_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if is_packed(answer):
        response = Response(Inflated(body), url=url)  # its length and its ETag are those of the packed bytes
    elif answer.status == HTTPStatus.PARTIAL_CONTENT and (span := span_of(answer)):
        response = Response(body, url=url, offset=span.first, length=span.end - span.first)
    else:
        response = Response(body, url=url, length=answer.length)
    response.etag = "" if etag.startswith("W/") or is_packed(answer) else etag
    response.modified = answer.headers.get("Last-Modified", "")
    response.content_type = content_type
    return response


def drain(connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> None:
    """Read a short error page so that its connection can be used again; else close the connection.

    Args:
        connection: where the answer comes from.
        answer: its head has been read.
    """
    try:
        if answer.length is not None and answer.length <= _DRAINED_BYTES:
            answer.read()
            return
    except (OSError, http.client.HTTPException):
        pass
    answer.close()
    connection.close()
