"""Collects the patches that the other modules define."""

from collections.abc import Callable

patches: dict[str, Callable[[], None]] = {}


def patch(function: Callable[[], None]) -> Callable[[], None]:
    """Registers a patch under the function's name, which a row of corrections.ts repeats."""
    patches[function.__name__] = function
    return function


def apply() -> None:
    for function in patches.values():
        function()
