"""Writes on people and organisations; only the platform administrator creates them."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.accounts.models import ApiClient, Membership, Notice, Organization, User
from apps.accounts.rules import refusal_of_membership
from apps.core import audit
from apps.core.actor import Actor, OrganizationKind, Role
from apps.core.errors import InvalidInput, NotPermitted, StateConflict
from apps.core.identifiers import InvalidUscc, parse_uscc

audit.register(
    "accounts",
    {
        "create_organization": "新增单位：{target}",
        "deactivate_organization": "停用单位：{target}",
        "create_user": "新增账号：{target}",
        "add_membership": "授予角色：{target}",
        "end_membership": "收回角色：{target}",
        "reset_password": "重置密码：{target}",
        "create_api_client": "新增接口客户端：{target}",
        "log_in": "登录：{target}",
        "log_in_failed": "登录失败：{target}",
        "log_out": "退出登录：{target}",
        "switch_organization": "切换所代表的单位：{target}",
    },
)


def _require_operator(actor: Actor) -> None:
    if not actor.has(Role.OPERATOR, Role.SYSTEM):
        raise NotPermitted("只有平台管理员可以维护单位与账号。")


def create_organization(
    *,
    actor: Actor,
    kind: str,
    name: str,
    now: datetime,
    code: str = "",
    region_code: str = "",
    parent: Organization | None = None,
    subject_id: int | None = None,
    short_name: str = "",
) -> Organization:
    """Create a bank, branch, authority, department, regulator or firm organisation.

    Raises InvalidInput for a bad code, a name or firm taken, or a parent that is no bank's head office.
    """
    _require_operator(actor)
    if parent is not None and (parent.kind != OrganizationKind.BANK or parent.parent_id is not None):
        raise InvalidInput(fields={"parent": "上级单位只能是银行总行（法人机构）。"})
    if code:
        try:
            code = parse_uscc(code).code
        except InvalidUscc as error:
            raise InvalidInput(fields={"code": str(error)}) from error
    try:
        with transaction.atomic():
            organization = Organization.objects.create(
                kind=kind,
                name=name.strip(),
                short_name=short_name.strip(),
                code=code,
                region_code=region_code,
                parent=parent,
                subject_id=subject_id,
                created_at=now,
            )
            audit.record(
                actor=actor,
                verb="accounts.create_organization",
                target=organization,
                now=now,
                subject_id=subject_id,
                after={"kind": kind, "code": code, "region_code": region_code},
            )
    except IntegrityError as error:
        if "organization_one_per_firm" in str(error):
            raise InvalidInput(fields={"code": "该企业已在平台注册。"}) from error
        if "organization_one_name_per_kind" in str(error):
            raise InvalidInput(fields={"name": "同类单位中已有这个名称。"}) from error
        raise
    return organization


def deactivate_organization(*, actor: Actor, organization: Organization, reason: str, now: datetime) -> None:
    """Close an organisation; its people can no longer act for it."""
    _require_operator(actor)
    if not reason.strip():
        raise InvalidInput(fields={"reason": "请写明停用原因。"})
    with transaction.atomic():
        if Organization.objects.filter(pk=organization.pk, is_active=True).update(is_active=False) != 1:
            raise StateConflict("该单位已经停用。")
        audit.record(
            actor=actor, verb="accounts.deactivate_organization", target=organization, now=now, reason=reason.strip()
        )


def create_staff(
    *,
    actor: Actor,
    organization: Organization,
    username: str,
    display_name: str,
    role: str,
    password: str | None,
    now: datetime,
    mobile: str = "",
) -> Membership:
    """Create an account and its first role. `password=None` leaves it without a usable one (log-in by reset only)."""
    _require_operator(actor)
    with transaction.atomic():
        user = create_person(
            actor=actor, username=username, display_name=display_name, mobile=mobile, password=password, now=now
        )
        return add_membership(actor=actor, user=user, organization=organization, role=role, now=now)


def create_person(
    *,
    username: str,
    display_name: str,
    password: str | None,
    now: datetime,
    mobile: str = "",
    actor: Actor | None = None,
) -> User:
    """Create an account without any role; `actor` None: a person signs up. Raises InvalidInput for a name taken."""
    user = User(username=username.strip(), display_name=display_name.strip(), mobile=mobile.strip())
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
            by = actor or Actor(user.pk, str(user), None, "", "", None, frozenset())
            audit.record(actor=by, verb="accounts.create_user", target=user, now=now)
    except IntegrityError as error:
        raise InvalidInput(fields={"username": "这个用户名已被使用。"}) from error
    return user


def add_membership(*, actor: Actor, user: User, organization: Organization, role: str, now: datetime) -> Membership:
    """Give another person a role; refuses roles foreign to the kind and combinations that must stay apart."""
    _require_operator(actor)
    if actor.user_id == user.pk:
        raise NotPermitted("不能给自己授予角色，请由另一位平台管理员办理。")
    with transaction.atomic():
        # One grant at a time per person, so that two at once cannot each find the other role missing.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        held = Membership.objects.filter(user=user, is_active=True).values_list("role", flat=True)
        refusal = refusal_of_membership(organization.kind, role, list(held))
        if refusal:
            raise InvalidInput(fields={"role": refusal})
        membership, created = Membership.objects.get_or_create(
            user=user, organization=organization, role=role, is_active=True, defaults={"created_at": now}
        )
        if created:
            audit.record(actor=actor, verb="accounts.add_membership", target=membership, now=now)
    return membership


def end_membership(*, actor: Actor, membership: Membership, now: datetime) -> None:
    """Take a role away; it takes effect with the person's next request."""
    _require_operator(actor)
    with transaction.atomic():
        live = Membership.objects.filter(pk=membership.pk, is_active=True)
        if live.update(is_active=False, ended_at=now) != 1:
            raise StateConflict("该角色已经收回。")
        audit.record(actor=actor, verb="accounts.end_membership", target=membership, now=now)


