from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0002_ages_in_steps")]

    operations = [
        migrations.RemoveConstraint("CohortAge", "analytics_cohortage_step"),
        migrations.AddConstraint(
            "CohortAge",
            models.UniqueConstraint(
                fields=["tenant", "cohort_date", "until_seconds"],
                include=("gross_minor", "refund_minor"),
                name="analytics_cohortage_steps",
            ),
        ),
    ]
