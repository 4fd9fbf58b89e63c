"""From the prior to the posterior."""
