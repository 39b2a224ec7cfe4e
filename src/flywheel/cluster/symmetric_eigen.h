// Eigenvalues of a small symmetric matrix, by Jacobi's rotations (C. Jacobi, 1846).
#pragma once

#include <cstddef>
#include <vector>

namespace understudy {

struct EigenPairs {
  std::vector<double> values;   // falling
  std::vector<double> vectors;  // one a row, of length 1, in the order of the values
};

// `matrix`: size x size, symmetric.
EigenPairs SymmetricEigen(std::vector<double> matrix, size_t size);

}  // namespace understudy
