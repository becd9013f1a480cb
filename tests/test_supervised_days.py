"""Whether somebody was supervised on a day: an assignment as supervisor makes it so, no other."""

from supervise.models.facts import facts_of
from supervise.reports.diary import practice
from tests.world import NOW, World


def test_a_tutor_alone_that_day_supervises_nobody(database):
    world = World()
    other = world.enrol(world.person("Owen Tasker", "learner"))
    world.assign(world.tutor, "tutor", other)
    world.session(enrolment=other)
    world.session()
    for enrolment, supervisors, supervised in (
        (other, [], False),
        (world.enrolment, ["Marian Hale"], True),
    ):
        shown = practice(enrolment, world.centre, NOW.date())
        assert list(shown.supervisors) == supervisors
        assert [fact.supervised for fact in facts_of(shown.sessions)] == [supervised]
