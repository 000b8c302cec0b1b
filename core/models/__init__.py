"""Networks, training, calibration, registry and the serving engine."""
