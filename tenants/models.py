"""Tenants, the people who work in them, and what guards them."""

from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from tenants.scoping import TenantForeignKey, TenantModel


class Tenant(models.Model):
    """One brand on this installation; owns every row of every tenant table. Made by `create_tenant`."""

    slug = models.SlugField(_("slug"), max_length=50, unique=True, validators=[RegexValidator(r"^[a-z0-9-]+$")])
    name = models.CharField(_("name"), max_length=100)
    timezone = models.CharField(_("time zone"), max_length=64, default="Asia/Shanghai")
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    margin = models.DecimalField(_("margin"), max_digits=5, decimal_places=4, default=1)
    # while its past is being loaded it is not: no tick that goes by the clock visits it, nothing of it is sent
    is_live = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("tenant")
        verbose_name_plural = _("tenants")

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Users by their e-mail address, whatever its case."""

    def create_user(self, *, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person who logs in. What they may do is said by their memberships."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    last_tenant = models.ForeignKey(Tenant, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "email"
    # The console asks the membership; Django's own flags grant nothing.
    is_staff = False
    is_superuser = False

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(Lower("email"), name="tenants_user_one_per_email")]

    def __str__(self) -> str:
        return self.name or self.email

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class Membership(models.Model):
    """One user's role in one tenant. Written by `services.members`."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        OPERATOR = "operator", _("operator")
        BRAND_MANAGER = "brand_manager", _("brand manager")
        STAFF = "staff", _("staff")

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    # what the contact list shows; empty: what it shows to everybody
    contact_columns = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="tenants_membership_one_per_user")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class ApiKey(TenantModel):
    """A REST client's key: its secret is kept as a hash only. Written by `services.keys`."""

    name = models.CharField(_("name"), max_length=100)
    secret_hash = models.CharField(max_length=64, editable=False)
    hint = models.CharField(_("ends in"), max_length=4, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("scopes"))
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [models.UniqueConstraint(fields=["tenant", "secret_hash"], name="tenants_apikey_by_secret")]

    def __str__(self) -> str:
        return self.name


class AuditEntry(TenantModel):
    """One security-relevant act; append-only (the app role may not change it). Written by `services.audit`."""

    at = models.DateTimeField(_("at"))
    actor = models.CharField(_("actor"), max_length=200)
    act = models.CharField(_("act"), max_length=60)
    target = models.CharField(_("object"), max_length=200, blank=True)
    detail = models.JSONField(_("detail"), default=dict, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        # the log, newest first
        indexes = [models.Index(fields=["tenant", "-at", "-id"], name="tenants_auditentry_by_time")]

    def __str__(self) -> str:
        return f"{self.act} {self.target}"


class IdempotencyRecord(TenantModel):
    """A stored answer to one write, replayed for 24 hours. Written by the API in the write's own transaction."""

    api_key = TenantForeignKey(ApiKey, db_on_delete="CASCADE", related_name="+")
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "api_key", "route", "key"], name="tenants_idempotencyrecord_once")
        ]
        # pruning by age
        indexes = [models.Index(fields=["tenant", "created_at"], name="tenants_idempotency_by_age")]


class FxRate(TenantModel):
    """What one unit of a currency was worth in the tenant's currency on one day."""

    date = models.DateField(_("date"))
    currency = models.CharField(_("currency"), max_length=3)
    rate = models.DecimalField(_("rate"), max_digits=18, decimal_places=8)

    class Meta(TenantModel.Meta):
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "currency", "date"], name="tenants_fxrate_one_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.date}"


class Job(TenantModel):
    """One piece of long work, done by a worker slice by slice. Written by `services.jobs`.

    `WAITING` → (claimed: lease, next fence) `RUNNING` → `DONE` → (its file is over) `EXPIRED`; `FAILED` after several
    tries without progress. `place` is where the next slice begins, kept in the slice's own transaction.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for a worker")
        RUNNING = "running", _("under way")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        EXPIRED = "expired", _("file deleted")

    OPEN = (State.WAITING, State.RUNNING)

    kind = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)
    # unknown until the first slice
    total = models.PositiveIntegerField(null=True)
    place = models.JSONField(null=True)
    # what the slices counted, by name
    outcome = models.JSONField(default=dict)
    file_name = models.CharField(max_length=100, blank=True)
    error = models.CharField(max_length=300, blank=True)
    actor = models.CharField(max_length=200)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    api_key = TenantForeignKey(ApiKey, db_on_delete="SET NULL", null=True, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    # the claim's number: a worker that lost its claim changes nothing
    fence = models.PositiveIntegerField(default=0)
    # claims since the last slice that was kept
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta(TenantModel.Meta):
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [
            # what a worker may take
            models.Index(
                fields=["tenant", "lease_until"], name="tenants_job_open", condition=Q(state__in=["waiting", "running"])
            ),
            # whose file is over
            models.Index(fields=["tenant", "expires_at"], name="tenants_job_expiring", condition=Q(state="done")),
        ]

    @property
    def percent(self) -> int | None:
        """How much is done, of 100; None while nobody knows how much there is."""
        if self.state in (self.State.DONE, self.State.EXPIRED):
            return 100
        if self.total is None:
            return None
        return min(99, 100 * self.done // max(self.total, 1))

    def has_file_at(self, at: datetime) -> bool:
        """Whether its file can be fetched."""
        return self.state == self.State.DONE and self.expires_at is not None and at < self.expires_at


class JobPart(TenantModel):
    """A piece of a job's file; in the database, so that every machine has it and row security holds it."""

    job = TenantForeignKey(Job, db_on_delete="CASCADE", related_name="+")
    # how much of the job was done before it
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "job", "number"], name="tenants_jobpart_once")]
