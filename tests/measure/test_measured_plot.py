"""Pictures of measurements: drawn on the axes that are handed in, in the units of the arrays."""

from __future__ import annotations

from unittest.mock import MagicMock

import numpy as np
import pytest

import tapegraph
from tapegraph import measure


@pytest.mark.parametrize("name", measure.ALL)
def test_a_measurement_draws_itself_on_axes(name: str) -> None:
    ax = MagicMock()
    found = measure.ALL[name](measure.Rig(tapegraph.chain(gain={"gain_db": -3.0}), 16_000.0))
    found.plot(ax)
    ax.set_xlabel.assert_called_once()
    for call in ax.plot.call_args_list:
        x, y, *_ = call.args
        assert np.shape(x) == np.shape(y)


def test_a_response_is_drawn_in_db_over_hz() -> None:
    ax = MagicMock()
    measure.response(tapegraph.chain(gain={"gain_db": -3.0})).plot(ax)
    x, y = ax.plot.call_args.args
    assert (x[0], x[-1]) == pytest.approx((20.0, 19_952.6))
    np.testing.assert_allclose(y, -3.0, atol=0.01)
    ax.set_xscale.assert_called_once_with("log")


def test_curves_over_a_parameter_are_drawn_over_its_values(toys: None) -> None:
    ax = MagicMock()
    found = measure.over(measure.Rig(tapegraph.chain(cubic={}), 8000.0), "cubic.third", (-0.1, -0.2), 0.0, (400.0,))
    assert list(found.panels()) == ["Tape over cubic.third"]
    found.plot(ax)
    ax.set_xlabel.assert_called_once_with("cubic.third")
    for call in ax.plot.call_args_list:
        x, y = call.args
        assert (list(x), len(y)) == ([-0.1, -0.2], 2)
