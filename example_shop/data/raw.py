"""The data set as it is on disk, dirt and all."""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class RawShop:
    """Order lines in columns, in the order of the original file.

    `invoices` rows are (number, local time, customer or "", country); an invoice that runs over a minute has two.
    `articles` rows are (code, description) as typed; one code may have several descriptions and spellings.
    """

    invoices: list[tuple[str, str, str, str]]
    articles: list[tuple[str, str]]
    invoice: NDArray[np.int32]
    article: NDArray[np.int32]
    quantity: NDArray[np.int32]
    thousandths: NDArray[np.int32]


def read(folder: Path = HERE) -> RawShop:
    """Read the three files that `encode` wrote."""
    columns = np.load(BytesIO(lzma.decompress((folder / "lines.npy.xz").read_bytes())), allow_pickle=False)
    return RawShop(
        invoices=[(a, b, c, d) for a, b, c, d in _table(folder / "invoices.tsv.xz")],
        articles=[(a, b) for a, b in _table(folder / "articles.tsv.xz")],
        invoice=columns[0],
        article=columns[1],
        quantity=columns[2],
        thousandths=columns[3],
    )


def _table(path: Path) -> list[list[str]]:
    lines = lzma.decompress(path.read_bytes()).decode().split("\n")
    return [line.split("\t") for line in lines[1:-1]]
