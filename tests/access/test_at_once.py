"""Two acts at once on a code or an account, one between two statements of the other."""

from dataclasses import replace
from typing import Any

from portal.access import code_actions, staff_actions, staff_queries, steps
from portal.access.steps import Marks
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.make import access as make
from tests.make.between import between, on_postgresql


@on_postgresql
def test_the_right_code_from_two_tabs(doors: Doors) -> None:
    """One comes in; the other is told that this step is over, not that there were too many tries."""
    lin = make.person(doors)

    def at_the_code(session: Any, viewer: Viewer) -> int:
        began = steps.begin(session, viewer, lin.id, lin.contact_point_id, "code", "first")
        code_actions.send_code(session, viewer, began, lin.id)
        return began

    visitor = replace(doors.system(), kind="anonymous", session_id=doors.write_as(doors.system(), at_the_code))
    code = make.newest_code(doors)

    def answer(tab: str) -> str:
        marks = Marks(f"session {tab}", f"device {tab}")
        return doors.write_as(visitor, code_actions.answer_code, code, marks).outcome

    both = between(doors, "FROM borrower_session", lambda: answer("one"), lambda: answer("two"))
    assert sorted(both) == ["full", "gone"]


@on_postgresql
def test_two_administrators_give_roles(doors: Doors) -> None:
    """Who administers accounts decides nothing, whoever of the two was first."""
    make.staff(doors, "somebody", roles=("auditor",))

    def give(role: str) -> None:
        doors.write_as(doors.system(), staff_actions.change_roles, "somebody", (role,))

    between(doors, "JOIN staff_role", lambda: give("administrator"), lambda: give("supervisor"))
    held = doors.read_as(
        doors.system(), lambda connection, viewer: staff_queries.staff_named(connection, viewer, "somebody")
    )
    assert held is not None
    assert len(held.roles) == 1
