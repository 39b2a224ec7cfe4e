#include "models/llama_selftest.h"

#include <algorithm>
#include <functional>
#include <future>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/file.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/log.h"
#include "models/local_model.h"
#include "models/private_folder.h"
#include "models/selftest_model.h"

namespace understudy {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kStartTime{60};
constexpr std::chrono::seconds kCancelTime{10};  // it takes milliseconds; machines may be busy

std::string Greedy(std::string_view user, std::string_view more) {
  return fmt::format(
      R"({{"model":"x","messages":[{{"role":"user","content":{}}}],"temperature":0,{}}})",
      JsonString(user), more);
}

// One check: no error when passed. Runs on the runtime's only thread.
using Check = Task<Status> (*)(LocalModel&);

Task<Result<ChatAnswer>> Ask(LocalModel& model, std::string body, std::string_view adapter) {
  CO_TRY(const ChatRequest chat, ParseChatRequest(std::move(body)));
  Cancellation cancellation;
  ModelRequest request{chat, {}, adapter, cancellation};
  auto answer = co_await model.Complete(request);
  if (answer && answer->choices.empty()) co_return Fail(ProtocolError("an answer without choices"));
  co_return answer;
}

Error Wrong(std::string what) {
  return ProtocolError(std::move(what));
}

// The same prompts in turn over the plain base and two adapters: each must answer as it did the
// first time, and as none of the others.
Task<Status> AdaptersStayApart(LocalModel& model) {
  const std::string_view adapters[] = {"", "a", "b"};
  for (const char* prompt : {"What is the time?", "Name three colours.", "Where is the library?"}) {
    std::string first[3];
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 3; ++i) {
        CO_TRY(const auto answer,
               co_await Ask(model, Greedy(prompt, R"("max_tokens":12)"), adapters[i]));
        const std::string& text = answer.choices[0].content;
        if (round == 0) first[i] = text;
        if (text != first[i]) co_return Fail(Wrong("an answer changed after another adapter's"));
      }
    }
    if (first[0] == first[1] || first[0] == first[2] || first[1] == first[2]) {
      co_return Fail(Wrong("an adapter gave the answer of another"));
    }
  }
  co_return Status{};
}

Task<Result<bool>> AnySlotBusy(LocalModel& model) {
  Cancellation cancellation;
  const Headers none;
  CO_TRY(const auto reply, co_await model.generation()->ClientOfThisThread().Send(
                               "GET", "/slots", none, "", cancellation));
  CO_TRY(const std::string body, co_await reply->ReadAll(size_t{1} << 20));
  CO_TRY(const json::value slots, ParseJson(body));
  if (!slots.is_array()) co_return Fail(Wrong("/slots gives no list"));
  for (const json::value& slot : slots.get_array()) {
    if (BoolOr(slot, "is_processing", false)) co_return true;
  }
  co_return false;
}

Task<Status> DroppedStreamsEnd(LocalModel& model) {
  {
    CO_TRY(const ChatRequest chat,
           ParseChatRequest(Greedy("Count.", R"("max_tokens":1500,"ignore_eos":true)")));
    Cancellation cancellation;
    ModelRequest request{chat, {}, {}, cancellation};
    CO_TRY(const auto stream, co_await model.Stream(request));
    for (int i = 0; i < 3; ++i) {
      CO_TRY([[maybe_unused]] const auto chunk, co_await stream->Next());
    }
  }
  const auto deadline = std::chrono::steady_clock::now() + kCancelTime;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    CO_TRY(const bool busy, co_await AnySlotBusy(model));
    if (!busy) co_return Status{};
    if (std::chrono::steady_clock::now() > deadline) {
      co_return Fail(Wrong("a slot works on after its client has gone"));
    }
    timer.expires_after(milliseconds(5));
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(kUseTask, ignored));
  }
}

Task<Status> ForcedToolsAreCalled(LocalModel& model) {
  const auto tool = [](const char* name) {
    return fmt::format(
        R"({{"type":"function","function":{{"name":"{}","description":"","parameters":{{)"
        R"("type":"object","properties":{{"city":{{"type":"string","enum":["Oslo","Rome"]}}}},)"
        R"("required":["city"]}}}}}})",
        name);
  };
  const std::string more =
      fmt::format(R"("max_tokens":1000,"tools":[{},{}],)"
                  R"("tool_choice":{{"type":"function","function":{{"name":"second"}}}})",
                  tool("first"), tool("second"));
  CO_TRY(const auto answer, co_await Ask(model, Greedy("Weather?", more), ""));
  const auto& calls = answer.choices[0].tool_calls;
  if (calls.empty() || calls[0].name != "second") {
    co_return Fail(Wrong("the forced tool was not called"));
  }
  CO_TRY(const json::value arguments, ParseJson(calls[0].arguments));
  const std::string_view city = StringOr(arguments, "city");
  if (city != "Oslo" && city != "Rome") {
    co_return Fail(Wrong("a tool's arguments do not keep to their schema"));
  }
  co_return Status{};
}

