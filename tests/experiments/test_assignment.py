from collections import Counter
from hashlib import sha256
from uuid import UUID

from django_personalize.core.hashing import digest
from django_personalize.experiments.assignment import BUCKETS, bucket, is_below

UNITS = [str(UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128)) for number in range(200_000)]


def chi_square(counts, cells, n):
    return sum((counts[cell] - n / cells) ** 2 / (n / cells) for cell in range(cells))


def test_it_is_the_formula_that_the_page_names():
    assert bucket("holdout:2026", "42") == int(sha256(b"holdout:2026:42").hexdigest()[:8], 16) % 10_000 == 3_140


def test_buckets_are_uniform():
    """Chi-square over 100 cells of 100 buckets: 99 degrees of freedom, below 148.2 with p = .999."""
    for salt in ("holdout:2026", "holdout:2027", "b"):
        cells = Counter(bucket(salt, unit) // 100 for unit in UNITS)
        assert chi_square(cells, 100, len(UNITS)) < 148.2
    assert {bucket("a", unit) for unit in UNITS} == set(range(BUCKETS))


def test_short_keys_that_follow_one_another_are_uniform_too():
    cells = Counter(bucket("holdout:2026", str(number)) // 100 for number in range(200_000))
    assert chi_square(cells, 100, 200_000) < 148.2


def test_digests_of_keys_are_uniform_too():
    units = [digest("unit", str(number))[:32] for number in range(50_000)]
    assert chi_square(Counter(bucket("a", unit) // 500 for unit in units), 20, 50_000) < 43.8  # 19 degrees


def test_two_salts_say_nothing_of_each_other():
    cells = Counter((bucket("a", unit) // 1000, bucket("b", unit) // 1000) for unit in UNITS)
    joint = Counter({10 * first + second: count for (first, second), count in cells.items()})
    assert chi_square(joint, 100, len(UNITS)) < 148.2


def test_a_share_is_as_large_as_it_says_and_lies_within_a_larger_one():
    small = {unit for unit in UNITS if is_below(0.05, "a", unit)}
    large = {unit for unit in UNITS if is_below(0.2, "a", unit)}
    assert small < large
    assert abs(len(small) - 10_000) < 4 * 97.5  # four standard deviations
    assert not any(is_below(0.0, "a", unit) for unit in UNITS[:1000])
    assert all(is_below(1.0, "a", unit) for unit in UNITS[:1000])
