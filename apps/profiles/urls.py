from django.urls import path

from apps.profiles import views

app_name = "profiles"
urlpatterns = [
    path("", views.own_profile, name="own_profile"),
    path("<str:code>/", views.profile_detail, name="profile_detail"),
    path("<str:code>/records/", views.record_overview, name="record_overview"),
    path("<str:code>/verification/", views.verification, name="verification"),
    path("<str:code>/verification/<slug:item>/ask/", views.verification_ask, name="verification_ask"),
    path("<str:code>/records/<slug:item>/", views.record_list, name="record_list"),
]
