from django.urls import path

from . import late_page, pathway_page, people_pages

urlpatterns = [
    path("", people_pages.worklist, name="worklist"),
    path("late/", late_page.late_steps, name="late_steps"),
    path("people/", people_pages.find_person, name="find_person"),
    path("people/new/", people_pages.new_person, name="new_person"),
    path("p/<str:code>/", people_pages.client_page, name="client"),
    path("p/<str:code>/pathway/", pathway_page.pathway_page, name="pathway"),
    path("p/<str:code>/details/", people_pages.details, name="details"),
    path("p/<str:code>/team/", people_pages.team, name="team"),
    path("p/<str:code>/record/", people_pages.choose_record, name="choose_record"),
    path("p/<str:code>/record/<str:kind>/", people_pages.record, name="record"),
]
