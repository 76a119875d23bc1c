"""数据核验: how a question goes to a source and how its answer comes back. Pure but for the connection of `http`."""
