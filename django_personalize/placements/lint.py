"""What is wrong among rules and promotions that are each right by themselves: conflicts, shadows, dead letters.

Pure but for `facts_now`; every finding says what to do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from django.db.models import Count
from django.utils.translation import gettext as _

from django_personalize.conf import settings
from django_personalize.models import Membership, Promotion, Rule
from django_personalize.models.rule import By, Kind
from django_personalize.models.scheduled import Scheduled, State
from django_personalize.placements.matching import matches
from django_personalize.segments.rules import BY_SLUG

LOOKED_AT = 500
"""Items of a rule whose prices and attributes are asked for; a rule that is about more is taken to match some."""


class Trouble(StrEnum):
    CONFLICT = "conflict"
    SHADOWED = "shadowed"
    DEAD = "dead"


class Finding(NamedTuple):
    trouble: Trouble
    text: str
    """What is so, and what to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What rules are held against."""

    items: Mapping[str, tuple[str, str]]
    """(category, brand) of every item that the shop has, by key."""
    people: Mapping[str, int]
    """How many people are in each segment now."""
    placements: Mapping[str, int]
    """Places by slug."""


def facts_now(placements: Mapping[str, int]) -> Facts:
    """Read the shop's catalogue and the sizes of segments, in two queries."""
    sizes = Membership.objects.current().values_list("segment").annotate(Count("pk"))
    return Facts(
        items={key: (category or "", brand or "") for key, category, brand, _created, _title in settings.shop.facts()},
        people=dict(sizes.values_list("segment", "pk__count")),
        placements=placements,
    )


def of_rules(rules: Sequence[Rule], facts: Facts, as_of: datetime) -> dict[int, list[Finding]]:
    """Return what is found of each rule, by its id; rules that are off say nothing and are held against none."""
    found: dict[int, list[Finding]] = {rule.pk: [] for rule in rules}
    standing = [rule for rule in rules if rule.state(as_of) in (State.PLANNED, State.LIVE)]
    standing.sort(key=lambda rule: (-rule.priority, rule.pk))
    keys = {rule.pk: _keys(rule, facts) for rule in standing}
    for rule in rules:
        if rule.state(as_of) == State.ENDED:
            found[rule.pk].append(_ended(rule))
    for place, rule in enumerate(standing):
        found[rule.pk] += [*_dead(rule, keys[rule.pk], facts), *_nothing_left(rule, standing, keys)]
        for higher in standing[:place]:
            found[rule.pk] += _against(rule, higher, keys, above=True)
        for lower in standing[place + 1 :]:
            found[rule.pk] += _against(rule, lower, keys, above=False)
    return found


def of_promotion(promotion: Promotion, facts: Facts, as_of: datetime) -> list[Finding]:
    """Return what is found of one promotion."""
    state = promotion.state(as_of)
    if state == State.ENDED:
        return [_ended(promotion)]
    if state == State.DRAFT:
        return []
    known = [{category for category, _ in facts.items.values()}, {brand for _, brand in facts.items.values()}]
    named = [*promotion.categories, *promotion.brands]
    found = _audience(promotion, facts)
    if named and known[0].isdisjoint(promotion.categories) and known[1].isdisjoint(promotion.brands):
        text = _("No item is of %(names)s, so nobody is drawn to it: nobody sees this. Correct the names.")
        found.append(Finding(Trouble.DEAD, text % {"names": ", ".join(named)}))
    return found


def _ended(row: Scheduled) -> Finding:
    text = _("It ended on %(day)s. Delete it, or give it a later end.")
    return Finding(Trouble.DEAD, text % {"day": f"{row.ends_at:%Y-%m-%d}"})


def _audience(row: Scheduled, facts: Facts) -> list[Finding]:
    unknown = [slug for slug in row.segments if slug not in BY_SLUG]
    if unknown:
        text = _("There is no segment %(names)s. Choose one of: %(known)s.")
        return [Finding(Trouble.DEAD, text % {"names": ", ".join(unknown), "known": ", ".join(BY_SLUG)})]
    if row.segments and not any(facts.people.get(slug) for slug in row.segments):
        text = _("Nobody is in %(names)s now, so nobody meets this. Wait for tonight's segments, or choose others.")
        return [Finding(Trouble.DEAD, text % {"names": ", ".join(row.segments)})]
    return []


def _dead(rule: Rule, keys: frozenset[str], facts: Facts) -> Iterable[Finding]:
    yield from _audience(rule, facts)
    unknown = [slug for slug in rule.placements if slug not in facts.placements]
    if unknown:
        text = _("There is no placement %(names)s. Choose one of: %(known)s.")
        yield Finding(Trouble.DEAD, text % {"names": ", ".join(unknown), "known": ", ".join(facts.placements)})
    gone = [key for key in rule.item_keys if key not in facts.items]
    if gone:
        text = _("The shop has no item %(names)s any more. Take it out.")
        yield Finding(Trouble.DEAD, text % {"names": ", ".join(gone[:5])})
    elif not keys:
        text = _("No item matches, so it does nothing. Correct its conditions, or delete it.")
        yield Finding(Trouble.DEAD, text)
    most = max((facts.placements.get(slug, 0) for slug in rule.placements or facts.placements), default=0)
    if rule.kind == Kind.PIN and rule.slot is not None and not unknown and rule.slot > most:
        text = _("Slot %(slot)s is beyond the %(most)s places of its placements. Choose a lower one.")
        yield Finding(Trouble.DEAD, text % {"slot": rule.slot, "most": most})
    if rule.by and keys and not _is_mapped(rule, keys):
        text = _("None of its items says its %(name)s, so it does nothing. Map it in PERSONALIZE, or delete the rule.")
        yield Finding(Trouble.DEAD, text % {"name": "cost" if rule.by == By.MARGIN else "stock"})


