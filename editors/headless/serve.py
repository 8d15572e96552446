"""`infill serve`: a model on this machine's own hardware, for all editors at once, over Mistral's HTTP contract."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from editors.headless.command import Command
from editors.headless.exits import Exit, Stop
from editors.headless.terminal import Ink, visible_line

EXAMPLES = """\
  infill serve --list                                which models fit this machine
  infill serve --model Qwen/Qwen2.5-Coder-1.5B       from the Hugging Face cache, for the editors of this user
  infill serve --model ./my-model --port 8787        on 127.0.0.1, with a token, for any client of Mistral's API
  infill serve --model ./my-model --host 0.0.0.0 --port 8787 --key-file key.txt
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("the model")
    what.add_argument(
        "--model", metavar="ID_OR_FOLDER", help="OWNER/NAME of the Hugging Face cache, or a folder as a path: ./NAME"
    )
    what.add_argument("--list", action="store_true", help="models that fit this machine, with sizes and licences")
    what.add_argument("--name", dest="called", default="", help="what clients call it; its ID or folder if not given")
    what.add_argument("--alias", action="append", default=[], metavar="NAME", help="a further name for it; repeatable")
    what.add_argument("--fim", default="", metavar="FORM", help="how it fills in, where its vocabulary does not say")
    what.add_argument("--precision", choices=("int8", "bf16", "fp32"), help="int8 on a CPU, bf16 on a GPU if not given")
    what.add_argument("--context-tokens", type=int, default=0, metavar="N", help="longest prompt and answer together")
    what.add_argument("--device", default="", help="cpu, or cuda:0 and so on")
    where = parser.add_argument_group("who may ask: without these, a Unix socket for this user")
    where.add_argument("--port", type=int, help="a port of 127.0.0.1, with a token; 0 for any")
    where.add_argument("--host", default="", metavar="ADDRESS", help="where other machines may ask; only with a key")
    where.add_argument("--key-file", type=Path, help="its key, in a file of mode 0600; or INFILL_SERVE_KEY")
    where.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="a name of this machine")
    parser.add_argument("--idle-minutes", type=float, default=0, help="end when nobody asked for so long; 0 for never")
    parser.add_argument("--time-limit", type=float, default=60, help="seconds for one answer")
    parser.add_argument("--json", action="store_true", help="print JSON (--list)")


def _run(arguments: argparse.Namespace) -> int:
    if bool(arguments.model) == arguments.list:
        raise Stop(Exit.USAGE, "Name a --model, or ask for the --list of those that fit.")
    try:
        return _list(as_json=arguments.json) if arguments.list else _serve(arguments)
    except ImportError as error:
        from backends.installing import with_extra

        what = f"The model host needs more libraries; there is no {error.name}."
        raise Stop(Exit.NOTHING, f"{what} Get them with {with_extra('host')}.") from error


def _serve(arguments: argparse.Namespace) -> int:
    from backends.host.folder import Unusable
    from backends.host.loading import Wanted
    from backends.host.memory import Precision
    from backends.host.seat import Taken
    from backends.host.serving import Options, serve
    from backends.private_file import NotPrivate

    wanted = Wanted(
        arguments.model,
        name=arguments.called,
        aliases=tuple(arguments.alias),
        form=arguments.fim,
        precision=Precision(arguments.precision) if arguments.precision else None,
        context_tokens=arguments.context_tokens,
        device=arguments.device,
    )
    try:
        options = Options(
            wanted,
            port=arguments.port,
            address=arguments.host,
            key=_key(arguments.key_file),
            names=tuple(arguments.allow_host),
            idle=arguments.idle_minutes * 60,
            limit=arguments.time_limit,
            ready=_tell,
        )
        serve(options, _tell)
    except (Unusable, NotPrivate) as error:
        raise Stop(Exit.NOTHING, str(error)) from None
    except Taken:
        raise Stop(
            Exit.NOTHING, f"{arguments.called or arguments.model} is served already, by another process."
        ) from None
    except OSError as error:
        raise Stop(Exit.NOTHING, f"Nothing is served: {error.strerror or error}.") from None
    return Exit.DONE


def _key(path: Path | None) -> str:
    from backends import private_file

    if path is None:
        return os.environ.get("INFILL_SERVE_KEY", "").strip()
    return (private_file.read(path) or b"").decode("ascii", "replace").strip()


def _tell(sentence: str) -> None:
    print(visible_line(sentence), file=sys.stderr, flush=True)


def _list(*, as_json: bool) -> int:
    from backends.host.catalogue import propose
    from backends.host.memory import gigabytes, place

    here = place()
    found = list(propose(here))
    if as_json:
        rows = [
            {
                "model": each.entry.id,
                "bytes": each.bytes,
                "fits": each.fits,
                "here": each.is_here,
                "licence": each.licence,
            }
            for each in found
        ]
        print(json.dumps({"device": here.device, "free": here.free, "models": rows}, indent=2))
        return Exit.DONE
    ink = Ink(sys.stdout)
    print(
        f"{gigabytes(here.free)} free on {'the CPU' if here.device == 'cpu' else here.device}. Sizes are what serving needs.\n"
    )
    for each in found:
        fits = ink.good("fits   ") if each.fits else ink.dim("too big")
        slow = "  slow on a CPU" if each.fits and each.is_slow and here.device == "cpu" else ""
        cached = "  in the cache" if each.is_here else ""
        print(f"  {fits} {each.entry.id:36} {gigabytes(each.bytes):>8}  {each.licence}{slow}{cached}")
    print("\nFetch one with `hf download MODEL`, then `infill serve --model MODEL`.")
    return Exit.DONE


COMMAND = Command(EXAMPLES, _arguments, _run)
