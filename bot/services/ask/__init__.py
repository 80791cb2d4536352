"""Questions and spoken answers: accepted, asked, streamed, stored, delivered, gone on with and forgotten."""
