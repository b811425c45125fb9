"""What counts for every plan on some loans, so that it is said alike before it is agreed and on its paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from portal.loans.rulepacks import rule_pack
from portal.plans.facts import Basis


@dataclass(frozen=True, slots=True)
class Conditions:
    """How many days there are to make a second late payment good, and by language the rule by which agreeing starts the
    limitation period anew, empty for none."""

    cure_days: int
    limitation: Mapping[str, str]


def conditions(bundle: Sequence[Basis], start: date) -> Conditions:
    """The conditions of a plan on these loans that starts on a day; the longest time to cure counts.

    Source: domain.md 9; the limitation rule is that of the first loan's rule pack.
    """
    cure = max(basis.record.rules.cure_days for basis in bundle)
    return Conditions(cure, rule_pack(bundle[0].record.rule_pack).limitation(start))
