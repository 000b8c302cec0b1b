"""What the web process adds around the pages: allowed hosts, health, metrics. No web framework is imported here."""
