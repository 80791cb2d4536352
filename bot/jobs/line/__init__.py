"""The line: who goes next at a gateway, so that no guild and no member keeps another waiting."""
