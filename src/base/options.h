// Every option of the program: its default, its unit, and what follows from it. The table in
// base/option_table.cc reads each from the workspace's config.toml; `understudy config show` prints
// them; docs/configuration.md is tested against them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace understudy {

struct ServerOptions {
  // Where to listen: "HOST:PORT", "[V6]:PORT", ":PORT" (all interfaces) or "unix:/path.sock".
  // Beyond loopback, API keys are required.
  std::string listen = "127.0.0.1:8700";
  int64_t threads = 0;                  // serving threads; 0: one a core
  int64_t max_body_bytes = 32 << 20;    // larger requests are answered 413
  int64_t max_header_bytes = 64 << 10;  // larger request heads are answered 431
  int64_t header_timeout_s = 10;        // a slower head is answered 408
  int64_t body_timeout_s = 60;          // a slower body is answered 408
  int64_t idle_timeout_s = 120;         // idle keep-alive connections are closed
  int64_t request_timeout_s = 600;      // the whole request; then 504, or a stream's error
  int64_t max_concurrent = 4096;        // requests at once; more are answered 429
  int64_t max_connections = 100'000;    // more are closed at once
  int64_t shutdown_grace_s = 30;        // running requests may finish for so long
};

struct AuthOptions {
  // SHA-256 of each API key, as "NAME:HEX" (made by `understudy init --api-key`). Empty: on
  // loopback anyone may call, and the client's own Authorization goes upstream.
  std::vector<std::string> api_keys;
};

struct RecordOptions {
  bool operator==(const RecordOptions&) const = default;
  bool enabled = true;  // false: nothing is stored, nothing can be learned
  // "batched": commits every few ms; a kill loses the last 10 ms, or all that still waits.
  // "strict": commits before the answer ends, survives a power cut; slower.
  std::string mode = "batched";
  int64_t queue = 65'536;            // exchanges waiting for the writer; then wait_ms
  int64_t wait_ms = 5;               // a request waits so long for room, then goes
                                     // unrecorded (counted and logged)
  int64_t commit_ms = 5;             // longest time between two commits
  int64_t max_body_bytes = 4 << 20;  // larger requests or answers are stored without body
};

// Calls that are kept for another time than the rest. Every condition that is set must hold.
struct RetentionRule {
  bool operator==(const RetentionRule&) const = default;
  std::string name;     // shown by `understudy store purge`
  std::string origin;   // the keyed hash, as `understudy store stats` shows it
  std::string agent;    // x-understudy-agent equals this
  std::string task;     // the decision's task equals this
  std::string outcome;  // the outcome's name equals this: "served", "client_gone", ...
  int64_t days = 0;     // 0: for ever
};

struct StoreOptions {
  bool operator==(const StoreOptions&) const = default;
  // What wraps the keys that all recorded texts are sealed with: "file:PATH", "env:NAME" or
  // "command:LINE" (seal/master_key.h).
  std::string master_key = "file:keys/master.key";
  int64_t key_days = 30;             // each origin gets a new data key after so long
  int64_t max_bytes = 0;             // no more is recorded once the store is as large; 0: no limit
  int64_t retain_days = 0;           // older calls are purged; 0: kept for ever
  std::vector<RetentionRule> rules;  // the first that fits a call stands in for retain_days
};

struct LogOptions {
  std::string level = "info";  // debug, info, warn, error, off
  bool json = false;           // one JSON object a line
};

// One rule: every condition that is set must hold.
struct RouteRule {
  std::string name;                // shown as the reason
  std::string agent;               // x-understudy-agent equals this
  std::string model;               // the request's model equals this
  std::vector<std::string> tools;  // the request offers tools, all of them among these
  std::string system_contains;     // the first system message contains this
  std::string response_format;     // "text", "json_object", "json_schema"
  int64_t max_bytes = 0;           // body no larger; 0: any
  int64_t min_bytes = 0;           // body no smaller
  std::string to;                  // "local", "reference", "task:NAME", or a model's name
};

