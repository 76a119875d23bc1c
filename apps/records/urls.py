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
    path("catalogue/", views.catalogue_list, name="catalogue_list"),
    path("catalogue/add/", views.catalogue_add, name="catalogue_add"),
    path("catalogue/<slug:code>/", views.catalogue_detail, name="catalogue_detail"),
    path("catalogue/<slug:code>/fields/add/", views.catalogue_field_add, name="catalogue_field_add"),
    path(
        "catalogue/<slug:code>/fields/<slug:field_name>/alias/", views.catalogue_alias_add, name="catalogue_alias_add"
    ),
    path("sources/", views.source_list, name="source_list"),
    path("sources/<int:organization_id>/", views.source_edit, name="source_edit"),
    path("held/", views.held_row_list, name="held_row_list"),
    path("proofs/", views.proof_list, name="proof_list"),
    path("held/decide/", views.held_row_decide, name="held_row_decide"),
    path("quality/", views.quality, name="quality"),
    path("quality/<int:source_id>/<int:year>/<int:number>/count/", views.quality_count, name="quality_count"),
    path(
        "quality/<int:source_id>/<slug:item_code>/<int:year>/<int:number>/",
        views.quality_detail,
        name="quality_detail",
    ),
    path("quality/contradictions/", views.contradiction_list, name="contradiction_list"),
    path("quality/codes/", views.code_fault_list, name="code_fault_list"),
    path("quality/codes/export.xlsx", views.code_fault_export, name="code_fault_export"),
    path("quality/codes/import/", views.code_fault_import, name="code_fault_import"),
    path("quality/codes/rounds/", views.correction_round_open, name="correction_round_open"),
    path("quality/bulletins/", views.bulletin_list, name="bulletin_list"),
    path("quality/bulletins/<int:year>/<int:number>/publish/", views.bulletin_publish, name="bulletin_publish"),
    path("quality/bulletins/<int:source_id>/<int:year>/<int:number>/", views.bulletin_detail, name="bulletin_detail"),
    path(
        "quality/bulletins/<int:source_id>/<int:year>/<int:number>/bulletin.xlsx",
        views.bulletin_download,
        name="bulletin_download",
    ),
    path("verification/", views.verification_list, name="verification_list"),
    path("verification/<int:pk>/", views.verification_detail, name="verification_detail"),
    path("verification/<int:pk>/pause/", views.verification_pause, name="verification_pause"),
    path("verification/<int:pk>/resume/", views.verification_resume, name="verification_resume"),
    path("verification/<int:pk>/try/", views.verification_try, name="verification_try"),
    path("verification/<int:pk>/questions.jsonl", views.verification_export, name="verification_export"),
    path("verification/<int:pk>/answers/", views.verification_import, name="verification_import"),
    path("verification/sources/<int:organization_id>/", views.verification_edit, name="verification_edit"),
    path("verification/requests/<int:pk>/progress/", views.verification_progress, name="verification_progress"),
]
