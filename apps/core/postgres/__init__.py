"""The one database engine: PostgreSQL, as a server or embedded from a wheel, always under one of three roles."""
