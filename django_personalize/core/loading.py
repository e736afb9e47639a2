"""Dotted paths to objects: how a low floor names what lives above it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from django_personalize.exceptions import ConfigurationError


def load(path: str) -> Any:
    """Return the object at `path`; `ConfigurationError` says which part of the path is wrong."""
    module_name, _, attribute = path.rpartition(".")
    if not module_name:
        raise ConfigurationError(f"{path!r} is no dotted path; wanted something like 'package.module.Name'.")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"Could not import {module_name!r}, wanted for {path!r}: {error}.") from error
    try:
        return getattr(module, attribute)
    except AttributeError as error:
        raise ConfigurationError(f"Module {module_name!r} has no {attribute!r}, wanted for {path!r}.") from error


@cache
def instance(path: str, around: str = "") -> Any:
    """Return the one instance per process of the class at `path`, constructed without arguments.

    Where `path` leads to a function instead, it is the class at `around`, constructed with that function.
    """
    found = load(path)
    return found() if isinstance(found, type) or not around else load(around)(found)
