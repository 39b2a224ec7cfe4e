// A model's numbers: matrices in the precision of their file, or in f32 to be trained.
//
// A Matrix is [out, in]; y = x W^T. A frozen one stays as its file has it (f32, f16, bf16, or q8_0
// as scales and signed bytes) and is widened for each use, so a frozen base costs its file's size.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"

namespace understudy::nn {

class Matrix {
 public:
  Matrix() = default;
  // `values` [out, in] in f32, f16 or bf16; trainable if it requires a gradient.
  explicit Matrix(at::Tensor values) : values_(std::move(values)) {}
  // q8_0: `quants` [out, in] int8, `scales` [out, in / 32] f16.
  Matrix(at::Tensor quants, at::Tensor scales)
      : values_(std::move(quants)), scales_(std::move(scales)) {}

  int64_t out() const { return values_.size(0); }
  int64_t in() const { return values_.size(1); }
  bool trainable() const { return values_.requires_grad(); }
  // The values in `type` (kFloat or kBFloat16); no copy where they are so already.
  at::Tensor As(at::ScalarType type) const;
  // Rows `ids` [...] as f32 [..., in].
  at::Tensor Rows(const at::Tensor& ids) const;
  const at::Tensor& values() const { return values_; }
  Matrix To(at::Device device) const;

 private:
  at::Tensor values_, scales_;
};

// The bytes of a GGUF tensor as a torch tensor of `shape` (outermost first), copied, in the file's
// precision; kUnsupported for types other than f32, f16 and bf16.
Result<at::Tensor> ToTorch(const GgufTensor& tensor, at::IntArrayRef shape);
Result<Matrix> ToMatrix(const GgufTensor& tensor, int64_t out, int64_t in);

// The numbers of a tensor in the machine's memory, contiguous: itself where it is so.
at::Tensor InMemory(const at::Tensor& tensor);
// Puts the numbers of `from` [tensor.numel()] f32 into `tensor`, wherever that is; false where
// sizes differ.
bool Fill(at::Tensor tensor, std::string_view from);

// Where a model under construction gets its tensors from: a file, or a seed. Both know them by
// their GGUF names; the order of the requests is the order in which a model is written. What is
// drawn is drawn on the CPU, so that a seed means the same on every device.
class TensorSource {
 public:
  enum class Start { kZeros, kOnes, kNormal, kConv, kTimeStep, kDecay };

  virtual ~TensorSource() = default;
  virtual Result<Matrix> GetMatrix(const std::string& name, int64_t out, int64_t in) = 0;
  // A tensor that is not multiplied with: a norm, a bias. `shape` outermost first; always f32.
  virtual Result<at::Tensor> GetVector(const std::string& name, at::IntArrayRef shape,
                                       Start start) = 0;
  virtual bool Has(const std::string& name) const = 0;
};

// Frozen tensors of a file. The file may be closed afterwards.
class FileSource : public TensorSource {
 public:
  explicit FileSource(const GgufFile& file, at::Device device = at::kCPU)
      : file_(file), device_(device) {}
  Result<Matrix> GetMatrix(const std::string& name, int64_t out, int64_t in) override;
  Result<at::Tensor> GetVector(const std::string& name, at::IntArrayRef shape, Start) override;
  bool Has(const std::string& name) const override { return file_.FindTensor(name) != nullptr; }

 private:
  Result<const GgufTensor*> Find(const std::string& name, at::IntArrayRef shape) const;
  const GgufFile& file_;
  at::Device device_;
};

// A tensor of a model in training, f32 and requiring a gradient.
struct Parameter {
  std::string name;
  at::Tensor value;
  bool matrix = false;
};

// Fresh trainable tensors: matrices normal with standard deviation 0.02 (those that write to the
// residual stream divided by sqrt(2 layers)), the state-space ones as Mamba2's reference starts
// them (arXiv 2405.21060): decay uniform in [1, 16], time step log-uniform in [0.001, 0.1].
class SeedSource : public TensorSource {
 public:
  SeedSource(uint64_t seed, int64_t layers, at::Device device = at::kCPU);
  Result<Matrix> GetMatrix(const std::string& name, int64_t out, int64_t in) override;
  Result<at::Tensor> GetVector(const std::string& name, at::IntArrayRef shape,
                               Start start) override;
  bool Has(const std::string&) const override { return false; }
  std::vector<Parameter>& parameters() { return parameters_; }

 private:
  at::Tensor Keep(const std::string& name, at::Tensor value, bool matrix);
  at::Generator random_;
  int64_t layers_;
  at::Device device_;
  std::vector<Parameter> parameters_;
};

// All tensors of a file as f32 parameters that require a gradient: to go on with a base's training.
class TrainableFileSource : public TensorSource {
 public:
  explicit TrainableFileSource(const GgufFile& file, at::Device device = at::kCPU)
      : frozen_(file, device) {}
  Result<Matrix> GetMatrix(const std::string& name, int64_t out, int64_t in) override;
  Result<at::Tensor> GetVector(const std::string& name, at::IntArrayRef shape, Start) override;
  bool Has(const std::string& name) const override { return frozen_.Has(name); }
  std::vector<Parameter>& parameters() { return parameters_; }

 private:
  FileSource frozen_;
  std::vector<Parameter> parameters_;
};

}  // namespace understudy::nn
