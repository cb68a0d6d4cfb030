"""Addresses of support: neutral words."""

from django.urls import path

from . import reaching, views

urlpatterns = [
    path("p/<str:code>/plan/", views.safety_plan, name="safety_plan"),
    path("p/<str:code>/plan/new/", views.safety_plan_form, name="safety_plan_form"),
    path("p/<str:code>/plan/print/", views.safety_plan_print, name="safety_plan_print"),
    path("p/<str:code>/plan/<int:version>/", views.safety_plan_version, name="safety_plan_version"),
    path("p/<str:code>/needs/", views.needs, name="needs"),
    path("p/<str:code>/messages/", reaching.outbox_page, name="messages"),
    path("p/<str:code>/messages/way/", reaching.reaching_page, name="reaching"),
    path("p/<str:code>/help/", views.benefits, name="benefits"),
]
