import logging
import os
import pty
import re
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Case, CharField, Q, Value, When
from django.db.models.functions import Cast, Coalesce

from django_personalize.core import clock
from django_personalize.models import Event, ModelVersion
from django_personalize.shop.mapping import MappedShop
from django_personalize.testing.doubles import MemoryShop
from django_personalize.testing.override import override_personalize
from example_shop.shop.models import Order, OrderLine, Product
from tests.conftest import line
from tests.management.streams import Terminal
from tests.processes import ROOT, environment
from tests.shops import bought, order, product
from tests.small_shops.opening import seed, settings_of

pytestmark = pytest.mark.django_db


class Interrupting(MemoryShop):
    """Somebody presses Ctrl-C when the orders have been read and training begins."""

    def facts(self):
        raise KeyboardInterrupt


@pytest.fixture
def unmapped(settings):
    """The example shop before anything is said of it; its mapping as it was."""
    mapped = settings.PERSONALIZE
    settings.PERSONALIZE = {"ARTIFACTS": mapped["ARTIFACTS"]}
    return mapped


@pytest.fixture(autouse=True)
def _own_artefacts(tmp_path, settings):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "ARTIFACTS": str(tmp_path)}


def run(capsys, *args, **options):
    """(output, exit code)"""
    code = 0
    try:
        call_command("personalize_setup", *args, **options)
    except SystemExit as ended:
        code = ended.code
    return capsys.readouterr().out, code


def pasted(output):
    given = {}
    exec(
        output.split("# --- for the settings: begin")[1].split("\n", 1)[1].split("# --- for the settings: end")[0],
        given,
    )
    return given["PERSONALIZE"]


def test_without_a_mapping_it_proposes_one_and_ends_with_the_next_step(unmapped, capsys):
    bought(order("A"), product("Lantern"))
    output, code = run(capsys, "--noinput", "--lines", "shop.OrderLine")
    assert code == 1
    assert output.startswith(
        "Products:     shop.Product\nOrder lines:  shop.OrderLine (1 row), which leads to shop.Product and shop.Order\n"
    )
    assert pasted(output)["ORDER_LINES"]["placed"] == Q()
    assert 'Which orders count as sold ("placed") was guessed' in output
    assert output.splitlines()[-2].startswith("Nothing is set up yet. Paste the block")
    assert not Event.objects.exists()


def test_what_is_pasted_is_then_set_up(unmapped, capsys, settings):
    bought(order("A"), product("Lantern"))
    output, _ = run(capsys, "--noinput", "--lines", "shop.OrderLine")
    settings.PERSONALIZE = {**settings.PERSONALIZE, **pasted(output)}
    output, code = run(capsys)
    assert code == 0
    assert (
        "Orders:         1 order with 1 line of 0 accounts and 1 guest order, from 2026-01-01 to 2026-01-01." in output
    )


def test_a_proposal_alone_is_no_failure_and_changes_nothing(capsys):
    bought(order("A"), product("Lantern"))
    output, code = run(capsys, "--propose", "--noinput", "--lines", "shop.OrderLine")
    assert code == 0
    assert pasted(output)["PRODUCT"]["model"] == "shop.Product"
    assert "Nothing is set up yet" not in output
    assert not Event.objects.exists()


def test_lines_that_are_none_are_refused_with_those_that_are_found(capsys):
    with pytest.raises(CommandError, match=r"auth\.User does not lead to both .* Found: .*shop\.OrderLine"):
        run(capsys, "--propose", "--lines", "auth.User")


def test_at_a_terminal_the_orders_that_count_are_asked_for(capsys):
    for number, status in enumerate(("placed", "shipped", "delivered", "cancelled", "cancelled")):
        when = clock.now() if status == "cancelled" else None
        bought(order(str(number), status=status, cancelled_at=when), product(f"Lantern {number}"))
    typed = Terminal("2\n1 3\n\n")
    output, code = run(capsys, "--propose", "--lines", "shop.OrderLine", stdin=typed)
    assert code == 0
    questions = re.findall(r"^(Which .*\?)$", output, re.M)
    assert questions == [
        "Which orders count as sold?",
        "Which values of shop.Order.status?",
        "Which of them were cancelled, or came back, as a whole?",
    ]
    assert "  1. every order (5 rows)\n  2. by its value in shop.Order.status, of 5: cancelled 2, " in output
    assert "  1. Cancelled (2 rows)\n" in output
    found = pasted(output)["ORDER_LINES"]
    assert found["placed"] in (
        Q(order__status__in=["cancelled", status]) for status in ("placed", "shipped", "delivered")
    )
    assert found["cancelled"] == Q(order__status="cancelled")
    assert "a guess" not in output.split('"ORDER_LINES"')[1].split("# the session's")[0]


