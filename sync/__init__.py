"""The shared ledger: the local store, the signed journal, claims, bindings, the wire and the hub."""
