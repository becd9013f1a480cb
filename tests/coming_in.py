"""Signing in as people do, by the form: for the tests of all that comes before and after it."""

import html as markup
import re
from datetime import datetime

import pyotp
from flask.testing import FlaskClient

from supervise import passwords
from supervise.models import Person
from tests.world import World

PASSWORD = "copper kettle on the hill"
PASSWORD_HASH = passwords.hash_password(PASSWORD)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def set_password(person: Person, **more: object) -> None:
    Person.update(password_hash=PASSWORD_HASH, **more).where(Person.id == person.id).execute()


def token_in(page: str) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def token(client: FlaskClient, address: str = "/login") -> str:
    return token_in(client.get(address).text)


def enter(client: FlaskClient, email: str, password: str = PASSWORD, **fields: object):
    data = {"email": email, "password": password, "csrf_token": token(client), **fields}
    return client.post("/login", data=data)


def fields_in(page: str) -> dict[str, str]:
    """What the browser would post from the page's form."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: markup.unescape(value) for name, value in found}


def come_in(client: FlaskClient, world: World) -> None:
    assert enter(client, world.learner.email).status_code == 303


def is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def code_at(moment: datetime) -> str:
    return pyotp.TOTP(SECRET).at(moment)
