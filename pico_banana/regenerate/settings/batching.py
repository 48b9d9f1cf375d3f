"""How calls go to a service: one by one, or many in a file that the service answers within a day at half the price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Transport = Literal["online", "batch", "auto"]


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """The `[batch]` table.

    Attributes:
        transport: "online", one by one; "batch", every request that can be; "auto", first attempts in batches, retries
            and stragglers online.
        items_in_flight: items that wait for batches at a time; each holds its photo in memory.
        output_bytes: expected answers of one batch, so that they can be read; halved where a service could not.
        input_bytes: requests of one batch; OpenAI takes 200 MB, Gemini 2 GB.
        requests: requests of one batch; OpenAI takes 50,000.
        picture_bytes: what one answer with a picture is expected to have, as Base64.
        text_bytes: what one answer of text is expected to have.
        linger_s: seconds without another request after which a batch is sent as it is.
        stragglers: with "auto", so few requests go online instead.
        poll_s: seconds between looks at a batch.
        patience_h: hours after which a batch counts as stuck: it is cancelled, and what it lacks goes online.
        tries: times that a step is tried while the service fails.
    """

    transport: Transport = "online"
    items_in_flight: int = 1000
    output_bytes: int = 200_000_000
    input_bytes: int = 190_000_000
    requests: int = 50_000
    picture_bytes: int = 2_500_000
    text_bytes: int = 8_000
    linger_s: float = 20.0
    stragglers: int = 8
    poll_s: float = 60.0
    patience_h: float = 26.0
    tries: int = 8
