// `understudy import`: exchanges from files into the usage store.
#include "base/json.h"
#include "cli/definitions.h"
#include "cli/exchange_file.h"
#include "cli/flags.h"
#include "cli/text.h"
#include "cli/workspace.h"

namespace understudy {
namespace {

constexpr size_t kBatch = 1000;

struct ImportFlags {
  std::vector<std::string> files;
  std::string workspace;
  bool dry_run = false, strict = false, json = false;
};

// Hands exchanges to the store in batches, and counts what was new.
class Batcher {
 public:
  explicit Batcher(UsageStore* store) : store_(store) {}  // null: a dry run

  Result<bool> Add(Exchange&& exchange) {
    batch_.push_back(std::move(exchange));
    if (batch_.size() >= kBatch) TRY_VOID(Flush());
    return true;
  }
  Status Flush() {
    if (store_ && !batch_.empty()) {
      TRY(const size_t added, store_->Append(batch_, true));
      added_ += static_cast<int64_t>(added);
      duplicates_ += static_cast<int64_t>(batch_.size() - added);
    }
    batch_.clear();
    return {};
  }
  int64_t added() const { return added_; }
  int64_t duplicates() const { return duplicates_; }

 private:
  UsageStore* store_;
  std::vector<Exchange> batch_;
  int64_t added_ = 0, duplicates_ = 0;
};

Error TooManyBad(const ReadCounts& counts) {
  return InvalidInput(fmt::format("bad lines: {} of {}; nothing was imported",
                                  HumanCount(counts.bad), HumanCount(counts.lines)))
      .Mend("docs/format-exchange.md describes the shapes.");
}

// With --strict every line is read once before the first goes in.
Status CheckFirst(const ImportFlags& flags, Console& console) {
  if (!flags.strict) return {};
  TRY(const ReadCounts counts, ReadExchanges(flags.files, console, "Checking",
                                             [](Exchange&&) -> Result<bool> { return true; }));
  if (counts.bad == 0) return {};
  console.Err(DescribeBadLines(counts));
  return Fail(TooManyBad(counts));
}

json::object AsJson(const ImportFlags& flags, const ReadCounts& counts, const Batcher& batcher) {
  json::array bad;
  for (const BadLine& line : counts.first_bad) {
    bad.push_back(json::object{{"file", line.file}, {"line", line.line}, {"reason", line.reason}});
  }
  return {{"lines", counts.lines},
          {"good", counts.good},
          {"bad", counts.bad},
          {"imported", batcher.added()},
          {"duplicates", batcher.duplicates()},
          {"dry_run", flags.dry_run},
          {"first_bad", std::move(bad)}};
}

std::string AsText(const ImportFlags& flags, const ReadCounts& counts, const Batcher& batcher) {
  const std::string bad = Counted(counts.bad, "bad line");
  if (flags.dry_run) {
    return fmt::format("Dry run: {} could be imported, {}\n", Counted(counts.good, "exchange"),
                       bad);
  }
  return fmt::format("Imported {}, {} there already, {}\n", Counted(batcher.added(), "exchange"),
                     HumanCount(batcher.duplicates()), bad);
}

Result<ExitCode> Import(const ImportFlags& flags, Console& console) {
  TRY_VOID(CheckFirst(flags, console));
  std::unique_ptr<UsageStore> store;
  if (!flags.dry_run) {
    TRY(const auto folder, LocateWorkspace(flags.workspace));
    TRY(store, OpenStore(folder, false));
  }
  Batcher batcher(store.get());
  const auto each = [&batcher](Exchange&& exchange) { return batcher.Add(std::move(exchange)); };
  TRY(const ReadCounts counts, ReadExchanges(flags.files, console, "Importing", each));
  TRY_VOID(batcher.Flush());
  if (!flags.json) console.Err(DescribeBadLines(counts));
  console.Out(flags.json ? json::serialize(AsJson(flags, counts, batcher)) + '\n'
                         : AsText(flags, counts, batcher));
  const bool nothing_usable = counts.good == 0 && counts.bad > 0;
  return nothing_usable ? ExitCode::kFailed : ExitCode::kOk;
}

void CheckStrict(const ImportFlags& flags) {
  if (flags.strict && std::ranges::find(flags.files, "-") != flags.files.end()) {
    throw CLI::ValidationError(
        "--strict reads everything twice, which standard input cannot; save it to a file first");
  }
}

}  // namespace

Action DefineImport(CLI::App& app) {
  const auto flags = std::make_shared<ImportFlags>();
  app.add_option("FILE", flags->files,
                 "exchange JSONL, fine-tuning or batch lines; .gz too; \"-\": standard input")
      ->required();
  AddWorkspaceFlag(app, flags->workspace);
  app.add_flag("--dry-run", flags->dry_run, "read and check, store nothing");
  app.add_flag("--strict", flags->strict, "one bad line, and nothing is imported");
  AddJsonFlag(app, flags->json);
  app.callback([flags] { CheckStrict(*flags); });
  app.footer("  understudy import calls.jsonl more.jsonl.gz");
  return [flags](Console& console) { return Import(*flags, console); };
}

}  // namespace understudy
