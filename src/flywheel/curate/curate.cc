#include "flywheel/curate/curate.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "base/file.h"
#include "base/line_reader.h"
#include "chat/exchange_json.h"
#include "flywheel/curate/mark.h"
#include "flywheel/curate/refusal.h"
#include "flywheel/curate/rows.h"
#include "flywheel/curate/spool.h"

namespace understudy {
namespace {

constexpr std::string_view kReport = "report.json";
constexpr int64_t kRowsAStep = 64;

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

// The stages over one set of files, in the order of curate.h.
class Curation {
 public:
  // `spool` null: a dry run.
  Curation(const CurateOptions& options, const StageRun& run, SpoolFile* spool)
      : options_(options), run_(run), spool_(spool) {
    report_.masking = options.mask.has_value();
    if (options.mask) masker_.emplace(*options.mask);
  }

  Status ReadAll() {
    int64_t total = 0, before = 0;
    for (const auto& path : options_.inputs) {
      std::error_code unknown;
      const auto bytes = std::filesystem::file_size(path, unknown);
      if (!unknown) total += static_cast<int64_t>(bytes);
    }
    for (const auto& path : options_.inputs) TRY_VOID(ReadFileOf(path, before, total));
    if (spool_) TRY_VOID(spool_->Flush());
    return rows_.empty() ? Status(Fail(NothingLeft())) : Status();
  }

  Status Decide() {
    TRY_VOID(run_.Step("Comparing", 0, 0));
    ResolveAnswers(rows_, report_);
    TRY_VOID(run_.Step("Comparing", 0, 0));
    groups_ = GroupRows(rows_, options_.near, report_);
    Count();
    return report_.kept == 0 ? Status(Fail(NothingLeft())) : Status();
  }

  Status WriteAll() {
    std::vector<SpoolFile> files;
    for (size_t i = 0; i < kPartCount; ++i) {
      const auto name = fmt::format("{}.jsonl", Name(static_cast<Part>(i)));
      TRY(SpoolFile file, SpoolFile::Create(run_.folder() / name));
      files.push_back(std::move(file));
    }
    TRY_VOID(spool_->Rewind());
    std::string line;
    for (size_t i = 0; i < rows_.size(); ++i) {
      TRY(const bool got, spool_->Read(line));
      if (!got) return Fail(InternalError("the spooled rows end too early"));
      if (i % kRowsAStep == 0) TRY_VOID(run_.Step("Writing", ssize(i), std::ssize(rows_)));
      const Row& row = rows_[i];
      if (!row.kept) continue;
      const CurateMark mark{row.copies, row.split, options_.seed};
      const auto part = static_cast<size_t>(PartAt(row.split, options_.shares));
      TRY_VOID(files[part].Write(WithMark(line, mark)));
    }
    for (SpoolFile& file : files) TRY_VOID(file.Flush());
    return WriteFileAtomically(run_.folder() / kReport, json::serialize(ToJson(report_)) + '\n',
                               0600);
  }

  const CurateReport& report() const { return report_; }

 private:
  static int64_t ssize(size_t count) { return static_cast<int64_t>(count); }

  Status ReadFileOf(const std::filesystem::path& path, int64_t& before, int64_t total) {
    TRY(LineReader reader, LineReader::Open(path.string()));
    const std::string name = path.filename().string();
    std::string line;
    for (int64_t count = 0;; ++count) {
      if (count % kRowsAStep == 0) {
        TRY_VOID(run_.Step("Curating", before + reader.bytes_read(), total));
      }
      const Result<bool> got = reader.Next(line);
      if (reader.failed()) return Fail(got.error());
      if (got && !*got) break;
      if (got && IsBlank(line)) continue;
      ++report_.rows;
      std::string place = fmt::format("{}:{}", name, reader.line_number());
      if (!got) {
        report_.Drop(SkipReason::kMalformed, std::move(place));
        continue;
      }
      TRY_VOID(TakeLine(line, std::move(place)));
    }
    before += reader.bytes_total();
    return {};
  }

  Status TakeLine(const std::string& line, std::string place) {
    Result<Exchange> exchange = ParseExchangeLine(line);
    if (!exchange) {
      report_.Drop(SkipReason::kMalformed, std::move(place));
      return {};
    }
    const CurateMark mark = TakeMark(*exchange);
    if (masker_) {
      const MaskCounts counts = masker_->Mask(*exchange);
      report_.masked += counts;
      report_.masked_rows += counts.total() > 0;
    }
    TextPool pool;
    const auto example = ReadExample(*exchange, 0, pool);
    if (!example) {
      report_.Drop(example.error().reason, std::move(place));
      return {};
    }
    if (IsRefusal(PlainAnswer(*example, pool))) {
      report_.Drop(SkipReason::kRefused, std::move(place));
      return {};
    }
    rows_.push_back(RowOf(*example, pool, mark, std::move(place)));
    return spool_ ? spool_->Write(FormatExchangeLine(*exchange)) : Status();
  }

