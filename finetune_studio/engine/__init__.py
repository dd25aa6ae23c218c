"""The trainer process: the only place that imports torch. Nobody imports it."""
