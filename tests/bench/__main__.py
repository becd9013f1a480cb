"""How fast the pages are: ``python -m tests.bench``. Prints a table of medians; asserts nothing.

Two centres that differ only in size are served by the real server, and a bare Flask app that
returns as many bytes by the same one. Requests go round in turn, so that whatever else the machine
does falls on all three alike. Everything runs on this machine and ends by itself.
"""

from __future__ import annotations

import argparse
import gzip
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from urllib.parse import urljoin

from tests.bench import centres, servers
from tests.bench.centres import Centre
from tests.bench.inside import count_queries
from tests.bench.servers import Client, Running

WARM, LEAST, MOST = 5, 40, 100
LONGEST_SECONDS = 360  # whatever was asked for: the whole run stays under ten minutes
ROWS = 25
ROW = re.compile(r'name="(decision|version)-(\d+)"[^>]*?value="(\w+)"')


@dataclass
class Measured:
    """One line of the table: milliseconds by where they were measured."""

    name: str
    times: dict[str, list[float]] = field(default_factory=dict)
    size: int = 0

    def add(self, where: str, took: float) -> None:
        """Keep one measurement."""
        self.times.setdefault(where, []).append(took)

    def ms(self, where: str) -> float | None:
        """The median, or None where it was not measured."""
        return median(self.times[where]) if self.times.get(where) else None


class Site:
    """One running centre with its people signed in."""

    def __init__(self, centre: Centre, server: Running) -> None:
        self.centre = centre
        self.people: dict[str, Client] = {}
        for role in ("learner", "supervisor", "busy"):
            email = getattr(centre, role)
            if email:
                self.people[role] = Client(server.port)
                self.people[role].sign_in(email, centres.PASSWORD)

    def page(self, role: str, path: str) -> tuple[float, bytes]:
        """Time one page as that person."""
        return self.people[role].timed(path)

    def approve(self) -> tuple[float, bytes]:
        """Time the approval of a page of waiting sessions; they wait again afterwards."""
        person = self.people["supervisor"]
        _, body = person.get("/approvals")
        versions = {n: value for kind, n, value in ROW.findall(body.decode()) if kind == "version"}
        fields: dict[str, object] = {}
        for number, version in versions.items():
            fields |= {f"decision-{number}": "approve", f"version-{number}": version}
        began = time.perf_counter()
        status, body = person.post("/approvals", fields, htmx=True)
        took = (time.perf_counter() - began) * 1000
        if status != 200 or not self._approved(versions):
            raise RuntimeError(f"Approving {len(versions)} sessions answered {status}")
        centres.wait_again(self.centre.file, [int(number) for number in versions])
        return took, body

    def _approved(self, versions: dict[str, str]) -> bool:
        ids = ", ".join(versions)
        ask = f"SELECT count(*) FROM practice_session WHERE state = 'approved' AND id IN ({ids})"
        with closing(sqlite3.connect(self.centre.file, timeout=20)) as connection:
            return connection.execute(ask).fetchone()[0] == len(versions) == ROWS


WEEK = f"/calendar?on={centres.next_monday(datetime.now(UTC).date())}"
PAGES = {
    "Today, learner": ("learner", "/"),
    "Today, supervisor": ("supervisor", "/"),
    "Diary": ("learner", "/sessions"),
    "Queue": ("supervisor", "/approvals"),
    "Queue, 500 waiting": ("busy", "/approvals"),
    "Week, learner, 200 free": ("learner", WEEK),
    "Week, host, 40 booked": ("supervisor", WEEK),
}
APPROVING = f"Approve {ROWS} in one POST"


def measure(sites: dict[str, Site], bare: Client, seconds: float) -> list[Measured]:
    """Go round all pages of all sites in turn until there are enough, or the time is over."""
    began = time.monotonic()
    ends, latest = began + min(seconds, LONGEST_SECONDS), began + LONGEST_SECONDS
    lines = {name: Measured(name) for name in (*PAGES, APPROVING)}
    for number in range(WARM + MOST):
        if time.monotonic() > (ends if number >= WARM + LEAST else latest) and number > WARM:
            break
        for name, line in lines.items():
            for where, took, size in _round(name, sites):
                line.size = max(line.size, size)
                if number >= WARM:
                    line.add(where, took)
            took = _bare(bare, line.size, form=name == APPROVING)
            if number >= WARM:
                line.add("bare", took)
    return list(lines.values())


