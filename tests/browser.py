"""A real Chromium against a real server, and what every page is held to."""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from tests import html, tools

ARGUMENTS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 10_000
SCRIPTLESS: WeakSet[BrowserContext] = WeakSet()
# Chromium writes every 4xx answer to the console. The tests that cause one look at the page
# instead; a missing static file is still a fault.
ANSWERED = re.compile(r"^Failed to load resource: the server responded with a status of 4\d\d")
AXE = """async (rules) => {
  const only = rules ? {runOnly: {type: "rule", values: rules}} : {};
  const found = await axe.run(document, {resultTypes: ["violations"], preload: false, ...only});
  return found.violations.map((v) => v.id + ": " + v.help + "\\n"
    + v.nodes.map((n) => "  " + n.target.join(" ") + "\\n  " + n.html + "\\n  "
    + (n.failureSummary || "")).join("\\n"));
}"""
COLOURS = ["color-contrast", "link-in-text-block"]
OVERFLOW = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return "";
  const wide = [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > root.clientWidth + 0.5)
    .slice(0, 5).map((e) => e.tagName.toLowerCase() + "." + e.className);
  return root.scrollWidth + " px in " + root.clientWidth + ": " + wide.join(", ");
}"""


class _Quiet(WSGIRequestHandler):
    """Writes no line per request, and gives up a socket the browser opened but never used."""

    timeout = 5

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Says nothing: the test says what went wrong."""


@dataclass
class Live:
    """A server answering at `url`."""

    url: str
    app: Flask


@pytest.fixture
def live(app: Flask) -> Iterator[Live]:
    """The app on a free port, in threads of this process."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = False  # so that closing waits for the requests still under way
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield Live(f"http://127.0.0.1:{server.port}", app)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    program = tools.need_chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def new_page(live: Live, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages, each a person of its own: `new_page(javascript=False, width=390)`."""
    contexts = []

    def make(
        *, javascript: bool = True, width: int = 1280, height: int = 900, scheme: str = "light"
    ) -> Page:
        context = browser.new_context(
            base_url=live.url,
            java_script_enabled=javascript,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="Europe/London",
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        if not javascript:
            SCRIPTLESS.add(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page at 1280 × 900 px, light, with JavaScript."""
    return new_page()


@pytest.fixture(params=[True, False], ids=["script", "noscript"])
def either_page(request: pytest.FixtureRequest, new_page: Callable[..., Page]) -> Page:
    """A page with JavaScript, and the same test again without."""
    return new_page(javascript=request.param)


@pytest.fixture
def check_page(checker: html.Checker) -> Callable[[Page], None]:
    """Holds the page as it stands now to what every page must be; fails with all it finds."""

    def look(page: Page) -> None:
        faults = seen(page) + console(page) + markup(page, checker)
        assert not faults, f"{page.url}:\n" + "\n".join(faults)

    return look


@pytest.fixture
def check_everywhere(checker: html.Checker) -> Callable[[Page], None]:
    """`check_page` in both themes at 320 and 1280 px; the page is as before afterwards."""

    def look(page: Page) -> None:
        before = page.viewport_size
        faults = markup(page, checker)
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                faults += [f"{width} px, {scheme}: {fault}" for fault in seen(page)]
        faults += console(page)
        page.emulate_media(color_scheme="null")
        page.set_viewport_size(before)
        assert not faults, f"{page.url}:\n" + "\n".join(faults)

    return look


def seen(page: Page) -> list[str]:
    """What axe-core and the width of the page have to say, at this size and in this theme."""
    scriptless = page.context in SCRIPTLESS
    faults = [f"axe {fault}" for fault in (axe_on_a_copy(page) if scriptless else axe(page))]
    overflow = page.evaluate(OVERFLOW)
    if overflow:
        faults.append(f"scrolls sideways: {overflow}")
    return faults


def axe(page: Page) -> list[str]:
    """What axe-core finds on the page; in the dark theme what depends on colours alone."""
    page.evaluate(tools.axe_source() + "\n;0")
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    return page.evaluate(AXE, COLOURS if dark else None)


def axe_on_a_copy(page: Page) -> list[str]:
    """The same for a page without scripting, where axe-core cannot run: it is shown a copy.

    The copy has the page's address, markup, size and theme; its scripts are not loaded.
    """
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    text = re.sub(r"</?noscript[^>]*>", "", page.content())
    context = page.context.browser.new_context(
        viewport=page.viewport_size,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )

    def answer(route: Route) -> None:
        if route.request.resource_type == "script":
            route.abort()
        elif route.request.is_navigation_request():
            route.fulfill(body=text, content_type="text/html; charset=utf-8")
        else:
            route.continue_()

    context.route("**/*", answer)
    try:
        copy = context.new_page()
        copy.goto(page.url)
        return axe(copy)
    finally:
        context.close()


def console(page: Page) -> list[str]:
    """What was written to the console, and the errors no script caught."""
    written = [
        f"console {message.type}: {message.text} ({message.location.get('url', '')})"
        for message in page.console_messages()
        if not ANSWERED.match(message.text) or "/static/" in message.location.get("url", "")
    ]
    return written + [f"uncaught: {error}" for error in page.page_errors()]


def markup(page: Page, checker: html.Checker) -> list[str]:
    """What the lint and the Nu HTML checker have to say of the document as it stands."""
    text = page.content()
    return html.check(text) + [f"html {fault}" for fault in checker.check(text)]


def shoot(page: Page, name: str) -> None:
    """Keeps a picture of the whole page in tests/pictures."""
    tools.PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=tools.PICTURES / f"{name}.png", full_page=True)
