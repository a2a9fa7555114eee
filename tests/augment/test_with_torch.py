"""Random machines in DataLoaders of torch, where that is installed."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tapegraph.augment import RandomMachine

torch = pytest.importorskip("torch")
data = pytest.importorskip("torch.utils.data")

MACHINE = RandomMachine({"graphs": ["tc260", "cassette"], "draw": {"Drive": {"uniform": [0.2, 0.9]}}})
CLIPS = 12
X = 0.3 * torch.sin(torch.arange(CLIPS * 2000.0).reshape(CLIPS, 2000) ** 1.1)


class Clips:
    """A dataset; named: whether a clip tells its number."""

    def __init__(self, named: bool) -> None:
        self.machine, self.named = MACHINE, named

    def __len__(self) -> int:
        return CLIPS

    def __getitem__(self, k: int) -> Any:
        return self.machine(X[k] if self.named else torch.zeros(2000), 16_000, clip=k if self.named else None)


def loaded(named: bool, workers: int, method: str | None = None) -> Any:
    torch.manual_seed(5)
    loader = data.DataLoader(Clips(named), batch_size=4, num_workers=workers, multiprocessing_context=method)
    return torch.cat(list(loader))


@pytest.mark.parametrize(("workers", "method"), [(1, "fork"), (2, "fork"), (2, "spawn"), (2, "forkserver")])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_workers_started_in_any_way_give_equal_batches(workers: int, method: str) -> None:
    alone = loaded(True, 0)
    assert torch.equal(loaded(True, workers, method), alone)
    assert torch.equal(alone[3], MACHINE(X[3], 16_000, clip=3))


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_without_names_workers_do_not_repeat_each_other_and_torch_s_seed_decides(method: str) -> None:
    """Twelve times silence: all that differs is the hiss that was drawn."""
    found = loaded(False, 2, method)
    assert not any(torch.equal(one, other) for one, other in itertools.combinations(found, 2))
    assert torch.equal(loaded(False, 2, method), found)


def test_a_tensor_keeps_its_type_and_loses_its_gradient() -> None:
    sound = X[0].double().requires_grad_()
    out = MACHINE(sound, 16_000, clip="a")
    assert out.dtype == torch.float64
    assert not out.requires_grad
    batch = MACHINE.batch(X[:3], 16_000, lengths=torch.tensor([2000, 100, 0]), clips=[0, 1, 2])
    assert torch.equal(batch[0], MACHINE(X[0], 16_000, clip=0))
    assert torch.equal(batch[1, 100:], X[1, 100:])
    assert torch.equal(batch[2], X[2])
