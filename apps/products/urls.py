"""Addresses of the product hall and of the bank's product pages."""

from django.urls import path

from apps.products import views

app_name = "products"
urlpatterns = [
    path("", views.hall, name="hall"),
    path("<int:version_id>/", views.version_detail, name="version_detail"),
    path("own/", views.own_list, name="own_list"),
    path("own/new/", views.product_create, name="product_create"),
    path("own/<int:version_id>/edit/", views.version_edit, name="version_edit"),
    path("own/<int:version_id>/next/", views.version_next, name="version_next"),
    path("own/<int:version_id>/<slug:verb>/", views.version_move, name="version_move"),
    path("import/", views.catalogue_import, name="catalogue_import"),
]
