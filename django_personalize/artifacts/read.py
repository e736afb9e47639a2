"""A published directory back into a model, or a refusal: every byte is checked before any is believed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from django_personalize.artifacts.model import ARRAYS, SCHEMA_VERSION, Model, assemble
from django_personalize.artifacts.publish import MANIFEST, sha256
from django_personalize.exceptions import ArtifactError


def load(directory: Path, manifest_sha256: str, *, number: int | None = None) -> Model:
    """Return the model in `directory`, its arrays memory-mapped and read-only; `ArtifactError` for anything odd.

    The manifest must be the one whose sha256 the database knows, each file must have the manifest's sha256, dtype and
    shape, and nothing is ever unpickled.
    """
    manifest = _manifest(directory, manifest_sha256)
    files = manifest.get("files", {})
    if set(files) != {f"{name}.npy" for name in ARRAYS}:
        raise ArtifactError(f"The manifest in {directory.name} does not list the files that this version reads.")
    arrays = {name: _array(directory / f"{name}.npy", files[f"{name}.npy"]) for name in ARRAYS}
    try:
        return assemble(arrays, manifest, number=number)
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"The manifest in {directory.name} lacks what a model needs: {error!r}.") from error


def _manifest(directory: Path, wanted: str) -> dict[str, Any]:
    path = directory / MANIFEST
    try:
        found = sha256(path)
        if found != wanted:
            raise ArtifactError(
                f"{directory.name}/{MANIFEST} has sha256 {found[:12]}; the database says {wanted[:12]}."
            )
        manifest: dict[str, Any] = json.loads(path.read_bytes())
    except OSError as error:
        raise ArtifactError(f"{directory.name}/{MANIFEST} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ArtifactError(f"{directory.name}/{MANIFEST} is no JSON: {error}.") from error
    if manifest.get("schema") != SCHEMA_VERSION:
        raise ArtifactError(
            f"{directory.name} has schema {manifest.get('schema')!r}; this version reads {SCHEMA_VERSION}. Train again."
        )
    return manifest


def _array(path: Path, entry: Mapping[str, Any]) -> NDArray[Any]:
    name = f"{path.parent.name}/{path.name}"
    try:
        found = sha256(path)
        if found != entry["sha256"]:
            raise ArtifactError(f"{name} has sha256 {found[:12]}; the manifest says {entry['sha256'][:12]}.")
        array: NDArray[Any] = np.load(path, mmap_mode="r" if 0 not in entry["shape"] else None, allow_pickle=False)
    except OSError as error:
        raise ArtifactError(f"{name} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise ArtifactError(f"{name} is no plain array: {error}.") from error
    if list(array.shape) != entry["shape"] or array.dtype.str != entry["dtype"]:
        raise ArtifactError(f"{name} is {array.dtype.str}{list(array.shape)}; the manifest says otherwise.")
    return array
