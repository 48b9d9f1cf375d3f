"""Turn sessions into single steps, each with the picture before and after, for training a turn-by-turn editor."""

from __future__ import annotations

import pico_banana as pb


def main() -> None:
    sessions = pb.load("multi_turn", mirror="sample", lacks_flags=["turn_image_missing"])
    steps = 0
    for session in sessions:
        history: list[str] = []
        for before, instruction, after in session.steps():
            sizes = before.image().size, after.image().size
            history.append(instruction)
            steps += 1
        print(f"{session.id}: {len(history)} steps, the last {sizes[0]} -> {sizes[1]}")
    print(f"{steps} steps of {len(sessions)} sessions")


if __name__ == "__main__":
    main()
