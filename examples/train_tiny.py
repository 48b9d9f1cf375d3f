"""Train a tiny instruction-conditioned U-Net on the sample, on a CPU, in well under two minutes.

It shows what training needs from this library: splits that do not leak, the loader, a checkpoint in the middle of an
epoch, and a preference step in the manner of Diffusion-DPO. Needs torch: pip install 'pico-banana[torch,fast]'.
"""

from __future__ import annotations

import argparse
import copy
import re
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

import pico_banana as pb

if TYPE_CHECKING:
    from pico_banana.training.loader import Loader

WORDS = 512
PIXELS = 48


class TinyEditor(nn.Module):
    """A U-Net of three levels that turns a source and an instruction into the edit."""

    def __init__(self, width: int = 16) -> None:
        """Make the layers; `width` is the number of channels at full size."""
        super().__init__()
        self.words = nn.EmbeddingBag(WORDS, 4 * width, mode="mean")
        self.down = nn.ModuleList([nn.Conv2d(3, width, 3, padding=1), nn.Conv2d(width, 2 * width, 3, 2, 1)])
        self.middle = nn.Conv2d(2 * width, 4 * width, 3, 2, 1)
        self.up = nn.ModuleList(
            [nn.Conv2d(6 * width, 2 * width, 3, padding=1), nn.Conv2d(3 * width, width, 3, padding=1)]
        )
        self.out = nn.Conv2d(width, 3, 3, padding=1)
        nn.init.zeros_(self.out.weight)  # the first guess is the source itself

    def forward(self, source: torch.Tensor, said: list[torch.Tensor]) -> torch.Tensor:
        """Give the edit, in the range of the source; `said` are the words of each instruction."""
        starts = torch.tensor([0, *map(len, said[:-1])]).cumsum(0)
        told = self.words(torch.cat(said), starts)[:, :, None, None]
        first = functional.silu(self.down[0](source))
        second = functional.silu(self.down[1](first))
        x = functional.silu(self.middle(second)) * (1 + told)
        for layer, skip in zip(self.up, (second, first), strict=True):
            x = functional.silu(layer(torch.cat([functional.interpolate(x, scale_factor=2), skip], 1)))
        return source + self.out(x)


def hashed(instruction: str) -> torch.Tensor:
    """Give the words of an instruction as rows of the embedding."""
    return torch.tensor([zlib.crc32(word.encode()) % WORDS for word in re.findall(r"\w+", instruction.lower()) or [""]])


def floats(pictures: torch.Tensor) -> torch.Tensor:
    return pictures.float() / 127.5 - 1


def errors(model: nn.Module, batch: dict[str, Any], target: str) -> torch.Tensor:
    """Give the mean squared error of each example of a batch."""
    guess = model(floats(batch["source"]), [hashed(text) for text in batch["instruction"]])
    return (guess - floats(batch[target])).square().mean((1, 2, 3))


def batches(subset: str, split: str, size: int = 16) -> Loader:
    rows = pb.load(subset, mirror="sample", split=split)
    return rows.loader(batch_size=size, size=PIXELS, geometry="crop", shuffle=True, seed=1, framework="torch")


def train(model: nn.Module, loader: Loader, optimizer: torch.optim.Optimizer, *, steps: int) -> list[float]:
    losses: list[float] = []
    while len(losses) < steps:
        for batch in loader:
            loss = errors(model, batch, "edited").mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if len(losses) == steps:
                break
    return losses


def evaluate(model: nn.Module) -> float:
    with torch.no_grad():
        found = [errors(model, batch, "edited") for batch in batches("single_turn", "validation_70_15_15")]
    return float(torch.cat(found).mean())


def prefer(model: nn.Module, *, steps: int, beta: float = 200.0) -> list[float]:
    """Move towards the accepted edits and away from the rejected ones, measured against the model before."""
    before = copy.deepcopy(model).requires_grad_(requires_grad=False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4)
    loader, losses = batches("preference", "train"), list[float]()
    while len(losses) < steps:
        for batch in loader:
            gain = {side: errors(before, batch, side) - errors(model, batch, side) for side in ("chosen", "rejected")}
            loss = -functional.logsigmoid(beta * (gain["chosen"] - gain["rejected"])).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses[:steps]


def resumed(path: Path) -> tuple[TinyEditor, Loader, torch.optim.Optimizer]:
    """Continue where a checkpoint was written: model, optimizer, and the loader's place in its epoch."""
    saved = torch.load(path, weights_only=True)
    model, loader = TinyEditor(), batches("single_turn", "train_70_15_15")
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    loader.load_state_dict(saved["loader"])
    return model, loader, optimizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="where the checkpoint goes (default: a temporary folder)")
    parser.add_argument("--steps", type=int, default=60, help="training steps (default: 60)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        run(args.folder or Path(temporary), args.steps)


def run(folder: Path, steps: int) -> None:
    torch.manual_seed(0)
    model, loader = TinyEditor(), batches("single_turn", "train_70_15_15")
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    at_first = evaluate(model)
    losses = train(model, loader, optimizer, steps=steps // 2)
    path = folder / "checkpoint.pt"
    folder.mkdir(parents=True, exist_ok=True)
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "loader": loader.state_dict()}
    torch.save(state, path)
    model, loader, optimizer = resumed(path)
    losses += train(model, loader, optimizer, steps=steps - steps // 2)
    fifth = max(1, steps // 5)
    print(f"training loss {sum(losses[:fifth]) / fifth:.4f} -> {sum(losses[-fifth:]) / fifth:.4f}")
    print(f"validation loss {at_first:.4f} -> {evaluate(model):.4f}")
    preferences = prefer(model, steps=max(2, steps // 4))
    print(f"preference loss {preferences[0]:.4f} -> {preferences[-1]:.4f}")


if __name__ == "__main__":
    main()
