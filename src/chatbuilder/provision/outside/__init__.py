"""The one policy for the outside world: time limits, pace, retries that know what is safe, cancellation."""
