"""The OpenAPI document and the page that shows it."""

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class ApiSchema(SpectacularAPIView):
    """The OpenAPI document; public, since it says nothing about anybody."""

    authentication_classes = ()
    permission_classes = ()


class ApiDocs(SpectacularSwaggerSplitView):
    """Swagger UI without inline script or style."""

    authentication_classes = ()
    permission_classes = ()
    template_name = "core/api_docs.html"
