"""The hardened bases under the console's own name (they live with the tenants, below every app)."""

from tenants.admin_base import TenantAdmin, TenantForm, TenantRelatedFilter, TenantTabularInline

__all__ = ["TenantAdmin", "TenantForm", "TenantRelatedFilter", "TenantTabularInline"]
