"""Two acts at once on one loan, one between two statements of the other: what stands, and what the loser is told.

Each was wrong once under READ COMMITTED, where every statement sees what was committed by then.
"""

from pathlib import Path

from sqlalchemy import func, select

from portal.account import notice_actions, sharing_actions
from portal.account.notice_actions import Said
from portal.account.notice_queries import NOTICE
from portal.loans.facts import LOAN
from portal.loans.queries import HOLD
from portal.plans import counter_actions, deciding_actions, hardship_actions, proposing_actions, second_actions
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.promises import actions as promises
from portal.promises import queries as promises_of
from portal.promises.actions import Given
from portal.settlements import asking_actions
from tests.make import plans as make_plans
from tests.make import settlements as make
from tests.make.between import between, on_postgresql
from tests.make.disputes import Cast
from tests.make.loans import borrower, import_tables

pytestmark = on_postgresql


def test_two_pauses(doors: Doors, cast: Cast) -> None:
    """The second is told of the one that runs, not that its days are used up."""
    lin = cast.borrower()

    def pause() -> str:
        return doors.write_as(lin, hardship_actions.pause_reminders, hardship_actions.Said(), make_plans.LENDER)

    first, second = between(doors, "hardship", pause, pause)
    assert "hardship.running" in {first, second}
    assert "hardship.none_left" not in {first, second}


def test_borrower_and_co_borrower_propose(doors: Doors, cast: Cast, tmp_path: Path) -> None:
    """One plan is proposed on a loan, whoever of the two was first."""
    parties = [{"loan_ref": "L1", "borrower_ref": "B2", "role": "co_borrower"}]
    more = {"borrowers": [borrower(), borrower(borrower_ref="B2", mobile="13800138002")], "parties": parties}
    import_tables(doors, tmp_path, make.lin_settling(**more))
    sent = {ref: make_plans.sent(doors, cast.borrower(ref)) for ref in ("B1", "B2")}

    def propose(ref: str) -> str:
        return doors.write_as(cast.borrower(ref), proposing_actions.propose_plan, sent[ref], make_plans.LENDER)

    both = between(doors, "loan_party", lambda: propose("B1"), lambda: propose("B2"))
    assert sum(each == "plan.already_proposed" for each in both) == 1, both


def test_a_plan_is_agreed_and_a_settlement_accepted(doors: Doors, cast: Cast) -> None:
    """Never a plan that begins beside an accepted settlement; a settlement may be accepted beside a plan."""
    lin, staff = cast.borrower(), cast.staff("Qiao", "plan_approver")
    plan, settlement = make_plans.propose(doors, lin), make.quote(doors, lin)
    decision, seen = make_plans.decision(doors, staff, plan), make.detail(doors, lin, settlement).seen

    def agree() -> str:
        return doors.write_as(staff, deciding_actions.approve, plan, decision, make_plans.PAPER)

    def accept() -> str:
        return doors.write_as(lin, asking_actions.accept, settlement, seen)

    both = between(doors, "FROM second_person", agree, accept)
    pending = select(HOLD.c.kind).where(HOLD.c.ended_at.is_(None)).order_by(HOLD.c.id)
    with doors.engines.read.connect() as connection:
        assert list(connection.scalars(pending)) == ["plan", "settlement"], both


def test_two_second_persons(doors: Doors, cast: Cast) -> None:
    """ST-07: the later one is told what was decided, not that nothing is asked of them."""
    plan = make_plans.propose(doors, cast.borrower())
    assert make_plans.approve(doors, cast.staff("Qiao", "dispute_handler"), plan) == "waiting"
    others = [cast.staff(name, "supervisor") for name in ("Tao", "Bai")]
    page = make_plans.decide_page(doors, others[0], plan)
    assert page.pending is not None
    code, seen = page.pending.code, page.pending.hash_seen

    def confirm(who: Viewer) -> str:
        return doors.write_as(who, second_actions.confirm, plan, seen, code, make_plans.PAPER)

    both = between(doors, "plan_agreement", lambda: confirm(others[0]), lambda: confirm(others[1]))
    assert sorted(both) == ["plan.decided", "running"]


def test_a_plan_is_agreed_and_a_promise_moved(doors: Doors, cast: Cast) -> None:
    """Staff's decision stands; the person is told that the promise is another now."""
    lin, staff = cast.borrower(), cast.staff("Qiao", "plan_approver")
    about = doors.read_as(lin, promises_of.new_page).choices[0].code
    by, later = lin.today.replace(day=24), lin.today.replace(day=27)
    promise = doors.write_as(lin, promises.make_promise, Given(about, 300_00, by, "transfer"))
    plan = make_plans.propose(doors, lin)
    decision = make_plans.decision(doors, staff, plan)

    def agree() -> str:
        return doors.write_as(staff, deciding_actions.approve, plan, decision, make_plans.PAPER)

    def move() -> str:
        return doors.write_as(lin, promises.move_promise, promise, later)

    assert between(doors, "FROM promise", agree, move) == ("running", "promise.changed")


def test_a_counter_offer_is_accepted_and_taken_back(doors: Doors, cast: Cast) -> None:
    """ST-08: whoever is later is told what has become of the plan."""
    lin, staff = cast.borrower(), cast.staff("Qiao", "plan_approver")
    plan = make_plans.propose(doors, lin)
    make_plans.counter(doors, staff, plan)
    mark = make_plans.standing(doors, plan).mark

    def accept() -> str:
        return doors.write_as(lin, counter_actions.accept, plan, mark, make_plans.LENDER, make_plans.PAPER)

    def take_back() -> str:
        return doors.write_as(staff, counter_actions.take_back, plan, mark, "")

    assert between(doors, "plan_agreement", accept, take_back) == ("running", "plan.decided")


def test_the_same_payment_said_twice(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    code = make.code_of(doors, lin)

    def say() -> str:
        return doors.write_as(lin, notice_actions.say_paid, code, Said(300_00, lin.today, "transfer"))

    assert "notice.twice" in between(doors, "payment_notice", say, say)
    with doors.engines.read.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(NOTICE)) == 1


def test_the_last_two_links_to_pay(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    code = make.code_of(doors, lin)

    def link() -> str:
        return doors.write_as(lin, sharing_actions.make_link, code, 300_00)

    for _ in range(sharing_actions.LINKS_MOST - 1):
        link()
    assert "link.too_many" in between(doors, "pay_link", link, link)


def test_an_import_holds_up_nobody(doors: Doors, cast: Cast) -> None:
    """Every new row that names a loan locks it so; were that waited for, whoever acts would be sent away."""
    lin = cast.borrower()
    with doors.engines.write.connect() as importing:
        importing.execute(select(LOAN.c.id).with_for_update(read=True, key_share=True))
        number = make.quote(doors, lin)
        assert make.accept(doors, lin, number) == number
