from django.urls import path

from . import hidden_page, views

urlpatterns = [
    path("privacy/", views.privacy, name="privacy"),
    path("p/<str:code>/permissions/", views.permissions, name="permissions"),
    path("p/<str:code>/permissions/<uuid:agency>/", views.ask, name="ask_permission"),
    path("p/<str:code>/permissions/back/<uuid:grant>/", views.take_back, name="take_back"),
    path("p/<str:code>/permissions/never/<uuid:restriction>/", views.lift_restriction, name="lift_restriction"),
    path("p/<str:code>/hidden/", hidden_page.hidden, name="hidden"),
    path("p/<str:code>/who-saw/", views.who_saw, name="who_saw"),
]
