"""The city's side: one ASGI application over one SQL schema (SQLite or PostgreSQL)."""