  Row RowOf(const Example& example, const TextPool& pool, const CurateMark& mark,
            std::string place) const {
    Row row;
    row.place = std::move(place);
    row.request = RequestHash(example, pool);
    row.answer = AnswerHash(example, pool);
    const std::string name = example.session.empty() ? fmt::format("request {:x}", row.request.low)
                                                     : fmt::format("session {}", example.session);
    row.session = FastHash(name);
    row.split = PlaceOf(name, options_.seed);
    row.copies = mark.rows;
    if (mark.group && mark.seed == options_.seed) {
      row.group = mark.group;
      row.split = std::min(row.split, *mark.group);
    }
    row.sketch = SketchOf(ShinglesOf(NearText(example, pool)));
    return row;
  }

  void Count() {
    std::unordered_map<uint32_t, int64_t> sizes;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!rows_[i].kept) continue;
      auto& part = report_.parts[static_cast<size_t>(PartAt(rows_[i].split, options_.shares))];
      ++report_.kept;
      ++part.rows;
      const int64_t size = ++sizes[groups_[i]];
      part.groups += size == 1;
      report_.largest_group = std::max(report_.largest_group, size);
    }
    report_.groups = std::ssize(sizes);
  }

  Error NothingLeft() const {
    if (report_.rows == 0) {
      return InvalidInput("there are no rows")
          .Mend("One exchange a line; docs/format-exchange.md describes them.");
    }
    const auto most = std::ranges::max_element(report_.dropped, {}, &Dropped::rows);
    const auto reason = static_cast<SkipReason>(most - report_.dropped.begin());
    return InvalidInput(fmt::format("none of the {} rows is fit for training; {} of them: {}",
                                    report_.rows, most->rows, Describe(reason)))
        .At(most->places.front());
  }

  const CurateOptions& options_;
  const StageRun& run_;
  SpoolFile* spool_;
  std::optional<Masker> masker_;
  std::vector<Row> rows_;  // as many as lines in the spool, in its order
  std::vector<uint32_t> groups_;
  CurateReport report_;
};

StageSpec SpecOf(const CurateOptions& options) {
  StageSpec spec;
  spec.name = "curate";
  spec.version = "1";
  const SplitShares& shares = options.shares;
  spec.parameters = {
      {"split", json::array{shares.train, shares.valid, shares.calib, shares.test}},
      {"near", options.near},
      {"mask_key", options.mask ? json::value(options.mask->Fingerprint()) : json::value(nullptr)}};
  spec.seed = options.seed;
  spec.inputs = options.inputs;
  return spec;
}

Status CurateInto(const CurateOptions& options, StageRun& run, CurateReport& report) {
  TRY(SpoolFile spool, SpoolFile::Create(run.folder() / ".spool"));
  Curation curation(options, run, &spool);
  TRY_VOID(curation.ReadAll());
  TRY_VOID(curation.Decide());
  TRY_VOID(curation.WriteAll());
  report = curation.report();
  run.Count("rows", report.rows);
  run.Count("kept", report.kept);
  run.Count("masked", report.masked.total());
  for (size_t i = 0; i < kPartCount; ++i)
    run.Count(Name(static_cast<Part>(i)), report.parts[i].rows);
  return {};
}

}  // namespace

Result<Curated> Curate(const CurateOptions& options, const StagePlace& place,
                       const StageHooks& hooks) {
  Curated curated;
  TRY(curated.stage, RunStage(SpecOf(options), place, hooks, [&](StageRun& run) {
        return CurateInto(options, run, curated.report);
      }));
  if (!curated.stage->unchanged) return curated;
  TRY(const std::string text, ReadFile(curated.stage->folder / kReport));
  TRY(const json::value value, ParseJson(text));
  curated.report = CurateReportFrom(value);
  return curated;
}

Result<Curated> CurateDry(const CurateOptions& options, const StageHooks& hooks) {
  const StageRun run(hooks, {}, false);
  Curation curation(options, run, nullptr);
  TRY_VOID(curation.ReadAll());
  TRY_VOID(curation.Decide());
  return Curated{curation.report(), std::nullopt};
}

}  // namespace understudy
