"""Triggers that refuse every change of integrated entries, nodes and heads, and keys that vanish."""

from django.db import migrations

from groundplan.lib.sql import guard_sql, unguard_sql

TABLES = ("ledger_entry", "ledger_node", "ledger_head")


class Migration(migrations.Migration):
    """Append-only tables."""

    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunSQL(guard_sql(table), unguard_sql(table)) for table in TABLES]
