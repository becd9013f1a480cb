"""The people of the demo: staff, and fourteen learners over every qualification and unit set."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from supervise import catalogue
from supervise.models import Assignment, Centre, Enrolment, Invitation, Membership, Person

DOMAIN = "example.org"
STAFF = (
    ("admin", "Ada Quill"),
    ("supervisor", "Marian Hale"),
    ("supervisor", "Ravi Sandhu"),
    ("supervisor", "Joan Petrie"),
    ("tutor", "Tessa Brook"),
    ("tutor", "Colm Farrell"),
    ("assessor", "Edith Varga"),
    ("iqa", "Samuel Okafor"),
)
LEVEL_3 = "ILM-L3-CWCM"
LEVEL_5 = "ILM-8580"
LEARNERS = (
    # name, programme, units (none: as the rule says), weeks since the start, supervisor, tutor, pace
    ("Priya Nair", LEVEL_3, (), 45, "Marian Hale", "Tessa Brook", 0.75),
    ("Owen Tasker", LEVEL_3, (), 51, "Marian Hale", "Tessa Brook", 0.95),
    ("Hanna Lindqvist", LEVEL_3, (), 44, "Marian Hale", "Tessa Brook", 0.6),
    ("Ines Carvalho", LEVEL_3, (), 40, "Marian Hale", "Colm Farrell", 0.35),
    ("Tom Leary", LEVEL_3, (), 38, "Ravi Sandhu", "Tessa Brook", 0.5),
    ("Lucía Fernández", LEVEL_3, (), 30, "Ravi Sandhu", "Colm Farrell", 0.2),
    ("Amara Osei", LEVEL_5, ("500", "501", "503"), 26, "Marian Hale", "Tessa Brook", 0.7),
    ("Siân O’Connor", LEVEL_5, ("500", "501", "503"), 25, "Ravi Sandhu", "Colm Farrell", 1.1),
    ("Bilal Rahman", LEVEL_5, ("501",), 20, "Joan Petrie", "Colm Farrell", 0.4),
    ("Kwame Boateng", "5A2V2", ("5014V1",), 24, "Joan Petrie", "Tessa Brook", 0.0),
    (
        "Gethin Rowlands",
        "5C2V2",
        ("5014V1", "5016V1", "5017V1"),
        24,
        "Ravi Sandhu",
        "Tessa Brook",
        0.0,
    ),
    ("Zofia Wójcik", "5D2V2", (), 24, "Joan Petrie", "Colm Farrell", 0.0),
    (
        "Declan Moss",
        "CMI-L3-UNITS",
        ("3011V1", "3012V1", "3013V1"),
        18,
        "Joan Petrie",
        "Tessa Brook",
        0.0,
    ),
    ("Yasmin Aziz", "CMI-L3-UNITS", ("3014V1", "3016V1"), 12, "Joan Petrie", "Colm Farrell", 0.0),
)


@dataclass
class Study:
    """One learner of the demo, with how fast they practise (1 is all hours in the year so far)."""

    enrolment: Enrolment
    learner: Person
    supervisor: Person
    pace: float


@dataclass
class Cast:
    """Everybody in the demo."""

    centre: Centre
    people: dict[str, Person] = field(default_factory=dict)
    studies: list[Study] = field(default_factory=list)
    logins: list[tuple[str, Person]] = field(default_factory=list)


def gather(now: datetime, chance: random.Random) -> Cast:
    """Make the centre and its people, enrolled and assigned as they were at the time."""
    began = now - timedelta(weeks=56)
    centre = Centre.create(name="Alder Quay Centre", number="C1042", created_at=began)
    cast = Cast(centre)
    for role, name in STAFF:
        person = _person(cast, name, began)
        Membership.grant(person, centre, role, by=None, now=began)
        cast.logins.append((role, person))
    book = catalogue.load()
    for number, (name, code, units, weeks, boss, tutor, pace) in enumerate(LEARNERS, 1):
        start = now - timedelta(weeks=weeks, days=chance.randrange(5))
        person = _person(cast, name, start)
        enrolment, _ = Enrolment.enrol(
            centre=centre,
            learner=person,
            programme=code,
            units=units or book.programme(code).units_chosen_default,
            started_on=start.date(),
            now=start,
            registration=f"REG{1000 + number}",
        )
        for assigned, role in (
            (boss, "supervisor"),
            (tutor, "tutor"),
            ("Edith Varga", "assessor"),
            ("Samuel Okafor", "iqa"),
        ):
            _assign(enrolment, cast.people[assigned], role, start.date(), start)
        cast.studies.append(Study(enrolment, person, cast.people[boss], pace))
        cast.logins.append(("learner", person))
    newcomer = _person(cast, "Nia Prosser", now - timedelta(days=3))
    Membership.grant(newcomer, centre, "supervisor", by=None, now=now - timedelta(days=3))
    Invitation.invite(newcomer, centre, now=now - timedelta(days=3), days=14)
    return cast


def _person(cast: Cast, name: str, now: datetime) -> Person:
    local = (
        name.lower()
        .replace(" ", ".")
        .replace("’", "")
        .translate(str.maketrans("áàâíóéńñ", "aaaioenn"))
    )
    person, _ = Person.find_or_create(f"{local}@{DOMAIN}", name, now)
    cast.people[name] = person
    return person


def _assign(enrolment: Enrolment, person: Person, role: str, start: date, now: datetime) -> None:
    Assignment.assign(enrolment=enrolment, person=person, role=role, from_on=start, now=now)
