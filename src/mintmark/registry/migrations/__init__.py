"""The steps that make a database fit for the ledger; read by `registry.migrate`, never imported."""
