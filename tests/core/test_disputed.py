"""What disputes cover of a penalty: paid penalty counts against all disputed nights together, oldest first."""

from portal.core.assessment import InstalmentAssessment, assess
from portal.core.disputed import Disputed, disputed
from portal.core.interactions import Part
from tests.core.loans import lin_yi, on

EARLY = Part(3, on(3, 6), on(3, 20), "nights")
LATE = Part(3, on(4, 1), None, "nights")


def number_3() -> InstalmentAssessment:
    """Instalment 3 of the invented case on 17 April: 8.85 + 4.89 + 6.80, of which 8.85 is paid."""
    return assess(lin_yi(), on(4, 17)).instalment(3)


def test_paid_penalty_counts_against_the_disputed_nights() -> None:
    assert disputed(number_3(), [EARLY]) == Disputed(885, 0)
    assert disputed(number_3(), [EARLY, LATE]) == Disputed(885 + 680, 680)


def test_it_counts_once_where_there_are_two_disputes() -> None:
    assert disputed(number_3(), [LATE]) == Disputed(680, 0)
    assert disputed(number_3(), [LATE], beside=[EARLY]) == Disputed(680, 680)
    assert disputed(number_3(), [EARLY], beside=[LATE]) == Disputed(885, 0)


def test_parts_of_other_instalments_do_not_count() -> None:
    assert disputed(number_3(), [LATE], beside=[Part(4, None, None, "nights")]) == Disputed(680, 0)
    assert disputed(number_3(), [Part(4, None, None, "nights")]) == Disputed(0, 0)
