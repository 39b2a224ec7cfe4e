#include "base/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "base/result.h"

namespace understudy {
namespace {

TEST(Error, ToStringSaysWhatWhereAndHowToMend) {
  EXPECT_EQ(InternalError("it broke").ToString(), "it broke");
  EXPECT_EQ(InvalidInput("no such key").At("config.toml:3").ToString(),
            "no such key (config.toml:3)");
  EXPECT_EQ(InvalidInput("no such key").At("config.toml:3").Mend("Remove it").ToString(),
            "no such key (config.toml:3). Remove it");
}

TEST(Error, SettersFillTheirMembers) {
  const Error error = NotFound("x").At("w").Mend("m").Code("c").Param("p").Retryable();
  EXPECT_EQ(error.where, "w");
  EXPECT_EQ(error.mend, "m");
  EXPECT_EQ(error.code, "c");
  EXPECT_EQ(error.param, "p");
  EXPECT_TRUE(error.retryable);
  Error named = NotFound("x");
  named.At("place");
  EXPECT_EQ(named.where, "place");
}

TEST(Error, MakersTellWhoseFaultItIs) {
  using Source = ErrorSource;
  const std::tuple<Error, ErrorKind, Source, bool> cases[] = {
      {InvalidInput("x"), ErrorKind::kInvalidInput, Source::kClient, false},
      {NotFound("x"), ErrorKind::kNotFound, Source::kClient, false},
      {IoError("x"), ErrorKind::kIo, Source::kInternal, false},
      {InternalError("x"), ErrorKind::kInternal, Source::kInternal, false},
      {Unavailable("x"), ErrorKind::kUnavailable, Source::kUpstream, true},
      {ProtocolError("x"), ErrorKind::kProtocol, Source::kUpstream, false},
      {Cancelled("x"), ErrorKind::kCancelled, Source::kClient, false},
      {Timeout("x"), ErrorKind::kTimeout, Source::kUpstream, true},
  };
  for (const auto& [error, kind, source, retryable] : cases) {
    EXPECT_EQ(error.kind, kind);
    EXPECT_EQ(error.source, source);
    EXPECT_EQ(error.retryable, retryable);
    EXPECT_EQ(error.message, "x");
  }
}

TEST(Error, ErrnoIsToldInWords) {
  EXPECT_EQ(IoErrorFromErrno("cannot open x", ENOENT).message,
            "cannot open x: No such file or directory");
}

TEST(Error, EveryKindHasItsOwnName) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(ErrorKind::kInternal); ++i) {
    names.insert(Name(static_cast<ErrorKind>(i)));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(ErrorKind::kInternal) + 1);
  EXPECT_EQ(Name(ErrorSource::kClient), "client");
  EXPECT_EQ(Name(ErrorSource::kUpstream), "upstream");
  EXPECT_EQ(Name(ErrorSource::kInternal), "internal");
}

Result<int> Half(int number) {
  if (number % 2) return Fail(InvalidInput("odd"));
  return number / 2;
}

Result<int> Quarter(int number) {
  TRY(const int half, Half(number));
  TRY_VOID(Half(half));
  return half / 2;
}

TEST(Result, TryReturnsEarlyOnAnError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(7).error().message, "odd");
  EXPECT_EQ(Quarter(6).error().message, "odd");
}

}  // namespace
}  // namespace understudy
