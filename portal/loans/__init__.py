"""People, loans and what happened on them: facts in tables, holds, import, export, explain, rule packs."""
