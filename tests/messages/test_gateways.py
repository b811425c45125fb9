"""What the generic gateway sends, and what it makes of every answer a provider may give."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from portal.messages.gateways import Console, DemoPhone, HttpGateway, Message, Outcome, gateway_of
from portal.platform.settings import Settings, SettingsError

TEXT = 'Portal: code "123456"\n$number @host #123456'
MESSAGE = Message(number="+8613800138000", text=TEXT, signature="【示例】", reference="ref-1")
BODY = '{"to": "$number", "text": "$signature$text", "id": "$reference"}'


def gateway(
    answer: Callable[[httpx2.Request], httpx2.Response],
    body: str = BODY,
    success: str = "2xx",
    **headers: str,
) -> HttpGateway:
    """A gateway whose provider answers so."""
    return HttpGateway("https://sms.example/send", headers, body, success, transport=httpx2.MockTransport(answer))


def test_a_json_body_stays_json_whatever_the_text() -> None:
    """Quotes, line breaks and braces in a text change nothing around it."""
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200)

    assert gateway(answer, Authorization="Bearer k").send(MESSAGE) is Outcome.SENT
    assert json.loads(seen[0].content) == {"to": "+8613800138000", "text": "【示例】" + TEXT, "id": "ref-1"}
    assert seen[0].headers["authorization"] == "Bearer k"


def test_a_form_body_is_escaped_as_a_form() -> None:
    """An ampersand in a text is no new field."""
    seen: list[bytes] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.content)
        return httpx2.Response(200)

    made = gateway(answer, "to=$number&text=$text", **{"Content-Type": "application/x-www-form-urlencoded"})
    made.send(Message("+1", "a&b=c d", "", "r"))
    assert seen == [b"to=%2B1&text=a%26b%3Dc+d"]


@pytest.mark.parametrize(
    ("status", "body", "success", "outcome"),
    [
        (200, "", "2xx", Outcome.SENT),
        (202, "", "2xx", Outcome.SENT),
        (400, "", "2xx", Outcome.REFUSED),
        (301, "", "2xx", Outcome.REFUSED),
        (429, "", "2xx", Outcome.NOT_REACHED),
        (500, "", "2xx", Outcome.UNCERTAIN),
        (503, "", "text:OK", Outcome.UNCERTAIN),
        (200, '{"Code": "OK"}', "json:Code=OK", Outcome.SENT),
        (200, '{"Code": "LIMIT"}', "json:Code=OK", Outcome.REFUSED),
        (200, '{"result": {"status": 0}}', "json:result.status=0", Outcome.SENT),
        (200, '{"items": [{"ok": true}]}', "json:items.0.ok=true", Outcome.SENT),
        (200, "<html>", "json:Code=OK", Outcome.REFUSED),
        (200, "queued OK", "text:OK", Outcome.SENT),
        (404, "OK", "text:OK", Outcome.REFUSED),
    ],
)
def test_what_an_answer_means(status: int, body: str, success: str, outcome: Outcome) -> None:
    """Sent only when the rule says so; never sent again when it may have been accepted."""
    made = gateway(lambda _request: httpx2.Response(status, text=body), success=success)
    assert made.send(MESSAGE) is outcome


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (httpx2.ConnectError("refused"), Outcome.NOT_REACHED),
        (httpx2.ConnectTimeout("slow"), Outcome.NOT_REACHED),
        (httpx2.ReadTimeout("accepted, then silence"), Outcome.UNCERTAIN),
        (httpx2.RemoteProtocolError("cut"), Outcome.UNCERTAIN),
        (httpx2.WriteError("cut"), Outcome.UNCERTAIN),
    ],
)
def test_a_broken_connection_is_uncertain_unless_it_never_was_one(error: Exception, outcome: Outcome) -> None:
    """A time-out after the request was written may have sent the text."""

    def answer(_request: httpx2.Request) -> httpx2.Response:
        raise error

    assert gateway(answer).send(MESSAGE) is outcome


def test_production_has_a_provider_or_nothing(tmp_path: Path) -> None:
    """The console and the demo phone are for development (issue: production refuses the console)."""
    folder = {"PORTAL_DATA_DIR": str(tmp_path)}
    assert isinstance(gateway_of(Settings.load(folder)), DemoPhone)
    assert isinstance(gateway_of(Settings.load(folder | {"PORTAL_SMS_URL": "console:"})), Console)
    assert isinstance(gateway_of(Settings.load(folder | {"PORTAL_SMS_URL": "https://sms.example/"})), HttpGateway)
    for url in ("", "console:"):
        loaded = Settings.load(folder | ({"PORTAL_SMS_URL": url} if url else {}))
        with pytest.raises(ValueError, match="PORTAL_SMS_URL"):
            gateway_of(loaded.model_copy(update={"mode": "production"}))


@pytest.mark.parametrize("success", ["200", "status 200", "json:Code", "text:"])
def test_a_rule_that_cannot_be_understood_is_refused_at_once(tmp_path: Path, success: str) -> None:
    """Not at the first text message."""
    with pytest.raises(SettingsError, match="PORTAL_SMS_SUCCESS"):
        Settings.load({"PORTAL_DATA_DIR": str(tmp_path), "PORTAL_SMS_SUCCESS": success})
