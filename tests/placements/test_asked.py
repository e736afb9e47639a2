from django.core import signing

from django_personalize.placements.asked import MOST_SHOWN, Asked, signed, unsigned

ASKED = Asked(slug="you-may-also-like", n=4, title="Mehr", context=("7",), shown=("1", "2"), language="de")


def test_what_a_page_asks_for_comes_back_as_it_was():
    assert unsigned(signed(ASKED)) == ASKED
    assert unsigned(signed(Asked(slug="personal-home"))) == Asked(slug="personal-home")


def test_nothing_but_what_the_shop_has_signed_is_read():
    text = signed(ASKED)
    assert unsigned(text[:-1] + ("A" if text[-1] != "A" else "B")) is None
    assert unsigned("") is None
    assert unsigned(signing.Signer(salt="another").sign_object({"slug": "personal-home"})) is None
    assert unsigned(signing.Signer(salt="django_personalize.asked").sign_object({"slug": "x", "colour": "red"})) is None


def test_the_shops_object_does_not_travel_and_what_is_shown_elsewhere_is_bounded():
    about = Asked(slug="you-may-also-like", item=object()).about(("7",), tuple(str(n) for n in range(500)), "ru")
    assert (about.item, about.context, about.language) == (None, ("7",), "ru")
    assert about.shown == tuple(str(n) for n in range(MOST_SHOWN))
    assert unsigned(signed(about)) == about


def test_the_same_page_asks_in_the_same_words_whoever_it_is_for():
    assert signed(ASKED) == signed(Asked(**{name: getattr(ASKED, name) for name in Asked.__dataclass_fields__}))
