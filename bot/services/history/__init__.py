"""A member's own results, page by page, the latest first."""