def test_an_answer_that_is_no_number_of_a_choice_is_asked_again(capsys):
    bought(order("A"), product("Lantern"))
    output, _ = run(capsys, "--propose", "--lines", "shop.OrderLine", stdin=Terminal("9\nno\n1\n2\n"))
    assert output.count("Wanted a number from 1 to 2.") == 2
    assert "cancelled" not in pasted(output)["ORDER_LINES"]  # 2: none


def test_the_end_of_input_takes_the_guesses(capsys):
    output, code = run(capsys, "--propose", "--lines", "shop.OrderLine", stdin=Terminal(""))
    assert code == 0
    assert pasted(output)["ORDER_LINES"]["cancelled"] == Q(order__status="cancelled")


def test_ctrl_c_at_a_question_ends_without_a_traceback(capsys):
    with pytest.raises(CommandError, match=r"^Interrupted\.") as ended:
        run(capsys, "--propose", "--lines", "shop.OrderLine", stdin=Terminal(interrupt=True))
    assert ended.value.returncode == 130


def test_tables_that_may_hold_the_lines_as_well_are_asked_for_by_number(capsys):
    """All small shops are installed here, so that several tables look alike."""
    output, _ = run(capsys, "--propose", stdin=Terminal("2\n"))
    choices = re.findall(r"^  \d\. (\w+\.\w+) \(", output.split("Which table holds the lines of orders?")[1], re.M)
    assert len(choices) > 1
    assert pasted(output)["ORDER_LINES"]["model"] == choices[1]
    assert f"{choices[0]} (0 rows), which leads to " in output.split("# --- for the settings: end")[1]


def test_set_up_makes_the_purposes_reads_the_orders_learns_and_reports(capsys):
    lantern, candle, _never = product("Lantern"), product("Candle"), product("Mug")
    for number, user in enumerate(("ann", "ann", None)):
        placed = order(str(number), user=user, placed_at=clock.now())
        bought(placed, lantern)
        bought(placed, candle, quantity=2, returned_quantity=number)
    today = clock.now().date().isoformat()
    output, code = run(capsys)
    assert code == 0
    told = [text for text in output.splitlines() if not re.match(r"(Order lines:|.*: done$)", text)]
    assert told[:6] == [
        "Purposes made: personalization, analytics.",
        "",
        "Orders:         3 orders with 6 lines of 1 account and 1 guest order, "
        f"from {today} to {today}; 2 lines cancelled or given back.",
        "Catalogue:      3 products, 3 can be shown now; 66 % have been bought.",
        'Product pages:  recognised by the URL pattern "shop:product", whose pk is the key.',
        'Cart:           session["basket"].',
    ]
    assert told[6].startswith("Model:          ")
    assert " s. It shows best sellers, learnt from 5 order lines. The next step, what is bought together, " in told[6]
    assert "Reading what was sold: done\n" in output
    assert ModelVersion.objects.filter(status="live").count() == 1
    assert "The banner has its purposes already." in run(capsys)[0]
    assert Event.objects.count() == 8


def test_set_up_of_a_shop_without_orders_ends_well(memory_shop, capsys):
    output, code = run(capsys)
    assert code == 0
    assert "Train again when there are orders" in output


