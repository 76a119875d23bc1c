from django.urls import path

from apps.consents import views

app_name = "consents"
urlpatterns = [
    path("", views.consent_list, name="consent_list"),
    path("new/", views.consent_create, name="consent_create"),
    path("<int:pk>/", views.consent_detail, name="consent_detail"),
    path("<int:pk>/withdraw/", views.consent_withdraw, name="consent_withdraw"),
    path("access-records/", views.access_record_list, name="access_record_list"),
]
