#include "flywheel/refine/collect.h"

#include "base/file.h"
#include "chat/exchange_json.h"
#include "flywheel/curate/spool.h"

namespace understudy {
namespace {

constexpr int64_t kLookEvery = 256;  // exchanges

bool IsReference(const AnswerRecord& answer) {
  return answer.kind == AnswerKind::kReference && answer.error.empty();
}

}  // namespace

Collected::~Collected() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

bool Teaches(const Exchange& exchange) {
  if (exchange.request.empty() || exchange.response.empty()) return false;
  return exchange.answers.empty() || std::ranges::any_of(exchange.answers, IsReference);
}

Result<Collected> Collect(UsageStore& store, const std::filesystem::path& folder,
                          const StageHooks& hooks) {
  TRY_VOID(MakeFolders(folder));
  TRY(const int64_t all, store.Count({}));
  const auto path = folder / "collected.jsonl";
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  TRY(SpoolFile file, SpoolFile::Create(path));
  Collected collected(path);
  int64_t seen = 0, kept = 0;
  Status wrong;
  TRY_VOID(store.Scan({}, [&](Exchange&& exchange) {
    if (++seen % kLookEvery == 0) {
      if (hooks.progress) hooks.progress("Collecting", seen, all);
      if (hooks.stop && hooks.stop()) wrong = Fail(Cancelled("interrupted; nothing was written"));
    }
    if (wrong && Teaches(exchange)) {
      wrong = file.Write(FormatExchangeLine(exchange));
      ++kept;
    }
    return wrong.has_value();
  }));
  TRY_VOID(std::move(wrong));
  TRY_VOID(file.Flush());
  if (kept == 0) {
    return Fail(NotFound(seen == 0 ? "nothing was recorded yet"
                                   : "no recorded call has an answer of the reference")
                    .Mend("Let agents call through the gateway (understudy serve), or import "
                          "recorded calls (understudy import FILE)."));
  }
  collected.set_exchanges(kept);
  return collected;
}

}  // namespace understudy
