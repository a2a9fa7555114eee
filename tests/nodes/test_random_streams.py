"""Random streams against published vectors, the quantiles of SciPy, and their own definition in plain integers."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pytest
from librt.vecs import vec
from scipy import special, stats
from tapegraph_nodes._kernels.random_streams import RandomStream, logarithm, normal_quantile, philox


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_philox_gives_the_known_answers_of_its_authors(counter: str, key: str, words: str) -> None:
    """From kat_vectors of the Random123 library, philox4x32 with 10 rounds."""
    c0, c1, c2, c3 = (int(word, 16) for word in counter.split())
    k0, k1 = (int(word, 16) for word in key.split())
    assert " ".join(f"{word:08x}" for word in philox(c0, c1, c2, c3, k0, k1)) == words


def test_numbers_are_52_bits_of_the_words_and_the_key_is_a_hash_of_the_names() -> None:
    key = np.frombuffer(hashlib.sha256(b"7\nsub/tape\n3\nhiss").digest()[:16], "<u4").tolist()
    stream = RandomStream(7, "sub/tape", 3, "hiss")
    for n in range(100):
        w = [int(word) for word in philox(n, 0, key[2], key[3], key[0], key[1])]
        for k in (w[0] * 2**20 + w[1] // 2**12, w[2] * 2**20 + w[3] // 2**12):
            assert stream.uniform() == (k + 0.5) / 2**52


def test_restart_gives_the_same_numbers_and_normal_ones_are_quantiles_of_the_uniform_ones() -> None:
    stream = RandomStream(1, "tape", 0, "hiss")
    uniform = np.array([stream.uniform() for _ in range(1001)])
    stream.restart()
    normal = np.array([stream.normal() for _ in range(1001)])
    np.testing.assert_allclose(normal, special.ndtri(uniform), rtol=1e-13, atol=1e-15)


def test_a_block_is_filled_with_the_next_normal_numbers() -> None:
    stream, other = RandomStream(1, "hiss", 0, "noise"), RandomStream(1, "hiss", 0, "noise")
    block = vec[float]([0.0] * 7)
    for _ in range(2):
        stream.fill(block)
        assert list(block) == [other.normal() for _ in range(7)]


def test_quantiles_are_exact_from_the_middle_to_the_last_number_there_is() -> None:
    for u in (0.5, 0.6, 0.0749, 0.0751, 1e-4, 1e-9, 1.4e-11, 1e-13, 2.0**-53):
        assert normal_quantile(u) == pytest.approx(special.ndtri(u), rel=1e-14, abs=1e-16)
        if u > 1e-10:  # 1 - u is exact enough
            assert normal_quantile(1 - u) == pytest.approx(special.ndtri(1 - u), rel=1e-13, abs=1e-16)


def test_the_logarithm_is_right_to_the_last_digits() -> None:
    for x in np.concatenate([np.linspace(0.001, 1.0, 1000), 2.0 ** -np.arange(0.0, 53.5, 0.5)]):
        assert logarithm(float(x)) == pytest.approx(np.log(x), rel=5e-16, abs=5e-17)


def test_streams_are_evenly_and_normally_spread_and_independent_of_each_other() -> None:
    names = itertools.product((0, 1), ("tape", "tape2"), (0, 1), ("hiss", "wow"))
    streams = [RandomStream(seed, name, channel, purpose) for seed, name, channel, purpose in names]
    numbers = np.array([[stream.uniform() for _ in range(20_000)] for stream in streams])
    for stream in streams:
        stream.restart()
    normal = np.array([[stream.normal() for _ in range(20_000)] for stream in streams])
    for uniform, gaussian in zip(numbers, normal, strict=True):
        assert stats.kstest(uniform, "uniform").pvalue > 1e-4
        assert stats.kstest(gaussian, "norm").pvalue > 1e-4
        assert abs(np.corrcoef(uniform[:-1], uniform[1:])[0, 1]) < 5 / np.sqrt(20_000)
    correlation = np.corrcoef(numbers) - np.eye(len(streams))
    assert np.max(np.abs(correlation)) < 5 / np.sqrt(20_000)  # five standard deviations
