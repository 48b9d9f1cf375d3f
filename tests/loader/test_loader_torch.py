"""Under torch: tensors without a copy, DataLoader workers, and `datasets`' own torch format."""

from __future__ import annotations

import numpy as np
import pytest

from pico_banana.training.loader import make_loader

torch = pytest.importorskip("torch")
# Importing torch in a process with threads makes forking it a warning, and so does lance, where another test has
# imported it; the workers here only read files.
pytestmark = [
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:lance is not fork-safe:UserWarning"),
    pytest.mark.filterwarnings("ignore:.set_vital. is deprecated:UserWarning"),  # torchdata 0.11 under torch 2.15
]


def test_tensors_share_the_batchs_memory(singles):
    arrays = next(iter(make_loader(singles, batch_size=4, size=16, backend="torch")))
    tensors = next(iter(make_loader(singles, batch_size=4, size=16, framework="torch")))
    assert tensors["edited"].shape == (4, 3, 16, 16)
    assert tensors["edited"].dtype == torch.uint8
    assert tensors["edited"].is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_array_equal(tensors["edited"].permute(0, 2, 3, 1).numpy(), arrays["edited"])


def test_whole_sessions_keep_their_axes(sessions):
    batch = next(iter(make_loader(sessions, batch_size=1, size=16, turns="whole", framework="torch")))
    assert batch["images"].shape == (1, batch["turns"][0] + 1, 3, 16, 16)


@pytest.mark.parametrize("processes", [0, 1, 2])
def test_iterable_dataset_keeps_the_order_for_any_number_of_processes(singles, processes):
    from torch.utils.data import DataLoader

    from pico_banana.training.loader.torch_data import TorchBatches

    options = {"batch_size": 5, "size": 8, "shuffle": True, "workers": 1, "framework": "torch"}
    dataset = TorchBatches(make_loader(singles, **options))
    dataset.set_epoch(2)
    expected = make_loader(singles, **options)
    expected.set_epoch(2)
    batches = list(DataLoader(dataset, batch_size=None, num_workers=processes))
    assert [batch["id"] for batch in batches] == [batch["id"] for batch in expected]
    assert len(dataset) == len(batches)


def test_map_dataset_under_a_sampler(singles):
    from torch.utils.data import DataLoader

    from pico_banana.training.loader.torch_data import TorchMap

    dataset = TorchMap(make_loader(singles, batch_size=4, size=8, framework="torch"))
    batches = list(DataLoader(dataset, batch_size=None, shuffle=False))
    assert [name for batch in batches for name in batch["id"]] == singles.ids
    with pytest.raises(IndexError):
        dataset[len(dataset)]


def test_resume_through_the_dataset(singles):
    from pico_banana.training.loader.torch_data import TorchBatches

    dataset = TorchBatches(make_loader(singles, batch_size=4, columns=["instruction"]))
    running = iter(dataset)
    next(running)
    again = TorchBatches(make_loader(singles, batch_size=4, columns=["instruction"]))
    again.load_state_dict(dataset.state_dict())
    assert next(iter(again))["id"] == singles.ids[4:8]


@pytest.mark.parametrize("processes", [0, 2])
@pytest.mark.parametrize("given", [3, 4, 8])
def test_a_stateful_data_loader_goes_on_where_it_was(singles, processes, given):
    stateful = pytest.importorskip("torchdata.stateful_dataloader").StatefulDataLoader

    from pico_banana.training.loader.torch_data import TorchBatches

    def made():
        loader = make_loader(singles, batch_size=3, columns=["instruction"], shuffle=True, workers=0)
        return stateful(TorchBatches(loader), batch_size=None, num_workers=processes)

    every = [batch["id"] for batch in made()]
    first = made()
    running = iter(first)
    assert [next(running)["id"] for _ in range(given)] == every[:given]
    again = made()
    again.load_state_dict(first.state_dict())
    assert [batch["id"] for batch in again] == every[given:]


def test_a_loaded_position_reaches_workers(singles):
    from torch.utils.data import DataLoader

    from pico_banana.training.loader.torch_data import TorchBatches

    options = {"batch_size": 4, "columns": ["instruction"], "workers": 0}
    running = make_loader(singles, **options)
    next(iter(running))
    dataset = TorchBatches(make_loader(singles, **options))
    dataset.load_state_dict(running.state_dict())
    rest = DataLoader(dataset, batch_size=None, num_workers=2)
    assert [name for batch in rest for name in batch["id"]] == singles.ids[4:]


@pytest.mark.parametrize("kind", ["TorchBatches", "TorchMap"])
def test_workers_that_persist_hear_of_an_epoch(singles, kind):
    from torch.utils.data import DataLoader

    from pico_banana.training.loader import torch_data

    options = {"batch_size": 4, "columns": ["instruction"], "shuffle": True, "workers": 0}
    dataset = getattr(torch_data, kind)(make_loader(singles, **options))
    batches = DataLoader(dataset, batch_size=None, shuffle=None, num_workers=2, persistent_workers=True)
    alone = make_loader(singles, **options)
    for epoch in (0, 1, 3):
        dataset.set_epoch(epoch)
        alone.set_epoch(epoch)
        assert [batch["id"] for batch in batches] == [batch["id"] for batch in alone]


def test_with_format_torch_gives_the_same_pixels():
    import pico_banana as pb

    rows = pb.load_dataset("single_turn", split="train", mirror="sample").select(range(3)).with_format("torch")
    direct = pb.load("single_turn", mirror="sample")
    for place, row in enumerate(rows):
        assert row["id"] == direct[place].id
        expected = np.asarray(direct[place].edited.image().convert("RGB"))
        assert row["edited_image"].dtype == torch.uint8
        np.testing.assert_array_equal(row["edited_image"].permute(1, 2, 0).numpy(), expected)


def test_with_format_torch_goes_through_a_data_loader():
    from torch.utils.data import DataLoader

    import pico_banana as pb

    rows = pb.load_dataset("single_turn", split="train", mirror="sample").select_columns(["id", "edited_image"])
    loader = DataLoader(rows.select(range(4)).with_format("torch"), batch_size=1, num_workers=1)
    assert [batch["id"] for batch in loader] == [[name] for name in rows["id"][:4]]
