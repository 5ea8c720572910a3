"""SOPs come with the touchpoint ledger."""
