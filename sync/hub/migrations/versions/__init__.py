"""The steps by which the hub's database came to its shape. A step is never changed once shipped."""
