"""The room of pictures, against real loopback servers and real files."""
