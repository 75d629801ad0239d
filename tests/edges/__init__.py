"""What the edges promise to those who call them."""
