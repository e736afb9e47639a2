import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from django_personalize.models import ModelVersion

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
