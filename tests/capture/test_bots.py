# ruff: noqa: E501  a user agent is as long as it is
import timeit

import pytest
from django.test import RequestFactory

from django_personalize.capture import bots
from django_personalize.capture.bots import is_bot, is_prefetch, unseen
from django_personalize.events import counts
from django_personalize.models import DailyCount, Decision, Event, Visitor
from django_personalize.shortcuts import track
from django_personalize.visitors import cookie
from tests.people import request_of, token, visitor

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) {}"
PEOPLE = [
    CHROME,
    f"{CHROME} Edg/142.0.0.0",
    f"{CHROME} OPR/120.0.0.0",
    f"{CHROME} Vivaldi/7.1",
    f"{CHROME} YaBrowser/25.2.0.0",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/604.1",
    IPHONE.format("Version/18.1 Mobile/15E148 Safari/604.1"),
    IPHONE.format("CriOS/142.0.0.0 Mobile/15E148 Safari/604.1"),
    IPHONE.format("FxiOS/140.0 Mobile/15E148 Safari/605.1.15"),
    IPHONE.format("Mobile/15E148 Instagram 350.0.0.0.1 (iPhone15,3; iOS 18_1; en_US)"),
    IPHONE.format("Mobile/22B83 [FBAN/FBIOS;FBAV/490.0.0.0;FBDV/iPhone15,3;FBSV/18.1]"),
    IPHONE.format("Mobile/15E148 [LinkedInApp]/9.30.1234"),
    IPHONE.format("Mobile/15E148 [Pinterest/iOS]"),
    IPHONE.format("Mobile/15E148 Snapchat/13.10.0.40 (like Safari/8619.2.8, panda)"),
    IPHONE.format("GSA/340.0.123456 Mobile/15E148 Safari/604.1"),
    IPHONE.format("Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI Language/en"),
    IPHONE.format("Safari Line/14.15.0"),
    IPHONE.format("Mobile/15E148 Telegram-iOS/11.2"),
    ANDROID.format("SM-S928B"),
    ANDROID.format("Pixel 9 Pro"),
    ANDROID.format("CUBOT_X30"),
    ANDROID.format("CUBOT NOTE 50 Build/UP1A"),
    ANDROID.format("Redmi K60 Build/UKQ1; wv") + " Viber/24.0",
    f"{ANDROID.format('SM-A155F')} SamsungBrowser/27.0",
    f"{ANDROID.format('M2101K6G')} UCBrowser/13.4.0.1306",
    f"{ANDROID.format('V2134')} DuckDuckGo/5",
    f"{ANDROID.format('Infinix X6/UP1A')} OPR/80.0.0.0",
    "Mozilla/5.0 (Linux; U; Android 13; ru-ru) AppleWebKit/537.36 Version/4.0 Mobile Safari/537.36 XiaoMi/MiuiBrowser/14.5",
    "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80 (S60; SymbOS; Opera Mobi/23.348; U; en) Presto/2.5.25 Version/10.54",
    "Opera/9.80 (Windows NT 6.1; U; en) Presto/2.12.388 Version/12.18",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/5.0 (SMART-TV; LINUX; Tizen 8.0) AppleWebKit/537.36 SamsungBrowser/5.0 Chrome/108.0 TV Safari/537.36",
    "Mozilla/5.0 (SMART-TV; Smart Monitor M8; Tizen 7.0) AppleWebKit/537.36 Version/7.0 TV Safari/537.36",
    "Mozilla/5.0 (PlayStation; PlayStation 5/6.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.4 Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 9; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/120.1 like Chrome/120 Safari/537.36",
    "Mozilla/5.0 (Mobile; LYF/F300B; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15 Epiphany/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) QtWebEngine/6.6 Chrome/112.0 Safari/537.36",
    "UCWEB/2.0 (Java; U; MIDP-2.0; en-US; nokia) U2/1.0.0 UCBrowser/9.5.0.449 U2/1.0.0 Mobile",
    "Lynx/2.9.0 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/3.0.2",
    "w3m/0.5.3+git20230121",
    "Links (2.29; Linux 6.5 x86_64; GNU C 13.2; text)",
    "okhttp/4.12.0",
    "Shop/3.2 CFNetwork/1568.200.51 Darwin/24.1.0",
    "Dart/3.5 (dart:io)",
    "",
]
MACHINES = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; YandexImages/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
    "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)",
    f"{CHROME} (Applebot/0.1; +http://www.apple.com/go/applebot)",
    f"{CHROME} (compatible; Google-InspectionTool/1.0;)",
    "GoogleOther",
    "Mediapartners-Google",
    "AdsBot-Google (+http://www.google.com/adsbot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; https://openai.com/bot",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; claudebot@anthropic.com)",
    "Mozilla/5.0 (compatible; PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)",
    "CCBot/2.0 (https://commoncrawl.org/faq/)",
    "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; Bytespider)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
    "Mozilla/5.0 (compatible; MJ12bot/v1.4.8; http://mj12bot.com/)",
    "Mozilla/5.0 (compatible; DotBot/1.2; +https://opensiteexplorer.org/dotbot)",
    "Mozilla/5.0 (compatible; PetalBot;+https://webmaster.petalsearch.com/site/petalbot)",
    "ia_archiver",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
    "Twitterbot/1.0",
    "WhatsApp/2.23.20.0 A",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Pinterest/0.2 (+https://www.pinterest.com/bot.html)",
    "SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Viber/13.0 (preview)",
    "vkShare; +http://vk.com/dev/Share",
    "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
    f"{CHROME} (StatusCake)",
    f"{CHROME} Chrome-Lighthouse",
    "Datadog/Synthetics",
    "kube-probe/1.29",
    "ELB-HealthChecker/2.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1",
    "Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/22.1.0",
    "curl/8.5.0",
    "Wget/1.21.4",
    "python-requests/2.32.3",
    "Python/3.12 aiohttp/3.10.5",
    "python-httpx/0.27.2",
    "Go-http-client/1.1",
    "Java/17.0.10",
    "Apache-HttpClient/4.5.14 (Java/17.0.10)",
    "libwww-perl/6.67",
    "axios/1.7.7",
    "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
    "node",
    "undici",
    "PostmanRuntime/7.42.0",
    "Scrapy/2.11.2 (+https://scrapy.org)",
    "GuzzleHttp/7",
    "Ruby",
    "PHP/8.3",
    "sqlmap/1.8 (https://sqlmap.org)",
    "Mozilla/5.00 (Nikto/2.5.0)",
    "ApacheBench/2.3",
    "Feedly/1.0 (+http://www.feedly.com/fetcher.html)",
    "WordPress/6.6; https://example.com",
    "Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)",
]


