"""The tests of Easel."""
