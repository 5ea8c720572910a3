"""REST addresses of people, channels and costs; people are here because how they came is told with them."""

from django.urls import path

from acquisition.api import contacts, views

urlpatterns = [
    path("contacts/bulk", contacts.ContactsBulkView.as_view()),
    path("contacts/<int:contact_id>", contacts.ContactView.as_view()),
    path("acquisition/channels", views.ChannelListView.as_view()),
    path("acquisition/channels/<int:channel_id>", views.ChannelView.as_view()),
    path("acquisition/spend", views.SpendListView.as_view()),
    path("acquisition/spend/bulk", views.SpendBulkView.as_view()),
]
