"""Mail and webhooks against real servers: what is surely not delivered is told from what may have been."""

from __future__ import annotations

import pytest

from proctor.custody import mail, webhook
from proctor.custody.delivery import Uncertain, Undelivered, idempotency_key
from proctor.custody.notices import Channel, Medium, Notice

from .servers import free_port

TEXT = "Test set spam is spent.\nIts budget is spent: ±0.9 points.\n"
NOTICE = Notice("spent", "e" * 32, "spam", "spam: a fresh test set\nis needed", TEXT, ())
ADDRESS = Channel(Medium.MAIL, "ada@example.com")


def test_send__one_message(post_office):
    """The message arrives whole, marked as automatic, with an id that is the same for every attempt."""
    mail.send(NOTICE, ADDRESS, mail.settings(post_office.environ))

    (message,) = post_office.taken
    assert ("ada@example.com", "gate@example.com") == (message["To"], message["From"])
    assert "spam: a fresh test set is needed" == message["Subject"]
    assert f"<{idempotency_key(NOTICE, ADDRESS)}@proctor.invalid>" == message["Message-ID"]
    assert "auto-generated" == message["Auto-Submitted"]
    assert TEXT == message.get_content().replace("\r\n", "\n")


@pytest.mark.parametrize("answer", ["451 come again", "554 no such luck"])
def test_send__refused(post_office, answer):
    """What the server refuses has surely not arrived; the message names the code and not the server's words."""
    post_office.refusal = answer

    with pytest.raises(Undelivered, match=f"refused it: code {answer[:3]}$"):
        mail.send(NOTICE, ADDRESS, mail.settings(post_office.environ))


def test_send__connection_broken_after_the_message(post_office):
    """A message whose acknowledgement is lost may have arrived."""
    post_office.hangs_up = True

    with pytest.raises(Uncertain, match="broke off"):
        mail.send(NOTICE, ADDRESS, mail.settings(post_office.environ))
    assert 1 == len(post_office.taken)


@pytest.mark.parametrize(
    "change",
    [{"PROCTOR_SMTP_PORT": "closed"}, {"PROCTOR_SMTP_SECURITY": "starttls"}, {"PROCTOR_SMTP_USER": "a@b.c"}],
    ids=["nobody there", "no encryption offered", "no login offered"],
)
def test_send__nothing_is_sent_to_a_server_that_cannot_do_what_is_asked(post_office, change):
    """Without connection, encryption or login that were asked for, nothing is sent."""
    if change.get("PROCTOR_SMTP_PORT"):
        change = {"PROCTOR_SMTP_PORT": str(free_port())}

    with pytest.raises(Undelivered, match="cannot be used"):
        mail.send(NOTICE, ADDRESS, mail.settings({**post_office.environ, **change}))
    assert [] == post_office.taken


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({}, "set PROCTOR_SMTP_HOST"),
        ({"PROCTOR_SMTP_HOST": "m", "PROCTOR_SMTP_PORT": "mail"}, "'mail', which is not a port"),
        ({"PROCTOR_SMTP_HOST": "m", "PROCTOR_SMTP_PORT": "65536"}, "not a port"),
        ({"PROCTOR_SMTP_HOST": "m", "PROCTOR_SMTP_SECURITY": "ssl"}, "say starttls, tls or none"),
        (
            {"PROCTOR_SMTP_HOST": "m", "PROCTOR_SMTP_SECURITY": "none", "PROCTOR_SMTP_PASSWORD": "x"},
            "in the clear",
        ),
    ],
)
def test_settings__problems(environ, complaint):
    """Settings that cannot work, or would give the password away, are named before anything is sent."""
    with pytest.raises(Undelivered, match=complaint):
        mail.settings(environ)


def test_settings__defaults():
    """Encryption is the default, with the port that goes with it; no password appears in a representation."""
    found = mail.settings({"PROCTOR_SMTP_HOST": "mx", "PROCTOR_SMTP_USER": "u@mx", "PROCTOR_SMTP_PASSWORD": "hidden"})

    assert (587, mail.Security.STARTTLS, "u@mx") == (found.port, found.security, found.sender)
    assert "hidden" not in repr(found)
    assert 465 == mail.settings({"PROCTOR_SMTP_HOST": "mx", "PROCTOR_SMTP_SECURITY": "TLS"}).port


def test_post__one_message(room):
    """The room takes JSON that people and programs can read, with a key by which a repetition can be dropped."""
    channel = Channel(Medium.WEBHOOK, room.url)

    webhook.post(NOTICE, channel)

    ((headers, content),) = room.taken
    assert idempotency_key(NOTICE, channel) == headers["Idempotency-Key"]
    assert ("testset spent", "spam", "e" * 32) == (content["event"], content["gate"], content["testset"])
    assert TEXT in content["text"]


@pytest.mark.parametrize("status", [302, 404, 503])
def test_post__not_taken(room, status):
    """Any answer but a success means that it was not taken; the address, which may be a secret, is not quoted."""
    room.status = status

    with pytest.raises(Undelivered, match=f"answered {status}") as caught:
        webhook.post(NOTICE, Channel(Medium.WEBHOOK, room.url))
    assert "secret" not in str(caught.value)


def test_post__answer_lost(room):
    """A post whose answer is lost may have been taken."""
    room.status = 0

    with pytest.raises(Uncertain, match="did not answer"):
        webhook.post(NOTICE, Channel(Medium.WEBHOOK, room.url))
    assert 1 == len(room.taken)


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_post__nobody_there(host):
    """Where no connection came about, nothing was sent."""
    with pytest.raises(Undelivered, match="was not reached"):
        webhook.post(NOTICE, Channel(Medium.WEBHOOK, f"http://{host}:{free_port()}/hooks/secret"))


def test_channel__name_tells_receivers_apart_without_naming_them():
    """The ledger is public: a webhook's address does not appear in it."""
    one, other = (Channel(Medium.WEBHOOK, f"https://chat.example.com/{secret}") for secret in ("a", "b"))

    assert one.name != other.name
    assert "example" not in one.name
