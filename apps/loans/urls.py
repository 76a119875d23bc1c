from django.urls import path

from apps.loans import views

app_name = "loans"
urlpatterns = [
    path("", views.application_list, name="application_list"),
    path("apply/<int:version_id>/", views.application_create, name="application_create"),
    path("applications/<int:pk>/", views.application_detail, name="application_detail"),
    path("applications/<int:pk>/revise/", views.application_revise, name="application_revise"),
    path("applications/<int:pk>/reserve/", views.drawdown_reserve, name="drawdown_reserve"),
    path("applications/<int:pk>/<slug:verb>/", views.application_step, name="application_step"),
    path("drawdowns/<int:pk>/<slug:verb>/", views.drawdown_step, name="drawdown_step"),
    path("repayments/", views.repayment_list, name="repayment_list"),
]
