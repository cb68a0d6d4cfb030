"""Addresses of support: neutral words."""

from django.urls import path

from . import views

urlpatterns = [
    path("p/<str:code>/plan/", views.safety_plan, name="safety_plan"),
    path("p/<str:code>/plan/new/", views.safety_plan_form, name="safety_plan_form"),
    path("p/<str:code>/plan/print/", views.safety_plan_print, name="safety_plan_print"),
    path("p/<str:code>/plan/<int:version>/", views.safety_plan_version, name="safety_plan_version"),
    path("p/<str:code>/needs/", views.needs, name="needs"),
    path("p/<str:code>/help/", views.benefits, name="benefits"),
]
