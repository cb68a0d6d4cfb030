from django.urls import path

from . import views

urlpatterns = [
    path("p/<str:code>/noticed/", views.observe, name="observe"),
    path("p/<str:code>/first-talk/", views.first_talk, name="first_talk"),
    path("p/<str:code>/talk/", views.screening, name="screening"),
    path("p/<str:code>/talk/<uuid:talk>/", views.screening_result, name="screening_result"),
    path("p/<str:code>/safe-now/", views.safety_check, name="safety_check"),
    path("p/<str:code>/risk/", views.suicide_risk, name="suicide_risk"),
    path("p/<str:code>/notice/", views.report, name="report"),
]
