"""Models loaded from files and hubs, with their weights and their preprocessing."""
