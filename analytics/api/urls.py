"""REST addresses of analytics."""

from django.urls import path

from analytics.api import views

urlpatterns = [
    path("analytics/cohorts", views.CohortsView.as_view()),
    path("analytics/channels", views.ChannelsView.as_view()),
    path("analytics/sops", views.SopsView.as_view()),
    path("analytics/repurchase", views.RepurchaseView.as_view()),
    path("analytics/cohorts/contacts", views.CellContactsView.as_view()),
]
