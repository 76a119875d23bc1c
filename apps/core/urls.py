from django.urls import path

from apps.core import views

app_name = "core"
urlpatterns = [
    path("jobs/<int:pk>/", views.job_detail, name="job_detail"),
    path("audit/", views.trail, name="trail"),
]
