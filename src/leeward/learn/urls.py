from django.urls import path

from . import kept_page, moving_page, protocol_picture, version_pages, views, what_if_page

urlpatterns = [
    path("results/", views.results, name="results"),
    path("protocol/", version_pages.protocol_versions, name="protocol_versions"),
    path("protocol/versions/<str:version>/", version_pages.protocol_version, name="protocol_version"),
    path("protocol/drafts/<uuid:draft>/", version_pages.protocol_draft, name="protocol_draft"),
    path("protocol/drafts/<uuid:draft>/text/", version_pages.protocol_draft_text, name="protocol_draft_text"),
    path(
        "protocol/drafts/<uuid:draft>/steps/<str:step>/", version_pages.protocol_draft_step, name="protocol_draft_step"
    ),
    path("p/<str:code>/version/", moving_page.move_version, name="move_version"),
    path("protocol/fidelity/", kept_page.protocol_fidelity, name="protocol_fidelity"),
    path("protocol/what-if/", what_if_page.what_if, name="what_if"),
    path("protocol/what-if/<uuid:comparison>/", what_if_page.what_if_answer, name="what_if_answer"),
    path("protocol/picture/", protocol_picture.protocol_picture, name="protocol_picture"),
]
