"""Sound cut into whole blocks: nothing lost, nothing twice, silence after the end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tapegraph
from tapegraph.run.blocks import BlockCutter
from tapegraph.run.rendering import Rendering

BLOCK = 8


@given(st.lists(st.integers(0, 50), max_size=12), st.integers(1, 40))
def test_whole_blocks_come_out_in_order_and_the_last_ends_in_silence(sizes: list[int], chunk_frames: int) -> None:
    sound = np.arange(1.0, 1.0 + 2 * sum(sizes)).reshape(2, -1)
    cutter = BlockCutter(2, BLOCK, chunk_frames)
    out = []
    for piece in np.split(sound, np.cumsum(sizes)[:-1], axis=1) if sizes else []:
        for blocks in cutter.cut(piece):
            assert blocks.shape[1] % BLOCK == 0
            assert 0 < blocks.shape[1] <= max(BLOCK, chunk_frames)
            out.append(blocks.copy())
    out.append(cutter.last())
    joined = np.concatenate(out, axis=1)
    assert joined.shape[1] == -(-sound.shape[1] // BLOCK) * BLOCK
    np.testing.assert_array_equal(joined[:, : sound.shape[1]], sound)
    assert not joined[:, sound.shape[1] :].any()


def test_whole_blocks_of_a_piece_are_not_copied() -> None:
    piece = np.ones((2, 5 * BLOCK + 3))
    (blocks,) = BlockCutter(2, BLOCK, 100).cut(piece)
    assert np.shares_memory(blocks, piece)


@pytest.mark.parametrize("chunk_frames", [1, 64, 100, 4096])
def test_a_rendering_is_the_same_to_the_bit_in_chunks_of_any_size(chunk_frames: int) -> None:
    x = np.random.default_rng(3).uniform(-0.5, 0.5, (2, 3001))
    graph = tapegraph.chain(head={"kind": "playhead_loss", "bump_db": 2.0}, dc={"kind": "dc_blocker"})
    rendering = Rendering(graph.flat(), 48_000, 2, 0.2, chunk_frames=chunk_frames)
    out = np.concatenate(list(rendering.blocks(np.split(x, [1, 700, 2000], axis=1))), axis=1)
    np.testing.assert_array_equal(out, graph.render(x, 48_000, tail=0.2))
    assert out.shape == (2, 3001 + 9600)
