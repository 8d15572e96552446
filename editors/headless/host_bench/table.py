"""The measures as a table for a terminal."""

from __future__ import annotations

import sys
from typing import Any

from editors.headless.terminal import Ink


def of_measures(found: dict[str, Any]) -> str:
    ink = Ink(sys.stdout)
    host, plain = found["host"], found.get("generate")
    about = (
        f"{found['shape']}, {found['weights']}, {found['context']:,} tokens of context, {found['threads']} threads, "
        f"torch {found['torch']}; load {found['load']:.1f}"
    )
    head = f"{'':34}{'generate()':>22}{'host':>22}{'ratio':>16}"
    columns = ink.dim(f"{'':34}{'ms':>11}{'of cpu':>11}{'ms':>11}{'of cpu':>11}{'ms':>8}{'of cpu':>8}")
    lines = [ink.bold(about), head, columns]
    lines += [
        _row("first token, cold", plain and plain["first"], host["cold"]),
        _row("first token after a key", plain and plain["first"], host["keystroke"]),
        _row("one token of an answer", plain and plain["token"], host["pass of 1"]),
        _row("a pass over five tokens", None, host["pass of 5"]),
        "",
        f"{'':34}{'tokens/s':>11}{'cpu ms each':>13}{'of the limit':>14}",
    ]
    if plain:
        lines.append(_rate("generate()", 1 / plain["token"]["wall"], plain["token"]["cpu"], found["limit"]))
    for name, value in host.items():
        if name.startswith("editors "):
            lines.append(
                _rate(f"host, {name.removeprefix('editors ')} at once", value["rate"], value["cpu"], found["limit"])
            )
    giga = 1e9
    lines += [
        "",
        f"limit {found['limit']:.1f} tokens/s: {found['bytes_per_token'] / giga:.2f} GB a token "
        f"at {found['bandwidth'] / giga:.1f} GB/s",
        f"cancelled while writing: {1000 * host['cancel writing']:.0f} ms; "
        f"while reading: {1000 * host['cancel reading']:.0f} ms",
        f"memory: {found['memory'] / giga:.2f} GB in all, {host['cache bytes'] / giga:.2f} GB of kept sequences"
        + (f", {found['memory of the GPU'] / giga:.2f} GB of the GPU" if found["memory of the GPU"] else ""),
    ]
    return "\n".join(lines)


def of_crowd(found: dict[str, Any]) -> str:
    return "\n".join(
        [
            f"{found['typists']} typists, {found['seconds']:.0f} s, {found['keys']} keys, load {found['load']:.1f}",
            f"errors {found['errors']}; overtaken by the next key before a token came: {found['overtaken']}",
            f"first token: median {1000 * found['p50']:.0f} ms; p99 of an editor: "
            f"median {1000 * found['median p99']:.0f} ms, worst {1000 * found['worst p99']:.0f} ms, "
            f"{found['unfairness']:.2f} times",
            f"memory: {found['memory before'] / 1e6:.0f} MB after a third of the time, "
            f"{found['memory after'] / 1e6:.0f} MB at the end",
        ]
    )


def _row(name: str, plain: dict[str, float] | None, host: dict[str, float]) -> str:
    def times(took: dict[str, float] | None) -> str:
        return f"{1000 * took['wall']:11.1f}{1000 * took['cpu']:11.1f}" if took else " " * 22

    ratio = f"{plain['wall'] / host['wall']:8.1f}{plain['cpu'] / host['cpu']:8.1f}" if plain else ""
    return f"{name:34}{times(plain)}{times(host)}{ratio}"


def _rate(name: str, rate: float, cpu: float, limit: float) -> str:
    return f"{name:34}{rate:11.1f}{1000 * cpu:13.1f}{100 * rate / limit:13.0f}%"
