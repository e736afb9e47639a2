"""The steps about one person's past: what it suggests, what they looked at, what is due again, what they searched for.

Each says nothing for nobody's past. What a row is called is true of every item in it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np

from django_personalize.artifacts.model import Model
from django_personalize.core.arrays import DAY, Int
from django_personalize.core.text import words_of
from django_personalize.core.types import Candidate, History, Ranking, Reason
from django_personalize.recommend.asking import Asking
from django_personalize.recommend.generators import top
from django_personalize.recommend.personal import candidates, standing
from django_personalize.recommend.profile import PURCHASE
from django_personalize.recommend.ranking import NOTHING, over_fetch, ranking
from django_personalize.recommend.rerankers import HARDLY_EVER

DUE = 0.75
"""Of the usual interval, the share that must have passed."""
OWN_GAPS = 2.0
"""How many intervals of a person's own the category's rhythm counts for."""
ALL_WORDS = 2.0
"""How much more an item counts that has every word of a search."""
FROM_HISTORY = frozenset({"because_bought", "because_viewed", "for_you"})


def from_history(asking: Asking) -> Ranking:
    """What this person's past suggests: neither what they bought before, nor what anybody would be shown anyway."""
    if not asking.learnt or not asking.person:
        return NOTHING
    model, person = asking.model, asking.person
    usual = top(np.where(asking.allowed, model.popularity[:, 1], 0.0), asking.query.n, positive=True)
    apart = asking.without(np.union1d(person.item[person.bought], usual))
    found = standing(model, person, allowed=apart.allowed, given=apart.scored)
    chosen = candidates(apart, found, over_fetch(asking.query.n))
    # Which are all; the row that would be anybody's is that of `usual`, and no item of it came so far.
    mine = tuple(each if each.reason.code in FROM_HISTORY else _for_them(each) for each in chosen)
    return Ranking(candidates=mine, rung=found.rung, model_version=model.number) if mine else NOTHING


def _for_them(candidate: Candidate) -> Candidate:
    return replace(candidate, reason=Reason(code="for_you"))


def recently_viewed(asking: Asking) -> Ranking:
    """What this person looked at, last first."""
    history, left_out = asking.query.history, {*asking.query.exclude, *asking.query.context}
    seen = dict.fromkeys(
        key
        for key, kind in zip(history.item_keys, history.kinds, strict=True)
        if kind != PURCHASE and key not in left_out
    )
    return _by_key(asking, list(seen), "viewed")


def buy_again(asking: Asking) -> Ranking:
    """What this person bought and is likely to need again by now.

    An item is due at exp((g ln R + m ln r) / (g + m)) days after it was bought last: R is its category's rhythm, r the
    mean of the m intervals between this person's own purchases of it, g = `OWN_GAPS`. With t, the days since by that
    rhythm, the score is P min(t, 1 / t), where P is the chance that it is bought again at all: the category's share of
    buyers who do, with each time that this person did counted as one more. Bought once, in a category of which neither
    is known, it is not put forward.
    """
    model, left_out = asking.model, {*asking.query.exclude, *asking.query.context}
    now = asking.query.as_of.timestamp()
    due: dict[str, float] = {}
    for key, days in _days_bought(asking.query.history, now).items():
        place = model.index.get(key)
        out = key in left_out if place is None else not asking.allowed[place]
        score = 0.0 if out else _due(model, key, days)
        if score > 0:
            due[key] = score
    keys = sorted(due, key=lambda key: (-due[key], key))[: over_fetch(asking.query.n)]
    chosen = tuple(
        Candidate(item_key=key, score=due[key], source="own", reason=Reason(code="buy_again", anchor=key))
        for key in keys
    )
    return Ranking(candidates=chosen, rung="own_past", model_version=model.number) if chosen else NOTHING


