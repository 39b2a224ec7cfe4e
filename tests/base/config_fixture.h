// Small helpers for the tests of config.toml.
#pragma once

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/config.h"

namespace understudy {

inline Options Parsed(std::string_view toml) {
  auto options = ParseConfig(toml, "config.toml", "/ws");
  if (options) return *std::move(options);
  ADD_FAILURE() << options.error().ToString();
  return {};
}

// The problems, one a line; a config that is accepted fails the test.
inline std::string Refused(std::string_view toml) {
  const auto options = ParseConfig(toml, "config.toml", "/ws");
  if (!options) {
    EXPECT_EQ(options.error().kind, ErrorKind::kInvalidInput);
    return options.error().message;
  }
  ADD_FAILURE() << "accepted: " << toml;
  return {};
}

// A reference and a local model with an adapter.
inline constexpr std::string_view kTwoModels = R"(
[[models]]
name = "gpt"
kind = "openai"
url = "https://api.example.com/v1"
api_key = "env:GPT_KEY"

[[models]]
name = "tiny"
kind = "local"
gguf = "models/tiny.gguf"

[[models.adapters]]
name = "labels"
path = "adapters/labels.gguf"
)";

}  // namespace understudy
