"""REST addresses of the sop app."""

from django.urls import path

from sop.api import budget, ledger, reach, segments, views

urlpatterns = [
    path("sops", views.SopListView.as_view()),
    path("sops/preview", views.SopPreviewView.as_view()),
    path("sops/<int:sop_id>", views.SopView.as_view()),
    path("sops/<int:sop_id>/versions", views.SopVersionListView.as_view()),
    path("sops/<int:sop_id>/publish", views.SopPublishView.as_view()),
    path("sops/<int:sop_id>/pause", views.SopPauseView.as_view()),
    path("sops/<int:sop_id>/resume", views.SopResumeView.as_view()),
    path("sops/<int:sop_id>/stop", views.SopStopView.as_view()),
    path("sops/<int:sop_id>/report", views.SopReportView.as_view()),
    path("segments/<int:segment_id>/archive", segments.AudienceArchiveView.as_view()),
    path("enrollments", ledger.EnrollmentListView.as_view()),
    path("touchpoints", ledger.TouchpointListView.as_view()),
    path("contacts/<int:contact_id>/reach", reach.ReachView.as_view()),
    path("touch-budget", budget.TouchBudgetView.as_view()),
]
