from django.urls import path

from . import protocol_picture, views

urlpatterns = [
    path("results/", views.results, name="results"),
    path("protocol/picture/", protocol_picture.protocol_picture, name="protocol_picture"),
]
