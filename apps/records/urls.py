from django.urls import path

from apps.records import views

app_name = "records"
urlpatterns = [
    path("deliveries/", views.delivery_list, name="delivery_list"),
    path("deliveries/new/", views.delivery_create, name="delivery_create"),
    path("deliveries/<int:pk>/", views.delivery_detail, name="delivery_detail"),
    path("deliveries/<int:pk>/progress/", views.delivery_progress, name="delivery_progress"),
    path("deliveries/<int:pk>/rejected/", views.rejected_row_list, name="rejected_row_list"),
    path("deliveries/<int:pk>/rejected.xlsx", views.rejected_row_download, name="rejected_row_download"),
    path("sources/", views.source_list, name="source_list"),
    path("sources/<int:organization_id>/", views.source_edit, name="source_edit"),
    path("held/", views.held_row_list, name="held_row_list"),
    path("held/<int:pk>/dismiss/", views.held_row_dismiss, name="held_row_dismiss"),
]
