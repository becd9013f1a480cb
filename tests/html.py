"""Two looks at every page's HTML: a quick lint for each response, and the Nu HTML checker.

`check(html)` runs on every answer the `client` fixture gets. `Checker` keeps one Nu checker
running for the whole session, since starting it takes seconds and asking it takes none.
"""

import json
import re
import socket
import subprocess
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from time import monotonic
from xml.etree.ElementTree import Element

import html5lib

from tests import tools

CONTROLS = ("input", "select", "textarea")
NEED_NO_LABEL = ("hidden", "submit", "button", "reset", "image")
LABELABLE = (*CONTROLS, "button", "meter", "output", "progress")
REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls", "popovertarget", "list")
CONTAINERS = {"<tr": "tbody", "<td": "tr", "<th": "tr", "<tb": "table", "<op": "select"}


def check(html: str) -> list[str]:
    """What is grossly wrong with a page, or a fragment of one, a sentence for each fault."""
    page = bool(re.search(r"<html\b|<!doctype", html, re.IGNORECASE))
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    if page:
        root = parser.parse(html)
    else:
        container = CONTAINERS.get(html.lstrip()[:3].lower(), "div")
        root = parser.parseFragment(html, container=container)
    faults = [f"line {place[0]}: {code} {values}" for place, code, values in parser.errors]
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    faults += _ids(elements)
    faults += _attributes(elements)
    if page:
        faults += _page(root, elements)
        faults += _references(elements)
        faults += _labels(root, elements)
    return faults


def _ids(elements: list[Element]) -> Iterator[str]:
    for name, times in Counter(e.get("id") for e in elements if "id" in e.attrib).items():
        if times > 1:
            yield f'id="{name}" stands {times} times'
        if not name:
            yield "an id is empty"


def _attributes(elements: list[Element]) -> Iterator[str]:
    for element in elements:
        for name in element.attrib:
            if name.startswith("hx-"):
                yield f"<{element.tag}> has {name}; write data-{name}"
            if name == "style" or (name.startswith("on") and element.tag != "option"):
                yield f"<{element.tag}> has {name}, which the content security policy refuses"
        if element.tag == "script" and "src" not in element.attrib and _runs(element):
            yield "a script stands in the page, which the content security policy refuses"
        if element.tag == "img" and "alt" not in element.attrib:
            yield f"an image has no alt: {element.get('src')}"
        if element.tag in ("a", "button") and not _named(element):
            yield f"<{element.tag}> has no words: {element.attrib}"


def _runs(script: Element) -> bool:
    return script.get("type", "") in ("", "module", "text/javascript")


def _named(element: Element) -> bool:
    if "".join(element.itertext()).strip() or element.get("aria-label"):
        return True
    if element.get("aria-labelledby") or (element.tag == "a" and "href" not in element.attrib):
        return True
    return any(inner.get("alt") or inner.get("aria-label") for inner in element.iter())


def _page(root: Element, elements: list[Element]) -> Iterator[str]:
    html = next(e for e in elements if e.tag == "html")
    if not html.get("lang"):
        yield "<html> has no lang"
    if not (root.findtext(".//title") or "").strip():
        yield "the page has no title"
    tags = [e.tag for e in elements]
    for once in ("h1", "main"):
        if tags.count(once) != 1:
            yield f"the page has {tags.count(once)} <{once}>, not one"
    before = 0
    for element in elements:
        if re.fullmatch("h[1-6]", element.tag):
            level = int(element.tag[1])
            if level > before + 1:
                words = "".join(element.itertext()).strip()
                yield f'<{element.tag}> "{words}" comes after <h{before}>: a level is left out'
            before = level


def _references(elements: list[Element]) -> Iterator[str]:
    ids = {e.get("id") for e in elements}
    for element in elements:
        for name in REFERENCES:
            for wanted in element.get(name, "").split():
                if wanted not in ids:
                    yield f'<{element.tag}> {name}="{wanted}" names nothing on the page'


def _labels(root: Element, elements: list[Element]) -> Iterator[str]:
    labelable = {e.get("id") for e in elements if e.tag in LABELABLE}
    labels = [e for e in elements if e.tag == "label"]
    pointed = {label.get("for") for label in labels if "for" in label.attrib}
    wrapped = {inner for label in labels for inner in label.iter() if inner.tag in LABELABLE}
    for label in labels:
        words = "".join(label.itertext()).strip()
        if "for" in label.attrib and label.get("for") not in labelable:
            yield f'label "{words}" is for "{label.get("for")}", which is no field'
        if "for" not in label.attrib and not any(e in wrapped for e in label.iter()):
            yield f'label "{words}" belongs to no field'
    for field in elements:
        if field.tag not in CONTROLS or field.get("type") in NEED_NO_LABEL:
            continue
        named = field.get("aria-label") or field.get("aria-labelledby")
        if not named and field.get("id", object()) not in pointed and field not in wrapped:
            yield f'<{field.tag} name="{field.get("name")}"> has no label'


class Checker:
    """The Nu HTML checker, started at the first question and kept until `stop()`."""

    START_SECONDS = 90

    def __init__(self) -> None:
        self.server: subprocess.Popen[bytes] | None = None
        self.address = ""
        self.known: dict[str, list[str]] = {}

    def check(self, html: str) -> list[str]:
        """Every error and warning the checker has about a whole page; none when it is clean."""
        if html not in self.known:
            if self.server is None:
                self._start()
            answer = json.loads(self._ask(html))
            self.known[html] = [
                f"line {m.get('lastLine')}: {m['message']} {m.get('extract', '')}"
                for m in answer["messages"]
            ]
        return self.known[html]

    def _ask(self, html: str) -> bytes:
        request = urllib.request.Request(
            self.address, html.encode(), {"Content-Type": "text/html; charset=utf-8"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def _start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}/?out=json"
        self.server = subprocess.Popen(
            [
                *(tools.java(), "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                *("-Dnu.validator.servlet.bind-address=127.0.0.1", "-cp", str(tools.vnu_jar())),
                *("nu.validator.servlet.Main", str(port)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        latest = monotonic() + self.START_SECONDS
        pause = threading.Event()
        while True:
            try:
                self._ask("<!doctype html><title>Ready?</title>")
                return
            except OSError as fault:
                if monotonic() > latest or self.server.poll() is not None:
                    raise RuntimeError("The Nu HTML checker does not start.") from fault
                pause.wait(0.2)

    def stop(self) -> None:
        """Ends the checker, if it was ever started."""
        if self.server:
            self.server.terminate()
            self.server.wait()
