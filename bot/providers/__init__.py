"""Gateways: the contract, the HTTP they share, the catalogue, routing, and one adapter file for each gateway."""