def test_where_the_shop_counts_more_than_can_be_used_both_counts_and_the_reason_are_told(capsys):
    first, second = order("A"), order("B")
    bought(first, product("Lantern"))
    bought(second, product("Candle"))
    bought(second, product("Mug"), returned_at=clock.now())
    with override_personalize(
        ORDER_LINES={"model": "shop.OrderLine", "item": "product_id", "order": "order__number", "date": "returned_at"}
    ):
        output, _ = run(capsys)
    assert (
        "                The shop's own tables say 2 orders with 3 lines; here are 1 order with 1 line.\n"
        "                What is left out, by name: line_without_date 2.\n"
    ) in output
    assert re.search(
        r"^  line_without_date: 2 \(first: order line \d+\)\. An order line without a date\.", output, re.M
    )


@pytest.mark.parametrize("name", ["session_shop", "order_is_cart", "uuid_variants", "translated", "drf_shop"])
def test_what_a_small_shop_sold_is_what_its_own_tables_say(name, capsys, settings, tmp_path):
    for setting, value in settings_of(name).items():
        setattr(settings, setting, value)
    settings.PERSONALIZE = {**settings.PERSONALIZE, "ARTIFACTS": str(tmp_path)}
    seed(name)
    output, code = run(capsys)
    assert code == 0
    assert "The shop's own tables" not in output


def test_a_check_of_a_good_set_up_says_what_is_there_and_changes_nothing(capsys):
    bought(order("A"), product("Lantern"))
    output, code = run(capsys, "--check")
    assert code == 0
    assert "PRODUCT: model, title, price, " in output
    assert '\nCart: session["basket"].\n' in output
    assert "\nCatalogue: 1 product, 1 can be shown now.\nOrders: 1 order with 1 line count as sold.\n" in output
    assert not Event.objects.exists()


def test_a_check_says_what_is_not_said(capsys):
    mapping = {"model": "shop.OrderLine", "item": "product_id", "order": "order_id", "date": "order__placed_at"}
    with override_personalize(ORDER_LINES=mapping):
        output, code = run(capsys, "--check")
    assert code == 0
    assert "ORDER_LINES: model, item, order, date; not said: qty, price, currency, user, placed, cancelled\n" in output


def test_a_check_of_a_wrong_path_fails_and_helps(capsys):
    with override_personalize(PRODUCT={"model": "shop.Product", "price": "prize"}):
        output, code = run(capsys, "--check")
        assert code == 1
        assert output.startswith("Wrong:\n  personalize.E005  ")
        assert 'Did you mean "price"?' in output
        with pytest.raises(CommandError, match="The settings cannot be used as they stand"):
            run(capsys)
    assert not Event.objects.exists()


def test_a_check_without_a_mapping_fails_with_the_next_step(unmapped, capsys):
    output, code = run(capsys, "--check")
    assert code == 1
    assert output.splitlines()[-1] == (
        "Nothing is known of the shop. Run manage.py personalize_setup: it proposes what to put into the settings."
    )


def test_a_check_fails_where_no_product_can_be_shown(capsys):
    product("Lantern", is_visible=False)
    output, code = run(capsys, "--check")
    assert code == 1
    assert 'Wrong: no product can be shown now; see PRODUCT["visible"] and ["in_stock"].' in output


LINES = {"model": "shop.OrderLine", "item": "product_id", "order": "order_id", "date": "order__placed_at"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"date": "returned_at"}, "Wrong: 0 of 2 order lines can be used.\n"),
        (
            {"placed": Q(order__status="delivered")},
            'Wrong: 0 of 2 order lines can be used, since ORDER_LINES["placed"] is true of none.\n',
        ),
    ],
)
def test_a_check_fails_where_no_order_line_can_be_used(changes, said, capsys):
    placed = order("A")
    bought(placed, product("Lantern"))
    bought(placed, product("Candle"))
    with override_personalize(ORDER_LINES=LINES | changes):
        output, code = run(capsys, "--check")
    assert code == 1
    assert said in output


def test_lines_that_all_lead_to_no_product_are_wrong(capsys):
    for name, title in (("A", "Lantern"), ("B", "Candle")):
        bought(order(name), product(title))
    wrong = "Wrong: none of 2 order lines leads to a product that is there. ORDER_LINES["
    with override_personalize(ORDER_LINES=LINES | {"item": "product__code"}):
        output, code = run(capsys, "--check")
        assert (code, wrong in output) == (1, True)
        assert wrong in run(capsys)[0]
    some = Case(When(product__name="Lantern", then=Cast("product_id", CharField())), default=Value("gone"))
    with override_personalize(ORDER_LINES=LINES | {"item": some}):
        output, code = run(capsys, "--check")
    assert (code, "product_gone: 1 " in output, "none of" in output) == (0, True, False)


