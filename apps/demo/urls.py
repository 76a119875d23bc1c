from django.urls import path

from apps.demo import views

app_name = "demo"
urlpatterns = [path("log-in/<slug:key>/", views.log_in, name="log_in")]
