"""Tensors of torch, in and out, without importing it: whoever has one has imported it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from tapegraph.errors import TapegraphError
from tapegraph.run.sound import Audio


def is_tensor(samples: Any) -> bool:
    return type(samples).__module__.partition(".")[0] == "torch"


def as_array(samples: Any) -> Audio:
    """Return samples as an array; of a tensor on any device, a copy or a view without its gradient.

    Raises TapegraphError where they are of a type that NumPy does not have.
    """
    if not is_tensor(samples):
        try:
            return np.asarray(samples)
        except ValueError as error:  # lists of different lengths
            raise TapegraphError(f"the samples cannot become an array: {error}") from None
    try:
        return np.asarray(samples.detach().cpu().numpy())
    except (TypeError, RuntimeError) as error:
        raise TapegraphError(f"the tensor cannot become an array: {error}; use .float() for another type") from None


def like(array: Audio, samples: Any) -> Any:
    """Return an array as the samples came: as a tensor on the same device where they are one."""
    if not is_tensor(samples):
        return array
    return sys.modules["torch"].from_numpy(array).to(samples.device)


def worker_seed() -> int | None:
    """Return the seed of the worker of a DataLoader that this process is; None where it is none."""
    data = sys.modules.get("torch.utils.data")
    info = data.get_worker_info() if data is not None else None
    return None if info is None else int(info.seed)
