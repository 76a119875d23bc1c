from django.urls import path

from apps.operations import views

app_name = "operations"
urlpatterns = [
    path("", views.status, name="status"),
    path("profiles/refresh/", views.profile_refresh, name="profile_refresh"),
    path("jobs/<int:pk>/retry/", views.retry_job, name="retry_job"),
]
