"""GraphiQL as it is served at /graphql: whole without internet, subscriptions included."""

from collections.abc import Callable
from urllib.parse import urlencode

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Watched
from tests.browser.server import Server

Open = Callable[..., Watched]


def test_the_examples_are_ready_and_run(shared: Server, open_page: Open) -> None:
    page = open_page(f"{shared.url}/graphql").page
    for name in ("DefineType", "Issue", "Consume", "Balance", "History", "Events", "Batch"):
        expect(tab(page, name)).to_be_visible()
    run(page, "mutation DefineType")
    expect(response(page)).to_contain_text('"code": "BONUS"')
    expect(response(page)).to_contain_text('"replayed": false')
    run(page, "mutation DefineType")
    expect(response(page)).to_contain_text('"replayed": true')


def test_a_subscription_runs_over_the_same_address(shared: Server, open_page: Open) -> None:
    page = open_page(f"{shared.url}/graphql").page
    editors_show(page, "mutation DefineType")
    tab(page, "Events").click()
    run(page, "subscription Events")
    expect(response(page)).to_contain_text('"caughtUp": true')
    position = shared.issue("seen-in-graphiql")
    expect(response(page)).to_contain_text(f'"position": {position}')
    page.get_by_role("button", name="Stop").click()


def test_a_link_opens_its_own_document(shared: Server, open_page: Open) -> None:
    link = urlencode({"q": "query Linked { ledger { name head } }", "variables": "{}"})
    page = open_page(f"{shared.url}/graphql?{link}").page
    expect(tab(page, "Linked")).to_be_visible()
    run(page, "query Linked")
    expect(response(page)).to_contain_text('"name": "main"')


def test_the_schema_is_at_hand(shared: Server, open_page: Open) -> None:
    page = open_page(f"{shared.url}/graphql").page
    page.get_by_role("button", name="Show Documentation Explorer").click()
    expect(page.locator(".graphiql-plugin")).to_contain_text("Subscription")
    page.get_by_role("button", name="Show GraphiQL Explorer").click()
    expect(page.locator(".graphiql-plugin")).to_contain_text("defineEntitlementType")


def tab(page: Page, name: str) -> Locator:
    """The button of the tab that is named after its operation."""
    return page.get_by_role("tab").get_by_role("button", name=name, exact=True)


def run(page: Page, operation: str) -> None:
    """Executes the open tab, which holds `operation`."""
    editors_show(page, operation)
    page.get_by_role("button", name="Execute").click()


def editors_show(page: Page, operation: str) -> None:
    """Waits for the editors: until they are there, GraphiQL ignores its tabs and its button."""
    expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text(operation)
    expect(page.locator(".graphiql-response .monaco-editor")).to_be_visible()


def response(page: Page) -> Locator:
    """The lines of the answer."""
    return page.locator(".graphiql-response .view-lines")
