"""The files of the import format, column by column, in the order in which they are read (docs/import.md)."""

from collections.abc import Collection

from portal.loans import cells, intake, tables
from portal.loans.intake import File, Parent, may, money, must

STAFF_ROLES = ("plan_approver", "dispute_handler", "supervisor")
DEFAULT_ORDER = "fee>penalty>interest>principal"

_PRODUCT: tuple[tuple[str, Parent], ...] = (("product_ref", "product"),)
_LOAN: tuple[tuple[str, Parent], ...] = (("loan_ref", "loan"),)


def import_files(rule_packs: Collection[str], currency: str, region: str | None) -> tuple[File, ...]:
    """All files, each after those that it refers to.

    `currency` is the lender's, `region` the country of mobile numbers that are written without a code.
    """
    return (
        _products(rule_packs, currency),
        PRODUCT_RULES,
        PENALTY_RATES,
        PLAN_LIMITS,
        ROLE_LIMITS,
        AUTHORITY,
        _borrowers(region),
        LOANS,
        PARTIES,
        INSTALMENTS,
        PAYMENTS,
        DEBIT_ATTEMPTS,
        WAIVERS,
    )


def _products(rule_packs: Collection[str], currency: str) -> File:
    return File(
        "products.csv",
        (
            must("product_ref"),
            must("name"),
            may("currency", cells.currency, currency, absent=True),
            must("contract_type", cells.one_of(tables.CONTRACT_TYPES)),
            must("penalty_base", cells.penalty_base),
            may("grace_days", cells.whole(0, 3_650), 0),
            money("late_fee", 0),
            may("late_fee_after_days", cells.whole(0, 3_650), 0),
            must("allocation_strategy", cells.one_of(tables.STRATEGIES)),
            may(
                "component_order",
                cells.component_order(tables.COMPONENTS),
                DEFAULT_ORDER,
            ),
            must("accrues_while_disputed", cells.flag),
            may("rates_apply", cells.one_of(tables.RATES_APPLY), "by_night", absent=True),
            may("rule_pack", cells.one_of(rule_packs), "cn", absent=True),
        ),
        key=("product_ref",),
        currency=intake.own_currency,
        checks=(intake.check_product,),
    )


def _borrowers(region: str | None) -> File:
    return File(
        "borrowers.csv",
        (
            must("borrower_ref"),
            must("name"),
            may("mobile", cells.mobile(region)),
            may("birth_date", cells.day),
            may("id_last4", cells.last_four),
            must("language", cells.language),
            may("payday", cells.whole(1, 31)),
            may("time_zone", cells.time_zone, absent=True),
            may("kind", cells.one_of(tables.PERSON_KINDS), "natural", absent=True),
        ),
        key=("borrower_ref",),
        checks=(intake.check_identity, intake.check_birth_date),
    )


PRODUCT_RULES = File(
    "product_rules.csv",
    (must("product_ref"), must("effective_from", cells.day), must("rule"), must("value")),
    key=("product_ref", "rule", "effective_from"),
    parents=_PRODUCT,
    checks=(intake.check_rule,),
)

PENALTY_RATES = File(
    "penalty_rates.csv",
    (
        must("product_ref"),
        must("effective_from", cells.day),
        must("daily_rate", cells.daily_rate),
        may("annual_ceiling", cells.annual_ceiling),
    ),
    key=("product_ref", "effective_from"),
    parents=_PRODUCT,
)

PLAN_LIMITS = File(
    "plan_limits.csv",
    (
        must("product_ref"),
        must("effective_from", cells.day),
        money("first_payment_min"),
        money("payment_min"),
        must("payments_max", cells.whole(1, 1_200)),
        must("days_max", cells.whole(1, 36_500)),
    ),
    key=("product_ref", "effective_from"),
    parents=_PRODUCT,
    currency=intake.product_currency,
)

ROLE_LIMITS = File(
    "role_limits.csv",
    (
        must("product_ref"),
        must("role", cells.one_of(STAFF_ROLES)),
        must("effective_from", cells.day),
        money("first_payment_min"),
        money("payment_min"),
        must("payments_max", cells.whole(1, 1_200)),
        must("days_max", cells.whole(1, 36_500)),
        money("waiver_max"),
        must("freeze", cells.flag),
    ),
    key=("product_ref", "role", "effective_from"),
    parents=_PRODUCT,
    currency=intake.product_currency,
)

