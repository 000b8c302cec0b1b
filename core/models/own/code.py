"""From `module:function` and a safetensors file to a module with its weights."""

import difflib
import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from core.contracts import ModelSpec
from core.errors import BadInput

SHOWN = 3
"""Misfits that a message lists."""
LONGEST_WORDS = 300
FAILURES = (Exception, SystemExit)
"""What a person's code may raise; leaving the program is no answer either."""


def search_in(folders: Sequence[Path]) -> None:
    """Let model code be imported from `folders` too; what is installed comes first.

    Raises
    ------
    BadInput
        When one is not a folder.
    """
    for folder in folders:
        if not folder.is_dir():
            raise BadInput(f"TANDEM_MODELS names {folder}, which is not a folder. Correct or unset it.")
        if str(folder) not in sys.path:
            sys.path.append(str(folder))


def build_module(model: ModelSpec) -> nn.Module:
    """Call the function that `model.callable` names and return its module, frozen and in evaluation mode.

    Raises
    ------
    BadInput
        When there is no such code, it fails, or it returns something else than a module.
    """
    name, function_name = model.callable.split(":")
    function = getattr(_imported(name, model.callable), function_name, None)
    if not callable(function):
        raise BadInput(_no_function(model.callable, sys.modules[name]))
    try:
        built = function()
    except FAILURES as error:
        raise BadInput(
            f"{_called(model)} failed: {words_of(error)}. It is called without arguments and must return the module."
        ) from error
    if not isinstance(built, nn.Module):
        raise BadInput(f"{_called(model)} returned {type(built).__name__}, wanted a torch.nn.Module. Correct the code.")
    return built.eval().requires_grad_(False)


def fill(module: nn.Module, data: bytes, file: str) -> None:
    """Load the tensors of a safetensors file into `module`; every name and shape must fit.

    Raises
    ------
    BadInput
        When the bytes are no safetensors file, or names or shapes differ; the message lists the first ones.
    """
    try:
        tensors = load(data)
    except SafetensorError as error:
        raise BadInput(
            f"{file} is not a safetensors file: {error}. Write it with safetensors.torch.save_file(model.state_dict())."
        ) from error
    expected = module.state_dict()
    tensors |= _twins(expected, tensors)
    found = list(misfits(expected, tensors))
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise BadInput(
            f"{file} does not fit {type(module).__name__}: {'; '.join(found[:SHOWN])}{more}. "
            "Save the state of just this module."
        )
    module.load_state_dict(tensors)


def misfits(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> Iterator[str]:
    """Yield in words which names or shapes of `found` differ from `expected`."""
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            yield f"{name} is missing"
        elif name not in expected:
            yield f"{name} is unknown"
        elif expected[name].shape != found[name].shape:
            yield f"{name} has shape {list(found[name].shape)}, expected {list(expected[name].shape)}"


def _twins(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors that are missing because the file keeps tied weights under one of their names."""
    known = {expected[name].data_ptr(): tensor for name, tensor in found.items() if name in expected}
    return {
        name: known[tensor.data_ptr()]
        for name, tensor in expected.items()
        if name not in found and tensor.data_ptr() in known
    }


def _imported(name: str, called: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise BadInput(f"Module {name!r} of model.callable {called!r} needs {error.name!r}: install it.") from error
        raise BadInput(
            f"model.callable is {called!r}, but there is no module {error.name!r}. Install it, or name the folder that "
            "holds its code in TANDEM_MODELS."
        ) from error
    except FAILURES as error:
        raise BadInput(f"Module {name!r} of model.callable {called!r} can't be imported: {words_of(error)}.") from error


def _no_function(called: str, module: ModuleType) -> str:
    name = called.split(":")[1]
    near = difflib.get_close_matches(name, [key for key, value in vars(module).items() if callable(value)], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"model.callable is {called!r}, but its module has no function {name!r}.{hint}"


def _called(model: ModelSpec) -> str:
    return f"model.callable {model.callable!r}"


def words_of(error: BaseException) -> str:
    """Return what a person's code raised, in words, the first 300 characters."""
    return f"{type(error).__name__}: {str(error)[:LONGEST_WORDS].rstrip('.')}"
