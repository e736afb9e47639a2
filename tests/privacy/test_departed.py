import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection, router, transaction
from django.db.models import Manager, QuerySet
from django.test.utils import CaptureQueriesContext

from django_personalize.capture.orders import reconcile
from django_personalize.events.background import CHORES
from django_personalize.exceptions import AccountsMissing
from django_personalize.models import Event, Finding, Forgotten, Visitor
from django_personalize.privacy import departed
from django_personalize.privacy.departed import sweep_accounts
from tests.conftest import line
from tests.people import visitor
from tests.shops import user

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(memory_shop):
    somebody = user("somebody")
    user("somebody-else")
    key = str(somebody.pk)
    visitor("personalization", user_key=key)
    memory_shop.orders = [line("1", "A", "1", user_key=key)]
    reconcile()
    return somebody


def test_a_deleted_user_is_forgotten_once_the_shop_has_committed(customer, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        customer.delete()
        assert Visitor.objects.count() == 1
    assert (Visitor.objects.count(), Event.objects.count()) == (0, 0)
    reconcile()
    assert not Event.objects.exists()


def test_no_query_of_ours_runs_in_the_shops_transaction(customer):
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        customer.delete()
    assert [each["sql"] for each in asked if "personalize_" in each["sql"]] == []


@pytest.mark.django_db(transaction=True)
def test_a_deletion_that_is_rolled_back_erases_nothing(customer):
    with transaction.atomic():
        customer.delete()
        transaction.set_rollback(True)
    assert Visitor.objects.count() == 1
    assert not Forgotten.objects.exists()


def test_whoever_was_deleted_in_bulk_or_before_a_kill_is_found(customer):
    User.objects.filter(pk=customer.pk)._raw_delete(using="default")
    assert sweep_accounts() == 1
    assert (Visitor.objects.count(), Event.objects.count()) == (0, 0)
    assert sweep_accounts() == 0


def test_the_sweep_leaves_whoever_is_there_and_whose_key_is_none_of_a_users(customer, caplog):
    visitor("personalization", user_key="no-number")
    assert sweep_accounts() == 0
    assert Visitor.objects.count() == 2


def test_a_manager_that_hides_users_has_none_of_them_erased(customer, monkeypatch):
    hiding = Manager.from_queryset(QuerySet)()
    hiding.model = User
    monkeypatch.setattr(hiding, "get_queryset", lambda: QuerySet(User).exclude(pk=customer.pk), raising=False)
    monkeypatch.setattr(User._meta, "base_manager", hiding, raising=False)
    assert not User._base_manager.filter(pk=customer.pk).exists()
    assert sweep_accounts() == 0
    assert Visitor.objects.count() == 1


def test_users_are_looked_for_where_they_are_written(customer, settings, monkeypatch):
    monkeypatch.setattr(router, "db_for_read", lambda model, **hints: "a copy that lags")
    monkeypatch.setattr(router, "db_for_write", lambda model, **hints: "default")
    monkeypatch.setattr(departed, "_accounts", lambda: iter([{str(customer.pk): customer.pk}]))
    assert sweep_accounts() == 0


def test_the_sweep_does_nothing_in_a_project_without_users(memory_shop):
    visitor("personalization", user_key="7")
    assert sweep_accounts() == 0
    assert Visitor.objects.count() == 1


def test_the_people_of_a_shop_that_runs_elsewhere_are_no_users_of_this_project(
    customer, settings, django_capture_on_commit_callbacks
):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "SHOP": "django_personalize.integrations.http.FeedShop"}
    with django_capture_on_commit_callbacks(execute=True):
        customer.delete()
    assert sweep_accounts() == 0
    assert Visitor.objects.count() == 1


def test_more_accounts_than_one_query_asks_about_are_all_looked_at(customer, monkeypatch):
    monkeypatch.setattr(departed, "AT_ONCE", 2)
    for key in range(900, 905):
        visitor("analytics", user_key=str(key))
    assert sweep_accounts() == 5
    assert list(Visitor.objects.values_list("user_key", flat=True)) == [str(customer.pk)]


def missing(number, known):
    """So many accounts that are not there, among so many that people belong to."""
    there = [user(f"kept-{n}") for n in range(known - number)]
    keys = [str(each.pk) for each in there] + [str(900_000 + n) for n in range(number)]
    for key in keys:
        visitor("analytics", user_key=key)


def test_a_user_table_that_lacks_many_is_not_believed(memory_shop):
    missing(20, 25)
    with pytest.raises(AccountsMissing, match=r"20 of the 25 accounts .* auth.User.* nobody was erased.*--accounts"):
        sweep_accounts()
    assert (Visitor.objects.count(), Forgotten.objects.count()) == (25, 0)
    assert Finding.objects.values_list("reason", "count").get() == ("accounts_missing", 20)


def test_a_few_are_believed_whatever_their_share(memory_shop):
    missing(19, 20)
    assert sweep_accounts() == 19


def test_many_are_believed_where_they_are_a_small_share(memory_shop, monkeypatch):
    monkeypatch.setattr(departed, "MANY", 2)
    missing(2, 20)
    assert sweep_accounts() == 2


def test_many_are_erased_where_whoever_deleted_them_says_so(memory_shop, capsys):
    missing(20, 21)
    with pytest.raises(CommandError, match="20 of the 21 accounts"):
        call_command("personalize_purge")
    assert Visitor.objects.count() == 21
    call_command("personalize_purge", "--accounts-deleted")
    assert "20 accounts that the shop no longer has" in capsys.readouterr().out
    assert Visitor.objects.count() == 1


def test_whoever_drains_does_it_every_hour():
    assert CHORES["django_personalize.privacy.departed.sweep_accounts"] == 3_600
    assert CHORES["django_personalize.privacy.retention.purge"] == 3_600
    names = [path.rpartition(".")[2] for path in CHORES]
    assert len(set(names)) == len(names)
