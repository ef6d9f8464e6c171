"""Machine learning over event streams, built for payments."""