struct TaskOptions {  // understudy/task:NAME
  std::string name;
  std::string model;    // a local model's name
  std::string adapter;  // one of its adapters; empty: the plain base
};

struct RoutingOptions {
  std::string reference;          // name of the reference model; default: the first
                                  // that is not small
  std::string local;              // name of the SLM behind "understudy/local";
                                  // default: the first local model, else
                                  // the first small one
  std::string fallback = "auto";  // "auto": the other of the two; "none"; or a name
  bool escalate = true;           // failed verification asks the reference
  bool learned = true;            // deployments.json's router decides where no rule does
  int64_t shadows = 2;            // shadow answers asked for at once, in the
                                  // background; 0: none
  std::string stream = "hold";    // SLM streams: "hold" until the verdict, or "flow"
  std::vector<RouteRule> rules;
  std::vector<TaskOptions> tasks;
};

struct AdapterOptions {
  std::string name;
  std::string path;  // GGUF adapter
  bool operator==(const AdapterOptions&) const = default;
};

struct ModelOptions {
  std::string name;              // [a-z0-9._-]+, unique
  std::string kind;              // "openai", "replay", "local"
  bool small = false;            // an SLM: verified, may escalate; true for "local"
  std::string zone;              // "local", "private", "cloud"; default by kind
  double input_usd = 0;          // US dollars per million prompt tokens
  double cached_input_usd = -1;  // per million cached prompt tokens; -1: as input
  double output_usd = 0;         // per million answer tokens
  int64_t max_concurrent = 0;    // requests at once; 0: no limit

  // kind "openai"
  std::string url;                   // "https://host/v1"
  std::string model;                 // the upstream's name; empty: send the client's
  std::string api_key;               // "env:NAME" (a plain key is refused); empty: the
                                     // client's own Authorization goes upstream
  std::vector<std::string> headers;  // extra "Name: value"; value may be "env:NAME"
  int64_t connect_timeout_ms = 5'000;
  int64_t first_byte_timeout_ms = 120'000;
  int64_t idle_timeout_ms = 60'000;
  int64_t retries = 2;              // extra tries on 408, 409, 429, 5xx, connection errors
  int64_t breaker_failures = 5;     // consecutive failures that open the circuit
  int64_t breaker_open_ms = 5'000;  // how long it stays open before one trial
  bool verify_tls = true;
  std::string ca_file;       // extra trusted certificates, PEM
  bool stream_usage = true;  // ask upstream for usage on streams, to count them
  bool reasoning = false;    // give it earlier answers' thinking back, as reasoning_content

  // kind "replay"
  std::string file;               // exchange JSONL
  std::string on_miss = "error";  // "error" (404) or "nearest"
  int64_t first_token_ms = 0;     // simulated latency before the answer
  double tokens_per_s = 0;        // simulated pace; 0: at once

  // kind "local"
  std::string gguf;  // base model file
  std::vector<AdapterOptions> adapters;
  int64_t slots = 4;                    // requests decoded at once
  int64_t context = 4096;               // tokens a slot
  int64_t model_threads = 0;            // llama-server's -t; 0: one a core
  int64_t gpu_layers = 0;               // layers on the GPU, where there is one
  std::vector<std::string> extra_args;  // passed to llama-server as they are

  bool operator==(const ModelOptions&) const = default;
};

struct LocalRuntimeOptions {
  std::string llama_server;       // path; empty: PATH, then the bundle of set-up
  int64_t start_timeout_s = 120;  // not ready by then: restarted with back-off
  bool operator==(const LocalRuntimeOptions&) const = default;
};

struct Options {
  std::string workspace;  // folder of config.toml; relative paths start there
  ServerOptions server;
  AuthOptions auth;
  RecordOptions record;
  StoreOptions store;
  LogOptions log;
  RoutingOptions routing;
  LocalRuntimeOptions runtime;
  std::vector<ModelOptions> models;
};

}  // namespace understudy
