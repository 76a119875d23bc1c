from django.urls import path

from apps.statistics import views

app_name = "statistics"
urlpatterns = [
    path("", views.index, name="index"),
    path("build/", views.build, name="build"),
    path("<str:theme>/", views.theme_sheet, name="sheet"),
    path("<str:theme>/export/", views.export, name="export"),
]
