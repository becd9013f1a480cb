"""The fixtures find what they are there to find: a tiny app with a good page and bad ones."""

import pytest
from flask import Flask

from supervise import db

GOOD = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Hours</title>
<meta name="viewport" content="width=device-width"></head><body><main><h1>Hours</h1><form><label for="m">Minutes</label>
<input id="m" name="minutes"><button>Save</button></form></main></body></html>"""
BAD = {
    "no label": GOOD.replace('for="m"', 'for="n"'),
    "two ids": GOOD.replace("<h1>", '<h1 id="m">'),
    "a level left out": GOOD.replace("</h1>", "</h1><h3>Why</h3>"),
    "bare htmx": GOOD.replace("<form>", '<form hx-post="/">'),
    "never closed": GOOD.replace("</main>", "<p></b></main>"),
}
WIDE = GOOD.replace("<h1>", "<pre>{}</pre><h1>".format("word " * 500))


@pytest.fixture
def app(app):
    """The real app's test client in front of pages made for these tests."""
    tiny = Flask("tiny")
    tiny.test_client_class = app.test_client_class
    tiny.add_url_rule("/good", "good", lambda: GOOD)
    tiny.add_url_rule("/wide", "wide", lambda: WIDE)
    tiny.add_url_rule("/bad/<what>", "bad", lambda what: BAD[what])
    tiny.add_url_rule("/row", "row", lambda: "<tr id='r'><td>1 h 45</td></tr>")

    @tiny.get("/three")
    def three():
        with db.connection():
            for _ in range(3):
                db.database.execute_sql("SELECT 1")
        return "3"

    return tiny


def centres(database):
    return database.execute_sql("SELECT count(*) FROM centre").fetchone()[0]


@pytest.mark.parametrize("time", ["once", "again"])
def test_a_database_starts_empty_each_time(database, time):
    assert centres(database) == 0
    with db.write():
        database.execute_sql(
            "INSERT INTO centre (name, created_at) VALUES ('Mill House', '2026-01-05 09:00:00')"
        )
    assert centres(database) == 1


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_good_page_and_a_row_pass(client):
    assert client.get("/good").status_code == 200
    assert client.get("/row").status_code == 200


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("what", BAD)
def test_a_bad_page_fails_where_it_is_asked_for(client, what):
    with pytest.raises(AssertionError, match="/bad/"):
        client.get(f"/bad/{what}")


def test_queries_are_counted(client, queries):
    with queries() as seen:
        client.get("/three")
    assert seen.count == 3, seen


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_page_is_checked_with_script_and_without(either_page, check_everywhere):
    either_page.goto("/good")
    check_everywhere(either_page)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_page_that_scrolls_sideways_or_complains_fails(page, check_page):
    page.goto("/wide")
    page.evaluate("console.warn('Odd.')")
    with pytest.raises(AssertionError) as told:
        check_page(page)
    assert "scrolls sideways" in str(told.value)
    assert "console warning: Odd." in str(told.value)
