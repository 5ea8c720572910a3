from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # no login waits for the index
    atomic = False
    dependencies = [("tenants", "0004_contact_columns")]

    operations = [
        AddIndexConcurrently(
            "AuditEntry", models.Index(fields=["tenant", "-at", "-id"], name="tenants_auditentry_by_time")
        ),
        RemoveIndexConcurrently("AuditEntry", "tenants_auditentry_newest"),
    ]
