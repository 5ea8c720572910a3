"""Routes of tags, attributes and segments, inside a tenant's console."""

from django.urls import path

from scrm.console.work import (
    attributes,
    segment_builder,
    segment_page,
    segments,
    segments_by_hand,
    tags,
    tags_on_contacts,
)

urlpatterns = [
    path("tags/", tags.tags, name="tags"),
    path("tags/<int:tag_id>/", tags.tag, name="tag"),
    path("tags/<int:tag_id>/delete/", tags.tag_delete, name="tag_delete"),
    path("tags/groups/<int:group_id>/", tags.tag_group, name="tag_group"),
    path("tags/groups/<int:group_id>/delete/", tags.tag_group_delete, name="tag_group_delete"),
    path("contacts/tagging/", tags_on_contacts.tag_contacts, name="tag_contacts"),
    path("contacts/<int:contact_id>/tags/", tags_on_contacts.contact_tags, name="contact_tags"),
    path("attributes/", attributes.attributes, name="attributes"),
    path("attributes/<int:attribute_id>/", attributes.attribute, name="attribute"),
    path("attributes/<int:attribute_id>/delete/", attributes.attribute_delete, name="attribute_delete"),
    path("attributes/<int:attribute_id>/values/", segment_builder.attribute_values, name="attribute_values"),
    path("segments/", segments.segments, name="segments"),
    path("segments/new/", segment_builder.segment_new, name="segment_new"),
    path("segments/new-list/", segment_builder.segment_new_list, name="segment_new_list"),
    path("segments/<int:segment_id>/", segment_page.segment, name="segment"),
    path("segments/<int:segment_id>/edit/", segment_builder.segment_edit, name="segment_edit"),
    path("segments/<int:segment_id>/publish/", segment_builder.segment_publish, name="segment_publish"),
    path("segments/<int:segment_id>/archive/", segments.segment_archive, name="segment_archive"),
    path("segments/<int:segment_id>/explain/", segment_page.segment_explain, name="segment_explain"),
    path("segments/<int:segment_id>/history/", segment_page.segment_history, name="segment_history"),
    path("segments/<int:segment_id>/people/", segments_by_hand.segment_add, name="segment_add"),
    path(
        "segments/<int:segment_id>/people/<int:contact_id>/remove/",
        segments_by_hand.segment_remove,
        name="segment_remove",
    ),
]
