"""Pictures that a request hands in: brought from members and results, kept, given to gateways as they take them."""
