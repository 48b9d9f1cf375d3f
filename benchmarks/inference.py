"""How many instructions a second are given an edit type, by the rules and by a trained model, on one core."""

from __future__ import annotations

from time import perf_counter

from pico_banana.rehearsal.making.dice import Dice
from pico_banana.rehearsal.making.phrases import instructions
from pico_banana.rows.inference import infer_many, train
from pico_banana.taxonomy import edit_types

ROWS_PER_TYPE = 600
ROUNDS = 3


def main() -> None:
    rows = [(*instructions(kind, Dice(1, n)), kind) for n in range(ROWS_PER_TYPE) for kind in edit_types()]
    long, short, kinds = zip(*rows, strict=True)
    started = perf_counter()
    model = train(long, kinds)
    print(f"training on {len(long):,} long instructions: {perf_counter() - started:.2f} s\n")
    print("| texts | mean length | model | texts a second |\n|---|---:|---|---:|")
    for name, texts in (("short", short), ("long", long)):
        for kind, chosen in (("rules", None), ("naive Bayes", model)):
            rate = max(_rate(texts, chosen) for _ in range(ROUNDS))
            print(f"| {name} | {sum(map(len, texts)) / len(texts):.0f} characters | {kind} | {rate:,.0f} |")


def _rate(texts, model) -> float:
    started = perf_counter()
    infer_many(texts, model=model)
    return len(texts) / (perf_counter() - started)


if __name__ == "__main__":
    main()
