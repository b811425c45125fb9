"""What Lin sees: the figures of ui.md 8 on the account, the loan, the receipt and the what-if."""

import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.client import Client
from tests.make.disputes import Cast, file_dispute, lin_with_authorities
from tests.make.loans import borrower, debit_attempt, import_tables, instalment, lin_yi, loan, payment, product, rate
from tests.markup import parsed

DOCS = Path(__file__).parents[2] / "docs"


def text_of(answer: httpx2.Response) -> str:
    """What is written on a page; what stands in blocks of its own is kept apart."""
    apart = re.sub(r"<(?!/?(?:a|bdi|data|span|strong|time)\b)", " <", answer.text.partition("<body")[2])
    return " ".join(re.sub(r"<[^>]*>", "", f"<body{apart}").split())


def test_the_account_opens_with_what_is_due_today(lin: Client) -> None:
    said = text_of(lin.get("/account"))
    assert "Due today · 17 April" in said
    assert "CN¥2,086.91" in said
    assert "Oldest part is 43 days late" in said
    assert "Principal 2,008.85 Interest 60.00 Fees 0.00 Penalty 18.06" in said
    assert "Payments up to 17 April 2026 are included. One more night adds 0.93." in said
    assert "Not yet due 9,440.00 · credit 0.00" in said


def test_figures_older_than_the_limit_carry_a_warning(lin: Client, clock: FixedClock, cast: Cast) -> None:
    clock.advance(hours=12 + 35)
    lin.http.cookies.update(cast.sign_in(cast.borrower()))
    assert "Please do not pay the same amount twice" not in text_of(lin.get("/account"))
    clock.advance(hours=2)
    lin.http.cookies.update(cast.sign_in(cast.borrower()))
    assert "Please do not pay the same amount twice" in text_of(lin.get("/account"))


def test_how_to_pay_gives_the_reference_and_the_phone(lin: Client) -> None:
    said = text_of(lin.get("/pay"))
    assert "Payment reference L1" in said
    assert "400-000-0000" in said


def test_a_loan_shows_where_every_part_of_a_payment_went(lin: Client, code: str) -> None:
    said = text_of(lin.get(f"/loans/{code}"))
    assert "20 March 300.00" in said
    assert "1,180.00 300.00 of it penalty 8.85 11.69 900.54" in said
    assert "Instalment 3 · Penalty 8.85 Instalment 3 · Interest 60.00 Instalment 3 · Principal 231.15" in said


def test_the_receipt_adds_up_line_by_line(lin: Client, code: str) -> None:
    page = lin.get(f"/loans/{code}/instalments/3/penalty")
    said = text_of(page)
    assert "43 nights 20.54 − paid 8.85 = 11.69" in said
    assert "1,180.00 × 0.05% × 15" in said
    assert "888.85 × 0.05% × 11" in said
    assert "888.85 × 0.045% × 17" in said
    assert "together 20.5383775" in said
    assert "24% a year would allow 28.00; not reached." in said
    assert "08:12" in said
    assert "not enough money on the account" in said
    assert "We tried to take CN¥1,180.00 from the account ending 6789" in said
    assert len(parsed(page.text).all("details")) >= 3


def test_where_no_debit_was_started_no_try_is_told_of(lin: Client, code: str, doors: Doors, tmp_path: Path) -> None:
    never = debit_attempt("D1", 3, "2026-03-05T08:12:00+08:00", result="not_presented", result_code="")
    import_tables(doors, tmp_path / "never", lin_yi(debit_attempts=[never]))
    said = text_of(lin.get(f"/loans/{code}/instalments/3/penalty"))
    assert "08:12 · no debit was started" in said
    assert "We tried" not in said


def test_a_receipt_can_be_seen_from_any_day(lin: Client, code: str) -> None:
    address = f"/loans/{code}/instalments/3/penalty"
    then = text_of(lin.get(f"{address}?on_day=20&on_month=3&on_year=2026"))
    assert "Seen from 20 March 2026." in then
    assert "15 nights 8.85 − paid 8.85 = 0.00" in then
    later = text_of(lin.get(f"{address}?on_day=１&on_month=6&on_year=2026"))
    assert "Seen from 1 June 2026; assumes nothing more is paid." in later


