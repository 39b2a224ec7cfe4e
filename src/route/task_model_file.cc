#include "route/task_model_file.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "base/ids.h"
#include "route/task_model.h"

namespace understudy {
namespace {

static_assert(std::endian::native == std::endian::little, "the file is written as memory lies");

class Writer {
 public:
  template <class T>
  void Number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  template <class List>
  void Raw(const List& list) {
    bytes_.append(reinterpret_cast<const char*>(list.data()), list.size() * sizeof(list[0]));
  }
  void Count(size_t count) { Number(static_cast<uint32_t>(count)); }
  void List(const std::vector<uint32_t>& list) {
    Count(list.size());
    Raw(list);
  }
  void Text(const std::string& text) {
    Count(text.size());
    bytes_ += text;
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what Writer wrote. After the first read that goes beyond the end all give nothing.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T Number() {
    T value{};
    Copy(&value, sizeof(T));
    return value;
  }
  template <class T>
  std::vector<T> Raw(size_t count) {
    if (count > rest_.size() / sizeof(T)) {
      short_ = true;
      return {};
    }
    std::vector<T> list(count);
    Copy(list.data(), count * sizeof(T));
    return list;
  }
  // Of items that take at least `bytes` each: a count that cannot be true is no reason to allocate.
  size_t Count(size_t bytes) {
    const auto count = Number<uint32_t>();
    if (count <= rest_.size() / bytes) return count;
    short_ = true;
    return 0;
  }
  std::vector<uint32_t> List() { return Raw<uint32_t>(Number<uint32_t>()); }
  std::string Text() {
    const auto text = Raw<char>(Number<uint32_t>());
    return {text.begin(), text.end()};
  }
  bool ok() const { return !short_; }
  bool at_end() const { return rest_.empty(); }

 private:
  void Copy(void* to, size_t bytes) {
    if (short_ || bytes > rest_.size()) {
      short_ = true;
      return;
    }
    if (bytes > 0) std::memcpy(to, rest_.data(), bytes);
    rest_.remove_prefix(bytes);
  }

  std::string_view rest_;
  bool short_ = false;
};

Error Bad(std::string what) {
  return InvalidInput("not a task model that can be read: " + std::move(what))
      .Mend("Make it again with understudy cluster.");
}

void WriteTask(Writer& out, const TaskInfo& info, const TaskShape& shape) {
  out.Text(info.id);
  out.Text(info.name);
  out.Text(info.kind);
  out.Number(shape.frame);
  out.Number(shape.least_cosine);
  out.Raw(shape.cosines);
  out.Count(shape.exemplars.size());
  for (const Embedding& exemplar : shape.exemplars) out.Raw(exemplar);
}

void ReadTask(Reader& in, TaskInfo& info, TaskShape& shape) {
  info.id = in.Text();
  info.name = in.Text();
  info.kind = in.Text();
  shape.frame = in.Number<uint32_t>();
  shape.least_cosine = in.Number<float>();
  for (float& cosine : shape.cosines) cosine = in.Number<float>();
  shape.exemplars.resize(in.Count(sizeof(Embedding)));
  for (Embedding& exemplar : shape.exemplars) exemplar = in.Number<Embedding>();
}

// The payload, once the header has been found good.
Result<std::string_view> PayloadOf(std::string_view bytes) {
  if (bytes.size() < kTaskModelHeader || !bytes.starts_with(kTaskModelMagic)) {
    return Fail(Bad("it does not begin like one"));
  }
  Reader in(bytes.substr(kTaskModelMagic.size()));
  const auto version = in.Number<uint32_t>();
  if (version != kTaskModelVersion) {
    return Fail(
        Bad(fmt::format("its version is {}, this program reads {}", version, kTaskModelVersion)));
  }
  const auto size = in.Number<uint32_t>(), buckets = in.Number<uint32_t>();
  if (size != kEmbeddingSize || buckets != kBuckets) {
    return Fail(Bad(fmt::format("it has {} numbers and {} buckets instead of {} and {}", size,
                                buckets, kEmbeddingSize, kBuckets)));
  }
  (void)in.Number<uint32_t>();
  const auto length = in.Number<uint64_t>(), checksum = in.Number<uint64_t>();
  const std::string_view payload = bytes.substr(kTaskModelHeader);
  if (length != payload.size()) {
    return Fail(Bad(fmt::format("it should have {} bytes and has {}", kTaskModelHeader + length,
                                bytes.size())));
  }
  if (FastHash(payload) != checksum) return Fail(Bad("its checksum is wrong: it is damaged"));
  return payload;
}

}  // namespace

std::string SerializeTaskModel(const TaskModelData& data) {
  Writer out;
  out.Raw(data.projection.idf());
  out.Raw(data.projection.scales());
  out.Raw(data.projection.rows());
  out.Count(data.frames.size());
  for (const Frame& frame : data.frames) {
    out.Number(uint32_t{frame.shape});
    out.Number(frame.words_hash);
    out.List(frame.shingles);
    out.List(frame.tools);
  }
  out.Count(data.tasks.size());
  for (size_t i = 0; i < data.tasks.size(); ++i) WriteTask(out, data.tasks[i], data.shapes[i]);
  const std::string payload = out.Take();
  out.Raw(kTaskModelMagic);
  out.Number(kTaskModelVersion);
  out.Count(kEmbeddingSize);
  out.Count(kBuckets);
  out.Number(uint32_t{0});
  out.Number(uint64_t{payload.size()});
  out.Number(FastHash(payload));
  return out.Take() + payload;
}

Result<TaskModel> TaskModel::Parse(std::string_view bytes) {
  TRY(const std::string_view payload, PayloadOf(bytes));
  Reader in(payload);
  auto idf = in.Raw<float>(kBuckets);
  auto scales = in.Raw<float>(kBuckets);
  auto rows = in.Raw<int8_t>(kBuckets * kEmbeddingSize);
  TaskModelData data{.projection{std::move(idf), std::move(scales), std::move(rows)}};
  data.frames.resize(in.Count(20));
  for (Frame& frame : data.frames) {
    frame.shape = static_cast<uint8_t>(std::min<uint32_t>(in.Number<uint32_t>(), UINT8_MAX));
    frame.words_hash = in.Number<uint64_t>();
    frame.shingles = in.List();
    frame.tools = in.List();
  }
  data.tasks.resize(in.Count(sizeof(Embedding)));
  data.shapes.resize(data.tasks.size());
  for (size_t i = 0; i < data.tasks.size() && in.ok(); ++i) {
    ReadTask(in, data.tasks[i], data.shapes[i]);
  }
  if (!in.ok()) return Fail(Bad("it ends too early"));
  if (!in.at_end()) return Fail(Bad("something follows its end"));
  return Make(std::move(data));
}

}  // namespace understudy
