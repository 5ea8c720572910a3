"""Sentences about people: their tags, attributes and consent, what was written about them."""

from contacts.selectors.attribute_lists import ValuePeople, attribute_people, attributes, value_people
from contacts.selectors.consent import Way, consents, ways
from contacts.selectors.people import (
    NO_CHANNEL,
    ContactFilters,
    ContactRows,
    Contacts,
    Place,
    contact,
    contact_list,
    contact_rows,
    contact_tags,
    identities,
    known_as,
    known_ids,
    list_ordering,
    search_contacts,
    tags_of,
)
from contacts.selectors.story import notes, timeline_items, whole_instants
from contacts.selectors.tag_lists import TagSummary, tag_groups, tag_names, tag_people, tag_summaries, tags
from contacts.selectors.views import saved_views

__all__ = [
    "NO_CHANNEL",
    "ContactFilters",
    "ContactRows",
    "Contacts",
    "Place",
    "TagSummary",
    "ValuePeople",
    "Way",
    "attribute_people",
    "attributes",
    "consents",
    "contact",
    "contact_list",
    "contact_rows",
    "contact_tags",
    "identities",
    "known_as",
    "known_ids",
    "list_ordering",
    "notes",
    "saved_views",
    "search_contacts",
    "tag_groups",
    "tag_names",
    "tag_people",
    "tag_summaries",
    "tags",
    "tags_of",
    "timeline_items",
    "value_people",
    "ways",
    "whole_instants",
]
