"""The facts of a firm and of its need, as criteria ask for them. Pure; what is not known is left out."""

from collections.abc import Mapping
from typing import Any, Final

from apps.criteria.facts import FACTS, FactKind

_NOT_KNOWN: Final = ("", "unknown", "not_applicable")


def firm_facts(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Facts from the columns of a profile; every list that was checked answers yes or no."""
    names = [fact.name for fact in FACTS.values() if fact.kind is FactKind.FIRM and "{}" not in fact.name]
    found = {name: profile[name] for name in names if name in profile and profile[name] not in _NOT_KNOWN}
    found = {name: value for name, value in found.items() if value is not None}
    listed = {entry["code"] for entry in profile.get("blocks", ())}
    found |= {f"listed_{code}": False for code in profile.get("lists_checked", ()) if code not in listed}
    found |= {f"listed_{code}": True for code in listed}
    return found


def need_facts(need: Any) -> dict[str, Any]:
    """Facts from a financing need; what the firm did not say stays unknown."""
    found = {
        "need_amount_yuan": need.amount_yuan,
        "need_term_months": need.term_months,
        "need_purpose": need.purpose,
        "need_max_rate_pct": need.max_rate_pct,
        "need_offers_credit": True,
        "need_offers_mortgage": need.has_collateral,
        "need_offers_guarantee": need.can_guarantee,
        "need_offers_pledge": need.can_pledge,
    }
    return {name: value for name, value in found.items() if value is not None}
