"""Who may have which card, and the desk that carries one issuance from application to hand."""
