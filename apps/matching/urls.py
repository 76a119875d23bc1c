"""Addresses of needs, matches and dispatches."""

from django.urls import path

from apps.matching import views

app_name = "matching"
urlpatterns = [
    path("needs/", views.need_list, name="need_list"),
    path("needs/new/", views.need_create, name="need_create"),
    path("needs/import/", views.need_import, name="need_import"),
    path("needs/match/", views.need_match_all, name="need_match_all"),
    path("needs/<int:need_id>/", views.need_detail, name="need_detail"),
    path("needs/<int:need_id>/match/", views.need_match, name="need_match"),
    path("needs/<int:need_id>/close/", views.need_close, name="need_close"),
    path("needs/<int:need_id>/send/", views.need_send, name="need_send"),
    path("dispatches/", views.dispatch_list, name="dispatch_list"),
    path("dispatches/<int:dispatch_id>/", views.dispatch_detail, name="dispatch_detail"),
    path("dispatches/<int:dispatch_id>/recall/", views.dispatch_recall, name="dispatch_recall"),
]
