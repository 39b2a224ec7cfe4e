// A row on its way through curation, and the steps over all rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "chat/exchange.h"
#include "dataset/example.h"
#include "flywheel/curate/curate_report.h"
#include "flywheel/curate/minhash.h"

namespace understudy {

struct Row {
  std::string place;  // "calls.jsonl:12"
  Hash128 request, answer;
  uint64_t session = 0;  // hash of the session; of the request where there is none
  uint64_t split = 0;    // place in the split, of itself and of the group it was curated in
  std::optional<uint64_t> group;  // that it was curated in
  int64_t copies = 1;             // recorded rows that it stands for
  bool kept = true;
  Sketch sketch{};
};

// What equal requests, and equal answers, have in common: the canonical texts of dataset/example.h;
// of answers without blanks' number and, in JSON, order of members.
Hash128 RequestHash(const Example& example, const TextPool& pool);
Hash128 AnswerHash(const Example& example, const TextPool& pool);

// What near duplicates are told by: the last user message, and the answer with its tool calls.
std::string NearText(const Example& example, const TextPool& pool);

// The answer's text, empty where it calls a tool.
std::string PlainAnswer(const Example& example, const TextPool& pool);

// merge and resolve: clears `kept` of the rows that go, and adds their copies to those that stay.
void ResolveAnswers(std::vector<Row>& rows, CurateReport& report);

// group: rows that must stay together get one group number, and all of them the least split place.
std::vector<uint32_t> GroupRows(std::vector<Row>& rows, double near, CurateReport& report);

}  // namespace understudy
