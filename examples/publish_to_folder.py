"""Write a dataset repository into a folder, look at it as the Hub's viewer would, and load it back."""

from __future__ import annotations

import sys
from pathlib import Path

import pico_banana as pb
from pico_banana.sharing.hub.licence import agreed_terms, changes_of, origin_of
from pico_banana.sharing.hub.repository import Publication, build_repository
from pico_banana.sharing.hub.viewer import check_folder


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "published")
    subsets = ("single_turn", "multi_turn", "preference", "instructions")
    datasets = tuple(pb.load(subset, mirror="sample") for subset in subsets)

    # The sample is our own work, so it takes a licence of our choice; the release takes none but its own.
    terms = agreed_terms(origin_of(datasets[0].mirror), changes_of(datasets), licence="apache-2.0")
    repository = build_repository(Publication(datasets, terms, title="A sample of image edits"), folder)
    print(f"{repository.rows} rows, {repository.size / 1e6:.1f} MB in {folder}")

    for view in check_folder(folder).splits:
        first = view.first.cells
        print(f"{view.config}/{view.split}: {view.rows} rows; the first one: {first.get('source_image', first['id'])}")

    published = pb.load("single_turn", mirror=folder)  # a published folder is a mirror
    assert published[0].edited.bytes() == datasets[0][0].edited.bytes()


if __name__ == "__main__":
    main()
