"""Every address of the site."""

from allauth.account import views as account
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from oauth2_provider.views import TokenView

from apps.core.views import not_offered

handler400 = "apps.core.views.bad_request"
handler403 = "apps.core.views.forbidden"
handler404 = "apps.core.views.not_found"
handler500 = "apps.core.views.fault"

# Sign-up and everything by e-mail is not offered: accounts come from administrators and from registrations of firms.
# allauth looks some of these addresses up by name, so they exist and answer 404; the one for resetting a password is
# left out, so that the login form shows no link to it.
account_urls = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", not_offered, name="account_set_password"),
    path("signup/", not_offered, name="account_signup"),
    path("email/", not_offered, name="account_email"),
    path("confirm-email/", not_offered, name="account_email_verification_sent"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("apps.portal.urls")),
    path("account/", include(account_urls)),
    path("account/", include("allauth.mfa.urls")),
    path("core/", include("apps.core.urls")),
    path("reference/", include("apps.reference.urls")),
    path("subjects/", include("apps.subjects.urls")),
    path("accounts/", include("apps.accounts.urls")),
    path("records/", include("apps.records.urls")),
    path("consents/", include("apps.consents.urls")),
    path("enterprises/", include("apps.enterprises.urls")),
    path("products/", include("apps.products.urls")),
    path("profiles/", include("apps.profiles.urls")),
    path("matching/", include("apps.matching.urls")),
    path("whitelist/", include("apps.whitelist.urls")),
    path("loans/", include("apps.loans.urls")),
    path("statistics/", include("apps.statistics.urls")),
    path("reports/", include("apps.reports.urls")),
    path("operations/", include("apps.operations.urls")),
    path("admin/", admin.site.urls),
    path("oauth/token/", TokenView.as_view(), name="oauth_token"),
    path("api/v1/", include("config.api")),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("apps.demo.urls")))
