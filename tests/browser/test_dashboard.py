"""What somebody who looks at the dashboard relies on, in a real browser against a real server."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import ROOT, Watched
from tests.browser.server import Server

AXE = ROOT / "frontend_demo" / "node_modules" / "axe-core" / "axe.min.js"
KEY = "a-key-for-this-test-only"

Open = Callable[..., Watched]


def test_an_event_appears_without_a_reload(shared: Server, open_page: Open) -> None:
    page = open_page(shared.url).page
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    position = shared.issue("first", 150)
    row = page.locator(".tail tbody tr", has_text=f"#{position}").first
    expect(row).to_contain_text("Issued")
    expect(row).to_contain_text("+150")
    expect(page.locator(".facts")).to_contain_text(f"#{position}")


@pytest.mark.parametrize("ending", ["kill", "stop"])
def test_a_resume_over_a_restart_proves_that_nothing_was_lost(points: Server, open_page: Open, ending: str) -> None:
    points.issue("before")
    page = open_page(points.url).page
    expect(positions(page).first).to_have_text(re.compile("#"))
    expect(page.locator(".badge")).to_have_text(re.compile("Live"))
    getattr(points, ending)()
    expect(page.locator(".badge")).to_contain_text("Reconnecting")
    points.start()
    newest = [points.issue(f"missed-{number}") for number in range(5)]
    expect(page.locator(".badge")).to_contain_text(re.compile("resumed, .*no gap"))
    expect(positions(page).first).to_have_text(f"#{newest[-1]}")
    shown = [int(text.removeprefix("#")) for text in positions(page).all_inner_texts()]
    assert shown == list(range(newest[-1], 0, -1))


def test_sending_again_shows_the_replay_and_writes_nothing(shared: Server, open_page: Open) -> None:
    page = open_page(f"{shared.url}/?customer=twice").page
    form = page.get_by_role("form", name="Issue")
    form.get_by_label("Amount").fill("150")
    form.get_by_role("button", name="Issue", exact=True).click()
    expect(form.locator(".outcome")).to_contain_text("replayed: false")
    expect(page.locator(".card")).to_contain_text("150")
    head = shared.ask("{ ledger { head } }")["ledger"]["head"]
    form.get_by_role("button", name="Send again").click()
    expect(form.locator(".outcome")).to_contain_text("replayed: true")
    assert shared.ask("{ ledger { head } }")["ledger"]["head"] == head


def test_without_an_answer_the_same_request_can_be_sent_again(points: Server, open_page: Open) -> None:
    points.issue("before", 40)
    page = open_page(f"{points.url}/?customer=ada").page
    form = page.get_by_role("form", name="Issue")
    expect(page.locator(".card")).to_contain_text("40")
    points.kill()
    expect(page.get_by_text("Not live: these are the figures of")).to_be_visible()
    form.get_by_label("Amount").fill("60")
    form.get_by_role("button", name="Issue", exact=True).click()
    expect(form.locator(".outcome")).to_contain_text("not known whether this was written")
    points.start()
    form.get_by_role("button", name="Send again").click()
    expect(form.locator(".outcome")).to_contain_text("replayed: false")
    expect(page.locator(".card")).to_contain_text("100")


def test_a_ledger_that_was_set_back_is_loaded_anew(points: Server, open_page: Open) -> None:
    newest = [points.issue(f"lost-{number}") for number in range(3)][-1]
    page = open_page(points.url).page
    expect(positions(page).first).to_have_text(f"#{newest}")
    points.kill()
    points.forget()
    points.start()
    points.define_points()
    expect(page.get_by_text("The ledger was set back")).to_be_visible()
    expect(positions(page)).to_have_text(["#1"])
    page.get_by_role("button", name="Understood").click()
    expect(page.get_by_text("The ledger was set back")).to_be_hidden()


def test_a_refusal_stands_beside_the_field_that_it_names(shared: Server, open_page: Open) -> None:
    shared.issue("some", 40, customer_id="poor")
    page = open_page(f"{shared.url}/?customer=poor").page
    page.get_by_role("button", name="Consume", exact=True).first.click()
    form = page.get_by_role("form", name="Consume")
    form.get_by_label("Amount").fill("100")
    form.get_by_role("button", name="Consume", exact=True).click()
    expect(form.get_by_text("Not enough: 40 is available, 60 is missing.")).to_be_visible()
    form.get_by_label("Amount").fill("1.5")
    form.get_by_role("button", name="Consume", exact=True).click()
    expect(form.get_by_label("Amount")).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label("Idempotency key")).not_to_have_attribute("aria-invalid", "true")


def test_paused_rows_stay_and_new_ones_are_counted(shared: Server, open_page: Open) -> None:
    before = shared.issue("before-pause")
    page = open_page(shared.url).page
    expect(positions(page).first).to_have_text(f"#{before}")
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    for number in range(3):
        shared.issue(f"while-paused-{number}")
    expect(page.get_by_role("button", name="3 new")).to_be_visible()
    expect(positions(page).first).to_have_text(f"#{before}")
    page.keyboard.press("p")
    expect(positions(page).first).to_have_text(f"#{before + 3}")


def test_the_keyboard_reaches_customer_and_event(shared: Server, open_page: Open) -> None:
    newest = shared.issue("to-grace", customer_id="grace")
    page = open_page(shared.url).page
    expect(positions(page).first).to_have_text(f"#{newest}")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=f"Event #{newest}")
    expect(dialog).to_contain_text("leaf hash")
    assert f"event={newest}" in page.url
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("gra")
    expect(page.get_by_role("option", name="grace")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="grace", exact=True)).to_be_visible()
    assert page.url.endswith("?customer=grace")
    page.go_back()
    expect(page.get_by_role("heading", name="Customers")).to_be_visible()


def test_the_history_turns_its_pages_both_ways_with_a_running_balance(shared: Server, open_page: Open) -> None:
    for number in range(45):
        shared.issue(f"page-{number}", 10, customer_id="paged")
    page = open_page(f"{shared.url}/?customer=paged&type=POINTS").page
    history = page.get_by_label("History", exact=True)
    expect(history.locator("tbody tr")).to_have_count(20)
    assert balances(history) == [450 - 10 * row for row in range(20)]
    history.get_by_role("button", name="Older").click()
    expect(history.locator("tbody tr").first).to_contain_text("250")
    history.get_by_role("button", name="Older").click()
    expect(history.locator("tbody tr")).to_have_count(5)
    assert balances(history) == [50, 40, 30, 20, 10]
    history.get_by_role("button", name="Newer").click()
    expect(history.locator("tbody tr")).to_have_count(20)
    assert balances(history) == [250 - 10 * row for row in range(20)]


def test_filters_are_in_the_url_and_hold_live(shared: Server, open_page: Open) -> None:
    shared.issue("filtered-1", customer_id="filtered")
    page = open_page(f"{shared.url}/?customer=filtered&kind=ISSUED").page
    expect(page.locator(".tail tbody tr")).to_have_count(1)
    shared.issue("other", customer_id="somebody-else")
    shared.issue("filtered-2", customer_id="filtered")
    expect(page.locator(".tail tbody tr")).to_have_count(2)
    expect(page.locator(".tail tbody tr").first).to_contain_text("20")


def test_an_empty_ledger_says_what_to_do_and_a_first_type_can_be_defined(server: Server, open_page: Open) -> None:
    page = open_page(server.url).page
    expect(page.get_by_text("The ledger is empty.")).to_be_visible()
    form = page.get_by_role("form", name="Define a type")
    form.get_by_label("Code").fill("COFFEE")
    form.get_by_label("Name").fill("Free coffee")
    form.get_by_role("button", name="Define").click()
    expect(page.locator(".types")).to_contain_text("COFFEE")
    expect(page.locator(".tail tbody tr").first).to_contain_text("Type defined")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Server]:
    """A server that wants a key."""
    started = Server(tmp_path, key=KEY)
    started.start()
    started.define_points()
    yield started
    started.kill()


def test_a_guarded_ledger_asks_for_its_key(guarded: Server, open_page: Open) -> None:
    page = open_page(guarded.url).page
    dialog = page.get_by_role("dialog", name="Access key")
    dialog.get_by_label("Access key").fill("not-the-key-of-this-ledger")
    dialog.get_by_role("button", name="Use this key").click()
    expect(dialog).to_contain_text("did not accept")
    dialog.get_by_label("Access key").fill(KEY)
    dialog.get_by_role("button", name="Use this key").click()
    expect(page.locator(".badge")).to_contain_text("Live")
    expect(page.locator(".types")).to_contain_text("POINTS")
    position = guarded.issue("seen")
    expect(page.locator(".facts")).to_contain_text(f"#{position}")


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/?customer=ada", "/?event=2"])
def test_axe_finds_no_barrier(shared: Server, open_page: Open, path: str, colours: str) -> None:
    shared.issue("for-axe", 150)
    page = open_page(shared.url + path, color_scheme=colours).page
    expect(page.locator(".badge")).to_contain_text("Live")
    expect(page.locator(".tail tbody tr").first).to_be_visible()
    if "event" in path:
        expect(page.get_by_text("leaf hash")).to_be_visible()
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run()")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []


def positions(page: Page) -> Locator:
    """The positions of the tail's rows, newest first."""
    return page.locator(".tail tbody .position")


def balances(history: Locator) -> list[int]:
    """The running balance, row by row."""
    return [int(text) for text in history.locator("tbody td:last-child").all_inner_texts()]
