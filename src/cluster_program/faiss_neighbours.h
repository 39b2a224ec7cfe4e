// Nearest neighbours by faiss (J. Johnson, M. Douze, H. Jegou, "Billion-scale similarity search
// with GPUs", 2017): exactly, with its flat index, on all threads.
#pragma once

#include "flywheel/cluster/spanning_tree.h"

namespace understudy {

// As FindNeighbours asks for. kInvalidInput where k is not from 1 to the number of points.
Result<Neighbours> NeighboursByFaiss(const Points& points, size_t k);

}  // namespace understudy
