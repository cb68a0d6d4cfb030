"""Addresses of treatment: neutral words, no dates, no ids that tell a time."""

from django.urls import path

from . import note_pages, views

urlpatterns = [
    path("p/<str:code>/check-in/", views.measures, name="measures"),
    path("p/<str:code>/check-in/<slug:name>/", views.measure_series, name="measure_series"),
    path("p/<str:code>/check-in/<slug:name>/new/", views.measure_form, name="measure_form"),
    path("p/<str:code>/check-in/<slug:name>/<int:number>/", views.measure_result, name="measure_result"),
    path("p/<str:code>/check-in/<slug:name>/<int:number>/correct/", views.measure_correct, name="measure_correct"),
    path("p/<str:code>/goals/", views.service_plan, name="service_plan"),
    path("p/<str:code>/goals/<int:version>/", views.service_plan_version, name="service_plan_version"),
    path("p/<str:code>/my-notes/", note_pages.my_notes, name="my_notes"),
    path("notes/", note_pages.releases, name="note_releases"),
    path("notes/<uuid:release>/", note_pages.confirm, name="confirm_release"),
    path("p/<str:code>/sessions/", views.sessions, name="sessions"),
]
