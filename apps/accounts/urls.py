from django.urls import path

from apps.accounts import views

app_name = "accounts"
urlpatterns = [
    path("organizations/", views.organization_list, name="organization_list"),
    path("organizations/new/", views.organization_create, name="organization_create"),
    path("organizations/<int:pk>/", views.organization_detail, name="organization_detail"),
    path("organizations/<int:pk>/deactivate/", views.organization_deactivate, name="organization_deactivate"),
    path("organizations/<int:pk>/staff/new/", views.staff_create, name="staff_create"),
    path("organizations/<int:pk>/staff/<int:membership_pk>/end/", views.membership_end, name="membership_end"),
    path("organizations/<int:pk>/staff/<int:membership_pk>/password/", views.password_reset, name="password_reset"),
    path("switch/", views.switch, name="switch"),
    path("notices/", views.notices, name="notices"),
]
