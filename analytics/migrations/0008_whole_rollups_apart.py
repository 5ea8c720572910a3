import django.db.models.deletion
from django.db import migrations, models

import tenants.operations


class Migration(migrations.Migration):
    dependencies = [("analytics", "0007_lives_of_buyers")]

    operations = [
        # derived: the next tick of each tenant builds everything anew, as for a new one
        migrations.RunSQL("TRUNCATE analytics_cohortrollup, analytics_tickcursor", migrations.RunSQL.noop),
        migrations.RemoveConstraint("CohortRollup", "analytics_cohortrollup_cell"),
        migrations.RemoveIndex("CohortRollup", "analytics_rollup_contacts"),
        migrations.RemoveField("CohortRollup", "is_whole"),
        migrations.AddIndex(
            "CohortRollup",
            models.Index(
                fields=["tenant", "cohort_date", "channel"],
                include=("contacts",),
                condition=models.Q(bucket=0),
                name="analytics_rollup_contacts",
            ),
        ),
        migrations.AddConstraint(
            "CohortRollup",
            models.UniqueConstraint(
                fields=("tenant", "cohort_date", "channel", "bucket"),
                name="analytics_cohortrollup_cell",
                nulls_distinct=False,
            ),
        ),
        migrations.CreateModel(
            name="WholeRollup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cohort_date", models.DateField()),
                ("bucket", models.PositiveSmallIntegerField()),
                ("contacts", models.IntegerField(default=0)),
                ("order_contacts", models.IntegerField(default=0)),
                ("buyers", models.IntegerField(default=0)),
                ("gross_minor", models.BigIntegerField(default=0)),
                ("refund_minor", models.BigIntegerField(default=0)),
                ("first_gross_minor", models.BigIntegerField(default=0)),
                ("first_refund_minor", models.BigIntegerField(default=0)),
                ("last_happened_at", models.DateTimeField()),
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
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "cohort_date", "bucket"), name="analytics_wholerollup_cell"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(gross_minor__gte=0), name="analytics_wholerollup_gross"
                    ),
                ],
            },
        ),
        tenants.operations.TenantTable("WholeRollup", leaf=True),
        migrations.RunSQL(migrations.RunSQL.noop, "TRUNCATE analytics_cohortrollup, analytics_tickcursor"),
    ]
