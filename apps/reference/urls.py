from django.urls import path

from apps.reference import views

app_name = "reference"
urlpatterns = [
    path("", views.index, name="index"),
    path("calendar/", views.calendar_list, name="calendar_list"),
    path("calendar/add/", views.calendar_add, name="calendar_add"),
    path("calendar/<int:year>/", views.calendar_detail, name="calendar_detail"),
    path("lpr/", views.lpr_list, name="lpr_list"),
    path("regions/", views.region_list, name="region_list"),
    path("regions/change/", views.region_change, name="region_change"),
    path("block-lists/", views.block_list_list, name="block_list_list"),
    path("block-lists/add/", views.block_list_add, name="block_list_add"),
    path("block-lists/<slug:code>/", views.block_list_edit, name="block_list_edit"),
    path("figures/", views.figure_list, name="figure_list"),
    path("figures/<slug:key>/", views.figure_edit, name="figure_edit"),
    path("standards/", views.standard_list, name="standard_list"),
]
