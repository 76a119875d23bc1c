"""数据核验: how a source is asked, what it was asked, on whose behalf, and which answers were not taken."""

from datetime import timedelta

from django.db import models
from django.db.models import Q

from apps.core.actor import Actor, OrganizationKind, Role
from apps.core.models import Job
from apps.records.models.catalogue import CatalogueItem, Source
from apps.records.models.deliveries import Delivery
from apps.records.verification.breaker import LABELS, Breaker
from apps.records.verification.kinds import HTTP, KINDS
from apps.records.verification.signing import ALGORITHMS, SHA256
from apps.records.workflow import QUESTION
from apps.subjects.models import Subject

OPEN_STATES = ("waiting", "sent")
ANSWERED_STATES = ("stored", "unmatched", "unknown")


class VerificationAdapterQuerySet(models.QuerySet["VerificationAdapter"]):
    """Adapters as an actor may see them."""

    def visible_to(self, actor: Actor) -> "VerificationAdapterQuerySet":
        """A department its own, the platform's administrators and auditors all, nobody else any."""
        if actor.has(Role.OPERATOR, Role.SYSTEM, Role.AUDITOR):
            return self.all()
        if actor.has(Role.DEPARTMENT):
            return self.filter(source__organization_id__in=actor.organization_ids | {actor.organization_id})
        return self.none()


