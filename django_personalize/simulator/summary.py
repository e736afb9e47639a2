"""A few figures that say what kind of shop some orders come from: by these a world is matched to a real one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from django_personalize.training.dataset import Orders, net


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Over all orders, net of returns; what concerns people counts linked ones only."""

    basket_median: float
    basket_mean: float
    basket_p95: float
    """Different items per order."""
    repeat_share: float
    """The share of people's lines whose item the same person had bought before."""
    top_tenth: float
    """The share of lines that the best-selling tenth of the sold items makes."""
    orders_mean: float
    orders_median: float
    """Orders per person."""
    items_mean: float
    items_median: float
    """Different items per person."""

    def __str__(self) -> str:
        return (
            f"lines per basket {self.basket_median:.0f} / {self.basket_mean:.1f} / {self.basket_p95:.0f}, "
            f"repeats {self.repeat_share:.2f}, best tenth {self.top_tenth:.2f} of lines, "
            f"orders per person {self.orders_median:.0f} / {self.orders_mean:.1f}, "
            f"items per person {self.items_median:.0f} / {self.items_mean:.0f} (median / mean / 95th percentile)"
        )


def summarise(orders: Orders) -> Summary:
    """Return the summary of `orders`, of which there must be some."""
    bought = net(orders)
    lines = np.bincount(bought.basket)
    sold = np.sort(np.bincount(bought.item))[::-1]
    linked = bought.person >= 0
    person, item, basket = bought.person[linked], bought.item[linked], bought.basket[linked]
    pairs, first = np.unique(person.astype(np.int64) * len(bought.item_keys) + item, return_index=True)
    visits = np.unique(person.astype(np.int64) * len(lines) + basket)
    per_person = np.bincount(pairs // len(bought.item_keys))
    orders_of = np.bincount(visits // len(lines))
    return Summary(
        basket_median=float(np.median(lines)),
        basket_mean=float(lines.mean()),
        basket_p95=float(np.percentile(lines, 95)),
        repeat_share=1.0 - len(first) / max(len(item), 1),
        top_tenth=float(sold[: max(len(sold) // 10, 1)].sum() / sold.sum()),
        orders_mean=float(orders_of.mean()),
        orders_median=float(np.median(orders_of)),
        items_mean=float(per_person.mean()),
        items_median=float(np.median(per_person)),
    )
