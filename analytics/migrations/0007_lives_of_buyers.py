import django.db.models.deletion
from django.db import migrations, models

import tenants.operations
import tenants.scoping


class Migration(migrations.Migration):
    dependencies = [("analytics", "0006_second_zero_is_a_step")]

    operations = [
        migrations.CreateModel(
            name="BuyerLife",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id", "contact_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("first_at", models.DateTimeField()),
                ("again_at", models.DateTimeField(null=True)),
                ("last_at", models.DateTimeField()),
                ("gaps", models.PositiveIntegerField()),
                ("median_gap_seconds", models.FloatField(null=True)),
                (
                    "contact",
                    tenants.scoping.TenantForeignKey(
                        db_index=False, db_on_delete="CASCADE", related_name="+", to="contacts.contact"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        # filled by the next tick of each tenant, which finds no cursor for it
        tenants.operations.TenantTable("BuyerLife"),
    ]
