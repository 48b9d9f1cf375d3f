"""A Ray cluster of four nodes on this machine, until its input ends; each line of it kills one node that works.

It is a process of its own, as a cluster is: what Ray's drivers need and leave behind stays out of the tests'.
"""

from __future__ import annotations

import sys
from typing import Any

from ray.cluster_utils import Cluster

NODE = {"object_store_memory": 80 << 20, "include_dashboard": False}
TRIES = 4  # on a busy machine a node may need longer to begin than Ray waits for it


def add_node(cluster: Cluster, cpus: int) -> Any:
    """Add a node, and try again where it was too slow."""
    for left in reversed(range(TRIES)):
        try:
            return cluster.add_node(num_cpus=cpus, **NODE)
        except Exception:
            if not left:
                raise
    return None


if __name__ == "__main__":
    cluster = Cluster()
    add_node(cluster, 0)
    nodes = [add_node(cluster, 1) for _ in range(3)]
    print(f"ready {cluster.address}", flush=True)
    for _ in sys.stdin:
        cluster.remove_node(nodes.pop(), allow_graceful=False)
        print("killed", flush=True)
    cluster.shutdown()
