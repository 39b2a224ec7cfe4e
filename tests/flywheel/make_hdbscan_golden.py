#!/usr/bin/env python3
"""Makes golden/hdbscan.json: small sets of points, and the clusters that scikit-learn's HDBSCAN finds
in them. Needs scikit-learn 1.3 or later (made with 1.9.1); the tests need only the file.

    python3 tests/flywheel/make_hdbscan_golden.py > tests/flywheel/golden/hdbscan.json

Mutual reachability has many equal distances, and their order may decide where a border lies: then
scikit-learn itself finds other clusters once the rows are shuffled. Sets are taken whose clusters
stay the same through twenty shuffles: of those the clusters are a property of the points.
"""
import json
import sys

import numpy
import sklearn
from sklearn.cluster import HDBSCAN
from sklearn.datasets import make_blobs, make_moons


def blobs(random):
    points, _ = make_blobs(240, centers=5, cluster_std=[0.4, 0.9, 1.4, 0.6, 0.5],
                           random_state=int(random.integers(1 << 30)))
    return numpy.vstack([points, random.uniform(-12, 12, (40, 2))])


def moons(random):
    return make_moons(200, noise=0.06, random_state=int(random.integers(1 << 30)))[0]


def sphere(random):
    centres = random.normal(0, 1, (6, 64))
    points = numpy.vstack([centres[i] + random.normal(0, 0.25 + 0.2 * i, (30, 64)) for i in range(6)])
    return points / numpy.linalg.norm(points, axis=1, keepdims=True)


def nested(random):
    return numpy.vstack([random.normal(m, s, (n, 2)) for m, s, n in
                         [(0, 0.3, 60), (2, 0.3, 60), (20, 0.5, 50), (23, 0.4, 40), (50, 3, 60)]])


SETS = [
    ("blobs of five densities, and noise", blobs, 15, 5),
    ("two moons", moons, 10, 10),
    ("noise alone", lambda random: random.uniform(-1, 1, (120, 2)), 12, 12),
    ("one blob", lambda random: random.normal(0, 1, (100, 3)), 8, 4),
    ("64 dimensions on the sphere", sphere, 20, 10),
    ("clusters within clusters", nested, 10, 3),
]


def find(points, min_cluster_size, min_samples):
    # Brute force: the other algorithms may compute distances in another precision.
    return HDBSCAN(min_cluster_size=min_cluster_size, min_samples=min_samples, algorithm="brute",
                   copy=True).fit(points).labels_


def same(a, b):
    return len(set(zip(a, b))) == len(set(a)) == len(set(b)) and all((a < 0) == (b < 0))


def is_stable(points, labels, *parameters):
    random = numpy.random.default_rng(1)
    for _ in range(20):
        order = random.permutation(len(points))
        shuffled = numpy.empty_like(labels)
        shuffled[order] = find(points[order], *parameters)
        if not same(shuffled, labels):
            return False
    return True


out = []
for name, make, *parameters in SETS:
    for seed in range(1000):
        points = make(numpy.random.default_rng(seed)).astype(numpy.float32).round(4).astype(numpy.float64)
        labels = find(points, *parameters)
        if is_stable(points, labels, *parameters):
            break
    else:
        sys.exit(f"no stable set: {name}")
    out.append({"name": name, "min_cluster_size": parameters[0], "min_samples": parameters[1],
                "dimensions": points.shape[1],
                "points": [float(f"{value:.4f}") for value in points.ravel()],
                "labels": labels.tolist()})
    print(f"{name}: seed {seed}, {labels.max() + 1} clusters, {(labels < 0).sum()} of {len(labels)} noise",
          file=sys.stderr)
print("[" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in out) + "]")
print("scikit-learn", sklearn.__version__, file=sys.stderr)
