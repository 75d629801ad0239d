"""Limits, protocol and machinery of the GraphQL edge, on a toy schema."""
