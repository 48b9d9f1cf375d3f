"""What is remembered: every call, reply and picture of a run, durable before it counts."""
