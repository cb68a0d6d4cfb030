from django.urls import path

from . import views

urlpatterns = [
    path("training/", views.training, name="training"),
    path("training/record/", views.record_training, name="record_training"),
]
