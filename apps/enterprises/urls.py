from django.urls import path

from apps.enterprises import views

app_name = "enterprises"
urlpatterns = [
    path("register/", views.register, name="register"),
    path("registration/", views.registration_status, name="registration_status"),
    path("registration/edit/", views.registration_edit, name="registration_edit"),
    path("registrations/", views.registration_list, name="registration_list"),
    path("registrations/<int:pk>/", views.registration_detail, name="registration_detail"),
    path("registrations/<int:pk>/verify/", views.registration_verify, name="registration_verify"),
    path("registrations/<int:pk>/return/", views.registration_return, name="registration_return"),
    path("declaration/", views.declaration, name="declaration"),
]
