"""When the model leaves a case to people: rules, routing, coverage, and the switch that silences it."""