def test_prices_that_are_no_numbers_are_counted_and_told_by_name(capsys, settings, tmp_path):
    for setting, value in settings_of("composite").items():
        setattr(settings, setting, value)
    settings.PERSONALIZE = {**settings.PERSONALIZE, "ARTIFACTS": str(tmp_path)}
    seed("composite")
    told = "price_not_a_number: 1 of 3 products (first: product ACME,8). A price that is no number. Taken as unknown.\n"
    output, code = run(capsys, "--check")
    assert (code, f"can be shown now.\n  {told}" in output) == (0, True)
    assert f"\n                {told}" in run(capsys)[0]
    call_command("personalize_doctor")
    assert f"\nPrices:         {told}" in capsys.readouterr().out


def test_a_check_of_a_shop_without_orders_is_no_failure(capsys):
    product("Lantern")
    with override_personalize(ORDER_LINES=LINES):
        assert run(capsys, "--check")[1] == 0


class Failing(MappedShop):
    def lines(self, **asked):
        raise TypeError("unhashable type: 'dict'")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"ORDER_LINES": LINES | {"price": Coalesce("unit_price", Value("none"))}},
            'PERSONALIZE["ORDER_LINES"]["price"]',
        ),
        ({"ORDER_LINES": LINES | {"placed": Q(quantity__gt="many")}}, 'PERSONALIZE["ORDER_LINES"]["placed"]'),
        (
            {"PRODUCT": {"model": "shop.Product", "visible": Q(stock__gt="many")}},
            'PERSONALIZE["PRODUCT"]["visible"]',
        ),
        ({"SHOP": f"{__name__}.Failing"}, 'PERSONALIZE["ORDER_LINES"] cannot be read: TypeError: unhashable'),
    ],
)
def test_a_check_that_cannot_read_names_the_setting_and_is_no_traceback(changes, said, capsys):
    bought(order("A"), product("Lantern"))
    with override_personalize(**changes):
        output, code = run(capsys, "--check")
    assert code == 1
    assert "Wrong:" in output
    assert said in output


class Odd(MappedShop):
    def check(self):
        raise AttributeError("no such thing")


def test_a_check_whose_checks_fail_says_so(capsys):
    with override_personalize(SHOP=f"{__name__}.Odd"):
        output, code = run(capsys, "--check")
    assert code == 1
    assert output == "Wrong: the settings cannot be checked: AttributeError: no such thing\n"


class Logging(MappedShop):
    def lines(self, **asked):
        logging.getLogger("django_personalize.shop").warning("price of %s is odd", "1")
        return super().lines(**asked)


def test_what_is_logged_during_a_check_stands_after_its_report(capsys, caplog):
    bought(order("A"), product("Lantern"))
    with override_personalize(SHOP=f"{__name__}.Logging"):
        output, code = run(capsys, "--check")
    assert code == 0
    assert output.splitlines()[-1] == "Logged while reading: price of 1 is odd"
    assert not caplog.records


def test_how_much_of_the_catalogue_can_be_shown_is_told(capsys):
    product("Lantern")
    product("Candle", is_visible=False)
    assert "\nCatalogue: 2 products, 1 can be shown now.\n" in run(capsys, "--check")[0]
    assert "Catalogue:      2 products, 1 can be shown now; 0 % have been bought.\n" in run(capsys)[0]
    Product.objects.update(is_visible=False)
    output, _ = run(capsys)
    assert "2 products, 0 can be shown now; 0 % have been bought. Wrong: no product can be shown now;" in output