def searched(asking: Asking) -> Ranking:
    """What has the words of this person's latest searches in its title, in their own order within equal matches.

    A word counts by its rarity, an item that has all of a search's words twice, an older search half of the one after.
    """
    model, history = asking.model, asking.query.history
    worth: defaultdict[int, float] = defaultdict(float)
    for age, term in enumerate(asking.query.told.get("searched", ())):
        words = [model.words[word] for word in sorted(words_of(term)) if word in model.words]
        held: Counter[int] = Counter()
        for word in words:
            for place in model.word_index[word].tolist():
                if place >= 0:
                    held[place] += 1
                    worth[place] += float(model.word_rarity[word]) * 0.5**age
        for place, count in held.items():
            if count == len(words_of(term)):
                worth[place] += ALL_WORDS * 0.5**age
    done = {key for key, kind in zip(history.item_keys, history.kinds, strict=True) if kind == PURCHASE}
    places = np.array(sorted(worth), dtype=np.int32)
    places = places[asking.allowed[places]] if len(places) else places
    places = np.array([place for place in places.tolist() if model.item_keys[place] not in done], dtype=np.int32)
    if not len(places):
        return NOTHING
    score = np.zeros(len(model.item_keys), dtype=np.float32)
    most = max(float(model.popularity[places, 1].max()), 1e-9)
    score[places] = [worth[place] for place in places.tolist()]
    score[places] += np.float32(1e-3) * model.popularity[places, 1] / np.float32(most)
    order = top(score, over_fetch(asking.query.n), positive=True)
    reasons = [Reason(code="searched")] * len(order)
    return ranking(model, order, score, ["searched"] * len(order), reasons, "own_past")


def _by_key(asking: Asking, keys: list[str], code: str) -> Ranking:
    chosen = tuple(
        Candidate(item_key=key, score=float(-at), source="own", reason=Reason(code=code, anchor=key))
        for at, key in enumerate(keys[: over_fetch(asking.query.n)])
    )
    return Ranking(candidates=chosen, rung="own_past", model_version=asking.model.number) if chosen else NOTHING


def _days_bought(history: History, now: float) -> dict[str, list[float]]:
    """Return for each item how many days ago it was bought, newest first, each day once."""
    found: dict[str, list[float]] = {}
    for key, kind, at in zip(history.item_keys, history.kinds, history.times, strict=True):
        if kind == PURCHASE and at <= now:
            days = found.setdefault(key, [])
            ago = (now - at) / DAY
            if not days or ago - days[-1] >= 1.0:
                days.append(ago)
    return found


def _due(model: Model, key: str, days: list[float]) -> float:
    """Return how much an item that was bought so many `days` ago is due, 0 where it is not or nobody can say."""
    place = model.index.get(key)
    shelf = -1 if place is None else int(model.item_category[place])
    again = float(model.again[shelf]) if shelf >= 0 else np.nan
    rhythm = float(model.rhythm[shelf]) if shelf >= 0 else _middle(model)
    gaps = len(days) - 1
    if again < HARDLY_EVER and not gaps:
        return 0.0
    if np.isnan(again):
        again = 0.0 if place is None else float(model.repeat[place])
    chance = (again + gaps) / (1.0 + gaps)
    own = (days[-1] - days[0]) / gaps if gaps else np.nan
    if np.isnan(rhythm):
        usual = own
    elif gaps:
        usual = float(np.exp((OWN_GAPS * np.log(rhythm) + gaps * np.log(own)) / (OWN_GAPS + gaps)))
    else:
        usual = rhythm
    if np.isnan(usual) or chance <= 0 or days[0] < DUE * usual:
        return 0.0
    late = days[0] / usual
    return float(chance * min(late, 1.0 / late))


def _middle(model: Model) -> float:
    """Return the rhythm of items that the shop puts in no category: the middle of all."""
    known: Int = np.flatnonzero(np.isfinite(model.rhythm)).astype(np.int32)
    return float(np.median(model.rhythm[known])) if len(known) else float("nan")
