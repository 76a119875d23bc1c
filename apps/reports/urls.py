from django.urls import path

from apps.reports import views

app_name = "reports"
urlpatterns = [
    path("", views.report_list, name="list"),
    path("new/", views.report_create, name="create"),
    path("verify/", views.verify_index, name="verify_index"),
    path("verify/<str:number>/", views.verify, name="verify"),
    path("bulletins/<int:source_id>/<int:year>/<int:number>.pdf", views.bulletin, name="bulletin"),
    path("<str:number>/", views.report_detail, name="detail"),
    path("<str:number>/download/", views.report_download, name="download"),
    path("<str:number>/revoke/", views.report_revoke, name="revoke"),
]
