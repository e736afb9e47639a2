"""From what was learnt to a version: the gate, the files, the row, and the flip where nothing speaks against it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from numpy.typing import NDArray

from django_personalize.artifacts import promote
from django_personalize.artifacts.model import ARRAYS, LEVEL, Model, Tilt
from django_personalize.artifacts.publish import KEPT, publish, tidy
from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.failpoints import reach
from django_personalize.models import ModelVersion
from django_personalize.training import gate, ladder, shadow
from django_personalize.training.compare import Judged
from django_personalize.training.lease import Lease
from django_personalize.training.shares import Shares

Arrays = dict[str, NDArray[Any]]
OF_ITEMS = frozenset(
    name
    for name, (_, dimensions) in ARRAYS.items()
    if not {"items", "categories", "brands", "blocks", "words"}.isdisjoint(dimensions)
)
"""The arrays that have a row per item, category, brand, block or word; the others are the ranker's."""


@dataclass(slots=True, kw_only=True)
class Learnt:
    """What one training made, before the gate."""

    arrays: Arrays
    verdicts: dict[str, ladder.Rung]
    fold: str
    tilt: Tilt = LEVEL
    """How far recent popularity leans towards a person."""
    counts: dict[str, int]
    metrics: dict[str, Any] = field(default_factory=dict)
    shares: Shares
    """Of how much of the recent sales one buyer and one hour are."""
    judged: Judged | None = None
    """How it did beside recent popularity and the live model, person by person; None where too few could judge."""
    weights_of: ModelVersion | None = None
    """The full training whose factors and ranker these are; None where they were learnt now."""


def release(learnt: Learnt, lease: Lease, *, as_of: datetime, fingerprint: str, live: Model | None) -> ModelVersion:
    """Write the artefact and its row, and make it live where the gate has nothing against it and no version is pinned.

    Raises `TrainingRunning`, and publishes nothing, where this process was meanwhile taken for dead.
    """
    refused = gate.refusals(learnt.arrays, learnt.verdicts, as_of.timestamp(), live)
    refused += gate.sales(learnt.counts, learnt.shares, live) + gate.quality(learnt.judged, live)
    told = ladder.manifest(learnt.verdicts)
    metrics = {**learnt.metrics, "shares": learnt.shares.told()}
    if learnt.judged is not None:
        metrics["compared"] = learnt.judged.told()
    facts = {
        "as_of": as_of.astimezone(UTC).timestamp(),
        "fold": learnt.fold,
        "tilt": asdict(learnt.tilt),
        "counts": learnt.counts,
        "metrics": metrics,
        **told,
    }
    root = settings.ARTIFACTS
    directory, digest = publish(learnt.arrays, facts, root)
    reach("before_version")
    lease.confirm()
    version = ModelVersion.objects.create(
        directory=directory,
        manifest_sha256=digest,
        as_of=as_of,
        created_at=clock.now(),
        fingerprint=fingerprint,
        counts=learnt.counts,
        metrics={**metrics, "ladder": told},
        seconds=lease.seconds,
        weights_of=learnt.weights_of,
        verdict=verdict(refused, told, live),
    )
    reach("after_version")
    if not refused:
        pinned = promote.succeed(version)
        if pinned is not None:
            version.verdict = f"Version {pinned.pk} is pinned, so this one stays a candidate. {version.verdict}"
        elif learnt.weights_of is not None:
            version.verdict = f"A refresh with the weights of version {learnt.weights_of.pk}. {version.verdict}"
        elif learnt.judged is not None:
            version.verdict = f"{version.verdict} {gate.beside(learnt.judged, live)}"
        version.save(update_fields=["verdict"])
    lease.note(version=version)
    reach("after_promotion")
    tidy(root, keep=[directory, *kept_directories()])
    return version


def kept_directories() -> list[str]:
    """Return the directories whose files stay: what is live, the shadow and its rival, and the newest full trainings.

    A shop that refreshes every quarter of an hour would otherwise have nothing to go back to after an hour.
    """
    live = ModelVersion.objects.select_related("weights_of").filter(status=ModelVersion.Status.LIVE)
    full = ModelVersion.objects.filter(weights_of=None).order_by("-pk")[:KEPT]
    weights = [version.weights_of for version in live if version.weights_of is not None]
    return [version.directory for version in (*live, *weights, *full, *(shadow.pair() or ()))]


def verdict(refused: list[str], told: dict[str, Any], live: Model | None) -> str:
    """Return what the gate says, in words."""
    if refused:
        stays = "The live model stays." if live is not None else "Nothing goes live."
        return " ".join([*refused, stays])
    words = [f"The ladder stands on '{told['rung']}'."]
    if told["rung"] != "newest":
        words.append(f"It has {told['rungs'][told['rung']]['why']}.")
    if told["next"] is not None:
        words.append(f"The next rung, '{told['next']['rung']}', {told['next']['why']}.")
    return " ".join(words)
