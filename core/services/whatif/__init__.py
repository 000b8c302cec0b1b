"""What if: edited inputs, counterfactuals, similar cases. Nothing of it is stored. Start at `whatif`."""
