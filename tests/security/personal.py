"""More than five hundred texts that say who somebody is or open a door, made from rules and a seed: nobody's own."""

from __future__ import annotations

import random
import string

_chance = random.Random(20260301)


def _figures(count: int) -> str:
    return "".join(_chance.choices(string.digits, k=count))


def _luhn(start: str, length: int) -> str:
    body = start + _figures(length - len(start) - 1)
    total = 0
    for place, figure in enumerate(reversed(body)):
        value = int(figure) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def _iban(country: str, account: str) -> str:
    number = "".join(str(int(letter, 36)) for letter in f"{account}{country}00")
    return f"{country}{98 - int(number) % 97:02}{account}"


def _spaced(text: str, size: int = 4, by: str = " ") -> str:
    return by.join(text[at : at + size] for at in range(0, len(text), size))


def _mails() -> list[str]:
    names = ["anna", "b.karimov", "o'neil", "info+shop", "x_y-z", "ИВАН", "jürgen"]
    hosts = ["example.com", "mail.example.co.uk", "почта.рф", "xn--e1aybc.example"]
    plain = [f"{name}@{host}" for name in names for host in hosts]
    return [
        *plain,
        *(address.replace("@", " @ ") for address in plain[:8]),
        *(address.replace("@", "(at)") for address in plain[:8]),
        *(address.replace("@", "[at]") for address in plain[:8]),
        *(address.replace("@", "%40") for address in plain[:8]),
        *(address.replace("@", "＠") for address in plain[:8]),  # noqa: RUF001
        *(f"mailto:{address}" for address in plain[:8]),
        *(f"<{address}>" for address in plain[:8]),
    ]


def _phones() -> list[str]:
    found = []
    for _ in range(12):
        a, b, c, d = _figures(2), _figures(3), _figures(2), _figures(2)
        found += [
            f"+998 9{a[0]} {b} {c} {d}", f"+9989{a[0]}{b}{c}{d}", f"9989{a[0]}{b}{c}{d}", f"9{a[0]} {b} {c} {d}",
            f"9{a[0]}{b}{c}{d}", f"+7 (9{a}) {b}-{c}-{d}", f"8 (9{a}) {b}-{c}-{d}", f"89{a}{b}{c}{d}",
            f"+79{a}{b}{c}{d}",
            f"+44 20 79{a} 0{b}", f"0044 20 79{a} 0{b}", f"020 79{a} 0{b}", f"07{_figures(9)}", f"447{_figures(9)}",
            f"({b}) 555-{_figures(4)}", f"{b}-555-{_figures(4)}", f"{b}.555.{_figures(4)}", f"1-{b}-555-{_figures(4)}",
            f"+49 151 {_figures(8)}", f"49151{_figures(8)}", f"861{_figures(10)}", f"+33 6 {_spaced(_figures(8), 2)}",
            f"06{_spaced(_figures(8), 2, '.')}", f"555-{_figures(4)}", f"{b}-{c}-{d}", f"tel:+9989{a}{b}{c}",
            f"+90 5{a} {b} {c} {d}", f"905{_figures(9)}", f"380{_figures(9)}", f"919{_figures(9)}",
        ]  # fmt: skip
    arabic = str.maketrans(string.digits, "٠١٢٣٤٥٦٧٨٩")
    return [*found, *(number.translate(arabic) for number in found[:12])]


def _cards() -> list[str]:
    plain = [_luhn(start, length) for start, length in
             [("4", 16), ("51", 16), ("2221", 16), ("34", 15), ("37", 15), ("6011", 16), ("3528", 16), ("8600", 16),
              ("9860", 16), ("2200", 16), ("62", 19), ("30", 14), ("36", 14), ("50", 18)] * 3]  # fmt: skip
    return [*plain, *map(_spaced, plain), *(_spaced(number, 4, "-") for number in plain)]


def _accounts() -> list[str]:
    plain = [
        *(_iban("DE", _figures(18)) for _ in range(6)),
        *(_iban("GB", f"WEST{_figures(14)}") for _ in range(6)),
        *(_iban("FR", f"{_figures(20)}M{_figures(2)}") for _ in range(6)),
        *(_iban("NL", f"ABNA{_figures(10)}") for _ in range(6)),
        *(_iban("NO", _figures(11)) for _ in range(6)),
    ]
    return [*plain, *map(_spaced, plain), *(number.lower() for number in plain)]


def _keys() -> list[str]:
    letters = string.ascii_letters + string.digits
    plain = ["".join(_chance.choices(letters, k=size)) for size in (24, 32, 40, 64) for _ in range(8)]
    return [
        *plain,
        *(f"sk_live_{key[:24]}" for key in plain[:6]),
        *(f"ghp_{key}" for key in plain[16:22]),
        *(f"eyJhbGciOiJIUzI1NiJ9.{key}.{key[::-1]}" for key in plain[:6]),
        *(f"{_chance.getrandbits(128):032x}" for _ in range(10)),
        *(f"https://shop.example/reset/?token={key}" for key in plain[:4]),
        *(f"{_figures(3)}-{_figures(2)}-{_figures(4)}" for _ in range(6)),
    ]


PERSONAL = [*_mails(), *_phones(), *_cards(), *_accounts(), *_keys()]
assert len(PERSONAL) >= 500
