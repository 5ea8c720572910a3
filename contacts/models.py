"""People and what is known of them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts import notes
from tenants.scoping import TenantForeignKey, TenantModel


class Contact(TenantModel):
    """One person, however many identities. Written by `contacts.services`.

    `acquired_at` is the first touch, else the first purchase; `acquired_date` its day in the tenant's zone.
    """

    name = models.CharField(_("name"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    first_touch_at = models.DateTimeField(_("first touch"), null=True, editable=False)
    first_purchase_at = models.DateTimeField(_("first purchase"), null=True, editable=False)
    acquired_at = models.DateTimeField(_("acquired at"), null=True, editable=False)
    acquired_date = models.DateField(_("acquired on"), null=True, editable=False)
    channel: models.ForeignKey = TenantForeignKey(  # type: ignore[type-arg]
        "acquisition.Channel",
        db_on_delete="SET NULL",
        null=True,
        blank=True,
        related_name="contacts",
        verbose_name=_("channel"),
    )
    # the source's version of name and attributes, and of the channel told without a time
    version_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [
            # cohort days, and who was acquired in a range
            models.Index(fields=["tenant", "acquired_date", "channel"], name="contacts_contact_cohort_day"),
            # the list, newest first
            models.Index(fields=["tenant", "-acquired_at", "-id"], name="contacts_contact_newest"),
            # the list of one channel
            models.Index(fields=["tenant", "channel", "-acquired_at", "-id"], name="contacts_contact_by_channel"),
            # sync: changed since
            models.Index(fields=["tenant", "updated_at", "id"], name="contacts_contact_changed"),
        ]

    def __str__(self) -> str:
        return self.name or self.phone or self.email or f"#{self.pk}"


class Identity(TenantModel):
    """One name by which a system knows a contact; `identities.py` says the kinds and their form."""

    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="identities")
    kind = models.CharField(_("kind"), max_length=60)
    value = models.CharField(_("value"), max_length=254)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kind", "value"], name="contacts_identity_names_one_contact")
        ]
        indexes = [
            # a contact's identities
            models.Index(fields=["tenant", "contact"], name="contacts_identity_by_contact"),
            # search by an id whose kind is not said
            models.Index(fields=["tenant", "value"], name="contacts_identity_by_value"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}={self.value}"


class ContactToken(TenantModel):
    """One search token of a contact: a character, a pair of them, or four digits of a phone (`tokens.py`)."""

    pk = models.CompositePrimaryKey("tenant_id", "token", "contact_id")
    token = models.CharField(max_length=6, db_collation="C")
    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="+")

    class Meta(TenantModel.Meta):
        # replacing a contact's tokens
        indexes = [models.Index(fields=["tenant", "contact"], name="contacts_token_by_contact")]


class TagGroup(TenantModel):
    """A family of tags: 口味, 来源."""

    name = models.CharField(_("name"), max_length=60)

    class Meta(TenantModel.Meta):
        verbose_name = _("tag group")
        verbose_name_plural = _("tag groups")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="contacts_taggroup_one_per_name",
                violation_error_message=_("A tag group of this name exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Tag(TenantModel):
    """A label, in one group."""

    group = TenantForeignKey(TagGroup, related_name="tags", verbose_name=_("group"))
    name = models.CharField(_("name"), max_length=60)

    class Meta(TenantModel.Meta):
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "group", "name"],
                name="contacts_tag_one_per_name",
                violation_error_message=_("This group has a tag of this name."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.group}/{self.name}"


class ContactTag(TenantModel):
    """A tag on a contact, with who put it there."""

    class Source(models.TextChoices):
        HAND = "hand", _("by hand")
        RULE = "rule", _("by rule")
        IMPORT = "import", _("import")
        PLATFORM = "platform", _("platform")

    tag = TenantForeignKey(Tag, db_on_delete="CASCADE", related_name="+")
    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="contact_tags")
    source = models.CharField(_("source"), max_length=10, choices=Source.choices)
    evidence = models.CharField(_("evidence"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("tag on a contact")
        verbose_name_plural = _("tags on contacts")
        constraints = [
            # who carries a tag
            models.UniqueConstraint(fields=["tenant", "tag", "contact"], name="contacts_contacttag_once")
        ]
        # a contact's tags
        indexes = [models.Index(fields=["tenant", "contact"], name="contacts_contacttag_by_contact")]


class TagMove(TenantModel):
    """A tag that came to a contact or went; only ever added. Written by `services.tags`.

    `name` is the tag's, with its group, as it was then: moves outlive their tag.
    """

    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="+")
    tag: models.ForeignKey = TenantForeignKey(  # type: ignore[type-arg]
        Tag, db_on_delete="SET NULL", null=True, related_name="+"
    )
    name = models.CharField(max_length=121)
    is_added = models.BooleanField()
    source = models.CharField(max_length=10, choices=ContactTag.Source.choices)
    evidence = models.CharField(max_length=200, blank=True)
    # who did it, as the audit log names actors
    actor = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        indexes = [
            # a contact's timeline
            models.Index(fields=["tenant", "contact", "-created_at"], name="contacts_tagmove_timeline"),
            # a tag's last 30 days
            models.Index(fields=["tenant", "tag", "created_at"], name="contacts_tagmove_by_tag"),
        ]


class Attribute(TenantModel):
    """A typed field that the tenant defines for its contacts; `key` is its name in `Contact.attributes`."""

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        NUMBER = "number", _("number")
        DATE = "date", _("date")
        YES_NO = "yes_no", _("yes or no")
        CHOICE = "choice", _("choice")

    key = models.CharField(_("key"), max_length=60)
    label = models.CharField(_("label"), max_length=60)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    choices = models.JSONField(_("choices"), default=list, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta(TenantModel.Meta):
        verbose_name = _("attribute")
        verbose_name_plural = _("attributes")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "key"],
                name="contacts_attribute_one_per_key",
                violation_error_message=_("An attribute of this key exists."),
            )
        ]

    def __str__(self) -> str:
        return self.label


class AttributeValue(TenantModel):
    """A contact's value of one attribute in the one column of its kind, so that rules find it by an index.

    Derived from `Contact.attributes` by `services.attributes`; a value that is not of the kind has no row. Choices
    are texts; yes is the number 1, no is 0.
    """

    pk = models.CompositePrimaryKey("tenant_id", "attribute_id", "contact_id")
    attribute = TenantForeignKey(Attribute, db_on_delete="CASCADE", related_name="+")
    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="+")
    # null, not "", where the value is of another kind: null is in no range
    text = models.CharField(max_length=200, null=True, db_collation="C")  # noqa: DJ001
    number = models.FloatField(null=True)
    date = models.DateField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [
            # who has a value, or one in a range
            models.Index(fields=["tenant", "attribute", "text", "contact"], name="contacts_attributevalue_t"),
            models.Index(fields=["tenant", "attribute", "number", "contact"], name="contacts_attributevalue_n"),
            models.Index(fields=["tenant", "attribute", "date", "contact"], name="contacts_attributevalue_d"),
            # replacing a contact's values
            models.Index(fields=["tenant", "contact"], name="contacts_attributevalue_of"),
        ]


class TouchKind(models.TextChoices):
    """How a contact is reached."""

    PRIVATE_CHAT = "private_chat", _("private chat")


class Consent(TenantModel):
    """Whether a contact may be reached one way, as last said; no row is not a refusal. By `services.consent`."""

    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="+")
    touch_kind = models.CharField(max_length=20, choices=TouchKind.choices)
    is_granted = models.BooleanField()
    changed_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            # asked for each touchpoint that is claimed
            models.UniqueConstraint(fields=["tenant", "contact", "touch_kind"], name="contacts_consent_once")
        ]


class ConsentMove(TenantModel):
    """A consent given or withdrawn, with who said so and how we know; only ever added."""

    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="+")
    touch_kind = models.CharField(max_length=20, choices=TouchKind.choices)
    is_granted = models.BooleanField()
    evidence = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        # a contact's timeline
        indexes = [models.Index(fields=["tenant", "contact", "-created_at"], name="contacts_consentmove_timeline")]


class Note(TenantModel):
    """What somebody wrote about a contact; never changed, only deleted. Written by `services.notes`."""

    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="+")
    text = models.CharField(_("text"), max_length=notes.MAX_LENGTH)
    # who wrote it, as the audit log names actors
    actor = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta(TenantModel.Meta):
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        # a contact's notes, and its timeline
        indexes = [models.Index(fields=["tenant", "contact", "-created_at"], name="contacts_note_timeline")]


class Change(TenantModel):
    """News of one contact, for the ticks above: each has a cursor on `id`, in commit order per tenant."""

    class Reason(models.TextChoices):
        ORDER = "order"
        REFUND = "refund"
        TOUCH = "touch"
        IDENTITY = "identity"
        PROFILE = "profile"
        TAG = "tag"

    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="+")
    reason = models.CharField(max_length=10, choices=Reason.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        # deleting a contact
        indexes = [models.Index(fields=["tenant", "contact"], name="contacts_change_by_contact")]


class SavedView(TenantModel):
    """A list of contacts under a name: its filters and columns; one member's, or everybody's.

    Written by `services.views`.
    """

    name = models.CharField(_("name"), max_length=60)
    # the fields of the list's address
    filters = models.JSONField(default=dict)
    columns = ArrayField(models.CharField(max_length=20), default=list)
    is_shared = models.BooleanField(_("for everybody"), default=False)
    created_by = models.ForeignKey("tenants.User", on_delete=models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("view")
        verbose_name_plural = _("views")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "created_by", "name"], name="contacts_savedview_one_per_name")
        ]
