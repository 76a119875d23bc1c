"""Tables that every app shares: audit trail, jobs, outbox, idempotency keys, stored files."""

from django.db import models
from django.db.models import Q

from apps.core.actor import Actor, Role


class AuditEvent(models.Model):
    """One act on record: who did what to which thing, for whom, when, why.

    Holds personal data (names of staff) and references to credit data; kept 5 years (domain §10). Append-only by
    trigger; no foreign keys, so that it survives what it speaks of. Inserted unsealed in the transaction of the act;
    the sealer gives it `sequence` and `digest` within seconds (design §2).
    """

    stream = models.CharField(max_length=40)
    at = models.DateTimeField()
    verb = models.CharField(max_length=80)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=150)
    organization_id = models.BigIntegerField(null=True)
    organization_name = models.CharField(max_length=200)
    roles = models.JSONField(default=list)
    target_type = models.CharField(max_length=80)
    target_id = models.CharField(max_length=80)
    target_label = models.CharField(max_length=300)
    subject_id = models.BigIntegerField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()
    sequence = models.BigIntegerField(null=True)
    previous_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "sequence"], name="auditevent_one_sequence"),
            models.CheckConstraint(
                condition=Q(sequence__isnull=True, digest="") | (Q(sequence__isnull=False) & ~Q(digest="")),
                name="auditevent_sealed_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(sequence__isnull=True), name="auditevent_unsealed"),
            models.Index(fields=["target_type", "target_id"], name="auditevent_target"),
            models.Index(fields=["subject_id", "-at"], name="auditevent_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.target_label}"


class JobState(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued", "排队中"
    RUNNING = "running", "处理中"
    DONE = "done", "已完成"
    FAILED = "failed", "失败"


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs as an actor may see them."""

    def visible_to(self, actor: Actor) -> "JobQuerySet":
        """Own organisation's jobs; the platform's administrators see all."""
        if actor.has(Role.OPERATOR, Role.AUDITOR, Role.SYSTEM):
            return self.all()
        return self.filter(organization_id=actor.organization_id) if actor.organization_id else self.none()


class Job(models.Model):
    """The truth about a piece of long work; the broker's message is only a hint.

    Holds ids only, no personal or credit data; kept 12 months. A worker owns it while its lease lasts; `lease_token`
    is the fencing number that every write of the work checks.
    """

    kind = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    actor = models.JSONField()
    organization_id = models.BigIntegerField(null=True)
    business_date = models.DateField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    lease_token = models.PositiveBigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(default=0)
    progress_note = models.CharField(max_length=200, blank=True)
    result = models.JSONField(null=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="job_one_per_key"),
            models.CheckConstraint(
                condition=Q(state__in=["done", "failed"], finished_at__isnull=False)
                | Q(state__in=["queued", "running"], finished_at__isnull=True),
                name="job_finished_when_over",
            ),
        ]
        indexes = [
            models.Index(fields=["lease_until"], condition=Q(state__in=["queued", "running"]), name="job_open"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in (JobState.DONE, JobState.FAILED)

    @property
    def progress_pct(self) -> int:
        """Whole percent done; 0 while the total is unknown."""
        if self.state == JobState.DONE:
            return 100
        return int(self.progress_done * 100 // self.progress_total) if self.progress_total else 0


class Outbox(models.Model):
    """A message to the broker, written in the transaction of its cause and sent by the relay.

    Holds ids only; kept until sent.
    """

    task = models.CharField(max_length=80)
    args = models.JSONField(default=list)
    created_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.task} {self.args}"


class IdempotencyKey(models.Model):
    """The answer to a write that a client may repeat, scoped to client and route (pitfalls F21).

    Holds the response body, which may name a subject; kept 7 days.
    """

    scope = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="idempotencykey_once")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class StoredFile(models.Model):
    """Bytes in the one storage, named by digest.

    May hold personal and credit data (deliveries, PDFs); kept as long as the row that refers to it.
    """

    sha256 = models.CharField(max_length=64, unique=True)
    size_bytes = models.PositiveBigIntegerField()
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        """Where the storage keeps it."""
        return f"{self.sha256[:2]}/{self.sha256}"
