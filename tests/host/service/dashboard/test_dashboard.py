"""The page in a real browser: narrow and wide, light and dark, by keyboard, empty and full."""

import time

import pytest

from consilience.client import Client
from consilience.distributed.nats_access import NatsAccess
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_collector import ShardCollector
from consilience.service.shard_watch import ShardWatch
from tests.host.distributed.test_processes import processes
from tests.host.distributed.totals.test_shard_collector import history, one_piece
from tests.host.service.test_shard_watch import publish, server, until

__all__ = ["processes", "server"]

pytest.importorskip("playwright")

VIEWS = ["", "agents", "agents/mail", "alarms", "sources", "devices"]
LOOKS = [(400, "light"), (1400, "dark"), (400, "dark"), (1400, "light")]
LONG = "an-agent-whose-name-is-long-and-has-no-place-to-break-" + "x" * 60


def good(agent, count):
    return [{"agent": agent, "run": f"g{i}", "score": i % 7} for i in range(count)]


def bad(agent, count=8):
    return [{"agent": agent, "run": f"b{i}", "score": 50 + i} for i in range(count)]


@pytest.fixture
def page_of(browser):
    contexts = []

    def opened(url, width=1400, scheme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("request", lambda request: page.errors.append(request.url)
                if not request.url.startswith(url) else None)  # fmt: skip
        page.goto(f"{url}/")
        return page

    yield opened
    for context in contexts:
        context.close()


def show(page, view, url):
    page.goto(f"{url}/#/{view}")
    page.wait_for_selector("#connection.live")
    page.wait_for_load_state("networkidle") if not view else page.wait_for_timeout(200)


def looked_at(page, view):
    """Check what holds for every view: nothing sticks out, axe finds nothing, Tab reaches all."""
    from axe_playwright_python.sync_playwright import Axe

    where = (view, page.viewport_size["width"])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
    found = Axe().run(page).response["violations"]
    assert not [(one["id"], one["nodes"][0]["html"]) for one in found], where
    assert not page.errors, where
    can = page.evaluate(
        "[...document.querySelectorAll('a[href], button, select, input, [tabindex=\"0\"]')]"
        ".filter((one) => one.checkVisibility())"
        ".map((one, place) => one.dataset.place = place).length"
    )
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(can + 2):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.dataset.place ?? ''"))
    assert {str(one) for one in range(can)} <= reached, (where, can, reached)


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        pytest.param(*look, marks=[] if place < 2 else [pytest.mark.slow])
        for place, look in enumerate(LOOKS)
    ],
)
def test_a_fleet_with_an_alarm(shown, page_of, width, scheme):
    with Client(shown.url) as client:
        client.send([*good("mail", 60), *bad("mail"), *good(LONG, 60), *good("new", 3)])
    page = page_of(shown.url, width, scheme)
    for view in VIEWS:
        show(page, view, shown.url)
        looked_at(page, view)
    assert page.locator("h1").text_content() == "Devices"
    show(page, "", shown.url)
    page.wait_for_selector("h1:has-text('1 of 3 agents')")
    assert "brought the statistic to" in page.locator("main").text_content()


def test_nothing_yet_has_words(shown, page_of):
    page = page_of(shown.url, 400, "light")
    for view, words in [
        ("", "No agent has been heard of yet"),
        ("agents", "No agent has been heard of yet"),
        ("agents/mail", "was not heard"),
        ("alarms", "No alarm has been raised"),
        ("sources", "no shard sends states"),
        ("sources", "Each row is taken for the truth"),
        ("devices", "not asked yet"),
    ]:
        show(page, view, shown.url)
        page.wait_for_selector(f"main:has-text('{words}')")
        looked_at(page, view)


def test_an_alarm_shows_within_a_second_and_is_taken_note_of_by_keyboard(shown, page_of):
    with Client(shown.url) as client:
        client.send(good("mail", 60))
        page = page_of(shown.url)
        show(page, "", shown.url)
        page.wait_for_selector("h1:has-text('No alarm stands')")
        client.send(bad("mail"))
        begun = time.monotonic()
        page.wait_for_selector("h1:has-text('1 of 1')")
        assert time.monotonic() - begun < 1
        assert "agent mail" in page.locator("#news").text_content()
        show(page, "alarms", shown.url)
        page.get_by_role("button", name="Take note of alarm 1").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("text=noted")
        assert client.agent("mail")["acknowledged"]
        client.send([{"agent": "mail", "run": "stuck", "event": "start"}, *good("mail", 62)[60:]])
        for view, words in (
            ("", "Runs of an agent wait for one that has not ended"),
            ("agents/mail", "2 runs that have ended wait for run stuck"),
        ):
            show(page, view, shown.url)
            page.wait_for_selector(f"text={words}")


def test_a_name_is_text_whatever_it_holds(shown, page_of):
    name = "<img src=x onerror=\"document.title='pwned'\">&amp;"
    with Client(shown.url) as client:
        client.send([*good(name, 60), *bad(name)])
    page = page_of(shown.url)
    for view in ("", "agents", "alarms"):
        show(page, view, shown.url)
        assert name in page.locator("main").text_content()
        assert page.locator("main img").count() == 0
    page.get_by_role("link", name=name).first.click()
    page.wait_for_selector("h1:has-text('onerror')")
    assert page.locator("h1").text_content() == name
    assert not page.errors


def reports(count):
    """Of each run what four say of it; the first of them says the opposite, under a long name."""
    names = [LONG, "r1", "r2", "r3"]
    return [
        {
            "agent": "mail",
            "run": run,
            "reporter": name,
            "score": -(run % 7) if place == 0 else run % 7,
        }
        for run in range(count)
        for place, name in enumerate(names)
    ]


@pytest.mark.parametrize(
    ("width", "scheme"),
    [pytest.param(*look, marks=[pytest.mark.slow] if place else []) for place, look in
     enumerate(LOOKS)],
)  # fmt: skip
def test_reporters_that_contradict_shards_and_devices(showing, page_of, server, width, scheme):
    """A liar; a shard that is there, one refused, one never heard of; a server that goes."""
    server.start()
    with ShardWatch(server.url(), NatsAccess(), ShardCollector(), signed=False) as watch:
        shown = showing(watch=watch, faulty=1, reporters=4)
        page = page_of(shown.url, width, scheme)
        show(page, "sources", shown.url)
        page.wait_for_selector("text=No reporter has spoken yet")
        with Client(shown.url) as client:
            client.send(reports(60))
        assert until(lambda: watch.connected)
        strange = one_piece(2, EvidenceSums(("other", "names")))
        publish(server.url(), next(history(1, 1)).pieces(4096), strange)
        page.wait_for_selector("text=Refused: ", timeout=20_000)
        words = page.locator("main").text_content()
        for one in (f"{LONG}contradicts", "not heard of", "1 of 3", "version 1 of incarnation 1"):
            assert one in words
        looked_at(page, "sources")
        show(page, "devices", shown.url)
        for name in ("here", "gone"):
            page.get_by_role("button", name=f"Check device {name}").focus()
            page.keyboard.press("Enter")
            words = "gives the shared bits" if name == "here" else "socket://127.0.0.1:1"
            page.wait_for_selector(f"section[aria-label='Device {name}'] >> text={words}")
        page.wait_for_selector("text=failed")
        looked_at(page, "devices")
        server.stop()
        show(page, "sources", shown.url)
        page.wait_for_selector("text=is gone since", timeout=20_000)
        looked_at(page, "sources")
