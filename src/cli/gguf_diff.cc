// `understudy gguf diff`: what differs between two model files.
#include <cmath>

#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/gguf_view.h"
#include "cli/table.h"
#include "cli/text.h"
#include "gguf/convert.h"

namespace understudy {
namespace {

constexpr size_t kValueColumns = 40;

struct DiffFlags {
  std::vector<std::string> files;
  bool json = false;
};

struct Difference {
  std::string name;      // a key or a tensor
  std::string one, two;  // what each file has; "-" for nothing
  std::string detail;    // of values: "12 of 4,096 values, by 0.25 at most"
};
using Differences = std::vector<Difference>;

Differences DiffMetadata(const GgufFile& one, const GgufFile& two) {
  Differences all;
  for (const auto& [key, value] : one.metadata()) {
    const GgufValue* other = two.Find(key);
    if (other != nullptr && *other == value) continue;
    all.push_back({std::string(key), ShortValue(value, kValueColumns),
                   other ? ShortValue(*other, kValueColumns) : "-", ""});
  }
  for (const auto& [key, value] : two.metadata()) {
    if (one.Find(key) != nullptr) continue;
    all.push_back({std::string(key), "-", ShortValue(value, kValueColumns), ""});
  }
  return all;
}

std::string Describe(const GgufTensor& tensor) {
  return fmt::format("{} {}", Name(tensor.type), ShapeOf(tensor));
}

// Empty when no value differs.
std::string DiffValues(const GgufTensor& one, const GgufTensor& two) {
  const auto a = DecodeTensor(one), b = DecodeTensor(two);
  if (!a || !b) return "the bytes differ; the type is not decoded here";
  int64_t different = 0;
  double most = 0;
  for (size_t i = 0; i < a->size(); ++i) {
    const float x = (*a)[i], y = (*b)[i];
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    ++different;
    const double apart = std::abs(static_cast<double>(x) - static_cast<double>(y));
    most = std::isnan(apart) ? INFINITY : std::max(most, apart);
  }
  if (different == 0) return "";
  return fmt::format("{} of {} values, by {:.6g} at most", HumanCount(different),
                     HumanCount(std::ssize(*a)), most);
}

Differences DiffTensors(const GgufFile& one, const GgufFile& two) {
  Differences all;
  for (const GgufTensor& tensor : one.tensors()) {
    const GgufTensor* other = two.FindTensor(tensor.name);
    const std::string name(tensor.name);
    if (other == nullptr) {
      all.push_back({name, Describe(tensor), "-", ""});
    } else if (other->shape != tensor.shape) {
      all.push_back({name, Describe(tensor), Describe(*other), "another shape"});
    } else if (other->type != tensor.type || other->bytes != tensor.bytes) {
      const std::string values = DiffValues(tensor, *other);
      if (values.empty() && other->type == tensor.type) continue;
      all.push_back(
          {name, Describe(tensor), Describe(*other), values.empty() ? "the same values" : values});
    }
  }
  for (const GgufTensor& tensor : two.tensors()) {
    if (one.FindTensor(tensor.name) != nullptr) continue;
    all.push_back({std::string(tensor.name), "-", Describe(tensor), ""});
  }
  return all;
}

json::array ToJson(const Differences& all) {
  json::array rows;
  for (const Difference& difference : all) {
    rows.push_back(json::object{{"name", Printable(difference.name)},
                                {"one", difference.one},
                                {"two", difference.two},
                                {"detail", difference.detail}});
  }
  return rows;
}

void PrintTable(const char* title, const Differences& all, Console& console) {
  if (all.empty()) return;
  Table table({{title}, {"ONE"}, {"TWO"}, {"DIFFERENCE"}});
  for (const Difference& difference : all) {
    table.Add({difference.name, difference.one, difference.two, difference.detail});
  }
  table.Print(console);
}

Result<ExitCode> Diff(const DiffFlags& flags, Console& console) {
  TRY(const GgufFile one, OpenGguf(flags.files[0]));
  TRY(const GgufFile two, OpenGguf(flags.files[1]));
  const Differences metadata = DiffMetadata(one, two), tensors = DiffTensors(one, two);
  const bool same = metadata.empty() && tensors.empty();
  if (flags.json) {
    const json::object report{
        {"same", same}, {"metadata", ToJson(metadata)}, {"tensors", ToJson(tensors)}};
    console.Out(json::serialize(report) + '\n');
  } else {
    PrintTable("KEY", metadata, console);
    PrintTable("TENSOR", tensors, console);
    console.Err(same ? std::string("no difference\n")
                     : fmt::format("{} and {} differ\n", Counted(std::ssize(metadata), "key"),
                                   Counted(std::ssize(tensors), "tensor")));
  }
  return same ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace

Action DefineGgufDiff(CLI::App& app) {
  const auto flags = std::make_shared<DiffFlags>();
  app.add_option("FILE", flags->files, "the two files")->required()->expected(2);
  AddJsonFlag(app, flags->json);
  app.footer("  understudy gguf diff before.gguf after.gguf");
  return [flags](Console& console) { return Diff(*flags, console); };
}

}  // namespace understudy
