"""The first administrator of a platform."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts import services as accounts_services
from apps.accounts.models import Membership, Organization, User
from apps.core.actor import Actor, OrganizationKind, Role
from apps.core.errors import InvalidInput, StateConflict


def create_first_operator(
    *, actor: Actor, username: str, display_name: str, password: str, organization_name: str, now: datetime
) -> Membership:
    """Create the first platform administrator, and the platform's own organisation where there is none.

    Raises StateConflict when somebody administers the platform already, InvalidInput for a weak password or a name
    taken.
    """
    try:
        validate_password(password, User(username=username, display_name=display_name))
    except ValidationError as error:
        raise InvalidInput(fields={"password": "".join(error.messages)}) from error
    with transaction.atomic():
        platform = (
            Organization.objects.filter(kind=OrganizationKind.PLATFORM.value, is_active=True).order_by("pk").first()
        )
        if platform is None:
            platform = accounts_services.create_organization(
                actor=actor, kind=OrganizationKind.PLATFORM.value, name=organization_name, now=now
            )
        platform = Organization.objects.select_for_update().get(pk=platform.pk)
        if Membership.objects.filter(role=Role.OPERATOR.value, is_active=True, user__is_active=True).exists():
            raise StateConflict("平台已有管理员，其他账号请由管理员登录后在“单位与账号”中新增。")
        return accounts_services.create_staff(
            actor=actor,
            organization=platform,
            username=username,
            display_name=display_name,
            role=Role.OPERATOR.value,
            password=password,
            now=now,
        )
