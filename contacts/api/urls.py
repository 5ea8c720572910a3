"""REST addresses of tags, attributes, consent and notes; those of people are beside how they came, in `acquisition`."""

from django.urls import path

from contacts.api import attributes, consent, notes, tags

urlpatterns = [
    path("tag-groups", tags.TagGroupListView.as_view()),
    path("tag-groups/<int:group_id>", tags.TagGroupView.as_view()),
    path("tags", tags.TagListView.as_view()),
    path("tags/assign", tags.AssignTagsView.as_view()),
    path("tags/remove", tags.RemoveTagsView.as_view()),
    path("tags/<int:tag_id>", tags.TagView.as_view()),
    path("attributes", attributes.AttributeListView.as_view()),
    path("attributes/<int:attribute_id>", attributes.AttributeView.as_view()),
    path("contacts/<int:contact_id>/consent", consent.ConsentView.as_view()),
    path("contacts/<int:contact_id>/notes", notes.NoteListView.as_view()),
    path("contacts/<int:contact_id>/notes/<int:note_id>", notes.NoteView.as_view()),
]
