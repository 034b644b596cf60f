"""The composition root: settings, wiring, start and stop. The only place that builds adapters."""
