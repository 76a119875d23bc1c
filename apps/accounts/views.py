"""Pages of organisations, staff, notices and the choice for whom one acts."""

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts import selectors, services
from apps.accounts.forms import OrganizationForm, PasswordResetForm, ReasonForm, StaffForm
from apps.accounts.middleware import SESSION_KEY
from apps.accounts.models import Membership, Organization
from apps.core import clock
from apps.core.actor import ORGANIZATION_KIND_LABELS, Role
from apps.core.errors import InvalidInput, NotVisible
from apps.core.pages import ActorRequest, actor_required
from apps.reference.selectors import region_path

PAGE_SIZE = 50


def _today() -> date:
    return clock.business_date(clock.now())


@require_GET
@actor_required(Role.OPERATOR)
def organization_list(request: ActorRequest) -> HttpResponse:
    """Every organisation, filtered by kind."""
    kind = request.GET.get("kind", "")
    organizations = selectors.organizations_visible_to(request.actor)
    if kind:
        organizations = organizations.filter(kind=kind)
    page = Paginator(organizations, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "kind": kind, "kinds": list(ORGANIZATION_KIND_LABELS.items())}
    return render(request, "accounts/organization_list.html", context)


@require_http_methods(["GET", "POST"])
@actor_required(Role.OPERATOR)
def organization_create(request: ActorRequest) -> HttpResponse:
    """Create a bank, branch, authority, department or regulator."""
    form = OrganizationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            created = services.create_organization(actor=request.actor, now=clock.now(), **form.cleaned_data)
        except InvalidInput as error:
            _show(form, error)
        else:
            messages.success(request, f"已新增单位“{created.name}”。")
            return redirect("accounts:organization_detail", pk=created.pk)
    return render(request, "accounts/organization_form.html", {"form": form})


@require_GET
@actor_required(Role.OPERATOR)
def organization_detail(request: ActorRequest, pk: int) -> HttpResponse:
    """An organisation and its people."""
    organization = selectors.organization_visible_to(request.actor, pk)
    return render(
        request,
        "accounts/organization_detail.html",
        {
            "organization": organization,
            "region": "".join(part.name for part in region_path(organization.region_code, _today())),
            "staff": selectors.staff_of(request.actor, organization),
            "branches": organization.branches.order_by("name", "id"),
            "reason_form": ReasonForm(),
        },
    )


@require_POST
@actor_required(Role.OPERATOR)
def organization_deactivate(request: ActorRequest, pk: int) -> HttpResponse:
    """Close an organisation."""
    organization = selectors.organization_visible_to(request.actor, pk)
    services.deactivate_organization(
        actor=request.actor, organization=organization, reason=request.POST.get("reason", ""), now=clock.now()
    )
    messages.success(request, f"已停用“{organization.name}”。")
    return redirect("accounts:organization_detail", pk=pk)


@require_http_methods(["GET", "POST"])
@actor_required(Role.OPERATOR)
def staff_create(request: ActorRequest, pk: int) -> HttpResponse:
    """Create a person with a role in an organisation."""
    organization = selectors.organization_visible_to(request.actor, pk)
    form = StaffForm(request.POST or None, kind=organization.kind)
    if request.method == "POST" and form.is_valid():
        try:
            membership = services.create_staff(
                actor=request.actor, organization=organization, now=clock.now(), **form.cleaned_data
            )
        except InvalidInput as error:
            _show(form, error)
        else:
            messages.success(request, f"已新增账号“{membership.user}”。")
            return redirect("accounts:organization_detail", pk=pk)
    return render(request, "accounts/staff_form.html", {"form": form, "organization": organization})


@require_POST
@actor_required(Role.OPERATOR)
def membership_end(request: ActorRequest, pk: int, membership_pk: int) -> HttpResponse:
    """Take a role away."""
    membership = _membership(request, pk, membership_pk)
    services.end_membership(actor=request.actor, membership=membership, now=clock.now())
    messages.success(request, "已收回角色。")
    return redirect("accounts:organization_detail", pk=pk)


@require_http_methods(["GET", "POST"])
@actor_required(Role.OPERATOR)
def password_reset(request: ActorRequest, pk: int, membership_pk: int) -> HttpResponse:
    """Give a person a new initial password."""
    membership = _membership(request, pk, membership_pk)
    form = PasswordResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.reset_password(
                actor=request.actor, membership=membership, password=form.cleaned_data["password"], now=clock.now()
            )
        except InvalidInput as error:
            _show(form, error)
        else:
            messages.success(request, f"已重置“{membership.user}”的密码，其已登录的会话随之失效。")
            return redirect("accounts:organization_detail", pk=pk)
    return render(request, "accounts/password_reset.html", {"form": form, "membership": membership})


def _membership(request: ActorRequest, pk: int, membership_pk: int) -> Membership:
    organization = selectors.organization_visible_to(request.actor, pk)
    membership = selectors.staff_of(request.actor, organization).filter(pk=membership_pk).first()
    if membership is None:
        raise NotVisible
    return membership


@require_http_methods(["GET", "POST"])
@actor_required()
def switch(request: ActorRequest) -> HttpResponse:
    """Choose for which organisation to act."""
    memberships = list(selectors.memberships_of(request.user))  # type: ignore[arg-type]
    if request.method == "POST":
        wanted = request.POST.get("organization", "")
        if wanted not in {str(m.organization_id) for m in memberships}:
            raise NotVisible
        request.session[SESSION_KEY] = int(wanted)
        services.record_switch(actor=request.actor, organization_id=int(wanted), now=clock.now())
        return redirect("portal:home")
    roles: dict[Organization, list[str]] = {}
    for membership in memberships:
        roles.setdefault(membership.organization, []).append(membership.get_role_display())
    organizations = [{"id": one.pk, "name": one.name, "roles": held} for one, held in roles.items()]
    return render(request, "accounts/switch.html", {"organizations": organizations})


@require_http_methods(["GET", "POST"])
@actor_required()
def notices(request: ActorRequest) -> HttpResponse:
    """Messages to the person and the organisation; POST marks them read."""
    if request.method == "POST":
        services.read_notices(actor=request.actor, now=clock.now())
        return redirect("accounts:notices")
    page = Paginator(selectors.notices_visible_to(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "accounts/notice_list.html", {"page": page})


def _show(form: OrganizationForm | StaffForm | PasswordResetForm, error: InvalidInput) -> None:
    for name, sentence in (error.fields or {"": error.message}).items():
        form.add_error(name if name in form.fields else None, sentence)
