"""How much memory a model will take and how much there is, so that one which does not fit is refused before it is loaded."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from backends.host.folder import Folder, Unusable

GIB = 1 << 30
WORKING = GIB // 2
"""Bytes beside weights and cache: the libraries and what one step computes."""
MOST_CACHE = 8 * GIB


class Precision(StrEnum):
    """How the weights are kept while serving."""

    INT8 = "int8"
    BF16 = "bf16"
    FP32 = "fp32"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model would run, and the bytes that are free there. `device` as torch calls it."""

    device: str
    free: int


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes of the weights at their most, while they are loaded, of the cache of one prompt of full length, and beside both."""

    weights: int
    cache: int
    working: int = WORKING

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.working


def need(folder: Folder, context_tokens: int, precision: Precision, device: str = "cpu") -> Need:
    """While weights are rounded to int8, what is done and what is not yet lie side by side: no more than in bf16 and a tenth.

    A GPU reads eight times as many tokens of a prompt in a step as a CPU, which takes 0.6 GB for a 7B with a window of 8,192.
    """
    each = 4.0 if precision is Precision.FP32 else 2.2 if precision is Precision.INT8 else 2.0
    cache = context_tokens * cache_bytes_per_token(folder.text_config)
    return Need(int(folder.numbers * each), cache, WORKING if device == "cpu" else 2 * WORKING)


def cache_bytes_per_token(config: Mapping[str, Any], bytes_each: int = 4) -> int:
    """Keys and values of all layers, in float32 at most. An upper bound where layers share them or keep a window."""
    layers = int(config.get("num_hidden_layers") or config.get("n_layer") or 0)
    heads = int(config.get("num_attention_heads") or config.get("n_head") or 1)
    width = int(config.get("hidden_size") or config.get("n_embd") or 0)
    kept = int(config.get("num_key_value_heads") or heads)
    return 2 * layers * kept * int(config.get("head_dim") or width // max(heads, 1)) * bytes_each


def must_fit(folder: Folder, wanted: Need, place: Place, precision: Precision) -> int:
    """Bytes for the cache. Raises `Unusable` with what would help."""
    if wanted.total > place.free:
        where = "the GPU" if place.device.startswith("cuda") else "this machine"
        helps = ["a smaller model (`infill serve --list` names those that fit)"]
        if wanted.cache > wanted.total // 4:
            helps.append("a smaller --context-tokens")
        if precision is Precision.FP32:
            helps.append("--precision bf16")
        raise Unusable(
            f"{folder.name} needs about {gigabytes(wanted.total)}, and {where} has {gigabytes(place.free)} free. "
            f"Choose {' or '.join(helps)}."
        )
    return min(max((place.free - wanted.weights - wanted.working) // 2, wanted.cache), max(MOST_CACHE, wanted.cache))


def place(device: str = "") -> Place:
    """The GPU with the most free memory where there is one, else the CPU; or the `device` that the user named."""
    import torch

    if device != "cpu" and torch.cuda.is_available():
        free = {f"cuda:{number}": torch.cuda.mem_get_info(number)[0] for number in range(torch.cuda.device_count())}
        chosen = device if device in free else max(free, key=lambda name: free[name])
        return Place(chosen, free[chosen])
    if device not in ("", "cpu"):
        raise Unusable(f"There is no device {device} that torch can use here: leave --device out, or name `cpu`.")
    return Place("cpu", free_memory())


def free_memory() -> int:
    """Bytes that a process may take here without swapping: what the kernel says, and what its limits allow."""
    found = [_available(), *_group_rests(), _address_space_rest()]
    return min([each for each in found if each is not None], default=4 * GIB)


def _available() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return None
    except OSError:
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2  # where nothing says what is free
    except (OSError, ValueError):
        return None


def _group_rests(own: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")) -> Iterator[int]:
    """What is left in each control group around this process that has a limit: a container's, a service's, a user's. Of what such
    a group uses, pages of files that nobody reads any more are given back when they are needed.

    https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files, and v1 beside it."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            tree, names = root, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            tree, names = root / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        place = tree / path.lstrip("/")
        for group in (place, *place.parents):
            if group.is_relative_to(tree) and (rest := _group_rest(group, *names)) is not None:
                yield rest


def _group_rest(group: Path, limit: str, usage: str, idle: str) -> int | None:
    try:
        counts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        used = int((group / usage).read_text()) - int(counts.get(idle, 0))
        return max(0, int((group / limit).read_text()) - used)
    except (OSError, ValueError):
        return None  # there is no such group seen from within a container, or its limit is "max"


def _address_space_rest() -> int | None:
    """What `ulimit -v` leaves. Where it ends, libraries in other languages do not raise, they abort."""
    try:
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        return None
    return None if limit == resource.RLIM_INFINITY else max(0, limit - used)


def give_back() -> None:
    """Gives the system what was freed and the C library keeps for later: hundreds of megabytes after loading, in small pieces."""
    with suppress(OSError, AttributeError, TypeError):  # there is no such function but in glibc
        ctypes.CDLL(None).malloc_trim(0)


def gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.0f} MB"
