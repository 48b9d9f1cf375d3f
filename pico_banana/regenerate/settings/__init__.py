"""What a run is asked to do: the configuration, the policy that accepts, the checks before a judge is asked."""
