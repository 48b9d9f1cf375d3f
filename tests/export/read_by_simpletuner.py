"""SimpleTuner's own reader over an export: its factory of data backends, then its sampler; run as a process of its own.

Its state is global, so one process reads one export. Prints a line of JSON for each example.

    python -m tests.export.read_by_simpletuner EXPORT SCRATCH
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np


def main(export: Path, scratch: Path) -> None:
    """Read as a training would that encodes nothing: no autoencoder, no text encoder, pictures scaled to 256 pixels."""
    from accelerate import Accelerator
    from simpletuner.helpers.configuration.cmd_args import parse_cmdline_args
    from simpletuner.helpers.data_backend.factory import FactoryRegistry
    from simpletuner.helpers.training.state_tracker import StateTracker

    backends = json.loads((export / "multidatabackend.json").read_text("utf-8"))
    for backend in backends:
        backend |= {"resolution": 256, "resolution_type": "pixel", "minimum_image_size": 0}
    texts = {"id": "text", "type": "local", "dataset_type": "text_embeds", "default": True, "cache_dir": str(scratch)}
    (scratch / "config.json").write_text(json.dumps([*backends, texts]))
    words = f"""
        --data_backend_config={scratch}/config.json --output_dir={scratch}/out --cache_dir={scratch}/cache
        --model_family=flux --model_flavour=kontext --model_type=lora --pretrained_model_name_or_path=none
        --optimizer=adamw_bf16 --mixed_precision=bf16 --train_batch_size=1 --max_train_steps=10 --num_train_epochs=0
        --minimum_image_size=0 --skip_file_discovery=vae,text --vae_cache_ondemand
    """
    for folder in ("out", "cache"):
        (scratch / folder).mkdir()
    args = parse_cmdline_args(words.split())
    os.chdir(export)  # where the paths of the configuration start
    machine = Accelerator(cpu=True)
    StateTracker.set_accelerator(machine)
    StateTracker.set_args(args)
    model = MagicMock(AUTOENCODER_CLASS=None)
    model.requires_conditioning_image_embeds.return_value = False
    FactoryRegistry(args, machine, [], [], model).configure()
    sampler = StateTracker.get_data_backend("edited")["sampler"]
    count = sum(map(len, sampler.metadata_backend.aspect_ratio_bucket_indices.values()))
    examples = iter(sampler)
    for _ in range(count):
        edited, source = next(examples)
        found = {
            "caption": edited["instance_prompt_text"],
            "edited": edited["image_path"],
            "size": edited["original_size"],
            "source": source.image_path(),
            "colours": np.asarray(source.image.convert("RGB")).mean((0, 1)).tolist(),
        }
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
