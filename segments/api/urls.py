"""REST addresses of the segments app."""

from django.urls import path

from segments.api import contacts, views

urlpatterns = [
    path("contacts", contacts.SegmentedContactListView.as_view()),
    path("segments", views.SegmentListView.as_view()),
    path("segments/preview", views.PreviewView.as_view()),
    path("segments/rule-schema", views.RuleSchemaView.as_view()),
    path("segments/<int:segment_id>", views.SegmentView.as_view()),
    path("segments/<int:segment_id>/versions", views.VersionListView.as_view()),
    path("segments/<int:segment_id>/publish", views.PublishView.as_view()),
    path("segments/<int:segment_id>/members", views.MemberListView.as_view()),
    path("segments/<int:segment_id>/members/add", views.AddMembersView.as_view()),
    path("segments/<int:segment_id>/members/remove", views.RemoveMembersView.as_view()),
    path("segments/<int:segment_id>/history", views.HistoryView.as_view()),
    path("segments/<int:segment_id>/days", views.DaysView.as_view()),
    path("segments/<int:segment_id>/explain", views.ExplainView.as_view()),
]
