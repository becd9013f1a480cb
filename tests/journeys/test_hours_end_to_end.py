"""A centre begins: cohort and diaries come in, every session is approved in a browser, hours add up."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import shoot
from tests.server import Server

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
PASSWORD = "wide-river-seldom-frozen"


class Centre:
    """A new centre in an instance folder, worked through the command and the browser."""

    def __init__(self, instance: Path, browser: Browser, javascript: bool) -> None:
        self.instance, self.browser, self.javascript = instance, browser, javascript
        self.run("init", "--centre", "New Quay", "--number", "C7", "--admin", "ada@example.org")
        self.links = self.run("import", "cohort", str(SAMPLES / "cohort.csv"), "--links")
        self.server = Server(instance)

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run the command; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "supervise", *arguments],
            env={
                **os.environ,
                "SUPERVISE_INSTANCE": str(self.instance),
                "SUPERVISE_ADMIN_PASSWORD": PASSWORD,
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def joins(self, email: str, width: int = 1280) -> Page:
        """Somebody takes up their invitation; returns the page they then see."""
        context = self.browser.new_context(
            base_url=self.server.url,
            java_script_enabled=self.javascript,
            viewport={"width": width, "height": 900},
            locale="en-GB",
        )
        page = context.new_page()
        page.goto(re.search(rf"{re.escape(email)}>.*?(/invitation/\S+)", self.links)[1])
        for box in page.locator("input[type=password]").all():
            box.fill(PASSWORD)
        page.locator("main button").first.click()
        expect(page.locator("h1")).to_contain_text(re.compile(r"\d"))
        return page

    def progress(self, email: str) -> dict[str, dict[str, object]]:
        """The units of somebody's hours, by code."""
        units = json.loads(self.run("progress", email, "--json"))["units"]
        return {unit["code"]: unit for unit in units}


@pytest.fixture(params=[True, False], ids=["javascript", "plain"])
def centre(request: pytest.FixtureRequest, tmp_path: Path, browser: Browser) -> Iterator[Centre]:
    made = Centre(tmp_path / "instance", browser, request.param)
    yield made
    made.server.kill()


def submit_all(page: Page) -> None:
    page.goto("/sessions")
    page.get_by_role("button", name="Submit all ready drafts").click()
    expect(page.get_by_role("heading", name="submitted")).to_be_visible()


def approve_all(page: Page) -> int:
    """Decide the queue to its end; returns how many rows there were."""
    decided = 0
    page.goto("/approvals")
    while (rows := page.locator(".queue tbody").count()) > 0:
        for choice in page.get_by_label("Approve", exact=True).all():
            choice.check()
        page.locator(".decide button").click()
        expect(page.get_by_text(f"{rows} approved")).to_be_visible()
        decided += rows
        page.goto("/approvals")
    return decided


def date_contracts(page: Page, day: str) -> None:
    """Open each engagement from the clients' page and set the day its contract was agreed."""
    page.goto("/clients")
    links = page.get_by_role("link", name=re.compile("Set contract with"))
    expect(links).not_to_have_count(0)
    for number in reversed(range(links.count())):
        links.nth(number).click()
        page.get_by_label("Agreed on", exact=True).fill(day)
        page.get_by_role("button", name="Keep this day").click()
        expect(page.get_by_text("Your supervisor has still to accept it.")).to_be_visible()
        page.goto("/clients")


def accept_contracts(page: Page) -> None:
    """A supervisor accepts what their queue says they have still to accept."""
    page.goto("/approvals")
    links = page.get_by_role("link", name="Accept the day, or ask about the contract")
    for address in {link.get_attribute("href") for link in links.all()}:
        page.goto(str(address))
        page.get_by_role("button", name="Accept 15 Jun 2026").click()
        expect(page.get_by_text("Accepted: agreed on paper on")).to_be_visible()


def import_both(centre: Centre) -> None:
    log, diary = str(SAMPLES / "coaching-log-501.csv"), str(SAMPLES / "coaching-diary-D3.xlsx")
    who = "amara.osei@example.org", "priya.nair@example.org"
    assert "825" in centre.run("import", "sessions", log, "--learner", who[0], "--unit", "501")
    centre.run("import", "sessions", diary, "--learner", who[1])
    again = centre.run("import", "sessions", diary, "--learner", who[1])
    assert re.search(r"\b0 added", again), again


def test_hours_with_a_contract(centre: Centre) -> None:
    import_both(centre)
    coach = centre.joins("amara.osei@example.org", width=390)
    date_contracts(coach, "2026-06-15")
    submit_all(coach)
    submit_all(centre.joins("priya.nair@example.org"))
    boss = centre.joins("m.hale@example.org")
    accept_contracts(boss)
    assert approve_all(boss) == 14 + 8 + 33
    amara = centre.progress("amara.osei@example.org")
    priya = centre.progress("priya.nair@example.org")
    assert amara["501"]["counted_minutes"] == 825
    assert (priya["D3.03"]["counted_minutes"], priya["D3.04"]["counted_minutes"]) == (375, 2070)
    assert {s["verdict"] for s in amara["501"]["sessions"]} == {"counts"}
    assert "fit" in centre.run("verify")
    boss.goto("/learners")
    shoot(boss, "end-to-end-learners")
    coach.goto("/")
    shoot(coach, "end-to-end-today-390")


def test_501_without_a_contract_date_counts_nothing_and_says_why(centre: Centre) -> None:
    import_both(centre)
    coach = centre.joins("amara.osei@example.org")
    submit_all(coach)
    assert approve_all(centre.joins("m.hale@example.org")) == 14
    unit = centre.progress("amara.osei@example.org")["501"]
    assert (unit["counted_minutes"], unit["waiting_minutes"]) == (0, 825)
    for session in unit["sessions"]:
        assert session["verdict"] == "not yet"
        assert any("o contract date is recorded" in reason for reason in session["reasons"])
    coach.goto("/sessions")
    expect(coach.get_by_text("no contract date is recorded").first).to_be_visible()
