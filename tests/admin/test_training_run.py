from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User

from django_personalize.admin import training_run
from tests.training.test_lease import running

pytestmark = pytest.mark.django_db
URL = "/admin/personalize/trainingrun/"


@pytest.fixture
def begun(monkeypatch):
    """What was asked to begin; a worker takes a full training, a refresh is a process of this host."""
    asked = []

    def start(kind):
        asked.append(kind.value)
        return kind == "full"

    monkeypatch.setattr(training_run, "start", start)
    return asked


def test_the_desk_shows_how_far_a_training_is_and_cannot_be_typed_in(admin_client):
    run = running(stage="factors", done=1, total=3, log=[["read", 0.0], ["factors", 12.4]])
    page = admin_client.get(URL).content.decode()
    assert '<progress value="1" max="3"></progress> learning who likes what (33 %)' in page
    assert f"Run {run.pk} is training." in page
    page = admin_client.get(f"{URL}{run.pk}/change/").content.decode()
    assert "<li>0 s reading what was sold</li><li>12 s learning who likes what</li>" in page
    assert 'name="_save"' not in page
    assert admin_client.get(f"{URL}add/").status_code == 403
    assert admin_client.get(f"{URL}{run.pk}/delete/").status_code == 403


def test_the_desk_shows_how_one_ended_and_what_it_cost(admin_client):
    run = running(
        status="failed", why="ValueError: <b>bad</b>", stage="measure", seconds=61.2, cpu_seconds=90.4,
        peak_bytes=300 * 1024**2, counts={"lines": 514_520},
    )  # fmt: skip
    page = admin_client.get(f"{URL}{run.pk}/change/").content.decode()
    assert "ValueError: &lt;b&gt;bad&lt;/b&gt;" in page
    assert "61 s" in page
    assert "90 s of processor time, at most 300.0\xa0MB of memory" in page
    assert "514,520 lines" in page
    assert "<progress" not in page


def test_a_training_begins_by_a_button_and_what_became_of_it_is_said(admin_client, begun):
    assert "Train now" in admin_client.get(URL).content.decode()
    page = admin_client.post(f"{URL}begin/", {"kind": "full"}, follow=True).content.decode()
    assert "A Celery worker was asked to train." in page
    page = admin_client.post(f"{URL}begin/", {"kind": "refresh"}, follow=True).content.decode()
    assert "A process of this host has begun to train." in page
    assert begun == ["full", "refresh"]


def test_nothing_begins_by_looking_nor_without_a_token(client, admin_client, admin_user, begun):
    from django.test import Client

    assert admin_client.get(f"{URL}begin/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin_user)
    assert strict.post(f"{URL}begin/", {"kind": "full"}).status_code == 403
    assert begun == []


def test_while_one_trains_no_other_is_begun(admin_client, begun):
    run = running()
    page = admin_client.post(f"{URL}begin/", {"kind": "full"}, follow=True).content.decode()
    assert f"Run {run.pk} is training already; nothing else was begun." in page
    assert "Train now" not in page
    assert begun == []


def test_looking_is_not_the_permission_to_train(client, begun):
    staff = User.objects.create_user("staff", password="pw", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_trainingrun"))
    client.force_login(staff)
    assert "Train now" not in client.get(URL).content.decode()
    assert client.post(f"{URL}begin/", {"kind": "full"}).status_code == 403
    assert begun == []
