"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from oauth2_provider.views import TokenView

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("apps.portal.urls")),
    path("account/", include("allauth.account.urls")),
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
