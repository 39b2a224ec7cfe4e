#include "flywheel/cluster/symmetric_eigen.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace understudy {
namespace {

constexpr int kSweeps = 30;
constexpr double kSmall = 1e-22;  // of the squares beside the diagonal to all squares

class Jacobi {
 public:
  Jacobi(std::vector<double> matrix, size_t size)
      : size_(size), matrix_(std::move(matrix)), vectors_(size * size, 0) {
    for (size_t i = 0; i < size; ++i) vectors_[i * size + i] = 1;
  }

  EigenPairs Run() {
    for (int sweep = 0; sweep < kSweeps && !IsDiagonal(); ++sweep) {
      for (size_t p = 0; p + 1 < size_; ++p) {
        for (size_t q = p + 1; q < size_; ++q) Rotate(p, q);
      }
    }
    std::vector<size_t> order(size_);
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, std::greater(), [&](size_t i) { return At(i, i); });
    EigenPairs pairs;
    for (const size_t i : order) {
      pairs.values.push_back(At(i, i));
      const auto row = vectors_.begin() + static_cast<ptrdiff_t>(i * size_);
      pairs.vectors.insert(pairs.vectors.end(), row, row + static_cast<ptrdiff_t>(size_));
    }
    return pairs;
  }

 private:
  double& At(size_t i, size_t j) { return matrix_[i * size_ + j]; }

  bool IsDiagonal() {
    double beside = 0, all = 0;
    for (size_t i = 0; i < size_; ++i) {
      for (size_t j = 0; j < size_; ++j) {
        all += At(i, j) * At(i, j);
        if (i != j) beside += At(i, j) * At(i, j);
      }
    }
    return beside <= kSmall * all;
  }

  // Turns rows and columns p and q so that their common element vanishes.
  void Rotate(size_t p, size_t q) {
    if (At(p, q) == 0) return;
    const double theta = (At(q, q) - At(p, p)) / (2 * At(p, q));
    const double t = (theta >= 0 ? 1 : -1) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
    const double c = 1 / std::sqrt(t * t + 1), s = t * c;
    for (size_t i = 0; i < size_; ++i) {
      const double ip = At(i, p), iq = At(i, q);
      At(i, p) = c * ip - s * iq;
      At(i, q) = s * ip + c * iq;
    }
    for (size_t i = 0; i < size_; ++i) {
      const double pi = At(p, i), qi = At(q, i);
      At(p, i) = c * pi - s * qi;
      At(q, i) = s * pi + c * qi;
      double &vp = vectors_[p * size_ + i], &vq = vectors_[q * size_ + i];
      const double old = vp;
      vp = c * old - s * vq;
      vq = s * old + c * vq;
    }
  }

  size_t size_;
  std::vector<double> matrix_, vectors_;
};

}  // namespace

EigenPairs SymmetricEigen(std::vector<double> matrix, size_t size) {
  return Jacobi(std::move(matrix), size).Run();
}

}  // namespace understudy
