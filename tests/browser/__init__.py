"""The sandbox's page in real Chromium."""
