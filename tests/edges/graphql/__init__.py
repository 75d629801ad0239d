"""What the GraphQL edge promises."""
