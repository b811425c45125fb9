"""`portal evaluate` says what it did and for which day; a day that has not come is refused."""

from tests.served import Portal


def test_it_says_the_day_and_how_much_was_done(portal: Portal) -> None:
    assert portal.run("evaluate", "--as-of", "2026-04-17").stdout == "Judged as of 2026-04-17: 0 done.\n"
    refused = portal.run("evaluate", "--as-of", "2999-01-01", check=False)
    assert refused.returncode == 1
    assert "has not come yet" in refused.stderr
