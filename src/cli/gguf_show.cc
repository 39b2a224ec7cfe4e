// `understudy gguf show`: what is in a model file.
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/gguf_view.h"
#include "cli/table.h"
#include "cli/text.h"

namespace understudy {
namespace {

constexpr size_t kValueColumns = 72;

struct ShowFlags {
  std::string file;
  bool json = false;
};

void PrintJson(const GgufFile& file, const ShowFlags& flags, Console& console) {
  json::object metadata;
  for (const auto& [key, value] : file.metadata()) metadata[Printable(key)] = JsonOf(value);
  json::array tensors;
  for (const GgufTensor& tensor : file.tensors()) {
    tensors.push_back(json::object{
        {"name", Printable(tensor.name)},
        {"type", Name(tensor.type)},
        {"shape", json::array(tensor.shape.begin(), tensor.shape.begin() + tensor.dimensions)},
        {"bytes", tensor.bytes.size()}});
  }
  const json::object report{{"file", flags.file},
                            {"parameters", Parameters(file)},
                            {"metadata", std::move(metadata)},
                            {"tensors", std::move(tensors)}};
  console.Out(json::serialize(report) + '\n');
}

void PrintText(const GgufFile& file, Console& console) {
  uint64_t bytes = 0;
  Table metadata({{"KEY"}, {"VALUE"}});
  for (const auto& [key, value] : file.metadata()) {
    metadata.Add({std::string(key), ShortValue(value, kValueColumns)});
  }
  Table tensors({{"TENSOR"},
                 {"TYPE"},
                 {"SHAPE"},
                 {"PARAMETERS", Table::Align::kRight},
                 {"SIZE", Table::Align::kRight}});
  for (const GgufTensor& tensor : file.tensors()) {
    bytes += tensor.bytes.size();
    tensors.Add({std::string(tensor.name), std::string(Name(tensor.type)), ShapeOf(tensor),
                 HumanCount(static_cast<int64_t>(tensor.elements())),
                 HumanBytes(static_cast<int64_t>(tensor.bytes.size()))});
  }
  metadata.Print(console);
  console.Out("\n");
  tensors.Print(console);
  console.Err(fmt::format(
      "{} in {}, {}\n", Counted(static_cast<int64_t>(Parameters(file)), "parameter"),
      Counted(std::ssize(file.tensors()), "tensor"), HumanBytes(static_cast<int64_t>(bytes))));
}

Result<ExitCode> Show(const ShowFlags& flags, Console& console) {
  TRY(const GgufFile file, OpenGguf(flags.file));
  if (flags.json) {
    PrintJson(file, flags, console);
  } else {
    PrintText(file, console);
  }
  return ExitCode::kOk;
}

}  // namespace

Action DefineGgufShow(CLI::App& app) {
  const auto flags = std::make_shared<ShowFlags>();
  app.add_option("FILE", flags->file, "a model or adapter file")->required();
  AddJsonFlag(app, flags->json);
  app.footer("  understudy gguf show models/small.gguf");
  return [flags](Console& console) { return Show(*flags, console); };
}

}  // namespace understudy