AUTHORITY = File(
    "authority.csv",
    (
        must("role", cells.one_of(STAFF_ROLES)),
        must("currency", cells.currency),
        must("effective_from", cells.day),
        money("waiver_max"),
        money("waiver_day_max"),
        money("plan_max"),
    ),
    key=("role", "currency", "effective_from"),
    currency=intake.own_currency,
)

LOANS = File(
    "loans.csv",
    (
        must("loan_ref"),
        must("borrower_ref"),
        must("product_ref"),
        must("currency", cells.currency),
        money("principal"),
        must("disbursed_on", cells.day),
        may("status", cells.one_of(tables.LOAN_STATUSES), "active", absent=True),
        may("status_on", cells.day, absent=True),
        may("debit_last4", cells.last_four, absent=True),
        may("debit_holder", cells.text, absent=True),
        may("new_owner", cells.text, absent=True),
        may("new_owner_phone", cells.text, absent=True),
    ),
    key=("loan_ref",),
    parents=(("borrower_ref", "person"), *_PRODUCT),
    currency=intake.own_currency,
    checks=(intake.check_loan_currency, intake.check_loan_rates, intake.check_loan_status),
)

PARTIES = File(
    "parties.csv",
    (
        must("loan_ref"),
        must("borrower_ref"),
        must("role", cells.one_of(tables.PARTY_ROLES)),
        may("from_day", cells.day, absent=True),
        may("to_day", cells.day, absent=True),
    ),
    key=("loan_ref", "borrower_ref", "role"),
    parents=(*_LOAN, ("borrower_ref", "person")),
    checks=(intake.check_span,),
)

INSTALMENTS = File(
    "instalments.csv",
    (
        must("loan_ref"),
        must("number", cells.whole(0, 100_000)),
        must("due_on", cells.day),
        money("principal"),
        money("interest"),
        money("fee"),
        may("void", cells.flag, 0, absent=True),
    ),
    key=("loan_ref", "number"),
    parents=_LOAN,
    currency=intake.loan_currency,
    checks=(intake.check_due_date,),
)

PAYMENTS = File(
    "payments.csv",
    (
        must("payment_ref"),
        must("loan_ref"),
        must("received_on", cells.day),
        money("amount"),
        may("channel", cells.text, ""),
        must("reversed", cells.flag),
        may("kind", cells.one_of(tables.PAYMENT_KINDS), "payment", absent=True),
    ),
    key=("payment_ref",),
    parents=_LOAN,
    currency=intake.loan_currency,
)

DEBIT_ATTEMPTS = File(
    "debit_attempts.csv",
    (
        must("attempt_ref"),
        must("loan_ref"),
        must("instalment_number", cells.whole(0, 100_000)),
        must("attempted_at", cells.instant),
        money("amount"),
        must("result", cells.one_of(tables.ATTEMPT_RESULTS)),
        may("result_code", cells.text, ""),
        may("void", cells.flag, 0, absent=True),
    ),
    key=("attempt_ref",),
    parents=_LOAN,
    currency=intake.loan_currency,
    checks=(intake.check_instalment_known,),
)

WAIVERS = File(
    "waivers.csv",
    (
        must("waiver_ref"),
        must("loan_ref"),
        may("instalment_number", cells.whole(0, 100_000)),
        must("kind", cells.one_of(tables.WAIVER_KINDS)),
        may("from_day", cells.day),
        may("to_day", cells.day),
        may("on_day", cells.day),
        money("amount", None),
        may("reason", cells.text, ""),
        may("component", cells.one_of(tables.COMPONENTS), "penalty", absent=True),
        may("void", cells.flag, 0, absent=True),
        may("portal_number", cells.text, absent=True),
    ),
    key=("waiver_ref",),
    parents=_LOAN,
    currency=intake.loan_currency,
    checks=(
        intake.check_waiver_shape,
        intake.check_waived,
        intake.check_span,
        intake.check_instalment_known,
        intake.check_portal_number,
    ),
)
