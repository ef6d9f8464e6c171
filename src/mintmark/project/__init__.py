"""The hall: the only wiring, one method for each verb, no logic."""
