"""The window: a thin Qt layer over the recipe and its runs. Nothing else imports Qt."""
