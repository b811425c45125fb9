"""The tables of states: those of domain.md 9, every one reachable, the named ones final, nothing out of a final one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.plan_states import MACHINES, PLAN, PROMISE, SETTLEMENT, Machine
from portal.core.refusal import Refusal
from portal.plans import tables

FINAL = {"withdrawn", "refused", "lapsed", "cancelled", "kept", "replaced", "partly_kept", "broken", "paid"}


def test_the_states_are_those_of_the_domain() -> None:
    assert set(PLAN.states) == set(tables.STATES)
    assert set(PLAN.final) == set(tables.FINAL)
    promise = "open moved being_verified kept partly_kept broken withdrawn"
    assert PROMISE.states == tuple(promise.split())
    assert SETTLEMENT.states == ("quoted", "accepted", "paid", "lapsed")


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_exactly_the_named_states_are_final(machine: Machine) -> None:
    assert set(machine.final) == set(machine.states) & FINAL
    assert {after for _state, _event, after in machine.steps()} <= set(machine.states)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_state_is_reached_and_every_open_one_can_end(machine: Machine) -> None:
    reached = {machine.states[0]}
    for _round in machine.states:
        reached |= {after for state, _event, after in machine.steps() if state in reached}
    assert reached == set(machine.states)
    ends = set(machine.final)
    for _round in machine.states:
        ends |= {state for state, _event, after in machine.steps() if after in ends}
    assert ends == set(machine.states)


@given(st.sampled_from(MACHINES), st.data())
def test_events_in_any_order_never_leave_a_final_state(machine: Machine, data: st.DataObject) -> None:
    events = sorted({event for _state, event, _after in machine.steps()})
    state = machine.states[0]
    for event in data.draw(st.lists(st.sampled_from(events), max_size=12)):
        if event in machine.moves[state]:
            assert state not in machine.final
            state = machine.after(state, event)
        else:
            with pytest.raises(Refusal, match=rf"{machine.name}\.state"):
                machine.after(state, event)


def test_a_plan_is_cancelled_only_after_an_evaluation_or_with_its_loan() -> None:
    into = {(state, event) for state, event, after in PLAN.steps() if after == "cancelled"}
    assert into == {("evaluated", "confirm"), ("evaluated", "loan_left"), ("running", "loan_left")}


def test_a_promise_moves_once() -> None:
    assert PROMISE.sources("move") == ("open",)
