"""The set of facts is closed: each is supplied by the profile, the need, or said to be nobody's yet."""

from apps.criteria.facts import FACTS, GUARANTEES, PURPOSES, FactKind
from apps.matching.facts import need_facts
from apps.matching.models import FinancingNeed
from apps.profiles.models import Profile

# Relations of firm and bank arrive as deliveries of `loans` (design §2); until then criteria on them are unknown.
NOBODYS_YET = {"is_first_loan", "is_existing_customer"}


def test_every_fact_of_a_firm_is_a_column_of_its_profile():
    columns = {field.attname for field in Profile._meta.concrete_fields}
    firm = {name for name, fact in FACTS.items() if fact.kind is FactKind.FIRM}
    assert firm - columns == {"listed_{}"}
    assert {"blocks", "lists_checked"} <= columns


def test_every_fact_of_a_need_is_supplied():
    need = FinancingNeed(
        amount_yuan=1,
        term_months=1,
        purpose=next(iter(PURPOSES)),
        max_rate_pct=1,
        has_collateral=True,
        can_guarantee=True,
        can_pledge=False,
    )
    wanted = {name for name, fact in FACTS.items() if fact.kind is FactKind.NEED} - {"need_offers_{}"}
    assert set(need_facts(need)) == wanted | {f"need_offers_{kind}" for kind in GUARANTEES}


def test_facts_of_the_pair_are_nobodys_yet():
    assert {name for name, fact in FACTS.items() if fact.kind is FactKind.PAIR} == NOBODYS_YET
