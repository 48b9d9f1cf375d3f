"""Say which rows: a `Selection`, its options as people write them, splits by source photo."""
