import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from django_personalize.models import ModelVersion
from tests.artifacts.test_store import version as published

pytestmark = pytest.mark.django_db
URL = "/admin/personalize/modelversion/"


def version(**changes):
    values = {
        "directory": "v1", "manifest_sha256": "0" * 64, "as_of": timezone.now(), "created_at": timezone.now(),
        "fingerprint": "f" * 64, "seconds": 12.3, "verdict": "Better than best sellers.",
        "metrics": {
            "table": "NDCG <b>0.36</b>",
            "ladder": {"rungs": {"popular": {"on": True, "why": "there is enough"}}},
        },
    } | changes  # fmt: skip
    return ModelVersion.objects.create(**values)


def test_the_desk_shows_how_a_version_did_and_cannot_be_typed_in(admin_client):
    made = version()
    assert "Better than best sellers." in admin_client.get(URL).content.decode()
    page = admin_client.get(f"{URL}{made.pk}/change/").content.decode()
    assert "NDCG &lt;b&gt;0.36&lt;/b&gt;" in page
    assert "<strong>popular</strong> there is enough" in page
    assert 'name="_save"' not in page
    assert admin_client.get(f"{URL}add/").status_code == 403
    assert admin_client.get(f"{URL}{made.pk}/delete/").status_code == 403


def test_a_damaged_version_is_refused_with_its_reason_and_nothing_changes(admin_client):
    made = version()
    response = admin_client.post(URL, {"action": "make_live", "_selected_action": [made.pk]}, follow=True)
    assert "errorlist" in response.content.decode() or 'class="error"' in response.content.decode()
    made.refresh_from_db()
    assert made.status == "candidate"


def test_exactly_one_version_is_made_live_at_a_time(admin_client):
    both = [version(directory=name).pk for name in ("v1", "v2")]
    response = admin_client.post(URL, {"action": "make_live", "_selected_action": both}, follow=True)
    assert "Select exactly one version." in response.content.decode()


def test_looking_is_not_the_permission_to_promote(client):
    staff = User.objects.create_user("staff", password="pw", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_modelversion"))
    client.force_login(staff)
    version()
    assert "make_live" not in client.get(URL).content.decode()


@pytest.fixture
def whole(settings, tmp_path):
    """Make versions whose files are there."""
    settings.PERSONALIZE = {**settings.PERSONALIZE, "ARTIFACTS": str(tmp_path)}
    return lambda: published(tmp_path)


def did(admin_client, action, one):
    """Do it to one version; what the desk says, and how the row stands."""
    response = admin_client.post(URL, {"action": action, "_selected_action": [one.pk]}, follow=True)
    one.refresh_from_db()
    return [str(message) for message in response.context["messages"]], (one.status, one.pinned)


def test_a_version_is_made_live_pinned_let_go_and_gone_back_from(admin_client, whole):
    first, second = whole(), whole()
    assert did(admin_client, "make_live", first) == (
        [f"Version {first.pk} is live. Every web process serves it within seconds."], ("live", False),
    )  # fmt: skip
    assert did(admin_client, "pin", second) == (
        [f"Version {second.pk} is live and pinned: what is learnt from now on becomes a candidate."], ("live", True),
    )  # fmt: skip
    assert did(admin_client, "let_go", second) == (
        [f"Version {second.pk} is pinned no more: the next good one takes its place."], ("live", False),
    )  # fmt: skip
    assert did(admin_client, "let_go", second) == ([f"Version {second.pk} is not pinned."], ("live", False))
    assert did(admin_client, "go_back", first) == ([f"Version {first.pk} is not live."], ("retired", False))
    assert did(admin_client, "go_back", second) == (
        [f"Version {first.pk} is live again. Every web process serves it within seconds."], ("retired", False),
    )  # fmt: skip


def test_a_pin_that_is_taken_off_by_another_version_is_told(admin_client, whole):
    first, second = whole(), whole()
    did(admin_client, "pin", first)
    said, _ = did(admin_client, "make_live", second)
    assert said[1:] == [f"Version {first.pk}, which was pinned, is so no more."]


def test_a_version_is_measured_in_the_shadow_and_its_page_says_how_it_does(admin_client, whole):
    one = whole()
    assert did(admin_client, "watch", one) == (
        [f"Version {one.pk} is the shadow: it is shown to nobody, and measured at each training."], ("shadow", False),
    )  # fmt: skip
    one.metrics["since"] = {
        "people": 412, "ndcg": 0.31, "other": 0.3, "beside": 7, "difference": {"mean": 0.01, "low": -0.01, "high": 0.03}
    }  # fmt: skip
    one.save()
    page = admin_client.get(f"{URL}{one.pk}/change/").content.decode()
    assert "NDCG@10 0.3100 against 0.3000 of version 7 over 412 people" in page
    assert "the difference lies between -0.0100 and +0.0300." in page


def test_nothing_is_steered_by_looking(admin_client, whole):
    one = whole()
    for action in ("make_live", "pin", "watch", "go_back", "let_go"):
        admin_client.get(URL, {"action": action, "_selected_action": one.pk})
    one.refresh_from_db()
    assert one.status == "candidate"