class VerificationAdapter(models.Model):
    """How a source is asked, and whether it answers just now. Secrets stand in the environment, here only their ids.

    `failures`, `opened_at` and `probe_until` are the breaker (verification/breaker.py), in the machine's time.
    Holds no personal or credit data; kept as long as the source.
    """

    source = models.OneToOneField(Source, on_delete=models.PROTECT, related_name="verification")
    kind = models.CharField("方式", max_length=4, choices=KINDS)
    address = models.CharField("接口地址", max_length=500, blank=True)
    algorithm = models.CharField("签名算法", max_length=6, choices=ALGORITHMS, default=SHA256)
    key_id = models.CharField("密钥编号", max_length=40, blank=True)
    previous_key_id = models.CharField("更换前的密钥编号", max_length=40, blank=True)
    connect_seconds = models.PositiveSmallIntegerField("连接时限（秒）", default=3)
    read_seconds = models.PositiveSmallIntegerField("答复时限（秒）", default=10)
    failures_to_open = models.PositiveSmallIntegerField("连续失败几次后熔断", default=5)
    cool_down_seconds = models.PositiveIntegerField("熔断后多久再试（秒）", default=60)
    is_paused = models.BooleanField("已暂停", default=False)
    pause_reason = models.CharField("暂停原因", max_length=200, blank=True)
    failures = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True)
    probe_until = models.DateTimeField(null=True)
    last_error = models.CharField("最近一次失败", max_length=300, blank=True)
    last_error_at = models.DateTimeField(null=True)
    last_answer_at = models.DateTimeField(null=True)

    objects = VerificationAdapterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[value for value, _ in KINDS]), name="verificationadapter_kind_known"
            ),
            models.CheckConstraint(
                condition=~Q(kind=HTTP) | ~Q(address="") & ~Q(key_id=""), name="verificationadapter_http_has_address"
            ),
            models.CheckConstraint(
                condition=Q(
                    connect_seconds__range=(1, 10),
                    read_seconds__range=(1, 15),
                    failures_to_open__range=(1, 100),
                    cool_down_seconds__range=(1, 86_400),
                ),
                name="verificationadapter_limits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}的核验通道"

    @property
    def breaker(self) -> Breaker:
        """The breaker as stored."""
        return Breaker(self.failures, self.opened_at, self.probe_until)

    @property
    def cool_down(self) -> timedelta:
        """How long an open breaker rests."""
        return timedelta(seconds=self.cool_down_seconds)


class VerificationQuestionQuerySet(models.QuerySet["VerificationQuestion"]):
    """Questions as an actor may see them."""

    def visible_to(self, actor: Actor) -> "VerificationQuestionQuerySet":
        """The source what it is asked; the platform's administrators and auditors all (pages show them no subject)."""
        if actor.has(Role.OPERATOR, Role.SYSTEM, Role.AUDITOR):
            return self.all()
        if actor.has(Role.DEPARTMENT):
            return self.filter(adapter__source__organization_id__in=actor.organization_ids | {actor.organization_id})
        return self.none()


class VerificationQuestion(models.Model):
    """A question put to a source, once for everybody who waits for its answer, and what became of it.

    The answer itself is a fact like any other: the row `row_number` of `delivery`. Here stay its time and digest.
    Holds personal data (name of a sole trader's business) and says what was asked of whom; kept 5 years as access
    records are (domain §10).
    """

    adapter = models.ForeignKey(VerificationAdapter, on_delete=models.PROTECT, related_name="questions")
    item = models.ForeignKey(CatalogueItem, on_delete=models.PROTECT, related_name="questions")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="questions")
    request_no = models.CharField("核验请求编号", max_length=50, unique=True)
    code = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("主体名称", max_length=200)
    parameters = models.JSONField("其他条件", default=dict)
    parameters_key = models.CharField(max_length=400, blank=True)
    purpose = models.CharField("用途", max_length=20)
    state = models.CharField("状态", max_length=10, choices=QUESTION.choices(), default=QUESTION.initial)
    asked_at = models.DateTimeField("提问时间")
    sent_at = models.DateTimeField("发出时间", null=True)
    batch = models.CharField("批次", max_length=40, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True)
    digest = models.CharField("答复摘要", max_length=64, blank=True)
    delivery = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, related_name="questions")
    row_number = models.PositiveIntegerField("行号", null=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    rounds = models.PositiveSmallIntegerField("已试轮数", default=0)
    message = models.TextField("说明", blank=True)

    objects = VerificationQuestionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "item", "parameters_key"],
                condition=Q(state__in=OPEN_STATES),
                name="verificationquestion_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=ANSWERED_STATES) | Q(answered_at__isnull=False) & ~Q(digest=""),
                name="verificationquestion_answered_when",
            ),
        ]
        indexes = [
            models.Index(fields=["subject", "item", "-answered_at"], name="verificationquestion_subject"),
            models.Index(fields=["adapter", "-asked_at"], name="verificationquestion_newest"),
            models.Index(
                fields=["adapter", "item"], condition=Q(state__in=OPEN_STATES), name="verificationquestion_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item}核验（{self.request_no}）"

    @property
    def is_open(self) -> bool:
        """Whether an answer is still waited for, or on its way through intake."""
        return not QUESTION.is_terminal(self.state)


class VerificationRequestQuerySet(models.QuerySet["VerificationRequest"]):
    """Requests as an actor may see them."""

    def visible_to(self, actor: Actor) -> "VerificationRequestQuerySet":
        """A firm all about itself, others what their own organisation asked, the auditor all."""
        if actor.has(Role.AUDITOR, Role.SYSTEM):
            return self.all()
        if actor.organization_kind == OrganizationKind.FIRM:
            return self.filter(question__subject_id=actor.subject_id) if actor.subject_id else self.none()
        return self.filter(organization_id__in=actor.organization_ids | {actor.organization_id})


class VerificationRequest(models.Model):
    """Who wanted a question answered, for which purpose, under which permit; `from_store`: it had been answered.

    Holds personal data (who asked); kept 5 years (domain §10). Actor and organisation are copied, so that the line
    stays true when an account goes. `access_record_id` is the gate's line, empty for the firm itself.
    """

    question = models.ForeignKey(VerificationQuestion, on_delete=models.PROTECT, related_name="requests")
    at = models.DateTimeField("时间")
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField("查询人", max_length=150)
    organization_id = models.BigIntegerField(null=True)
    organization_name = models.CharField("查询机构", max_length=200)
    purpose = models.CharField("用途", max_length=20)
    access_record_id = models.BigIntegerField(null=True)
    own = models.BooleanField("本企业自查", default=False)
    from_store = models.BooleanField("取自已有答复", default=False)
    withdrawn_at = models.DateTimeField("授权撤回", null=True)

    objects = VerificationRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(own=False) | Q(access_record_id__isnull=True), name="verificationrequest_own_unrecorded"
            ),
        ]
        indexes = [
            models.Index(fields=["question"], name="verificationrequest_question"),
            models.Index(fields=["access_record_id"], name="verificationrequest_access"),
            models.Index(fields=["organization_id", "-at"], name="verificationrequest_asker"),
        ]

    def __str__(self) -> str:
        return f"{self.organization_name}请求{self.question}"


class RefusedAnswer(models.Model):
    """An answer that was taken for none of our questions, with the reason and what was written.

    Holds credit data as delivered; kept 12 months for the source to mend, as rejected rows are.
    """

    adapter = models.ForeignKey(VerificationAdapter, on_delete=models.PROTECT, related_name="refused_answers")
    item = models.ForeignKey(CatalogueItem, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("收到时间")
    file_name = models.CharField("文件名", max_length=255, blank=True)
    line_number = models.PositiveIntegerField("行号")
    request_no = models.CharField("核验请求编号", max_length=50, blank=True)
    message = models.TextField("原因")
    original_text = models.TextField("原文")

    class Meta:
        indexes = [models.Index(fields=["adapter", "-at"], name="refusedanswer_newest")]

    def __str__(self) -> str:
        return f"第{self.line_number}行：{self.message}"


def breaker_label(adapter: VerificationAdapter, state: str) -> str:
    """The breaker's state in words; a paused adapter is paused whatever the breaker says."""
    return "已暂停" if adapter.is_paused else LABELS[state]
