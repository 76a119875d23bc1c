from django.urls import path

from apps.whitelist import views

app_name = "whitelist"
urlpatterns = [
    path("programmes/", views.programme_list, name="programme_list"),
    path("programmes/new/", views.programme_create, name="programme_create"),
    path("programmes/<int:pk>/", views.programme_detail, name="programme_detail"),
    path("programmes/<int:pk>/listings/", views.listing_list, name="listing_list"),
    path("programmes/<int:pk>/screen/", views.programme_screen, name="programme_screen"),
    path("programmes/<int:pk>/push/", views.programme_push, name="programme_push"),
    path("programmes/<int:pk>/<slug:verb>/", views.programme_move, name="programme_move"),
    path("runs/<int:pk>/", views.run_detail, name="run_detail"),
    path("runs/<int:pk>/<slug:verb>/", views.run_move, name="run_move"),
    path("listings/<int:pk>/exit/", views.listing_exit, name="listing_exit"),
    path("own/", views.own_listings, name="own_listings"),
    path("pushes/", views.push_list, name="push_list"),
    path("pushes/<int:pk>/", views.push_detail, name="push_detail"),
    path("pushes/<int:pk>/<slug:verb>/", views.push_answer, name="push_answer"),
]
