from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_initial")]

    operations = [
        # derived: the next tick of each tenant builds everything anew, as for a new one
        migrations.RunSQL(
            "TRUNCATE analytics_cohortrollup, analytics_cohortage, analytics_tickcursor",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveConstraint("CohortAge", "analytics_cohortage_cell"),
        migrations.RenameField("CohortAge", "age_day", "until_seconds"),
        migrations.AlterField("CohortAge", "until_seconds", models.BigIntegerField()),
        migrations.AddConstraint(
            "CohortAge",
            models.UniqueConstraint(
                fields=["tenant", "cohort_date", "until_seconds"], name="analytics_cohortage_step"
            ),
        ),
        migrations.RemoveIndex("CohortFact", "analytics_cohortfact_day"),
        migrations.AddIndex(
            "CohortFact",
            models.Index(
                fields=["tenant", "cohort_date", "elapsed_seconds"],
                include=(
                    "channel",
                    "kind",
                    "acquired_at",
                    "happened_at",
                    "amount_minor",
                    "is_first",
                    "makes_buyer",
                    "contact",
                ),
                name="analytics_cohortfact_ages",
            ),
        ),
    ]
