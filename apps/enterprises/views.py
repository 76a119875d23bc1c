"""Pages: a firm signs up and follows its registration, the operator verifies, the firm declares facts."""

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import clock
from apps.core.actor import Role
from apps.core.errors import InvalidInput, NotVisible
from apps.core.pages import ActorRequest, actor_required
from apps.core.problems import TooManyRequests
from apps.enterprises import selectors, services
from apps.enterprises.forms import DeclarationForm, RegistrationForm, SignUpForm
from apps.enterprises.models import Registration
from apps.enterprises.rules import Identity, differences

PAGE_SIZE = 50
BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters("password", "password_again")
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Sign up: account and registration in one; as a draft where the register does not know the firm yet."""
    if request.user.is_authenticated:
        return redirect("enterprises:registration_status")
    # Each attempt hashes a password and may test a representative's name.
    if request.method == "POST" and not ratelimit.consume(request, action="signup"):
        raise TooManyRequests
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            registration = services.register_enterprise(
                applicant=form.applicant,
                username=form.cleaned_data["username"],
                password=form.cleaned_data["password"],
                now=clock.now(),
                submit="draft" not in request.POST,
                request_id=getattr(request, "request_id", ""),
            )
        except InvalidInput as error:
            _show(form, error)
        else:
            login(request, registration.applicant, backend=BACKEND)
            messages.success(request, _saved(registration))
            return redirect("enterprises:registration_status")
    return render(request, "enterprises/registration_form.html", {"form": form, "registration": None})


@require_GET
@login_required
def registration_status(request: HttpRequest) -> HttpResponse:
    """How far one's own registration is and what to do next."""
    registration = _own(request)
    return render(
        request,
        "enterprises/registration_status.html",
        {"registration": registration, "steps": _steps(registration)},
    )


@require_http_methods(["GET", "POST"])
@login_required
def registration_edit(request: HttpRequest) -> HttpResponse:
    """Correct a draft or returned registration and hand it in."""
    registration = _own(request)
    names = ("code", "name", "legal_representative", "contact_name", "contact_mobile")
    form = RegistrationForm(request.POST or None, initial={name: getattr(registration, name) for name in names})
    if request.method == "POST" and form.is_valid():
        actor = services.applicant_actor(registration.applicant, request_id=getattr(request, "request_id", ""))
        now = clock.now()
        try:
            registration = services.revise_registration(
                actor=actor, registration_id=registration.pk, applicant=form.applicant, now=now
            )
            if "draft" not in request.POST:
                registration = services.submit_registration(actor=actor, registration_id=registration.pk, now=now)
        except InvalidInput as error:
            _show(form, error)
        else:
            messages.success(request, _saved(registration))
            return redirect("enterprises:registration_status")
    return render(request, "enterprises/registration_form.html", {"form": form, "registration": registration})


@require_GET
@actor_required(Role.OPERATOR)
def registration_list(request: ActorRequest) -> HttpResponse:
    """Registrations to verify, longest waiting first; or all."""
    shows_all = request.GET.get("state") == "all"
    find = selectors.registrations_visible_to if shows_all else selectors.registrations_waiting
    page = Paginator(find(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "enterprises/registration_list.html", {"page": page, "shows_all": shows_all})


@require_GET
@actor_required(Role.OPERATOR)
def registration_detail(request: ActorRequest, pk: int) -> HttpResponse:
    """What was entered beside what the register says."""
    registration = selectors.registration_visible_to(request.actor, pk)
    registered = selectors.registered_identity(registration.code)
    faults = differences(Identity(registration.name, registration.legal_representative), registered)
    context = {"registration": registration, "registered": registered, "faults": list(faults.values())}
    return render(request, "enterprises/registration_detail.html", context)


@require_POST
@actor_required(Role.OPERATOR)
def registration_verify(request: ActorRequest, pk: int) -> HttpResponse:
    """Accept a registration."""
    membership = services.verify_registration(actor=request.actor, registration_id=pk, now=clock.now())
    messages.success(request, f"“{membership.organization}”已通过核验，{membership.user}成为企业负责人。")
    return redirect("enterprises:registration_list")


@require_POST
@actor_required(Role.OPERATOR)
def registration_return(request: ActorRequest, pk: int) -> HttpResponse:
    """Send a registration back with a reason."""
    reason = request.POST.get("reason", "")[:200]
    try:
        registration = services.return_registration(
            actor=request.actor, registration_id=pk, reason=reason, now=clock.now()
        )
    except InvalidInput as error:
        messages.error(request, " ".join((error.fields or {"": error.message}).values()))
        return redirect("enterprises:registration_detail", pk=pk)
    messages.success(request, f"已退回“{registration.name}”的注册。")
    return redirect("enterprises:registration_list")


@require_http_methods(["GET", "POST"])
@actor_required(Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT)
def declaration(request: ActorRequest) -> HttpResponse:
    """自报信息: fill in a year, see what was said before."""
    now = clock.now()
    history = selectors.declarations_visible_to(request.actor)
    latest = history.first()
    initial = {"year": clock.business_date(now).year - 1}
    if latest is not None:
        names = ("contact_name", "contact_mobile", "main_business")
        initial |= {name: getattr(latest, name) for name in names}
    form = DeclarationForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.declare_facts(actor=request.actor, now=now, **form.cleaned_data)
        except InvalidInput as error:
            _show(form, error)
        else:
            messages.success(request, "自报信息已保存。")
            return redirect("enterprises:declaration")
    page = Paginator(history, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "enterprises/declaration.html", {"form": form, "page": page})


def _own(request: HttpRequest) -> Registration:
    registration = selectors.registration_of(request.user)  # type: ignore[arg-type]
    if registration is None:
        raise NotVisible("您的账号没有企业注册记录。")
    return registration


def _saved(registration: Registration) -> str:
    if registration.state == "submitted":
        return "注册已提交，平台核验后即可使用。"
    return "草稿已保存，准备好后请提交核验。"


def _steps(registration: Registration) -> list[dict[str, str]]:
    labels = ("填写资料", "平台核验", "开始使用")
    states = {
        "draft": ("current", "todo", "todo"),
        "submitted": ("done", "current", "todo"),
        "returned": ("current", "stopped", "todo"),
        "verified": ("done", "done", "current"),
    }[registration.state]
    return [{"label": label, "state": state, "note": ""} for label, state in zip(labels, states, strict=True)]


def _show(form: forms.Form, error: InvalidInput) -> None:
    for name, sentence in (error.fields or {"": error.message}).items():
        form.add_error(name if name in form.fields else None, sentence)
