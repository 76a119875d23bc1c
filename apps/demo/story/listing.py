"""Step 6: the authority screens, a second person publishes, one bank receives the list and answers one entry."""

from decimal import Decimal

from apps.core.actor import Actor
from apps.core.errors import NotPermitted
from apps.core.models import Job
from apps.criteria.catalogue import CATALOGUE
from apps.demo.people import BANKS, REGION
from apps.demo.report import Step
from apps.demo.story.stage import Stage
from apps.whitelist import services as whitelist
from apps.whitelist.models import Push, ScreeningRun
from apps.whitelist.rules import CONSENT_LABEL, CONSENT_SLUG
from apps.whitelist.services.pushes import Answer

NAME = "凤翔区“信易贷”白名单（2026年第四季度）"


def publish_the_whitelist(stage: Stage) -> Step:
    """Screen every firm of the district, publish, push to the first bank, and let its officer answer one entry."""
    clerk, chief = stage.actor("authority"), stage.actor("authority-second")
    officer = stage.actor("bank-officer")
    programme = whitelist.create_programme(actor=clerk, name=NAME, region_code=REGION, now=stage.now)
    programme = whitelist.open_programme(actor=clerk, programme=programme, now=stage.now)
    run = whitelist.request_screening(actor=clerk, programme=programme, business_date=stage.today, now=stage.now)
    stage.wait(Job.objects.get(kind="whitelist.screen", key=f"run-{run.pk}"))
    run.refresh_from_db()
    refused = _refused_to_first_person(stage, run)
    run = whitelist.approve_screening(actor=chief, run=run, now=stage.now)
    listed = whitelist.publish_screening(actor=chief, run=run, now=stage.now)
    job = whitelist.request_push(actor=clerk, programme=programme, bank=stage.banks[BANKS[0]], now=stage.now)
    pushed = stage.wait(job).result or {}
    answered = _answer_one(stage, officer)
    return Step(
        "白名单：筛选、复核、发布、推送、反馈",
        {
            "筛选主体": run.counts["judged"],
            "列入": listed,
            "未列入": run.counts["not_met"],
            "无法判断": run.counts["unknown"],
            "推送": pushed["pushed"],
            "银行反馈": answered,
            "同一人复核": refused,
        },
        _reasons(run),
        links={"白名单": f"/whitelist/programmes/{programme.pk}/", "推荐企业": "/whitelist/pushes/"},
    )


def _reasons(run: ScreeningRun) -> list[str]:
    """How many firms each condition kept out, the most frequent first."""
    rows = sorted(run.counts["reasons"], key=lambda row: -row["not_met"])
    return [
        f"条件“{_label(row['slug'])}”：不符合 {row['not_met']}，无法判断 {row['unknown']}，仅因此 {row['only']}"
        for row in rows
    ]


def _label(slug: str) -> str:
    return CONSENT_LABEL if slug == CONSENT_SLUG else CATALOGUE[slug].label


def _refused_to_first_person(stage: Stage, run: ScreeningRun) -> str:
    try:
        whitelist.approve_screening(actor=stage.actor("authority"), run=run, now=stage.now)
    except NotPermitted as error:
        return f"被拒绝（{error.message}）"
    raise AssertionError("the clerk who asked for the run approved it")


def _answer_one(stage: Stage, officer: Actor) -> str:
    push = Push.objects.visible_to(officer).order_by("pk")[0]
    for verb in ("receive", "contact", "accept"):
        push = whitelist.answer_push(actor=officer, push=push, verb=verb, now=stage.now)
    answer = Answer(credit_yuan=Decimal(300_000), credit_months=12, credit_rate_pct=Decimal("3.85"))
    push = whitelist.answer_push(actor=officer, push=push, verb="credit", now=stage.now, answer=answer)
    return f"{push.listing.subject}：{push.get_state_display()}"
