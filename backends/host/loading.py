"""A model from its folder: looked through, found to fit, and only then loaded, with transformers' own classes and nothing else.

Offline, safetensors only, and never with code that comes with a model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backends.host.folder import Folder, Unusable, locate, look_through, read_json
from backends.host.memory import WORKING, Place, Precision, gigabytes, must_fit, need, place
from backends.host.service import Model

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CONTEXT_TOKENS = 8192
"""The longest prompt and answer together, where the user does not say; the model's own limit holds where it is smaller."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asks for. `precision` None is int8 on a CPU and bf16 on a GPU; `form` a name of `formats.find`; `name` what
    clients call the model, "" for the name it was asked by."""

    model: str
    name: str = ""
    aliases: tuple[str, ...] = ()
    form: str = ""
    precision: Precision | None = None
    context_tokens: int = 0
    device: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """`cache_bytes`: how much memory the engine may keep sequences in."""

    weights: PreTrainedModel
    model: Model
    place: Place
    precision: Precision
    cache_bytes: int


def load(wanted: Wanted, progress: Progress = lambda sentence: None) -> Loaded:
    """Raises `Unusable`."""
    progress(f"Looking through {wanted.model}.")
    folder = look_through(locate(wanted.model), wanted.name or wanted.model.rstrip("/"))
    where = place(wanted.device)
    precision = wanted.precision or (Precision.INT8 if where.device == "cpu" else Precision.BF16)
    config = _config(folder)
    context = min(wanted.context_tokens or CONTEXT_TOKENS, _longest(folder))
    cache = must_fit(folder, need(folder, context, precision, where.device), where, precision)
    tokenizer, eos = _tokenizer(folder), _eos(folder, config)
    model = _described(folder, wanted, tokenizer, eos, context)
    progress(f"Loading {folder.name} ({folder.bytes / 1e9:.1f} GB).")
    weights = _weights(folder, config, where, precision)
    return Loaded(weights, model, where, precision, cache)


def _config(folder: Folder) -> Any:
    """The configuration, of a kind that transformers knows without code from the folder."""
    from transformers import AutoConfig, AutoModelForCausalLM

    kind = folder.config.get("model_type")
    try:
        config = AutoConfig.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)
        known = type(config) in AutoModelForCausalLM._model_mapping
    except Exception as error:
        raise _refused(folder, f"its configuration of kind {kind} is not understood", error) from error
    if not known:
        raise Unusable(f"{folder.name} is of kind {kind}, which transformers does not know as a model of text. No code of its "
                       "own is ever run: choose another model.")  # fmt: skip
    return config


def _weights(folder: Folder, config: Any, where: Place, precision: Precision) -> PreTrainedModel:
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    from backends.host.engine import is_out_of_memory

    logging.disable_progress_bar()
    try:
        with torch.device("meta"):
            drawn = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
        wanted = sum(parameter.numel() for parameter in drawn.parameters())
        if wanted > folder.numbers * 1.05:
            raise Unusable(
                f"config.json of {folder.path} describes {wanted:,} weights, and there are {folder.numbers:,}."
            )
        if (beside := sum(buffer.nbytes for buffer in drawn.buffers())) > WORKING:
            raise Unusable(f"config.json of {folder.path} asks for tables of {gigabytes(beside)} beside the weights.")
        del drawn
        model, found = AutoModelForCausalLM.from_pretrained(
            folder.path,
            config=config,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            attn_implementation="sdpa",
            dtype=torch.float32 if precision is Precision.FP32 else torch.bfloat16,
            output_loading_info=True,
        )
        loaded: PreTrainedModel = model.to(where.device)
    except Unusable:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise Unusable(f"{folder.name} does not fit into the memory after all: choose a smaller model.") from error
        raise _refused(folder, "it cannot be loaded", error) from error
    if missing := sorted(found["missing_keys"]):
        raise Unusable(f"{folder.path} lacks weights, {missing[0]} for one: fetch the model again.")
    return loaded


def _tokenizer(folder: Folder) -> Any:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder.path, local_files_only=True, trust_remote_code=False, use_fast=True
        )
        tokenizer.backend_tokenizer.get_vocab_size()
    except Exception as error:
        raise _refused(folder, "its tokenizer cannot be read", error) from error
    return tokenizer


def _described(folder: Folder, wanted: Wanted, tokenizer: Any, eos: frozenset[int], context: int) -> Model:
    from backends.host.formats import find
    from backends.host.vocabulary import Vocabulary

    rows = int(folder.text_config.get("vocab_size") or 0)
    highest = max(tokenizer.backend_tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
    if highest >= rows:  # before a table is made that is as long
        raise Unusable(f"The tokenizer of {folder.path} has more tokens than the model has rows ({rows}).")
    vocabulary = Vocabulary(tokenizer, rows)
    kind = str(folder.config.get("model_type", ""))
    try:
        form = find(vocabulary, name=folder.name, kind=kind, chosen=wanted.form, eos=eos)
    except ValueError as error:
        raise Unusable(str(error)) from error
    short = folder.name.rpartition("/")[2]
    aliases = tuple(dict.fromkeys(name for name in (short, *wanted.aliases) if name and name != folder.name))
    return Model(folder.name, tokenizer, vocabulary, form, context, eos, aliases, chosen=bool(wanted.form))


def _eos(folder: Folder, config: Any) -> frozenset[int]:
    """All tokens at which the model's own configurations end an answer."""
    given: list[object] = [getattr(config.get_text_config(), "eos_token_id", None)]
    if (folder.path / "generation_config.json").exists():
        given.append(read_json(folder.path / "generation_config.json").get("eos_token_id"))
    flat = [id for each in given for id in (each if isinstance(each, list) else [each])]
    return frozenset(id for id in flat if isinstance(id, int))


def _longest(folder: Folder) -> int:
    sizes = [folder.text_config.get(key) for key in ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len")]
    return next((size for size in sizes if isinstance(size, int) and size > 0), CONTEXT_TOKENS)


def _refused(folder: Folder, what: str, error: Exception) -> Unusable:
    first = (str(error).strip().splitlines() or [""])[0][:200]
    return Unusable(f"{folder.name} is not served: {what} ({type(error).__name__}: {first}).")
