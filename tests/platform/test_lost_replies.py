"""The connection to the database breaks while a form's effect is committed: it happens exactly once (MO-10)."""

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from portal.platform.db import Doors
from tests.client import Client
from tests.platform.toy import wish, wished

_COMMIT = Session.commit


def cut_once(monkeypatch: pytest.MonkeyPatch, after_commit: bool) -> None:
    """The next commit reaches the database or does not, and its answer is lost either way."""

    def commit(session: Session) -> None:
        monkeypatch.setattr(Session, "commit", _COMMIT)
        if after_commit:
            session.connection()
            _COMMIT(session)
        raise OperationalError("COMMIT", {}, OSError("connection lost"), connection_invalidated=True)

    monkeypatch.setattr(Session, "commit", commit)


@pytest.mark.parametrize("after_commit", [False, True])
def test_a_form_takes_effect_once(client: Client, monkeypatch: pytest.MonkeyPatch, after_commit: bool) -> None:
    page = client.get("/toy")
    cut_once(monkeypatch, after_commit)
    answer = client.submit(page, {"name": "pony"}, form="/toy")
    assert answer.status_code in {200, 303}
    doors: Doors = client._app.state.portal.doors
    assert doors.read_as(doors.system(), wished, "pony") == 1


@pytest.mark.parametrize("after_commit", [False, True])
def test_without_a_key_nothing_is_done_again(doors: Doors, monkeypatch: pytest.MonkeyPatch, after_commit: bool) -> None:
    cut_once(monkeypatch, after_commit)
    with pytest.raises(OperationalError):
        doors.write_as(doors.system(), wish, "pony")
    assert doors.read_as(doors.system(), wished, "pony") == int(after_commit)
