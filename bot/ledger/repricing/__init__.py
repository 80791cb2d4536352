"""A hold that is priced anew."""
