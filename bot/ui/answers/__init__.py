"""Answers as people see them: harmless, split, with their sources; and the buttons and replies that go on from them."""
