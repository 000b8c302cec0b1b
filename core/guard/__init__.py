"""When the model leaves a case to people: outliers, risk, limits, drift, and how easily it is thrown off."""