@pytest.mark.parametrize("query", ["on_day=31&on_month=2&on_year=2026", "on_day=x", "on_day=1&on_month=1&on_year=2031"])
def test_a_day_that_cannot_be_asked_for_is_named_and_nothing_is_lost(lin: Client, code: str, query: str) -> None:
    page = lin.get(f"/loans/{code}/instalments/3/penalty?{query}")
    assert page.status_code == 422
    assert "Error:" in page.text
    assert "CN¥" in text_of(page)
    assert f'value="{query.split("&")[0].split("=")[1]}"' in page.text


def test_what_if_says_where_each_part_would_go(lin: Client, code: str) -> None:
    said = text_of(lin.get(f"/loans/{code}/what-if?amount=1,000.00"))
    assert "Where 1,000.00 would go" in said
    assert "Instalment 3 Paid Penalty 11.69 Principal 888.85" in said
    assert "Instalment 4 Penalty 6.37 Interest 60.00 Principal 33.09" in said
    assert "was 2,086.91 now 1,086.91" in said
    assert "was 0.93 now 0.49" in said
    assert "was 43 now 12" in said


@pytest.mark.parametrize("amount", ["-5", "1.234", "abc", "1e3", "0", "12,34.5.6"])
def test_an_amount_that_is_none_is_named(lin: Client, code: str, amount: str) -> None:
    page = lin.get(f"/loans/{code}/what-if", params={"amount": amount})
    assert page.status_code == 422
    assert f'value="{amount}"' in page.text


@pytest.mark.parametrize(
    ("query", "said"),
    [("amount=1.234", "Type an amount in digits"), ("amount=5&on_day=31&on_month=2&on_year=2026", "not a day of")],
)
def test_while_one_types_the_mistake_is_named_where_the_answer_would_be(
    lin: Client, code: str, query: str, said: str
) -> None:
    answer = lin.get(f"/loans/{code}/what-if/answer?{query}")
    assert answer.status_code == 422
    assert said in answer.text


