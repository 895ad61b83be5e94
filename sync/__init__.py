"""The shared ledger: the store, the signed journal, claims, bindings, the wire and the hub."""
