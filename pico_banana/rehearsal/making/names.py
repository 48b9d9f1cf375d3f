"""What the files of a synthetic mirror are called: as the published ones are, on hosts that cannot exist.

Numeric names have gaps and are not row numbers; about a fifth end in `_retry1` or `_retry2`; photo addresses have the
two shapes of Flickr's. The host ends in `.invalid`, a domain that never resolves (RFC 2606), so that a mistake in
a test cannot reach anybody's server.
"""

from __future__ import annotations

from dataclasses import dataclass

from pico_banana.rehearsal.making.dice import Scatter, mixed

BASE_URL = "https://cdn.pico-banana.invalid/datasets/pico-banana-300k/nb/"
PHOTO_HOST = "photos.invalid"
STALE_PREFIX = "nano-banana-300k/"

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_FIRST_RETRY_NAME = int("k00000", 36)  # the published ones that are known start with a k
_RETRY_NAMES = 36**6 - _FIRST_RETRY_NAME
_RETRY_STEP = 604_171_319  # coprime to 36: no two numbers share a name
_PHOTO_NUMBERS = 39_999_999_979  # a prime; published photo numbers have 8 to 11 digits
_IMAGE_IDS = 1 << 61  # 16 hexadecimal digits, the first 0 or 1: the ids that lie in train_0 and train_1


def base36(number: int) -> str:
    """Write a number with the digits 0-9 and a-z.

    Args:
        number: 0 or more.

    Returns:
        The digits, none in front that is 0.
    """
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if not number:
            return text


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one mirror's files; each a pure function of a number.

    Attributes:
        seed: the mirror's seed.
        host: where the photos seem to lie, without `farmN.`.
        numbers: where numeric names are drawn from, half as many again as there are rows.
        rejects: numbers of rejected pictures.
        photos: how many photos the rows use, where names rise with the rows and ids with the photos; 0 where both
            are scattered.
    """

    seed: int
    host: str
    numbers: Scatter
    rejects: Scatter
    photos: int = 0

    @classmethod
    def of(cls, *, rows: int, preferences: int, seed: int, host: str = PHOTO_HOST, photos: int = 0) -> Names:
        """Make the names of a mirror.

        Args:
            rows: single-turn rows.
            preferences: preference rows; each may have two rejected pictures.
            seed: the mirror's seed.
            host: where the photos seem to lie.
            photos: how many photos there are, for names and ids that rise; 0 for scattered ones.

        Returns:
            The names.
        """
        numbers = Scatter.of(rows + rows // 2 + 2, seed + 1)
        return cls(seed, host, numbers, Scatter.of(3 * preferences + 2, seed + 2), photos)

    def edited(self, row: int, retry: int) -> str:
        """Give the path of a row's edited picture.

        Args:
            row: the row's number.
            retry: 0 when the first attempt succeeded, else 1 or 2.

        Returns:
            `images/positive-edit/1239.png` or `images/positive-edit/kf3o5u_retry1.png`.
        """
        number = row + row // 2 + 1 if self.photos else self.numbers.at(row)
        if not retry:
            return f"images/positive-edit/{number + 1}.png"
        return f"images/positive-edit/{_retry_name(number)}_retry{retry}.png"

    def rejected(self, row: int, attempt: int) -> str:
        """Give the path of a rejected picture.

        Args:
            row: the preference row's number.
            attempt: 0 or 1.

        Returns:
            `images/rejected-edit/14.png`.
        """
        return f"images/rejected-edit/{self.rejects.at(2 * row + attempt) + 1}.png"

    def turn(self, session: int, turn: int) -> str:
        """Give the path of the picture after a turn.

        Args:
            session: the session's number.
            turn: 1 for the first.

        Returns:
            `images/multi-turn/101_attemptB_turn5.png`.
        """
        attempt = "AABABC"[mixed(session + self.seed) % 6]
        return f"images/multi-turn/{session + session // 3 + 1}_attempt{attempt}_turn{turn}.png"

    def photo(self, photo: int) -> str:
        """Give the address of a source photo.

        Args:
            photo: the photo's number.

        Returns:
            `https://farm6.<host>/529/19134693806_cfd8353788_o.jpg`, or the longer shape that starts with `c1.`.
        """
        key = mixed(mixed(photo) + self.seed)
        name = f"{_photo_number(photo)}_{key >> 24:010x}_o.jpg"
        folder = f"{1 + key % 8999}"
        if key % 2:
            return f"https://farm{1 + key % 9}.{self.host}/{folder}/{name}"
        return f"https://c{1 + key % 8}.{self.host}/{1 + key % 9}/{folder}/{name}"

    def image_id(self, photo: int) -> str:
        """Give the Open Images id of a source photo.

        Args:
            photo: the photo's number.

        Returns:
            16 hexadecimal digits, the first 0 or 1.
        """
        if self.photos:
            # Between the ids of two photos there is room for one that no row uses; their numbers come after the others.
            used, step = photo < self.photos, _IMAGE_IDS // (2 * self.photos)
            slot = 2 * photo if used else 2 * (photo - self.photos) + 1
            return f"{slot * step + mixed(photo + self.seed) % step:016x}"
        return f"{(photo + 1 + self.seed) * 0x1B873593CC9E2D51 % _IMAGE_IDS:016x}"


def _retry_name(number: int) -> str:
    """Give each number six letters and figures of its own."""
    return base36(_FIRST_RETRY_NAME + number * _RETRY_STEP % _RETRY_NAMES)


def _photo_number(photo: int) -> int:
    """Give each photo a number of its own of 8 to 11 digits."""
    return 10_000_000 + (photo + 1) * 23_456_789_017 % _PHOTO_NUMBERS


def photo_path(url: str) -> str:
    """Give the path under a mirror where a source photo lies.

    Args:
        url: the photo's address.

    Returns:
        `source/<host>/<path>`.
    """
    return f"source/{url.split('://', 1)[1]}"
