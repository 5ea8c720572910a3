from django.db import migrations

import tenants.operations


class Migration(migrations.Migration):
    dependencies = [("analytics", "0008_whole_rollups_apart")]

    operations = [
        # nothing names their rows
        tenants.operations.TenantTable("CohortFact", leaf=True),
        tenants.operations.TenantTable("CohortRollup", leaf=True),
        tenants.operations.TenantTable("CohortAge", leaf=True),
    ]
