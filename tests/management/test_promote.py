from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from django_personalize.models import ModelVersion
from tests.artifacts.test_store import root, version  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db


def said(*command):
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue().splitlines()


def status(one):
    row = ModelVersion.objects.get(pk=one.pk)
    return (row.status, row.pinned)


def test_a_version_goes_live_by_its_number_and_goes_back(root):  # noqa: F811
    first, second = version(root), version(root)
    assert said("personalize_promote", str(first.pk)) == [
        f"Version {first.pk} is live. Every web process serves it within seconds."
    ]
    said("personalize_promote", str(second.pk))
    assert (status(first), status(second)) == (("retired", False), ("live", False))
    assert said("personalize_rollback") == [
        f"Version {first.pk} is live. Every web process serves it within seconds.",
        "The next training may replace it; with --pin it would stay.",
    ]
    assert status(first) == ("live", False)


def test_pinned_means_said_and_taken_off_by_word(root):  # noqa: F811
    first, second = version(root), version(root)
    pinned = "It is pinned: what is learnt from now on becomes a candidate. personalize_promote --unpin ends that."
    assert said("personalize_promote", str(first.pk), "--pin")[1:] == [pinned]
    assert said("personalize_promote", str(second.pk))[1:] == [f"Version {first.pk}, which was pinned, is so no more."]
    assert said("personalize_rollback", "--pin")[1:] == [pinned]
    assert status(first) == ("live", True)
    assert said("personalize_promote", "--unpin") == [
        f"Version {first.pk} is pinned no more: the next good one takes its place."
    ]
    assert said("personalize_promote", "--unpin") == ["No version is pinned."]


def test_back_to_a_version_by_its_number_if_it_was_live_once(root):  # noqa: F811
    first, second, third, never = (version(root) for _ in range(4))
    for one in (first, second, third):
        said("personalize_promote", str(one.pk))
    said("personalize_rollback", "--to", str(first.pk))
    assert status(first) == ("live", False)
    with pytest.raises(CommandError, match=f"Version {never.pk} is candidate, so there is no going back to it"):
        call_command("personalize_rollback", "--to", str(never.pk))
    with pytest.raises(CommandError, match=f"There is no version 999. The newest are: {never.pk}, {third.pk}"):
        call_command("personalize_rollback", "--to", "999")


def test_the_shadow_is_shown_to_nobody(root):  # noqa: F811
    live, other = version(root), version(root)
    said("personalize_promote", str(live.pk))
    assert said("personalize_promote", str(other.pk), "--shadow") == [
        f"Version {other.pk} is the shadow: it is shown to nobody, and measured at each training."
    ]
    assert (status(live)[0], status(other)[0]) == ("live", "shadow")


def test_without_a_number_the_newest_are_listed(root):  # noqa: F811
    assert said("personalize_promote") == ["There is no version yet: run manage.py personalize_train."]
    first = version(root, verdict="The ladder stands on 'popular'.")
    second = version(root, weights_of=first)
    said("personalize_promote", str(first.pk), "--pin")
    assert [line.strip() for line in said("personalize_promote")] == [
        f"{second.pk}  candidate  refresh of {first.pk}, 2026-03-01 00:00",
        "",
        f"{first.pk}  live, pinned  full, 2026-03-01 00:00",
        "The ladder stands on 'popular'.",
    ]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("personalize_promote", "7", "--unpin"), "--unpin takes no number"),
        (("personalize_promote", "--pin"), "Which version?"),
        (("personalize_promote", "--shadow"), "Which version?"),
        (("personalize_promote", "7"), "There is no version 7. The newest are: none yet."),
        (("personalize_rollback",), "nothing to roll back to"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(root, command, words):  # noqa: F811
    with pytest.raises(CommandError) as ended:
        call_command(*command)
    assert words in str(ended.value)


def test_a_damaged_version_changes_nothing(root):  # noqa: F811
    first, second = version(root), version(root)
    said("personalize_promote", str(first.pk))
    (root / second.directory / "price.npy").unlink()
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("personalize_promote", str(second.pk))
    assert status(first) == ("live", False)
