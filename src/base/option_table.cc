#include "base/option_table.h"

namespace understudy {
namespace {

constexpr int64_t kMaxSeconds = 7 * 24 * 3600;
constexpr int64_t kMaxMillis = kMaxSeconds * 1000;
constexpr int64_t kMaxBodyBytes = int64_t{1} << 31;  // spans in a body are 32 bits wide
constexpr int64_t kMaxThreads = 1024;

// All kinds of seconds and milliseconds share their upper limits.
OptionSpec Seconds(std::string_view key, std::string_view help) {
  return {.key = key, .help = help, .min = 1, .max = kMaxSeconds};
}
OptionSpec Millis(std::string_view key, std::string_view help, int64_t min = 1) {
  return {.key = key, .help = help, .min = min, .max = kMaxMillis};
}
OptionSpec Bytes(std::string_view key, std::string_view help, int64_t min) {
  return {.key = key, .help = help, .min = min, .max = kMaxBodyBytes, .bytes = true};
}
OptionSpec Choice(std::string_view key, std::string_view choices, std::string_view help) {
  return {.key = key, .help = help, .choices = choices};
}
OptionSpec For(std::string_view kind, OptionSpec spec) {
  spec.only_for = kind;
  return spec;
}

void Walk(OptionVisitor& v, ServerOptions& o) {
  v.Visit({"listen",
           "Where to listen: \"HOST:PORT\", \"[V6]:PORT\", \":PORT\" for all interfaces, or "
           "\"unix:/path.sock\"; beyond loopback, API keys are required."},
          o.listen);
  v.Visit({"threads", "Serving threads; 0 means one a core.", 0, kMaxThreads}, o.threads);
  v.Visit(Bytes("max_body_bytes", "Larger requests are answered 413.", 1024), o.max_body_bytes);
  v.Visit(Bytes("max_header_bytes", "Larger request heads are answered 431.", 1024),
          o.max_header_bytes);
  v.Visit(Seconds("header_timeout_s", "A slower request head is answered 408."),
          o.header_timeout_s);
  v.Visit(Seconds("body_timeout_s", "A slower request body is answered 408."), o.body_timeout_s);
  v.Visit(Seconds("idle_timeout_s", "Idle keep-alive connections are closed after it."),
          o.idle_timeout_s);
  v.Visit(Seconds("request_timeout_s",
                  "Limit of the whole request; then it is answered 504, or its stream ends with "
                  "an error."),
          o.request_timeout_s);
  v.Visit({"max_concurrent", "Requests at once; more are answered 429.", 1, 1'000'000},
          o.max_concurrent);
  v.Visit({"max_connections", "Connections at once; more are closed at once.", 1, 1'000'000},
          o.max_connections);
  v.Visit(
      {"shutdown_grace_s", "Running requests may finish for so long after a stop.", 0, kMaxSeconds},
      o.shutdown_grace_s);
}

void Walk(OptionVisitor& v, AuthOptions& o) {
  v.Visit(
      {"api_keys",
       "SHA-256 of each agent's API key as \"NAME:HEX\", made by `understudy init --api-key`; "
       "keys of other roles are made by `understudy keys`. With neither, on loopback anyone may "
       "call, and the client's own Authorization goes upstream."},
      o.api_keys);
}

void Walk(OptionVisitor& v, RecordOptions& o) {
  v.Visit({"enabled", "When false, nothing is stored and nothing can be learned."}, o.enabled);
  v.Visit(
      Choice("mode", "batched|strict",
             "\"batched\" commits every few milliseconds; a kill loses the last 10 ms or, while "
             "the store cannot keep up, what still waits; \"strict\" commits before the answer "
             "ends, survives a power cut, and is "
             "slower."),
      o.mode);
  v.Visit({"queue", "Exchanges that may wait for the writer; beyond that, wait_ms applies.", 1,
           10'000'000},
          o.queue);
  v.Visit(Millis("wait_ms",
                 "A request waits so long for room in the queue, then goes unrecorded (counted and "
                 "logged).",
                 0),
          o.wait_ms);
  v.Visit({"commit_ms", "Longest time between two commits.", 1, 10'000}, o.commit_ms);
  v.Visit(Bytes("max_body_bytes", "Larger requests or answers are stored without their body.", 0),
          o.max_body_bytes);
}

template <class Item>
void WalkList(OptionVisitor& v, std::string_view key, std::vector<Item>& items);

constexpr int64_t kMaxDays = 36'500;

void Walk(OptionVisitor& v, RetentionRule& o) {
  v.Visit({"name", "Shown by `understudy store purge`; required."}, o.name);
  v.Visit({"origin", "The call's origin, as `understudy store stats` shows it; empty: any."},
          o.origin);
  v.Visit({"agent", "The call's x-understudy-agent equals this; empty: any."}, o.agent);
  v.Visit({"task", "The decision's task equals this; empty: any."}, o.task);
  v.Visit(Choice("outcome",
                 "|served|escalated|fell_back|unverified|invalid_request|unauthorized|too_large|"
                 "overloaded|client_gone|timed_out|upstream_error|unavailable|broken_stream|"
                 "shutdown|internal_error",
                 "The call's outcome equals this; empty: any."),
          o.outcome);
  v.Visit({"days", "Such calls are purged when they are older; 0: kept for ever.", 0, kMaxDays},
          o.days);
}

void Walk(OptionVisitor& v, StoreOptions& o) {
  v.Visit({"master_key",
           "What wraps the keys of all that is recorded: \"file:PATH\" (made where it is "
           "missing and nothing was recorded yet), \"env:NAME\" or \"command:LINE\"; without "
           "it nothing can be read."},
          o.master_key);
  v.Visit({"key_days", "Each origin's calls get a new data key after so many days.", 1, kMaxDays},
          o.key_days);
  v.Visit({.key = "max_bytes",
           .help = "Once the store is as large, calls are served and no longer recorded (counted "
                   "and logged), until `understudy store purge` makes room; 0: no limit.",
           .max = int64_t{1} << 50,
           .bytes = true},
          o.max_bytes);
  v.Visit({"retain_days",
           "`understudy store purge` removes calls that are older; 0: they are kept for ever.", 0,
           kMaxDays},
          o.retain_days);
  WalkList(v, "rules", o.rules);
}

void Walk(OptionVisitor& v, LogOptions& o) {
  v.Visit(Choice("level", "debug|info|warn|error|off", "Lines below this level are not written."),
          o.level);
  v.Visit({"json", "Write one JSON object a line instead of text."}, o.json);
}

void Walk(OptionVisitor& v, RouteRule& o) {
  v.Visit({"name", "Shown as the reason of a decision; required."}, o.name);
  v.Visit({"agent", "The request's x-understudy-agent equals this; empty: any."}, o.agent);
  v.Visit({"model", "The request's model equals this; empty: any."}, o.model);
  v.Visit({"tools", "The request offers tools, all of them among these; empty: any."}, o.tools);
  v.Visit({"system_contains", "The first system message contains this; empty: any."},
          o.system_contains);
  v.Visit(Choice("response_format", "|text|json_object|json_schema",
                 "The request asks for this response format; empty: any."),
          o.response_format);
  v.Visit(Bytes("max_bytes", "The request's body is no larger; 0: any.", 0), o.max_bytes);
  v.Visit(Bytes("min_bytes", "The request's body is no smaller.", 0), o.min_bytes);
  v.Visit(
      {"to", "Who answers: \"local\", \"reference\", \"task:NAME\" or a model's name; required."},
      o.to);
}

void Walk(OptionVisitor& v, TaskOptions& o) {
  v.Visit({"name", "Asked for as understudy/task:NAME; required."}, o.name);
  v.Visit({"model", "Name of the local model that answers; required."}, o.model);
  v.Visit({"adapter", "One of that model's adapters; empty: the plain base."}, o.adapter);
}

void Walk(OptionVisitor& v, AdapterOptions& o) {
  v.Visit({"name", "Unique within its model; required."}, o.name);
  v.Visit({.key = "path", .help = "GGUF adapter file; required.", .text = TextKind::kPath}, o.path);
}

void Walk(OptionVisitor& v, LocalRuntimeOptions& o) {
  v.Visit({.key = "llama_server",
           .help = "Path of the llama-server program; empty: PATH, then the bundle of set-up.",
           .text = TextKind::kPath},
          o.llama_server);
  v.Visit(Seconds("start_timeout_s", "A model not ready by then is restarted with back-off."),
          o.start_timeout_s);
}

void WalkUpstream(OptionVisitor& v, ModelOptions& o) {
  const auto openai = [](OptionSpec spec) { return For("openai", spec); };
  v.Visit(openai({"url", "Base URL such as \"https://host/v1\"; required."}), o.url);
  v.Visit(openai({"model", "The upstream's name for the model; empty: send the client's."}),
          o.model);
  v.Visit(openai({.key = "api_key",
                  .help = "\"env:NAME\", the variable that holds the key (a plain key is refused); "
                          "empty: the client's own Authorization goes upstream.",
                  .text = TextKind::kSecret}),
          o.api_key);
  v.Visit(openai({"headers", "Extra \"Name: value\" headers; a value may be \"env:NAME\"."}),
          o.headers);
  v.Visit(openai(Millis("connect_timeout_ms", "No connection by then counts as a failed try.")),
          o.connect_timeout_ms);
  v.Visit(openai(Millis("first_byte_timeout_ms", "No answer's first byte by then ends the try.")),
          o.first_byte_timeout_ms);
  v.Visit(openai(Millis("idle_timeout_ms", "A longer pause within an answer ends it.")),
          o.idle_timeout_ms);
  v.Visit(openai({"retries", "Extra tries on 408, 409, 429, 5xx and connection errors.", 0, 10}),
          o.retries);
  v.Visit(openai({"breaker_failures", "Consecutive failures that open the circuit.", 1, 1'000'000}),
          o.breaker_failures);
  v.Visit(openai(Millis("breaker_open_ms", "How long the circuit stays open before one trial.")),
          o.breaker_open_ms);
  v.Visit(openai({"verify_tls", "When false, any certificate is believed: for tests only."}),
          o.verify_tls);
  v.Visit(
      openai(
          {.key = "ca_file", .help = "Extra trusted certificates, PEM.", .text = TextKind::kPath}),
      o.ca_file);
  v.Visit(openai({"stream_usage", "Ask the upstream for usage on streams, to count them."}),
          o.stream_usage);
  v.Visit(openai({"reasoning",
                  "Give the upstream earlier answers' thinking back, as reasoning_content (vLLM, "
                  "SGLang, DeepSeek); OpenAI's own API refuses it."}),
          o.reasoning);
}

void WalkReplay(OptionVisitor& v, ModelOptions& o) {
  v.Visit({.key = "file",
           .help = "Exchange JSONL whose answers are given again; required.",
           .text = TextKind::kPath,
           .only_for = "replay"},
          o.file);
  v.Visit(For("replay", Choice("on_miss", "error|nearest",
                               "For a request that is not in the file: \"error\" answers 404, "
                               "\"nearest\" gives the most similar one's answer.")),
          o.on_miss);
  v.Visit(For("replay", Millis("first_token_ms", "Simulated latency before the answer.", 0)),
          o.first_token_ms);
  v.Visit({.key = "tokens_per_s",
           .help = "Simulated pace of the answer; 0: all at once.",
           .max = 1'000'000,
           .only_for = "replay"},
          o.tokens_per_s);
}

void WalkLocal(OptionVisitor& v, ModelOptions& o) {
  const auto local = [](OptionSpec spec) { return For("local", spec); };
  v.Visit(local({.key = "gguf", .help = "Base model file; required.", .text = TextKind::kPath}),
          o.gguf);
  v.Visit(local({"slots", "Requests decoded at once.", 1, 1024}), o.slots);
  v.Visit(local({"context", "Tokens a slot; longer prompts do not fit.", 128, 16'777'216}),
          o.context);
  v.Visit(local({"model_threads", "llama-server's -t; 0: one a core.", 0, kMaxThreads}),
          o.model_threads);
  v.Visit(local({"gpu_layers", "Layers on the GPU, where there is one.", 0, 10'000}), o.gpu_layers);
  v.Visit(local({"extra_args", "Passed to llama-server as they are."}), o.extra_args);
}

void Walk(OptionVisitor& v, ModelOptions& o) {
  constexpr int64_t kMaxPrice = 1'000'000;
  v.Visit({"name", "Unique, of a-z 0-9 . _ -; required."}, o.name);
  v.Visit(Choice("kind", "openai|replay|local",
                 "\"openai\": any OpenAI-compatible server; \"replay\": answers from a recorded "
                 "log; \"local\": llama-server as a child process; required."),
          o.kind);
  v.Visit(
      {"small", "An SLM: its answers are verified and may escalate; always true for \"local\"."},
      o.small);
  v.Visit(Choice("zone", "|local|private|cloud",
                 "Where a request's data goes; empty: \"cloud\" for \"openai\", else \"local\"."),
          o.zone);
  v.Visit({"input_usd", "US dollars per million prompt tokens.", 0, kMaxPrice}, o.input_usd);
  v.Visit({"cached_input_usd", "US dollars per million cached prompt tokens; -1: as input_usd.", -1,
           kMaxPrice},
          o.cached_input_usd);
  v.Visit({"output_usd", "US dollars per million answer tokens.", 0, kMaxPrice}, o.output_usd);
  v.Visit({"max_concurrent", "Requests at once; more fall back or are answered 429; 0: no limit.",
           0, 1'000'000},
          o.max_concurrent);
  WalkUpstream(v, o);
  WalkReplay(v, o);
  WalkLocal(v, o);
  WalkList(v, "adapters", o.adapters);
}

void Walk(OptionVisitor& v, RoutingOptions& o) {
  v.Visit({"reference", "Name of the reference model; empty: the first model that is not small."},
          o.reference);
  v.Visit({"local",
           "Name of the SLM behind understudy/local; empty: the first model of kind \"local\", "
           "else the first small one."},
          o.local);
  v.Visit({"fallback",
           "Who answers when the chosen model is down, slow or full: \"auto\" for the other of "
           "the two, \"none\", or a model's name."},
          o.fallback);
  v.Visit({"escalate", "Ask the reference when an SLM's answer fails verification."}, o.escalate);
  v.Visit({"learned",
           "Let the router of deployments.json decide where no header, name or rule does; false: "
           "its models and adapters are loaded, and only asked for by name."},
          o.learned);
  v.Visit({.key = "shadows",
           .help = "Shadow answers of deployments under test asked for at once, behind calls that "
                   "the reference answered; further ones are left out. 0: none.",
           .max = 1024},
          o.shadows);
  v.Visit(Choice("stream", "hold|flow",
                 "SLM streams: \"hold\" them until the verdict, or let them \"flow\" unverified "
                 "from the first token. A deployment's are always held."),
          o.stream);
  WalkList(v, "rules", o.rules);
  WalkList(v, "tasks", o.tasks);
}

template <class Item>
void WalkList(OptionVisitor& v, std::string_view key, std::vector<Item>& items) {
  items.resize(v.BeginList(key, items.size()));
  for (size_t i = 0; i < items.size(); ++i) {
    v.BeginItem(i);
    Walk(v, items[i]);
    v.EndItem();
  }
  v.EndList();
}

template <class Section>
void WalkTable(OptionVisitor& v, std::string_view key, Section& section) {
  v.BeginTable(key);
  Walk(v, section);
  v.EndTable();
}

}  // namespace

void VisitOptions(OptionVisitor& visitor, Options& options) {
  WalkTable(visitor, "server", options.server);
  WalkTable(visitor, "auth", options.auth);
  WalkTable(visitor, "record", options.record);
  WalkTable(visitor, "store", options.store);
  WalkTable(visitor, "log", options.log);
  WalkTable(visitor, "routing", options.routing);
  WalkTable(visitor, "runtime", options.runtime);
  WalkList(visitor, "models", options.models);
}

std::vector<std::string> SplitChoices(std::string_view choices) {
  std::vector<std::string> list;
  for (;;) {
    const size_t bar = choices.find('|');
    list.emplace_back(choices.substr(0, bar));
    if (bar == std::string_view::npos) return list;
    choices.remove_prefix(bar + 1);
  }
}

}  // namespace understudy
