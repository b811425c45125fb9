"""The page of security requirements is what the tests say, and every requirement is held or says why not."""

from tests.house import security_page


def test_the_page_is_what_the_tests_say() -> None:
    page = security_page.FILE.read_text(encoding="utf-8")
    assert page == security_page.text(), "write it anew: python -m tests.house.security_page"


def test_every_number_that_a_test_names_is_a_requirement() -> None:
    unknown = {number: held for number, held in security_page.holders().items() if number not in REQUIREMENTS}
    assert not unknown


def test_every_requirement_is_held_or_says_why_not() -> None:
    held = security_page.holders()
    silent = [number for number in REQUIREMENTS if number not in held and number not in security_page.OPEN]
    assert not silent
    assert set(security_page.OPEN) <= set(REQUIREMENTS)


def test_ranges_are_read_whole() -> None:
    told = "SL-01, and (SB-06, SB-10 to SB-12); RE-01 to 03."
    assert list(security_page.numbers_in(told)) == [
        "SL-01",
        "SB-06",
        "SB-10",
        "SB-11",
        "SB-12",
        "RE-01",
        "RE-02",
        "RE-03",
    ]


REQUIREMENTS = security_page.REQUIREMENTS
