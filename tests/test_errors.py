"""What is written of a crash: where it happened, and nothing that anybody wrote."""

import logging

import pytest

from supervise.models import PracticeSession
from tests.world import World, sign_in


@pytest.mark.parametrize("engine", ["postgresql"])  # its message holds the row it refused
def test_the_log_of_a_crash_holds_no_text_of_a_session(app, client, caplog, monkeypatch):
    world = World()
    session = world.session(reflection="She wept about her father.")
    sign_in(client, world.learner, world.centre)

    def breaks(*_args, **_kwargs):
        PracticeSession.update(state="approved", date=None).where(
            PracticeSession.id == session.id
        ).execute()

    monkeypatch.setattr("supervise.views.today.web.show", breaks)
    app.testing = False
    with caplog.at_level(logging.ERROR):
        answer = client.get("/")
    assert answer.status_code == 500
    assert "IntegrityError at today.page" in caplog.text
    assert "in breaks" in caplog.text
    assert "wept" not in caplog.text
    assert "wept" not in answer.text
