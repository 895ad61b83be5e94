"""A home's own ledger. Every public verb is one transaction and durable on return."""
