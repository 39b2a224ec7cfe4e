// `understudy gguf check`: whether a model or adapter file will serve and can be trained on.
#include <cmath>

#include "cli/definitions.h"
#include "cli/doctor.h"
#include "cli/flags.h"
#include "cli/gguf_view.h"
#include "cli/text.h"
#include "gguf/adapter_check.h"
#include "gguf/convert.h"
#include "gguf/model_meta.h"
#include "tokens/tokenizer.h"

namespace understudy {
namespace {

struct CheckFlags {
  std::string file, base;
  bool json = false;
};

Finding Found(std::string name, Health health, std::string detail, std::string mend = {}) {
  return {"file", std::move(name), health, std::move(detail), std::move(mend)};
}
Finding Failed(std::string name, const Error& error) {
  return Found(std::move(name), Health::kFail, error.message, error.mend);
}

Finding CheckStructure(const GgufFile& file) {
  return Found("structure", Health::kOk,
               fmt::format("{}, {}, {}", Counted(std::ssize(file.metadata()), "key"),
                           Counted(std::ssize(file.tensors()), "tensor"),
                           Counted(static_cast<int64_t>(Parameters(file)), "parameter")));
}

Finding CheckModel(const GgufFile& file) {
  const auto meta = ReadModelMeta(file);
  if (!meta) return Failed("model", meta.error());
  return Found("model", Health::kOk,
               fmt::format("{}, {}, context of {} tokens", meta->architecture,
                           Counted(static_cast<int64_t>(meta->layers), "layer"),
                           HumanCount(static_cast<int64_t>(meta->context_tokens))));
}

Finding CheckTokenizer(const GgufFile& file) {
  const auto tokenizer = Tokenizer::FromGguf(file);
  if (!tokenizer && tokenizer.error().kind == ErrorKind::kUnsupported) {
    return Found(
        "tokenizer", Health::kWarn,
        tokenizer.error().message + " here: the file serves, but no adapter is trained on it",
        tokenizer.error().mend);
  }
  if (!tokenizer) return Failed("tokenizer", tokenizer.error());
  const GgufTensor* embedding = file.FindTensor("token_embd.weight");
  if (embedding != nullptr && embedding->shape[1] != tokenizer->size()) {
    return Found("tokenizer", Health::kFail,
                 fmt::format("{} tokens, but token_embd.weight has {} rows", tokenizer->size(),
                             embedding->shape[1]),
                 "Take a complete GGUF file of the model.");
  }
  return Found("tokenizer", Health::kOk,
               fmt::format("{}, {}", Counted(static_cast<int64_t>(tokenizer->size()), "token"),
                           Counted(std::ssize(tokenizer->vocabulary().merges), "merge")));
}

Finding CheckTemplate(const GgufFile& file) {
  const auto text = file.Text("tokenizer.chat_template");
  if (!text || text->empty()) {
    return Found("chat template", Health::kWarn, "there is none: llama-server falls back to ChatML",
                 "Set tokenizer.chat_template, or name a file by --chat-template-file.");
  }
  if (text->find("tools") == text->npos || text->find("tool_calls") == text->npos) {
    return Found("chat template", Health::kWarn, "it does not render tools or tool_calls",
                 "Where agents call tools, take a model whose template knows them.");
  }
  return Found("chat template", Health::kOk, "renders tools and tool_calls");
}

// Types that are not decoded here are counted as not looked at.
Finding CheckValues(const GgufFile& file) {
  int64_t unread = 0;
  for (const GgufTensor& tensor : file.tensors()) {
    const auto values = DecodeTensor(tensor);
    if (!values) {
      ++unread;
    } else if (!std::ranges::all_of(*values, [](float value) { return std::isfinite(value); })) {
      return Found("values", Health::kFail,
                   fmt::format("{} holds values that are not finite", tensor.name),
                   "Train or convert the model again.");
    }
  }
  const std::string detail = "all are finite";
  if (unread == 0) return Found("values", Health::kOk, detail);
  return Found(
      "values", Health::kOk,
      detail + fmt::format("; {} of types that are not decoded here", Counted(unread, "tensor")));
}

Result<Finding> CheckAdapterFile(const GgufFile& file, const std::string& base_path) {
  if (base_path.empty()) {
    return Found("adapter", Health::kWarn, "not compared with its base model",
                 "Name it: --base FILE");
  }
  TRY(const GgufFile base, OpenGguf(base_path));
  const auto summary = CheckAdapter(base, file);
  if (!summary) return Failed("adapter", summary.error());
  const std::string rank = summary->least_rank == summary->most_rank
                               ? fmt::format("{}", summary->most_rank)
                               : fmt::format("{} to {}", summary->least_rank, summary->most_rank);
  return Found(
      "adapter", Health::kOk,
      fmt::format("fits {}: {}, rank {}, alpha {}", base_path,
                  Counted(static_cast<int64_t>(summary->targets), "target"), rank, summary->alpha));
}

Result<ExitCode> Check(const CheckFlags& flags, Console& console) {
  TRY(const GgufFile file, OpenGguf(flags.file));
  const bool is_adapter = file.Text("general.type") == "adapter";
  if (!is_adapter && !flags.base.empty()) {
    return Fail(UsageError("--base is for adapters, and the file is none"));
  }
  Findings findings{CheckStructure(file)};
  if (is_adapter) {
    TRY(Finding adapter, CheckAdapterFile(file, flags.base));
    findings.push_back(std::move(adapter));
  } else {
    for (const auto check : {CheckModel, CheckTokenizer, CheckTemplate}) {
      findings.push_back(check(file));
    }
  }
  findings.push_back(CheckValues(file));
  for (Finding& finding : findings) finding.subject = flags.file;
  return ReportFindings(findings, flags.json, console);
}

}  // namespace

Action DefineGgufCheck(CLI::App& app) {
  const auto flags = std::make_shared<CheckFlags>();
  app.add_option("FILE", flags->file, "a model or adapter file")->required();
  AddValue(app, "--base", flags->base, "FILE", "the base model that an adapter is for");
  AddJsonFlag(app, flags->json);
  app.footer(
      "  understudy gguf check models/small.gguf\n"
      "  understudy gguf check adapters/labels.gguf --base models/small.gguf");
  return [flags](Console& console) { return Check(*flags, console); };
}

}  // namespace understudy
