"""The situation log is append-only in the database itself."""

from django.db import migrations

from groundplan.lib.sql import guard_sql, unguard_sql


class Migration(migrations.Migration):
    """Triggers refuse UPDATE, DELETE and TRUNCATE."""

    dependencies = [("linkage", "0001_initial")]

    operations = [migrations.RunSQL(guard_sql("linkage_log_entry"), unguard_sql("linkage_log_entry"))]
