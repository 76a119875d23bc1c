"""Every route of `/api/v1/`."""

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.routers import SimpleRouter

from apps.core.api_pages import ApiDocs, ApiSchema
from apps.loans.api import ApplicationApi
from apps.matching.api import NeedApi
from apps.products.api import ProductApi
from apps.profiles.api import ProfileApi
from apps.records.api import DeliveryApi
from apps.subjects.api import SubjectApi
from apps.whitelist.api import ListingApi, PushApi

app_name = "api"
router = SimpleRouter(use_regex_path=False)
router.register("subjects", SubjectApi, basename="subject")
router.register("deliveries", DeliveryApi, basename="delivery")
router.register("products", ProductApi, basename="product")
router.register("profiles", ProfileApi, basename="profile")
router.register("needs", NeedApi, basename="need")
router.register("listings", ListingApi, basename="listing")
router.register("pushes", PushApi, basename="push")
router.register("applications", ApplicationApi, basename="application")

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", ApiSchema.as_view(), name="schema"),
    path("docs/", ApiDocs.as_view(url_name="api:schema", title="信桥 API"), name="docs"),
    *router.urls,
]


class ClientCredentialsScheme(OpenApiAuthenticationExtension):
    """How the description names our bearer tokens."""

    target_class = "apps.accounts.authentication.ClientCredentialsAuthentication"
    name = "oauth2"

    def get_security_definition(self, auto_schema: object) -> dict[str, object]:
        """Client credentials at our token endpoint."""
        flow = {"tokenUrl": "/oauth/token/", "scopes": {"read": "读取", "write": "写入"}}
        return {"type": "oauth2", "flows": {"clientCredentials": flow}}