def _round(name: str, sites: dict[str, Site]) -> Iterator[tuple[str, float, int]]:
    for where, site in sites.items():
        if name == APPROVING:
            took, body = site.approve()
        elif PAGES[name][0] in site.people:
            took, body = site.page(*PAGES[name])
        else:
            continue
        yield where, took, len(body)


def _bare(client: Client, size: int, *, form: bool) -> float:
    if not form:
        return client.timed(f"/{size}")[0]
    fields: dict[str, object] = {f"decision-{n}": "approve" for n in range(ROWS)}
    fields |= {f"version-{n}": 1 for n in range(ROWS)}
    began = time.perf_counter()
    client.post(f"/{size}", fields)
    return (time.perf_counter() - began) * 1000


def first_load(client: Client) -> tuple[int, int]:
    """Bytes of the first page with all it loads: as they come, and compressed."""
    _, body = client.get("/")
    bodies, found = [body], [("/", body)]
    seen: set[str] = set()
    while found:
        address, text = found.pop()
        words = text.decode(errors="replace")
        wanted = re.findall(r'<(?:link|script|img)[^>]*?(?:href|src)="([^"]+)"', words)
        wanted += re.findall(r'@import url\("([^"]+)"\)', words)
        for path in (urljoin(address, one) for one in wanted):
            if path not in seen:
                seen.add(path)
                bodies.append(client.get(path)[1])
                found.append((path, bodies[-1]))
    return sum(map(len, bodies)), sum(len(gzip.compress(one)) for one in bodies)


def table(lines: list[Measured], queries: dict[str, int]) -> Iterator[str]:
    """The lines to print."""
    heads = ("small ms", "large ms", "bare ms", "to bare", "to small", "queries", "kB")
    yield f"{'page':<26}" + "".join(f"{head:>10}" for head in heads)
    for line in lines:
        small, large, bare = line.ms("small"), line.ms("large"), line.ms("bare")
        cells = [_number(small), _number(large), _number(bare, 2)]
        cells += [_ratio(large, bare), _ratio(large, small)]
        cells += [str(queries.get(line.name, "")), f"{line.size / 1000:.1f}"]
        yield f"{line.name:<26}" + "".join(f"{cell:>10}" for cell in cells)


def _number(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _ratio(value: float | None, other: float | None) -> str:
    return f"{value / other:.2f}×" if value and other else "–"


def arguments() -> argparse.Namespace:
    """What the call asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--learners", type=int, default=2000, help="in the large centre")
    parser.add_argument("--sessions", type=int, default=200_000, help="of all learners in it")
    parser.add_argument("--seconds", type=float, default=120, help="to measure for, about")
    return parser.parse_args()


def main(say: Callable[[str], None] = print) -> None:
    """Build, serve, measure, print."""
    asked = arguments()
    each = max(asked.sessions // asked.learners, ROWS)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="supervise-bench-")))
        built = {}
        for name, learners in (("small", centres.LEARNERS_EACH), ("large", asked.learners)):
            began = time.monotonic()
            built[name] = centres.build(
                folder / name, learners, learners * each, busy=name == "large"
            )
            say(f"{name}: {learners} learners, {learners * each:,} sessions, "
                f"built in {time.monotonic() - began:.0f} s")  # fmt: skip
        running = {name: servers.serve(centre.instance) for name, centre in built.items()}
        for server in running.values():
            stack.callback(server.stop)
        resting = running["large"].megabytes()
        bare = servers.serve_bare()
        stack.callback(bare.stop)
        sites = {name: Site(centre, running[name]) for name, centre in built.items()}
        plain, packed = first_load(sites["large"].people["learner"])
        lines = measure(sites, Client(bare.port), asked.seconds)
        busy_memory = running["large"].megabytes()
        queries = count_queries(built["large"], PAGES)
    say(f"\nMedians of {len(lines[0].times['large'])} requests each, in turn\n")
    say("\n".join(table(lines, queries)))
    say(f"\nServer at rest {resting:.0f} MB (aim: under 250), after the run {busy_memory:.0f} MB; "
        f"first load {plain / 1000:.0f} kB, {packed / 1000:.0f} kB compressed "
        "(aim: under 80)")  # fmt: skip


if __name__ == "__main__":
    main()
