"""Gateways: the contract, the HTTP they share, catalogue, routing, and one adapter file for each gateway."""