def test_a_url_that_fails_is_told_with_its_error(capsys, settings):
    product("Lantern")
    settings.ROOT_URLCONF = "tests.small_shops.cookie_shop.urls_personal"
    output, _ = run(capsys, "--check")
    assert "Product pages: not recognised: get_absolute_url() fails: NoReverseMatch: 'shop' is not a " in output
    with override_personalize(PRODUCT={"model": "shop.Product", "url": ("nowhere", "pk", "pk")}):
        output, _ = run(capsys, "--check")
    assert 'personalize.E006  PERSONALIZE["PRODUCT"]["url"]: Reverse for \'nowhere\' not found.' in output


def test_models_that_cannot_be_published_are_told_by_their_setting(tmp_path, capsys):
    bought(order("A"), product("Lantern"))
    (tmp_path / "file").touch()
    with override_personalize(ARTIFACTS=str(tmp_path / "file" / "models")):
        output, code = run(capsys)
        assert code == 1
        assert f'Model:          Wrong: PERSONALIZE["ARTIFACTS"] is {tmp_path}/file/models, which cannot be' in output
        output, code = run(capsys, "--check")
        assert code == 1
        assert f"which cannot be written: {tmp_path}/file is no directory." in output
        with pytest.raises(CommandError, match='ARTIFACTS"] is '):
            call_command("personalize_train")


def test_lines_are_a_proposal_even_where_a_mapping_is_set(capsys):
    bought(order("A"), product("Lantern"))
    output, code = run(capsys, "--noinput", "--lines", "shop.OrderLine")
    assert code == 0
    assert pasted(output)["ORDER_LINES"]["model"] == "shop.OrderLine"
    assert not Event.objects.exists()
    with pytest.raises(
        CommandError, match=r"--lines no\.Such: there is no such model; wanted app\.Model\. Found: .*shop"
    ):
        run(capsys, "--lines", "no.Such")
    with pytest.raises(CommandError, match="leave one out"):
        run(capsys, "--check", "--lines", "shop.OrderLine")


def test_where_nothing_is_found_the_lines_to_fill_in_are_printed(capsys, settings):
    settings.INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django_personalize"]
    output, code = run(capsys, "--propose")
    assert code == 0
    assert output.startswith("No table looks like one of order lines")
    assert '    #     "order": "order_id",\n' in output
    assert pasted(output) == {}


def test_a_run_that_was_interrupted_goes_on_where_it_was(memory_shop, capsys):
    memory_shop.orders = [line(str(number), f"order {number}", "1") for number in range(3)]

    with (
        override_personalize(SHOP="tests.management.test_setup.Interrupting"),
        pytest.raises(CommandError, match=r"^Interrupted\. Nothing is half done"),
    ):
        run(capsys)
    assert Event.objects.count() == 3
    assert run(capsys)[1] == 0
    assert Event.objects.count() == 3


def test_nothing_of_the_shop_is_touched(capsys):
    bought(order("A"), product("Lantern"))
    before = [list(each.objects.values()) for each in (Product, Order, OrderLine)]
    run(capsys)
    assert [list(each.objects.values()) for each in (Product, Order, OrderLine)] == before


def test_a_real_terminal_is_asked_and_a_pipe_is_not(tmp_path):
    env = environment(tmp_path)
    command = [sys.executable, "manage.py", "personalize_setup", "--propose", "--lines", "shop.OrderLine"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, cwd=ROOT, env=env, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        os.write(ours, b"1\n2\n")
        seen = bytearray()
        try:
            while chunk := os.read(ours, 4096):
                seen += chunk
        except OSError:
            pass  # the other end is gone
        assert process.wait(timeout=60) == 0
    os.close(ours)
    asked = seen.decode().replace("\r\n", "\n")
    assert "Which orders count as sold?" in asked
    assert "cancelled" not in pasted(asked)["ORDER_LINES"]
    piped = subprocess.run(
        command, cwd=ROOT, env=env, input="1\n", capture_output=True, text=True, check=True, timeout=60
    )
    assert "Which orders count as sold?" not in piped.stdout
    assert "cancelled" in pasted(piped.stdout)["ORDER_LINES"]


def test_a_check_of_a_dotted_path_that_leads_nowhere_is_no_traceback(capsys):
    with override_personalize(SHOP="shop.nowhere.Adapter", CART=None):
        output, code = run(capsys, "--check")
    assert code == 1
    assert "personalize.E006" in output
