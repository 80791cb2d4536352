"""All that a person sees: cards, buttons, words, delivery of results."""
