"""Fifty people at one slot, from four processes at once: one booking, and forty-nine are told.

Real processes with connections of their own, as the server's workers are; nothing they share but
the database keeps them apart.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import peewee

from supervise import db, signing
from supervise.models import Actor, Attendance, Availability, Busy, Enrolment, Mail, Meeting
from supervise.models.booking import JUST_TAKEN, book
from supervise.models.centres import Refused
from supervise.models.rebooking import leave, wait
from supervise.models.seats import Full
from tests.slots import SLOT, learners, offering
from tests.world import NOW, World

PROCESSES = 4
PEOPLE = 50
ROOM, RUSH = 8, 20
DAY = timedelta(days=1)
PATIENCE = 60
KEY = "of this test"


def rush(
    address: str, slot_id: int, group_id: int, people: list[int], keen: list[int], gate: Any,
    told: Any,
) -> None:  # fmt: skip
    """One process: its people at the slot, some of them at the group, then some of those leave."""
    db.connect_to(address)
    signing.use_key(KEY)
    for act, ids in (
        (lambda one: take(slot_id, SLOT, one), people),
        (lambda one: take(group_id, SLOT + DAY, one), keen),
        (give_up, keen[:2]),
    ):
        gate.wait(PATIENCE)
        threads = [threading.Thread(target=run, args=(act, one, told)) for one in ids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        gate.wait(PATIENCE)
    db.database.close()


def run(act: Any, enrolment_id: int, told: Any) -> None:
    """One person; what they are told."""
    try:
        with db.connection():
            told.put((enrolment_id, act(enrolment_id)))
    except Exception as fault:  # noqa: BLE001 - told to the test, which can say so
        told.put((enrolment_id, f"{type(fault).__name__}: {fault}"))


def actor(enrolment: Enrolment) -> Actor:
    return Actor.of(enrolment.learner, enrolment.centre, NOW)


def take(slot_id: int, starts_at: datetime, enrolment_id: int) -> str:
    enrolment, slot = Enrolment.get_by_id(enrolment_id), Availability.get_by_id(slot_id)
    me = actor(enrolment)
    try:
        book(slot, starts_at, enrolment=enrolment, by=me, now=NOW)
    except Full as full:
        wait(full.meeting, enrolment=enrolment, by=me, now=NOW)
        return "waits"
    except Refused as refused:
        return refused.sentence
    return "booked"


def give_up(enrolment_id: int) -> str:
    mine = (Attendance.enrolment == enrolment_id) & (Meeting.format == "group")
    place = Attendance.select().join(Meeting).where(mine).get()
    leave(place, "At work", by=actor(Enrolment.get_by_id(enrolment_id)), now=NOW)
    return "left"


def collected(told: Any, count: int) -> Counter[str]:
    return Counter(told.get(timeout=PATIENCE)[1] for _ in range(count))


def test_fifty_at_one_slot_and_twenty_at_a_group_of_eight(
    address: str, database: peewee.Database
) -> None:
    signing.use_key(KEY)
    with db.write():
        world = World()
        everybody = [one.id for one in learners(world, PEOPLE)]
        slot = offering(world)
        group = offering(world, format="group", places=ROOM, weekday=4)
    database.close()
    spawning = multiprocessing.get_context("spawn")
    gate, told = spawning.Barrier(PROCESSES + 1), spawning.Queue()
    keen = everybody[:RUSH]
    processes = [
        spawning.Process(
            target=rush,
            args=(
                address, slot.id, group.id, everybody[n::PROCESSES], keen[n::PROCESSES], gate, told,
            ),
        )
        for n in range(PROCESSES)
    ]  # fmt: skip
    for process in processes:
        process.start()

    gate.wait(PATIENCE)
    at_slot = collected(told, PEOPLE)
    gate.wait(PATIENCE)
    assert at_slot == {"booked": 1, JUST_TAKEN: PEOPLE - 1}

    gate.wait(PATIENCE)
    at_group = collected(told, RUSH)
    gate.wait(PATIENCE)
    assert at_group == {"booked": ROOM, "waits": RUSH - ROOM}

    gate.wait(PATIENCE)
    assert collected(told, 2 * PROCESSES) == {"left": 2 * PROCESSES}
    gate.wait(PATIENCE)
    for process in processes:
        process.join(PATIENCE)
        assert process.exitcode == 0

    [one] = Meeting.select().where(Meeting.availability == slot)
    assert Attendance.select().where(Attendance.meeting == one).count() == 1
    assert Busy.select().where(Busy.meeting == one).count() == 2
    [many] = Meeting.select().where(Meeting.availability == group)
    seats = [place.seat for place in many.attendances if place.state == "booked"]
    assert sorted(seats) == list(range(1, ROOM + 1)), "who left gave their seats to those who wait"
    assert Busy.select().where(Busy.meeting == many).count() == ROOM + 1
    freed = Mail.select().where(Mail.kind == "freed").count()
    assert freed == len(seats_given_up(many))


def seats_given_up(meeting: Meeting) -> set[int]:
    """The places that had a seat when their learner left; who only waited is not mailed."""
    left = [place.id for place in meeting.attendances if place.state == "cancelled"]
    rows = Mail.select().where(Mail.kind == "cancelled")
    return {mail.details["place"] for mail in rows if mail.details.get("place") in left}