def asking(agent="", **headers):
    more = {"User-Agent": agent} if agent else {}
    return RequestFactory().get("/", headers=more | headers)


@pytest.mark.parametrize("agent", PEOPLE)
def test_a_browser_that_somebody_sits_at_is_no_machine(agent):
    assert not is_bot(asking(agent))


@pytest.mark.parametrize("agent", MACHINES)
def test_a_machine_that_says_so_is_one(agent):
    assert unseen(asking(agent)) == "bot"


@pytest.mark.parametrize(
    ("name", "value", "ahead"),
    [
        ("Sec-Purpose", "prefetch", True),
        ("Sec-Purpose", "prefetch;prerender", True),
        ("Sec-Purpose", "prefetch;anonymous-client-ip", True),
        ("Purpose", "prefetch", True),
        ("X-Purpose", "preview", True),
        ("X-Moz", "prefetch", True),
        ("X-Moz", "", False),
        ("Purpose", "navigate", False),
    ],
)
def test_a_page_that_is_fetched_ahead_is_seen_by_nobody(name, value, ahead):
    request = asking(CHROME, **{name: value})
    assert is_prefetch(request) is ahead
    assert unseen(request) == ("prefetch" if ahead else "")


def test_a_user_agent_of_any_length_is_looked_at_in_no_time_and_remembered_in_part():
    bots._is_bot.cache_clear()
    request = asking("Mozilla/5.0 " + "x(" * 4_000 + " Googlebot")
    assert not is_bot(request)
    assert timeit.timeit(lambda: is_bot(request), number=1_000) / 1_000 < 50e-6
    for number in range(5_000):
        is_bot(asking(f"Mozilla/5.0 ({number})"))
    assert bots._is_bot.cache_info().currsize == bots._is_bot.cache_info().maxsize == 2_048


# What a machine leaves behind: nothing, and it meets a page like anybody's


@pytest.fixture
def shop(memory_shop, settings, answers):
    settings.ROOT_URLCONF = "tests.security.urls"
    answers(personalization="granted", analytics="granted")
    return memory_shop


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("headers", "kept"),
    [({"User-Agent": CHROME}, 2), ({"User-Agent": MACHINES[0]}, 0), ({"User-Agent": CHROME, "Purpose": "prefetch"}, 0)],
)
def test_views_and_searches_are_kept_of_people_alone(client, shop, headers, kept):
    me = visitor("personalization", "analytics")
    client.cookies[cookie.NAME] = token(me)
    assert client.get("/products/1/", headers=headers).status_code == 200
    assert client.get("/search/?q=mug", headers=headers).status_code == 200
    assert Event.objects.filter(visitor=me).count() == kept


@pytest.mark.django_db
@pytest.mark.parametrize(("agent", "counted"), [(CHROME, 1), (MACHINES[0], 0), (MACHINES[46], 0)])
def test_daily_counts_are_of_people_alone(client, shop, answers, agent, counted):
    answers()
    client.get("/products/1/", headers={"User-Agent": agent})
    counts.keep()
    assert DailyCount.objects.filter(item_key="1").count() == counted


@pytest.mark.django_db
def test_a_machine_that_says_yes_is_nobody_and_sees_the_page_of_nobody(client, shop):
    agent = {"User-Agent": MACHINES[0]}
    client.post("/products/1/", headers=agent)
    assert not Visitor.objects.exists()
    assert cookie.NAME not in client.cookies
    anonymous = client.get("/products/1/", headers=agent).content
    client.cookies[cookie.NAME] = token(visitor("personalization", "analytics"))
    known = client.get("/products/1/", headers=agent)
    assert known.content == anonymous
    assert "private" not in known.headers.get("Cache-Control", "")
    assert not Decision.objects.exists()
    client.get("/products/1/", headers={"User-Agent": CHROME})
    assert Decision.objects.count() == 1


@pytest.mark.django_db
def test_a_machines_withdrawal_is_honoured_all_the_same(client, shop, answers):
    me = visitor("personalization", "analytics")
    client.cookies[cookie.NAME] = token(me)
    answers(personalization="denied", analytics="denied")
    client.get("/products/1/", headers={"User-Agent": MACHINES[0]})
    assert not Visitor.objects.exists()


@pytest.mark.django_db
def test_what_a_shop_says_itself_is_kept_of_people_alone(shop, settings):
    me = visitor("personalization")
    settings.PERSONALIZE = {**settings.PERSONALIZE, "CAPTURE": "beacon"}
    assert [
        track(request_of(me, headers={"User-Agent": agent}), "search", search_term="mug")
        for agent in (CHROME, "curl/8")
    ] == [
        True,
        False,
    ]
