"""Finetune Studio: fine-tune a language model on your own GPU. Nothing is imported here."""

__version__ = "0.1.0"
