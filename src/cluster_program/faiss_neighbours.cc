#include "cluster_program/faiss_neighbours.h"

#include <exception>

#include <faiss/IndexFlat.h>
#include <fmt/format.h>

namespace understudy {

Result<Neighbours> NeighboursByFaiss(const Points& points, size_t k) {
  const size_t count = points.count();
  if (k < 1 || k > count) {
    return Fail(InvalidInput(fmt::format("there are no {} neighbours among {} points", k, count)));
  }
  Neighbours found{.k = k};
  found.squared.resize(count * k);
  std::vector<faiss::Index::idx_t> ids(count * k);
  try {
    faiss::IndexFlatL2 index(static_cast<faiss::Index::idx_t>(points.dimensions));
    const auto rows = static_cast<faiss::Index::idx_t>(count);
    index.add(rows, points.values.data());
    index.search(rows, points.values.data(), static_cast<faiss::Index::idx_t>(k),
                 found.squared.data(), ids.data());
  } catch (const std::exception& error) {
    return Fail(InternalError(fmt::format("faiss: {}", error.what())));
  }
  // It works with |a|^2 - 2ab + |b|^2, which may come out a little below nothing.
  for (float& squared : found.squared) squared = std::max(0.0F, squared);
  found.ids.assign(ids.begin(), ids.end());
  return found;
}

}  // namespace understudy
