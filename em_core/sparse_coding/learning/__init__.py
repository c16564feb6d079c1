"""Many signals at once: codes, dictionaries, their updates."""
