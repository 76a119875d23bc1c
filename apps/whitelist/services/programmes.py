"""An authority sets up its whitelist: region, criteria, validity."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.core import audit
from apps.core.actor import Actor, Role
from apps.core.clock import business_date
from apps.core.errors import InvalidInput, NotPermitted, StateConflict
from apps.criteria.facts import FactKind, fact_named
from apps.criteria.language import Criterion, leaves, read_criteria, write_criteria
from apps.criteria.selectors import snapshot
from apps.reference.selectors import figures, region_as_of
from apps.whitelist import policies
from apps.whitelist.models import DeclineReason, Programme
from apps.whitelist.rules import default_criteria
from apps.whitelist.workflow import PROGRAMME

audit.register(
    "whitelist",
    {
        "create_programme": "新建白名单：{target}",
        "revise_programme": "修改白名单：{target}",
        "open_programme": "启用白名单：{target}",
        "close_programme": "结束白名单：{target}",
        "load_decline_reasons": "载入拒绝原因：{target}",
    },
)

LONGEST_MONTHS = 24


def create_programme(
    *,
    actor: Actor,
    name: str,
    region_code: str,
    now: datetime,
    criteria: list[dict[str, Any]] | None = None,
    valid_months: int | None = None,
) -> Programme:
    """Draft a whitelist; without criteria and validity it takes the platform's rule and figures of the day.

    Raises InvalidInput by field, NotPermitted for anybody but an authority and for a region outside its scope.
    """
    if not actor.has(Role.AUTHORITY) or actor.organization_id is None:
        raise NotPermitted("只有主管部门可以设立白名单。")
    today = business_date(now)
    policy = figures(today)
    months = int(policy["whitelist_validity_months"]) if valid_months is None else valid_months
    wanted = default_criteria(policy) if criteria is None else criteria
    checked = _checked(actor, name=name, region_code=region_code, criteria=wanted, valid_months=months, now=now)
    try:
        with transaction.atomic():
            programme = Programme.objects.create(authority_id=actor.organization_id, created_at=now, **checked)
            audit.record(actor=actor, verb="whitelist.create_programme", target=programme, now=now, after=checked)
    except IntegrityError as error:
        raise InvalidInput(fields={"name": "本单位已有同名白名单。"}) from error
    return programme


def revise_programme(
    *,
    actor: Actor,
    programme: Programme,
    name: str,
    region_code: str,
    criteria: list[dict[str, Any]],
    valid_months: int,
    now: datetime,
) -> Programme:
    """Change a whitelist that is still a draft. Raises as `create_programme` does, StateConflict once it is open."""
    policies.require_manager(actor, programme)
    PROGRAMME.check(programme.state, "revise", actor.roles)
    checked = _checked(actor, name=name, region_code=region_code, criteria=criteria, valid_months=valid_months, now=now)
    before = {field: getattr(programme, field) for field in checked}
    try:
        with transaction.atomic():
            if Programme.objects.filter(pk=programme.pk, state="draft").update(**checked) != 1:
                raise StateConflict
            audit.record(
                actor=actor, verb="whitelist.revise_programme", target=programme, now=now, before=before, after=checked
            )
    except IntegrityError as error:
        raise InvalidInput(fields={"name": "本单位已有同名白名单。"}) from error
    programme.refresh_from_db()
    return programme


def _checked(
    actor: Actor, *, name: str, region_code: str, criteria: list[dict[str, Any]], valid_months: int, now: datetime
) -> dict[str, Any]:
    today = business_date(now)
    faults: dict[str, str] = {}
    if not 2 <= len(name.strip()) <= 100:
        faults["name"] = "名称应为 2 至 100 字。"
    if region_as_of(region_code, today) is None:
        faults["region_code"] = "没有这个行政区划。"
    elif not actor.sees_region(region_code):
        raise NotPermitted("只能为本单位管辖的区划设立白名单。")
    if not 1 <= valid_months <= LONGEST_MONTHS:
        faults["valid_months"] = f"有效期应为 1 至 {LONGEST_MONTHS} 个月。"
    nodes = read_criteria(criteria, snapshot(today))
    if not nodes:
        faults["criteria"] = "至少要有一条准入条件。"
    elif not all(_is_of_the_firm(leaf) for leaf in leaves(nodes)):
        faults["criteria"] = "白名单只能使用企业自身数据可以判断的条件。"
    if faults:
        raise InvalidInput(fields=faults)
    return {
        "name": name.strip(),
        "region_code": region_code,
        "criteria": write_criteria(nodes),
        "valid_months": valid_months,
    }


def _is_of_the_firm(leaf: Criterion) -> bool:
    """Whether a firm's own facts decide the criterion: there is no need and no bank yet, and nobody judges by hand."""
    names = leaf.definition.fact_names(leaf.parameter)
    return bool(names) and all(fact_named(name).kind is FactKind.FIRM for name in names)


def open_programme(*, actor: Actor, programme: Programme, now: datetime) -> Programme:
    """Put a drafted whitelist to use; from then on its criteria do not change."""
    return _move(actor, programme, "open", now, opened_at=now)


def close_programme(*, actor: Actor, programme: Programme, now: datetime) -> Programme:
    """End a whitelist: no more runs; its listings run out as they are."""
    return _move(actor, programme, "close", now, closed_at=now)


def _move(actor: Actor, programme: Programme, verb: str, now: datetime, **values: Any) -> Programme:
    policies.require_manager(actor, programme)
    move = PROGRAMME.check(programme.state, verb, actor.roles)
    with transaction.atomic():
        moved = Programme.objects.filter(pk=programme.pk, state=programme.state).update(state=move.target, **values)
        if moved != 1:
            raise StateConflict
        audit.record(
            actor=actor,
            verb=f"whitelist.{verb}_programme",
            target=programme,
            now=now,
            before={"state": programme.state},
            after={"state": move.target},
        )
    programme.refresh_from_db()
    return programme


def load_decline_reasons(*, actor: Actor, rows: Iterable[Mapping[str, Any]], now: datetime) -> int:
    """Add the reasons that are not there yet, by code and day of effect; returns how many were new."""
    if not actor.has(Role.OPERATOR, Role.SYSTEM):
        raise NotPermitted("只有平台管理员可以载入基础数据。")
    added = 0
    with transaction.atomic():
        for row in rows:
            key = {"code": row["code"], "effective_from": row["effective_from"]}
            reason, created = DeclineReason.objects.get_or_create(**key, defaults=dict(row))
            if created:
                audit.record(
                    actor=actor, verb="whitelist.load_decline_reasons", target=reason, now=now, after=dict(row)
                )
                added += 1
    return added
