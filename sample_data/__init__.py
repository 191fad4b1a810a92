"""The sample company: seeded scripts that write its exports, and nothing the product imports."""
