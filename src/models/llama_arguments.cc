#include "models/llama_arguments.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr std::string_view kOurs[] = {
    "--host",
    "--port",
    "--reuse-port",
    "--api-key",
    "--api-key-file",
    "--api-prefix",
    "--ssl-key-file",
    "--ssl-cert-file",
    "-m",
    "--model",
    "-mu",
    "--model-url",
    "-hf",
    "-hfr",
    "--hf-repo",
    "-dr",
    "--docker-repo",
    "-a",
    "--alias",
    "--lora",
    "--lora-scaled",
    "--lora-init-without-apply",
    "-cram",
    "--cache-ram",
    "-np",
    "--parallel",
    "-c",
    "--ctx-size",
    "--no-jinja",
    "--models-dir",
    "--models-preset",
    "--embedding",
    "--embeddings",
    "--rerank",
    "--reranking",
    "--tools",
    "-ag",
    "--agent",
    "--mcp-servers-config",
    "--mcp-servers-json",
    "--ui-mcp-proxy",
    "--webui-mcp-proxy",
    "--prefill-assistant",
    "--log-prompts-dir",
    "--log-disable",
    "--path",
};

}  // namespace

std::vector<std::string> LlamaArguments(const LlamaSetup& setup, const std::string& socket,
                                        const std::vector<std::string>& adapter_links) {
  const int64_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::string context = fmt::format("{}", setup.context);
  std::vector<std::string> arguments{setup.program,
                                     "--host",
                                     socket,
                                     "-m",
                                     setup.gguf,
                                     "--alias",
                                     setup.name,
                                     "-t",
                                     fmt::format("{}", setup.threads > 0 ? setup.threads : cores),
                                     "-ngl",
                                     fmt::format("{}", setup.gpu_layers),
                                     "-cram",
                                     "0",
                                     "--no-webui"};
  const auto add = [&arguments](std::initializer_list<std::string> more) {
    arguments.insert(arguments.end(), more);
  };
  if (setup.embeddings) {
    // An input must fit one batch, so the batch is as large as the context.
    add({"--embeddings", "--pooling", "mean", "-np", "1", "-c", context, "-b", context, "-ub",
         context});
  } else {
    add({"--jinja", "--no-prefill-assistant", "-np", fmt::format("{}", setup.slots), "-c",
         fmt::format("{}", setup.slots * setup.context)});
  }
  if (!adapter_links.empty() && !setup.embeddings) {
    add({"--lora-scaled", fmt::format("{}:0", fmt::join(adapter_links, ":0,"))});
  }
  arguments.insert(arguments.end(), setup.extra.begin(), setup.extra.end());
  return arguments;
}

Status CheckExtraArguments(const std::vector<std::string>& extra) {
  for (const std::string& argument : extra) {
    const std::string_view flag = std::string_view(argument).substr(0, argument.find('='));
    if (std::find(std::begin(kOurs), std::end(kOurs), flag) != std::end(kOurs)) {
      return Fail(InvalidInput(fmt::format("extra_args may not set {}", flag))
                      .Mend("Understudy sets it itself; use the model's own options."));
    }
  }
  return {};
}

}  // namespace understudy
