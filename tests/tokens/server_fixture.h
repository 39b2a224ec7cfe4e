// A real llama-server with a model of any vocabulary, and short ways to ask it.
#pragma once

#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "base/file.h"
#include "base/json.h"
#include "gguf/writer.h"
#include "net/client.h"
#include "support/llama.h"
#include "support/run_task.h"
#include "tokens/chat_template.h"
#include "tokens/vocabulary.h"

namespace understudy::testing {

// The smallest model that llama-server loads: one layer, all weights the same.
inline Status WriteVocabularyModel(const Vocabulary& vocabulary,
                                   const std::filesystem::path& path) {
  constexpr uint32_t kWidth = 32;
  const auto count = static_cast<uint32_t>(vocabulary.tokens.size());
  const std::vector<float> values(kWidth * std::max(count, kWidth), 0.01F);
  GgufWriter writer;
  writer.Set("general.architecture", "llama");
  writer.Set("general.type", "model");
  writer.Set("general.name", "vocabulary");
  writer.Set("llama.block_count", uint32_t{1});
  writer.Set("llama.context_length", uint32_t{4096});
  writer.Set("llama.embedding_length", kWidth);
  writer.Set("llama.feed_forward_length", kWidth);
  writer.Set("llama.attention.head_count", uint32_t{2});
  writer.Set("llama.attention.head_count_kv", uint32_t{2});
  writer.Set("llama.rope.dimension_count", kWidth / 2);
  writer.Set("llama.attention.layer_norm_rms_epsilon", 1e-5F);
  writer.Set("llama.vocab_size", count);
  WriteVocabulary(vocabulary, writer);
  writer.Set("tokenizer.chat_template", kChatTemplate);
  const auto add = [&](std::string_view name, std::vector<uint64_t> shape) {
    size_t size = sizeof(float);
    for (const uint64_t extent : shape) size *= extent;
    writer.AddTensor(name, shape, TensorType::kF32,
                     {reinterpret_cast<const char*>(values.data()), size});
  };
  for (const char* name : {"token_embd.weight", "output.weight"}) add(name, {kWidth, count});
  for (const char* name : {"blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight",
                           "blk.0.attn_output.weight", "blk.0.ffn_gate.weight",
                           "blk.0.ffn_up.weight", "blk.0.ffn_down.weight"}) {
    add(name, {kWidth, kWidth});
  }
  for (const char* name :
       {"blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "output_norm.weight"}) {
    add(name, {kWidth});
  }
  return writer.Write(path);
}

class VocabularyServer {
 public:
  explicit VocabularyServer(const Vocabulary& vocabulary) {
    const auto written = WriteVocabularyModel(vocabulary, folder_ / "model.gguf");
    EXPECT_TRUE(written.has_value()) << written.error().ToString();
    Start(folder_ / "model.gguf", {});
  }
  // Another model, with our chat template in place of its own, and more of the server's flags.
  explicit VocabularyServer(const std::filesystem::path& gguf,
                            std::vector<std::string> extra = {}) {
    const auto file = folder_ / "template.jinja";
    EXPECT_TRUE(WriteFileAtomically(file, kChatTemplate).has_value());
    extra.insert(extra.end(), {"--chat-template-file", file.string()});
    Start(gguf, std::move(extra));
  }
  ~VocabularyServer() {
    client_.reset();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  struct Reply {
    int status = 0;
    std::string body;
  };
  Reply Post(const std::string& target, const std::string& body) {
    return RunTask(context_, Send(target, body));
  }
  // The answer as JSON; null, and a failure of the test, where the status is not 200.
  json::value Ask(const std::string& target, const std::string& body) {
    const Reply reply = Post(target, body);
    EXPECT_EQ(reply.status, 200) << reply.body.substr(0, 500) << "\nfor " << body.substr(0, 500);
    auto value = ParseJson(reply.body);
    return reply.status == 200 && value ? *std::move(value) : json::value();
  }

  std::vector<TokenId> Tokenize(std::string_view text) {
    const json::object body{{"content", text}, {"add_special", false}, {"parse_special", true}};
    const json::value answer = Ask("/tokenize", json::serialize(body));
    std::vector<TokenId> ids;
    const json::value* tokens = Find(answer, "tokens");
    if (tokens == nullptr) return ids;
    for (const json::value& id : tokens->as_array()) ids.push_back(id.to_number<TokenId>());
    return ids;
  }
  std::string ApplyTemplate(const std::string& body) {
    return std::string(StringOr(Ask("/apply-template", body), "prompt"));
  }

 private:
  static std::filesystem::path MakeFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "understudy-tokens-XXXXXX";
    return ::mkdtemp(pattern.data());
  }
  void Start(const std::filesystem::path& gguf, std::vector<std::string> extra) {
    LlamaSetup setup;
    setup.program = FindLlamaServerPath("").value();
    setup.name = "vocabulary";
    setup.gguf = gguf;
    setup.slots = 1;
    setup.context = 4096;
    setup.threads = 1;
    setup.extra = std::move(extra);
    server_ = LlamaServer::Start(setup, FastSupervision()).value();
    const auto ready = server_->WaitReady(std::chrono::seconds(60));
    EXPECT_TRUE(ready.has_value()) << ready.error().ToString();
    client_ =
        std::make_unique<HttpClient>(context_, ParseUrl(server_->url()).value(), ClientOptions{});
  }

  Task<Reply> Send(std::string target, std::string body) {
    Cancellation cancellation;
    Headers headers;
    headers.Add("content-type", "application/json");
    const auto reply = co_await client_->Send("POST", target, headers, body, cancellation);
    if (!reply) co_return Reply{0, reply.error().ToString()};
    auto text = co_await (*reply)->ReadAll(size_t{64} << 20);
    co_return Reply{(*reply)->status, text ? *std::move(text) : text.error().ToString()};
  }

  std::filesystem::path folder_ = MakeFolder();
  boost::asio::io_context context_{1};
  std::unique_ptr<LlamaServer> server_;
  std::unique_ptr<HttpClient> client_;
};

}  // namespace understudy::testing