def test_the_table_can_be_recomputed_by_the_script_of_the_docs(lin: Client, code: str, tmp_path: Path) -> None:
    table = lin.get(f"/loans/{code}/instalments/3/penalty.csv")
    assert table.headers["content-disposition"].startswith("attachment")
    (tmp_path / "penalty.csv").write_text(table.text, encoding="utf-8")
    script = re.findall(r"```python\n(.*?)```", (DOCS / "explain.md").read_text(encoding="utf-8"), re.DOTALL)[0]
    (tmp_path / "recompute.py").write_text(script, encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "recompute.py", "penalty.csv"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert said.stdout == "The lines add up: 1169 minor units to pay.\n"


def test_a_paper_names_loan_state_engine_and_fingerprint(lin: Client, code: str) -> None:
    said = text_of(lin.get(f"/loans/{code}/instalments/3/penalty/print"))
    assert "State of 17 April 2026" in said
    assert "林一" in said
    assert re.search(r"engine 1 · [0-9a-f]{4} [0-9a-f]{4} [0-9a-f]{4}", said)
    paper = text_of(lin.get(f"/loans/{code}/statement"))
    assert "Statement of account" in paper
    assert f"http://127.0.0.1:8000/loans/{code}/statement" in paper


def test_what_is_disputed_is_set_apart_everywhere(
    lin: Client, code: str, doors: Doors, cast: Cast, tmp_path: Path
) -> None:
    import_tables(doors, tmp_path, lin_with_authorities())
    number = file_dispute(doors, cast.borrower())
    account = text_of(lin.get("/account"))
    assert "Due today, without what you dispute CN¥2,075.22" in account
    assert "11.29" in account
    assert f"Dispute {number}" in account
    receipt = text_of(lin.get(f"/loans/{code}/instalments/3/penalty"))
    assert "Disputed: 20.14, of it 11.29 unpaid" in receipt


def test_a_strangers_loan_is_not_there(app: Starlette, lin: Client, doors: Doors, cast: Cast, tmp_path: Path) -> None:
    other = lin_yi(
        borrowers=[borrower(), borrower(borrower_ref="B2", mobile="13900139000")],
        loans=[loan(), loan(loan_ref="L2", borrower_ref="B2")],
    )
    import_tables(doors, tmp_path, other)
    stranger = lin.another(headers={"Accept-Language": "en"})
    stranger.http.cookies.update(cast.sign_in(cast.borrower("B2")))
    code = next(part for part in re.findall(r"/loans/([a-z0-9]+)", lin.get("/account").text))
    for path in ("", "/instalments/3/penalty", "/instalments/3/penalty.csv", "/what-if", "/statement"):
        assert stranger.get(f"/loans/{code}{path}").status_code == 404
        assert lin.get(f"/loans/{code}{path}").status_code == 200


def test_a_sold_loan_shows_the_new_owner_and_no_figures(lin: Client, code: str, doors: Doors, tmp_path: Path) -> None:
    sold = loan(status="sold", status_on="2026-04-10", new_owner="Other Finance", new_owner_phone="400-111-1111")
    import_tables(doors, tmp_path, lin_yi(loans=[sold]))
    said = text_of(lin.get(f"/loans/{code}"))
    assert "This contract now belongs to Other Finance." in said
    assert "2,086.91" not in said
    assert lin.get(f"/loans/{code}/instalments/3/penalty").status_code == 404
    assert "2,086.91" not in lin.get("/account").text


def test_nobody_sees_an_account_without_a_session(app: Starlette, lin: Client, code: str) -> None:
    nobody = lin.another(headers={"Accept-Language": "en"})
    for path in ("/account", "/pay", f"/loans/{code}", f"/loans/{code}/instalments/3/penalty"):
        answer = nobody.get(path)
        assert answer.status_code in (303, 401)
        assert "2,086.91" not in answer.text


def test_a_payment_that_came_back_is_named(lin: Client, code: str, doors: Doors, tmp_path: Path) -> None:
    tables = lin_with_authorities()
    tables["payments"].append(payment("P9", "2026-04-02", "500.00", reversed="1"))
    import_tables(doors, tmp_path / "again", tables)
    said = text_of(lin.get(f"/loans/{code}"))
    assert "Came back, so it counts as never made: CN¥500.00 of 2 April 2026, reference P9." in said
    assert "CN¥500.00 of 2 April 2026" in text_of(lin.get(f"/loans/{code}/statement"))


def test_without_a_charged_night_there_is_nothing_to_dispute(
    lin: Client, code: str, doors: Doors, tmp_path: Path
) -> None:
    tables = lin_with_authorities()
    tables["products"] = [product(grace_days="60")]
    import_tables(doors, tmp_path / "again", tables)
    account = text_of(lin.get("/account"))
    assert "was due 5 March · no penalty if paid by the end of 4 May" in account
    assert "was due 5 April · no penalty if paid by the end of 4 June" in account
    said = text_of(lin.get(f"/loans/{code}/instalments/3/penalty"))
    assert "No penalty so far." in said
    assert "Dispute these nights" not in said


def test_where_currencies_differ_each_amount_names_its_own(lin: Client, doors: Doors, tmp_path: Path) -> None:
    tables = lin_with_authorities()
    tables["products"] = [product(), product(product_ref="P2", currency="USD")]
    tables["penalty_rates"] = [*tables["penalty_rates"], rate(product_ref="P2")]
    tables["loans"] = [loan(), loan(loan_ref="L2", product_ref="P2", currency="USD")]
    tables["instalments"] = [*tables["instalments"], instalment(1, "2026-04-05", loan_ref="L2")]
    import_tables(doors, tmp_path / "again", tables)
    said = text_of(lin.get("/account"))
    assert "One more night adds US$0.59." in said
    assert "penalty US$7.08" in said
    page = lin.get("/promises/new")
    assert {"US$1,187.08", "CN¥2,086.91"} <= set(text_of(page).split())
    assert "field__prefix" not in page.text, "the sign depends on what is chosen"
    assert "in the currency of what you choose" in text_of(page)


def test_where_nothing_is_left_no_way_to_pay_is_offered(lin: Client, code: str, doors: Doors, tmp_path: Path) -> None:
    tables = lin_with_authorities()
    tables["payments"] = [*tables["payments"], payment("P9", "2026-04-16", "12000.00")]
    import_tables(doors, tmp_path / "again", tables)
    said = text_of(lin.get(f"/loans/{code}"))
    assert "How to pay" not in said
    assert "What if I pay an amount?" not in said
