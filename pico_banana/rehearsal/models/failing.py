"""Error answers in the two protocols, with bodies as the services' pages and their users' reports have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pico_banana.rehearsal.models.faults import ModelFaults

Failing = tuple[int, dict[str, Any], dict[str, str]]
_RPC = "type.googleapis.com/google.rpc"


def failing(fault: str, faults: ModelFaults, *, gemini: bool) -> Failing | None:
    """Give the answer of a fault.

    Args:
        fault: its name, or an empty text.
        faults: for what `Retry-After` says.
        gemini: whose protocol; else OpenAI's.

    Returns:
        Status, body and further headers; None for a fault that is no error answer.
    """
    wait = {"Retry-After": f"{faults.retry_after_s:g}"} if fault == "throttled_with_wait" else {}
    found = (_GEMINI if gemini else _OPENAI).get("throttled" if wait else fault)
    return None if found is None else (found[0], found[1], wait)


def _google(code: int, status: str, message: str, *details: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return code, {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def _openai(status: int, code: str | None, kind: str, message: str) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"message": message, "type": kind, "param": None, "code": code}}


_DAILY = {
    "@type": f"{_RPC}.QuotaFailure",
    "violations": [
        {
            "quotaMetric": "generativelanguage.googleapis.com/generate_requests_per_model_per_day",
            "quotaId": "GenerateRequestsPerDayPerProjectPerModel",
        }
    ],
}
_GEMINI = {
    "throttled": _google(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    "server_error": _google(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    "cancelled": _google(499, "CANCELLED", "The operation was cancelled."),
    "daily_quota": _google(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", _DAILY),
    "account_empty": _google(402, "FAILED_PRECONDITION", "Your prepayment credits are depleted."),
    "bad_parameter": _google(400, "INVALID_ARGUMENT", "Aspect ratio is not supported by this model."),
}
_OPENAI = {
    "throttled": _openai(429, "rate_limit_exceeded", "requests", "Rate limit reached on requests per min (RPM)."),
    "server_error": _openai(503, None, "server_error", "The engine is currently overloaded."),
    "cancelled": _openai(499, None, "server_error", "The request was closed."),
    "daily_quota": _openai(
        429, "rate_limit_exceeded", "requests", "Rate limit reached on requests per day (RPD). Try again in 7h12m0s."
    ),
    "account_empty": _openai(
        400, "billing_hard_limit_reached", "invalid_request_error", "Billing hard limit has been reached"
    ),
    "bad_parameter": _openai(400, "invalid_value", "invalid_request_error", "Invalid value: 'huge' for 'size'."),
}
