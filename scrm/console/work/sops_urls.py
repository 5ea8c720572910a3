"""Routes of SOPs, inside a tenant's console."""

from django.urls import path

from scrm.console.work import sop_board, sop_editor, sop_page, sop_publish, sops

urlpatterns = [
    path("sops/", sops.sops, name="sops"),
    path("sops/board/", sop_board.sop_board, name="sop_board"),
    path("sops/board.csv", sop_board.sop_board_csv, name="sop_board_csv"),
    path("sops/new/", sop_editor.sop_new, name="sop_new"),
    path("sops/<int:sop_id>/", sop_page.sop, name="sop"),
    path("sops/<int:sop_id>/edit/", sop_editor.sop_edit, name="sop_edit"),
    path("sops/<int:sop_id>/publish/", sop_publish.sop_publish, name="sop_publish"),
    path("sops/<int:sop_id>/pause/", sop_page.sop_act, {"act": "pause"}, name="sop_pause"),
    path("sops/<int:sop_id>/resume/", sop_page.sop_act, {"act": "resume"}, name="sop_resume"),
    path("sops/<int:sop_id>/stop/", sop_page.sop_act, {"act": "stop"}, name="sop_stop"),
]