def _is_mapped(rule: Rule, keys: Collection[str]) -> bool:
    name = "cost" if rule.by == By.MARGIN else "stock"
    looked = settings.shop.items(sorted(keys)[:LOOKED_AT])
    return any(getattr(item, name) is not None for item in looked.values())


def _nothing_left(rule: Rule, standing: Sequence[Rule], keys: Mapping[int, frozenset[str]]) -> Iterable[Finding]:
    """A rule that leaves nothing else, and others that take even that."""
    if rule.kind != Kind.REQUIRE or not keys[rule.pk]:
        return
    left, by = set(keys[rule.pk]), []
    for other in standing:
        if other.pk == rule.pk or not _covers(other, rule):
            continue
        taken = left & keys[other.pk] if other.kind == Kind.EXCLUDE else left - keys[other.pk]
        if other.kind in (Kind.EXCLUDE, Kind.REQUIRE) and taken:
            left -= taken
            by.append(other)
    if by and not left:
        text = _("Nothing is left to show: %(rules)s takes out all that this lets in. Change one of them.")
        yield Finding(Trouble.CONFLICT, text % {"rules": _named(by)})


def _against(rule: Rule, other: Rule, keys: Mapping[int, frozenset[str]], *, above: bool) -> Iterable[Finding]:
    """Yield what another rule does to this one; `above` says that the other goes first."""
    if not _meet(rule, other):
        return
    mine, its, named = keys[rule.pk], keys[other.pk], _named([other])
    whole = bool(mine) and mine <= its and _covers(other, rule)
    if rule.kind == Kind.PIN and other.kind == Kind.PIN and rule.slot == other.slot:
        if above:
            text = _("Slot %(slot)s is taken: %(rule)s goes first, and this stands there only where none of its items "
                     "can be sold. Choose another slot or another time.")  # fmt: skip
        else:
            text = _("Slot %(slot)s is wanted by %(rule)s too; this one goes first. Choose another slot or time there.")
        yield Finding(Trouble.CONFLICT, text % {"slot": rule.slot, "rule": named})
    elif rule.kind == Kind.PIN and other.kind == Kind.EXCLUDE and mine & its:
        text = _("It pins what %(rule)s never shows: %(items)s. What is never shown stays away. Change one of them.")
        yield Finding(Trouble.CONFLICT, text % {"rule": named, "items": ", ".join(sorted(mine & its)[:5])})
    elif rule.kind == Kind.PIN and other.kind == Kind.REQUIRE and mine and not mine & its:
        text = _("It pins what %(rule)s does not let in. Change one of them.")
        yield Finding(Trouble.CONFLICT, text % {"rule": named})
    elif {rule.kind, other.kind} == {Kind.BOOST, Kind.BURY} and mine == its and mine:
        text = _("%(rule)s pulls the same items the other way. Keep one of the two.")
        yield Finding(Trouble.CONFLICT, text % {"rule": named})
    elif rule.kind in (Kind.BOOST, Kind.BURY) and other.kind == Kind.EXCLUDE and whole:
        text = _("%(rule)s never shows any of its items, so moving them does nothing. Delete one of the two.")
        yield Finding(Trouble.SHADOWED, text % {"rule": named})
    elif rule.kind == Kind.EXCLUDE and other.kind == Kind.EXCLUDE and whole and (above or mine != its):
        text = _("%(rule)s leaves out all of it already. Delete this one.")
        yield Finding(Trouble.SHADOWED, text % {"rule": named})
    elif rule.kind == Kind.CAP and other.kind == Kind.CAP and rule.per == other.per and whole:
        least, most = other.most or 0, rule.most or 0
        if least < most or (least == most and above):
            text = _("%(rule)s allows %(least)s already, so this is never reached. Delete it, or make it stricter.")
            yield Finding(Trouble.SHADOWED, text % {"rule": named, "least": least})


def _keys(rule: Rule, facts: Facts) -> frozenset[str]:
    """Return the items that match; where a price or an attribute decides, of those that can be sold now."""
    by_name = frozenset(
        key
        for key in rule.item_keys or facts.items
        if key in facts.items
        and (not rule.categories or facts.items[key][0] in rule.categories)
        and (not rule.brands or facts.items[key][1] in rule.brands)
    )
    priced = rule.price_from is not None or rule.price_to is not None or rule.attributes
    if not priced or len(by_name) > LOOKED_AT:
        return by_name
    return frozenset(key for key, item in settings.shop.items(sorted(by_name)).items() if matches(rule, item))


def _meet(one: Rule, other: Rule) -> bool:
    """Say whether there may be a page, a moment and a person that both are for; people may be in several segments."""
    places = not one.placements or not other.placements or not set(one.placements).isdisjoint(other.placements)
    apart = (one.ends_at and other.starts_at and one.ends_at <= other.starts_at) or (
        other.ends_at and one.starts_at and other.ends_at <= one.starts_at
    )
    return places and not apart


def _covers(wide: Rule, narrow: Rule) -> bool:
    """Say whether `wide` is there on every page, at every moment and for everybody that `narrow` is for."""
    places = not wide.placements or (bool(narrow.placements) and set(narrow.placements) <= set(wide.placements))
    people = not wide.segments or (bool(narrow.segments) and set(narrow.segments) <= set(wide.segments))
    begins = wide.starts_at is None or (narrow.starts_at is not None and wide.starts_at <= narrow.starts_at)
    ends = wide.ends_at is None or (narrow.ends_at is not None and narrow.ends_at <= wide.ends_at)
    return places and people and begins and ends


def _named(rules: Iterable[Rule]) -> str:
    return ", ".join(f"“{rule.name}”" for rule in rules)