Task<Status> SchemasAreKept(LocalModel& model) {
  const std::string more =
      R"("max_tokens":200,"response_format":{"type":"json_schema","json_schema":{"name":"s",)"
      R"("schema":{"type":"object","properties":{"yes":{"type":"boolean"}},"required":["yes"]}}})";
  CO_TRY(const auto answer, co_await Ask(model, Greedy("Yes?", more), "a"));
  CO_TRY(const json::value content, ParseJson(answer.choices[0].content));
  const json::value* yes = Find(content, "yes");
  if (!yes || !yes->is_bool()) co_return Fail(Wrong("an answer does not keep to its schema"));
  co_return Status{};
}

struct NamedCheck {
  const char* name;
  Check check;
};
constexpr NamedCheck kChecks[] = {
    {"adapters stay apart", AdaptersStayApart},
    {"dropped streams end", DroppedStreamsEnd},
    {"forced tools are called", ForcedToolsAreCalled},
    {"response schemas are kept", SchemasAreKept},
};

Status RunOn(Runtime& runtime, Task<Status> task) {
  std::promise<Status> result;
  asio::co_spawn(runtime.context(0), std::move(task),
                 [&result](const std::exception_ptr& thrown, Status status) {
                   result.set_value(thrown ? Fail(Wrong("the check broke off")) : status);
                 });
  return result.get_future().get();
}

// The tiny model on the program under test, ready.
Result<std::shared_ptr<LocalModel>> StartTiny(const std::filesystem::path& program,
                                              const std::filesystem::path& folder,
                                              Runtime& runtime) {
  TRY(const SelftestFiles files, WriteSelftestFiles(folder));
  ModelOptions options;
  options.name = "selftest";
  options.gguf = files.model;
  options.adapters = {{"a", files.adapter_a}, {"b", files.adapter_b}};
  options.slots = 2;
  options.context = 2048;
  options.model_threads = 1;
  TRY(auto model, LocalModel::MakeWith(program, options, {}, folder, runtime));
  TRY_VOID(model->WaitReady(kStartTime));
  return model;
}

void Note(SelftestReport& report, const char* name, const Status& status) {
  report.checks.push_back({name, status.has_value(), status ? "" : status.error().ToString()});
}

}  // namespace

bool SelftestReport::passed() const {
  return std::all_of(checks.begin(), checks.end(),
                     [](const SelftestCheck& check) { return check.passed; });
}

SelftestReport RunLlamaSelftest(const std::filesystem::path& program) {
  SelftestReport report;
  const auto folder = PrivateFolder::Make();
  if (!folder) {
    Note(report, "starts on a unix socket", Fail(folder.error()));
    return report;
  }
  Runtime runtime(1);
  runtime.Start();
  const auto model = StartTiny(program, folder->path(), runtime);
  Note(report, "starts on a unix socket", model ? Status{} : Fail(model.error()));
  if (!model) return report;
  for (const auto& [name, check] : kChecks) Note(report, name, RunOn(runtime, check(**model)));
  return report;
}

Status EnsureLlamaSelftest(const LlamaProgram& program, const std::filesystem::path& cache_folder) {
  const std::string passed = program.path.string() + "\n" + program.version + "\npassed 1\n";
  const auto note =
      cache_folder / fmt::format("llama-selftest-{:016x}", FastHash(program.path.string()));
  if (const auto noted = ReadFile(note, 4096); noted && *noted == passed) return {};
  LOG_INFO("testing llama-server {} before its first use", program.version);
  const SelftestReport report = RunLlamaSelftest(program.path);
  for (const SelftestCheck& check : report.checks) {
    if (check.passed) continue;
    Error error = Unavailable(fmt::format("llama-server {} failed its self-test ({}): {}",
                                          program.version, check.name, check.detail));
    error.kind = ErrorKind::kUnsupported;
    error.retryable = false;
    return Fail(std::move(error).Mend("Use another version; see runtime.llama_server."));
  }
  TRY_VOID(MakeFolders(cache_folder, 0700));
  return WriteFileAtomically(note, passed);
}

}  // namespace understudy
