"""Settings of mail: checked at start, each with a sentence that says what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervise.settings import Settings, WrongSetting

GOOD = {
    "SUPERVISE_SMTP_HOST": "mail.example.org",
    "SUPERVISE_MAIL_FROM": "Alder Quay <mail@alder.example.org>",
    "SUPERVISE_SMTP_PASSWORD": "seven quiet lanterns",
    "SUPERVISE_PUBLIC_URL": "https://supervise.example.org/",
}


def load(folder: Path, monkeypatch: pytest.MonkeyPatch, **changed: str) -> Settings:
    for name, value in (GOOD | changed).items():
        monkeypatch.setenv(name, value)
    return Settings.load(instance=folder)


def test_what_is_asked_of_a_mail_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = load(tmp_path, monkeypatch)
    assert found.smtp is not None
    assert (found.smtp.port, found.smtp.security) == (587, "starttls")
    assert (found.smtp.sender.display_name, found.smtp.sender.domain) == (
        "Alder Quay", "alder.example.org",
    )  # fmt: skip
    assert found.public_url == "https://supervise.example.org"
    for secret in ("seven quiet lanterns", found.secret_key, found.chain_key):
        assert secret not in repr(found)
    tls = load(tmp_path, monkeypatch, SUPERVISE_SMTP_SECURITY="tls").smtp
    assert tls is not None
    assert tls.port == 465
    assert load(tmp_path, monkeypatch, SUPERVISE_SMTP_HOST="").smtp is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"SUPERVISE_SMTP_SECURITY": "none"}, "would send mail in the clear"),
        ({"SUPERVISE_SMTP_SECURITY": "ssl"}, "is starttls, tls or none"),
        ({"SUPERVISE_SMTP_PORT": "many"}, "SUPERVISE_SMTP_PORT is a number from 1 to 65535"),
        ({"SUPERVISE_MAIL_DAYS": "0"}, "SUPERVISE_MAIL_DAYS is a number from 1 to 3650"),
        ({"SUPERVISE_SMTP_TIMEOUT": "0"}, "SUPERVISE_SMTP_TIMEOUT is a number from 1 to 300"),
        ({"SUPERVISE_MAIL_FROM": ""}, "SUPERVISE_MAIL_FROM says whom mail is from"),
        ({"SUPERVISE_MAIL_FROM": "nobody"}, "SUPERVISE_MAIL_FROM says whom mail is from"),
        ({"SUPERVISE_MAIL_FROM": "a@b.org\nBcc: c@d.org"}, "SUPERVISE_MAIL_FROM says whom"),
        ({"SUPERVISE_PUBLIC_URL": "supervise.example.org"}, "Write SUPERVISE_PUBLIC_URL as"),
        ({"SUPERVISE_PUBLIC_URL": "javascript:x"}, "Write SUPERVISE_PUBLIC_URL as"),
        ({"SUPERVISE_PUBLIC_URL": "https://a.org/?x=1"}, "Write SUPERVISE_PUBLIC_URL as"),
    ],
)
def test_a_setting_that_cannot_be_used(
    changed: dict[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WrongSetting, match=said) as wrong:
        load(tmp_path, monkeypatch, **changed)
    assert "seven quiet lanterns" not in str(wrong.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "127.8.8.8"])
def test_on_the_same_machine_nothing_need_be_encrypted(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear = {"SUPERVISE_SMTP_HOST": host, "SUPERVISE_SMTP_SECURITY": "none"}
    found = load(tmp_path, monkeypatch, **clear)
    assert found.smtp is not None
    assert found.smtp.port == 25
