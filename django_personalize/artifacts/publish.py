"""Arrays to disk, whole or not at all: a temporary directory, every file synced, one rename."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from django_personalize.artifacts.model import SCHEMA_VERSION, Arrays, check

MANIFEST = "manifest.json"
KEPT = 4
"""Published directories that stay on disk."""
PREFIX = "model-"
UNFINISHED = ".unfinished-"


def publish(arrays: Arrays, facts: Mapping[str, Any], root: Path) -> tuple[str, str]:
    """Write `arrays` and a manifest holding `facts` below `root`; return (directory name, the manifest's sha256).

    The name begins with the manifest's sha256; the same content published twice lies in two directories, so that no
    version's files are another's. A kill at any moment leaves at most an unfinished directory that nothing reads.
    """
    check(arrays)
    root.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=root))
    try:
        files = {}
        for key in sorted(arrays):
            array = np.ascontiguousarray(arrays[key])
            path = work / f"{key}.npy"
            with path.open("wb") as file:
                np.save(file, array, allow_pickle=False)
                _sync(file.fileno(), file)
            files[path.name] = {
                "sha256": sha256(path),
                "shape": list(array.shape),
                "dtype": array.dtype.str,
                "bytes": path.stat().st_size,
            }
        manifest = {**facts, "schema": SCHEMA_VERSION, "files": files}
        text = json.dumps(manifest, sort_keys=True, indent=1, allow_nan=False).encode()
        with (work / MANIFEST).open("wb") as file:
            file.write(text)
            _sync(file.fileno(), file)
        digest = hashlib.sha256(text).hexdigest()
        work.chmod(0o755)
        _sync_directory(work)
        directory = f"{PREFIX}{digest[:12]}-{uuid4().hex[:8]}"
        work.rename(root / directory)
        _sync_directory(root)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return directory, digest


def tidy(root: Path, keep: Iterable[str]) -> list[str]:
    """Remove published directories other than `keep` and the newest `KEPT`, and unfinished ones; return what went.

    Only the process that trains calls this, so nothing unfinished is anybody's work.
    """
    published = sorted(root.glob(f"{PREFIX}*"), key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    kept = {*keep, *(path.name for path in published[:KEPT])}
    old = [path for path in published if path.name not in kept] + list(root.glob(f"{UNFINISHED}*"))
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
    return [path.name for path in old]


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(descriptor: int, file: Any) -> None:
    file.flush()
    os.fsync(descriptor)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
