"""The local server: OpenAI's interface to one model. No torch, no Qt; engine/serve.py runs it."""
