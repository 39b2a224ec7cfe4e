#include "cli/starter_config.h"

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr std::string_view kServer =
    R"(# The workspace's configuration. Every key, its default and what follows from it:
# docs/configuration.md, or: understudy config show
# Check it with: understudy config check
# A running gateway takes changes over on SIGHUP, without dropping a request.

[server]
listen = "127.0.0.1:8700"   # "HOST:PORT", "[V6]:PORT", ":PORT" (all interfaces), "unix:/path.sock"

[auth]
# SHA-256 of each API key, "NAME:HEX"; `understudy init --api-key NAME` makes one. Without keys
# anyone on this machine may call, and the client's own Authorization goes upstream. Beyond
# loopback, keys are required.
)";

constexpr std::string_view kRecord = R"(
[record]
enabled = true         # false: nothing is stored, nothing can be learned
mode = "batched"       # "strict": an exchange is on disk before its answer ends; slower

[store]
# What was recorded is sealed; this key opens it. Keep a copy elsewhere: without it nothing can be
# read. "env:NAME" and "command:LINE" take it from a variable or a key service.
master_key = "file:keys/master.key"

[log]
level = "info"         # debug, info, warn, error, off

[routing]
reference = "openai"   # the model whose answers set the standard
escalate = true        # a small model's answer that fails verification is asked again here
stream = "hold"        # small models' streams wait for the verdict; "flow" sends them at once

# The reference model: OpenAI, or anything that speaks its API.
[[models]]
name = "openai"
kind = "openai"
url = "https://api.openai.com/v1"
)";

constexpr std::string_view kClientKey =
    "# api_key = \"env:OPENAI_API_KEY\"   # instead of the client's own Authorization\n";
constexpr std::string_view kOwnKey = "api_key = \"env:OPENAI_API_KEY\"\n";

constexpr std::string_view kExamples =
    R"(# input_usd = 2.5        # US dollars per million tokens, for the books
# cached_input_usd = 1.25
# output_usd = 10

# A small model on this machine, run by llama-server (found on PATH or in set-up's bundle).
# [[models]]
# name = "small"
# kind = "local"
# gguf = "models/small.gguf"   # relative to this folder
# context = 4096               # tokens a slot
# slots = 4                    # requests decoded at once
# [[models.adapters]]
# name = "labels"
# path = "adapters/labels.gguf"

# A model that answers from recorded exchanges: for tests and demonstrations.
# [[models]]
# name = "recorded"
# kind = "replay"
# file = "exchanges.jsonl"
# on_miss = "nearest"          # "error": 404 for what was not recorded

# A rule: where every condition holds, the request goes `to` "local", "reference" or a model.
# The first rule that fits decides; without one, the reference answers.
# [[routing.rules]]
# name = "short-labels"
# response_format = "json_schema"
# system_contains = "Classify"
# max_bytes = 8192
# to = "local"
)";

}  // namespace

std::string StarterConfig(std::string_view api_key_entry) {
  const bool keyed = !api_key_entry.empty();
  const std::string keys =
      keyed ? fmt::format("api_keys = [\"{}\"]\n", api_key_entry) : std::string("api_keys = []\n");
  return fmt::format("{}{}{}{}{}", kServer, keys, kRecord, keyed ? kOwnKey : kClientKey, kExamples);
}

}  // namespace understudy
