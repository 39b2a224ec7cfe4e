#include "privacy/masker.h"

#include <algorithm>
#include <numeric>

#include "base/json.h"
#include "privacy/json_texts.h"

namespace understudy {
namespace {

constexpr int kMaxNesting = 4;  // JSON inside of JSON's texts

struct Edit {
  size_t begin, end;
  std::string text;
};

// What is to change in a text, and what was learnt on the way.
class Editor {
 public:
  Editor(const MaskKey& key, const Known* known) : key_(key), known_(known) {}

  std::vector<Edit> EditsOf(std::string_view text, std::string_view key, int nesting = 0) {
    if (nesting < kMaxNesting) {
      if (const auto texts = JsonTexts(text)) return EditsOfJson(text, *texts, nesting);
    }
    return EditsOfPlain(text, key, false);
  }

  // Whether a second look, which knows them all, would find more.
  bool FoundMore() const {
    return !learnt_.secrets.empty() ||
           std::ranges::any_of(loose_, [this](const std::string& number) {
             return learnt_.numbers.contains(number);
           });
  }
  const Known& learnt() const { return learnt_; }
  const MaskCounts& counts() const { return counts_; }

 private:
  std::vector<Edit> EditsOfJson(std::string_view json, const std::vector<JsonText>& texts,
                                int nesting) {
    std::vector<Edit> edits;
    std::string key;
    for (const JsonText& text : texts) {
      const std::string_view inside = json.substr(text.begin, text.end - text.begin);
      if (text.is_key) {
        key = text.escaped ? DecodeWithSource(inside).text : std::string(inside);
        Append(edits, EditsOfPlain(key, {}, false), text, inside);
      } else if (text.is_number) {
        for (Edit& edit : EditsOfPlain(inside, key, true)) {
          edits.push_back({text.begin + edit.begin, text.begin + edit.end, std::move(edit.text)});
        }
      } else if (text.escaped) {
        Append(edits, EditsOf(DecodeWithSource(inside).text, key, nesting + 1), text, inside);
      } else {
        Append(edits, EditsOf(inside, key, nesting + 1), text, inside);
      }
    }
    return edits;
  }

  // Edits of a string's text as edits of the JSON that it is written in.
  static void Append(std::vector<Edit>& edits, std::vector<Edit> inner, const JsonText& text,
                     std::string_view inside) {
    if (inner.empty()) return;
    std::vector<uint32_t> source;
    if (text.escaped) source = DecodeWithSource(inside).source;
    const auto place = [&](size_t at) { return text.begin + (text.escaped ? source[at] : at); };
    for (Edit& edit : inner) {
      std::string quoted = JsonString(edit.text);
      edits.push_back({place(edit.begin), place(edit.end), quoted.substr(1, quoted.size() - 2)});
    }
  }

  std::vector<Edit> EditsOfPlain(std::string_view text, std::string_view key, bool is_number) {
    std::vector<Edit> edits;
    Findings found = FindEntities(text, key, is_number, known_);
    for (const Entity& entity : found.entities) {
      if (entity.fictitious) continue;
      const std::string_view spelled = text.substr(entity.begin, entity.end - entity.begin);
      edits.push_back({entity.begin, entity.end, Substitute(entity, spelled, key_)});
      ++counts_.places[static_cast<size_t>(entity.kind)];
      const bool number = entity.kind == EntityKind::kPhone || entity.kind == EntityKind::kCard;
      if (number && !known_) learnt_.numbers.insert(entity.identity);
    }
    if (known_) return edits;
    std::ranges::move(found.loose, std::back_inserter(loose_));
    for (std::string& token : found.tokens) learnt_.secrets.insert(std::move(token));
    return edits;
  }

  const MaskKey& key_;
  const Known* known_;
  Known learnt_;
  std::vector<std::string> loose_;
  MaskCounts counts_;
};

void Apply(std::string& text, const std::vector<Edit>& edits) {
  if (edits.empty()) return;
  std::string out;
  out.reserve(text.size() + 64);
  size_t at = 0;
  for (const Edit& edit : edits) {
    out.append(text, at, edit.begin - at);
    out += edit.text;
    at = edit.end;
  }
  out.append(text, at);
  text = std::move(out);
}

MaskCounts MaskOnce(const std::vector<std::string*>& texts, const MaskKey& key) {
  const auto edits_with = [&](Editor& editor) {
    std::vector<std::vector<Edit>> edits;
    for (const std::string* text : texts) edits.push_back(editor.EditsOf(*text, {}));
    return edits;
  };
  Editor first(key, nullptr);
  auto edits = edits_with(first);
  MaskCounts counts = first.counts();
  if (first.FoundMore()) {
    Editor second(key, &first.learnt());
    edits = edits_with(second);
    counts = second.counts();
  }
  for (size_t i = 0; i < texts.size(); ++i) Apply(*texts[i], edits[i]);
  return counts;
}

// Until nothing is left: where entities touch, a substitute can make its neighbour recognisable.
MaskCounts MaskTogether(const std::vector<std::string*>& texts, const MaskKey& key) {
  constexpr int kMostRounds = 8;
  MaskCounts counts;
  for (int round = 0; round < kMostRounds; ++round) {
    const MaskCounts more = MaskOnce(texts, key);
    if (more.total() == 0) break;
    counts += more;
  }
  return counts;
}

}  // namespace

int64_t MaskCounts::total() const {
  return std::accumulate(places.begin(), places.end(), int64_t{0});
}

MaskCounts& MaskCounts::operator+=(const MaskCounts& more) {
  for (size_t i = 0; i < places.size(); ++i) places[i] += more.places[i];
  return *this;
}

MaskCounts Masker::Mask(Exchange& exchange) const {
  std::vector<std::string*> texts{&exchange.request, &exchange.response, &exchange.extra,
                                  &exchange.id,      &exchange.session,  &exchange.agent};
  for (AnswerRecord& answer : exchange.answers) {
    texts.push_back(&answer.body);
    texts.push_back(&answer.error);
    texts.push_back(&answer.verdict.detail);
  }
  return MaskTogether(texts, key_);
}

MaskCounts Masker::Mask(std::string& text) const {
  return MaskTogether({&text}, key_);
}

}  // namespace understudy
