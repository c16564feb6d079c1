"""Every cache of the program is bounded, in bytes or as part of one run in number, and forgets the oldest first."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import em_core
import figures
import ui
from em_core import datasets
from em_core.caching import CACHES, Bounded, Recent, footprint
from em_core.files.experiment import Experiment
from em_core.observe.ahead import KEPT, Ahead
from em_core.observe.plane import Span
from em_core.trajectory import run

ROOT = Path(__file__).parents[1]
SOURCES = [path for layer in ("em_core", "figures", "ui", "pages") for path in sorted((ROOT / layer).rglob("*.py"))]
# of any kind of result, without a bound in bytes
UNBOUNDED = {"cache", "lru_cache", "cache_data", "cache_resource"}
# together, whatever is opened
MOST = 112_000_000


def caches():
    """All caches: each registers where it is defined."""
    for package in (em_core, figures, ui):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith(("__main__", "ui.main")):
                importlib.import_module(found.name)
    return CACHES


def test_all_caches_together_have_a_bound_in_bytes():
    assert len(caches()) >= 3 and sum(cache.most for cache in CACHES) <= MOST


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_else_remembers(path):
    """Neither another kind of cache, nor a collection of a module's own that functions could fill."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    used = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not used & UNBOUNDED
    assert path.name == "caching.py" or "OrderedDict" not in used, "a cache of its own"
    for node in tree.body:
        value = getattr(node, "value", None) if isinstance(node, ast.Assign | ast.AnnAssign) else None
        empty = isinstance(value, ast.Dict | ast.List) and not ast.dump(value).count("Constant")
        made = isinstance(value, ast.Call) and getattr(value.func, "id", "") in {"dict", "list", "set", "defaultdict"}
        grows = (empty or made) and not getattr(value, "args", None) and not getattr(value, "keywords", None)
        if grows and not (getattr(value, "elts", None) or getattr(value, "keys", None)):
            assert path.name == "caching.py", f"{ast.unparse(node)} may grow for ever"


def test_filled_beyond_its_bound_a_cache_stays_below_and_forgets_the_oldest():
    for most in {cache.most for cache in caches()}:
        cache = Bounded(lambda key, numbers=most // 80: np.zeros(numbers), most)
        for key in range(25):
            cache(key)
            assert 0 < cache.bytes <= cache.most
        made = []
        cache.function = made.append
        cache(24)
        cache(0)
        assert made == [0]


def test_what_is_larger_than_the_bound_is_not_kept():
    cache = Bounded(lambda key: np.zeros(1000), 5000)
    assert len(cache("any")) == 1000 and cache.bytes == 0


def test_a_key_counts_too():
    cache = Bounded(len, 100_000)
    for number in range(50):
        cache((number,) * 1000)
        assert cache.bytes <= 100_000
    assert len(cache._kept) < 15


def test_what_a_run_looks_at_ahead_stays_a_few_results_of_each_kind():
    """And asked for again within them, it is the same record."""
    experiment = Experiment.parse({"model": "linkage", "data": {"dataset": "linkage"}, "schedule": "(EM)40"})
    ahead, trajectory = Ahead(experiment), run(experiment)
    kinds = [cache for cache in vars(ahead).values() if isinstance(cache, Recent)]
    assert len(kinds) == 4 and {"OrderedDict", "dict"}.isdisjoint(
        type(entry).__name__ for entry in vars(ahead).values()
    )
    for last, following in pairwise(trajectory.half_steps):
        made = ahead.half_step(last, following.move)
        assert ahead.half_step(last, following.move) is made
        if last.after.q is not None:
            ahead.curve(last.after.q)
            ahead.line(last.after.q, last.after.theta, None, following.after.theta)
        if last.before.q is not None:
            ahead.landscape(Span(last.before.q, last.after.q, last.after.theta, following.after.theta, ()))
    assert {len(cache._kept) for cache in kinds} == {KEPT}


def test_many_readers_at_once():
    cache = Bounded(lambda key: np.full(100, key), 20_000)
    with ThreadPoolExecutor(8) as pool:
        for key, found in zip(range(2000), pool.map(cache, (key % 50 for key in range(2000))), strict=True):
            assert np.all(found == key % 50)
    assert cache.bytes == sum(size for _, size in cache._kept.values()) <= cache.most


def test_the_footprint_is_what_a_value_takes():
    def takes(make):
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        made = make()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        return made, grown

    for make in (
        lambda: [[float(i + j) for i in range(100)] for j in range(100)],
        lambda: {"a": np.zeros(100_000), "b": [np.ones(1000) for _ in range(50)]},
        lambda: np.zeros((1000, 100))[::2],
    ):
        made, grown = takes(make)
        assert footprint(made) == pytest.approx(grown, rel=0.1)


def test_shared_parts_count_once_and_the_program_not_at_all():
    array = np.zeros(1000)
    assert footprint([array, array, array[:10]]) < 2 * array.nbytes
    assert footprint(sys) == footprint(footprint) == footprint(int) == 0


def test_all_shipped_data_fit_their_cache():
    datasets.load.clear()
    sets = datasets.catalogue()
    assert all(datasets.load(each.name) is each for each in sets)
