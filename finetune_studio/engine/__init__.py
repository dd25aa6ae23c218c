"""The trainer process: the only place that imports torch. Imported by nobody; reached as a process."""
