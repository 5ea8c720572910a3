"""What clients send about segments: one source for decoding, limits and the API's schema. Pure."""

from typing import Annotated, Any, Literal

import msgspec

from segments.rules.tree import TYPES
from tenants.incoming import Id, Incoming, Text300, limit

Name = Annotated[
    str,
    limit(
        "invalid_name",
        "Send 1 to 100 characters without control characters.",
        pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$(?!\n)",
        max_length=100,
    ),
]
# a rule is read node by node (`segments.rules`), so that every error points at its node
RuleTree = Annotated[
    Any,
    limit(
        "invalid_rule",
        "Send a rule.",
        description="A rule: a tree of nodes, each with its `type`. `GET /segments/rule-schema` is its JSON schema.",
        extra_json_schema={
            "oneOf": [{"$ref": f"#/components/schemas/{kind.__name__}"} for kind in TYPES.values()],
            "discriminator": {
                "propertyName": "type",
                "mapping": {name: f"#/components/schemas/{kind.__name__}" for name, kind in TYPES.items()},
            },
        },
    ),
]


class SegmentNew(Incoming, frozen=True):
    """The body of `POST /segments`. A rule segment begins as a draft with its rule; a list has none."""

    name: Name
    kind: Literal["rule", "list"] = "rule"
    description: Text300 = ""
    rule: RuleTree | None = None


class SegmentEdit(Incoming, frozen=True):
    """The body of `PATCH /segments/{id}`. A rule is saved as a new version; its people follow it once published."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    description: Text300 | msgspec.UnsetType = msgspec.UNSET
    rule: RuleTree | msgspec.UnsetType = msgspec.UNSET


class SegmentPublish(Incoming, frozen=True):
    """The body of `POST /segments/{id}/publish`: which version, the newest without it."""

    version: Annotated[int, limit("invalid_version", "Send the number of a version.", ge=1, le=2**31 - 1)] | None = None


class SegmentArchive(Incoming, frozen=True):
    """The body of `POST /segments/{id}/archive`: nothing."""


class RulePreview(Incoming, frozen=True):
    """The body of `POST /segments/preview`."""

    rule: RuleTree


class ContactToExplain(Incoming, frozen=True):
    """The body of `POST /segments/{id}/explain`."""

    contact_id: Id


class IncomingMember(Incoming, frozen=True):
    """A contact that is put on a list, or taken off it."""

    contact_id: Id


class MembersBody(Incoming, frozen=True):
    """The body of `POST /segments/{id}/members/add` and `/members/remove`."""

    members: list[IncomingMember]