def reset_password(*, actor: Actor, membership: Membership, password: str, now: datetime) -> None:
    """Give another person a new initial password; whoever is logged in as that person is logged out.

    Raises NotPermitted for the actor's own account, StateConflict when the role was taken away, and InvalidInput for
    a weak password.
    """
    _require_operator(actor)
    if actor.user_id == membership.user_id:
        raise NotPermitted("不能重置自己的密码，请登录后在“修改密码”中办理。")
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=membership.user_id)
        if not Membership.objects.filter(pk=membership.pk, is_active=True).exists():
            raise StateConflict("该角色已经收回。")
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise InvalidInput(fields={"password": "".join(error.messages)}) from error
        # Sessions carry a digest of the old password's hash: with the hash they end.
        user.set_password(password)
        user.save(update_fields=["password"])
        audit.record(actor=actor, verb="accounts.reset_password", target=user, now=now)


def record_switch(*, actor: Actor, organization_id: int, now: datetime) -> None:
    """Put on record that a person goes on for another of their organisations."""
    with transaction.atomic():
        organization = Organization.objects.get(pk=organization_id)
        audit.record(actor=actor, verb="accounts.switch_organization", target=organization, now=now)


def create_api_client(
    *, actor: Actor, organization: Organization, name: str, role: str, now: datetime
) -> tuple[ApiClient, str]:
    """Register a system of an organisation for client credentials; returns it and the secret, shown this once."""
    from oauth2_provider.models import get_application_model

    _require_operator(actor)
    refusal = refusal_of_membership(organization.kind, role, [])
    if refusal:
        raise InvalidInput(fields={"role": refusal})
    application_model = get_application_model()
    with transaction.atomic():
        application = application_model(
            name=name.strip(),
            client_type=application_model.CLIENT_CONFIDENTIAL,
            authorization_grant_type=application_model.GRANT_CLIENT_CREDENTIALS,
        )
        secret = application.client_secret
        application.save()
        client = ApiClient.objects.create(application=application, organization=organization, role=role, created_at=now)
        audit.record(actor=actor, verb="accounts.create_api_client", target=client, now=now)
    return client, secret


def notify(
    *,
    title: str,
    dedupe_key: str,
    now: datetime,
    user: User | None = None,
    organization_id: int | None = None,
    body: str = "",
    url: str = "",
) -> Notice:
    """Leave a message for a person or an organisation; the same `dedupe_key` again returns the first one."""
    notice, _ = Notice.objects.get_or_create(
        dedupe_key=dedupe_key,
        defaults={
            "user": user,
            "organization_id": organization_id,
            "title": title,
            "body": body,
            "url": url,
            "created_at": now,
        },
    )
    return notice


def read_notices(*, actor: Actor, now: datetime) -> int:
    """Mark the actor's notices as read; returns how many were new."""
    return Notice.objects.visible_to(actor).filter(read_at=None).update(read_at=now)
