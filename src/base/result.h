// Result<T>: a value or an Error. TRY and its kin return early on an error.
//
//   TRY(auto file, ReadFile(path));        // declares `file`, or returns the error
//   TRY_VOID(Check(file));
//   CO_TRY(auto reply, co_await Send());   // the same inside a coroutine
//   CO_TRY_VOID(co_await writer.End());
#pragma once

#include <expected>
#include <utility>

#include "base/error.h"

namespace understudy {

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// Fail(InvalidInput("...")) reads better than std::unexpected(...) and deduces the same.
inline std::unexpected<Error> Fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}

}  // namespace understudy

#define UNDERSTUDY_CAT2(a, b) a##b
#define UNDERSTUDY_CAT(a, b) UNDERSTUDY_CAT2(a, b)
#define UNDERSTUDY_TRY(leave, tmp, decl, expr)                \
  auto tmp = (expr);                                          \
  if (!tmp) leave ::understudy::Fail(std::move(tmp).error()); \
  decl = *std::move(tmp)
#define UNDERSTUDY_TRY_VOID(leave, tmp, expr) \
  if (auto tmp = (expr); !tmp) leave ::understudy::Fail(std::move(tmp).error())

#define TRY(decl, expr) UNDERSTUDY_TRY(return, UNDERSTUDY_CAT(try_, __LINE__), decl, expr)
#define TRY_VOID(expr) UNDERSTUDY_TRY_VOID(return, UNDERSTUDY_CAT(try_, __LINE__), expr)
#define CO_TRY(decl, expr) UNDERSTUDY_TRY(co_return, UNDERSTUDY_CAT(try_, __LINE__), decl, expr)
#define CO_TRY_VOID(expr) UNDERSTUDY_TRY_VOID(co_return, UNDERSTUDY_CAT(try_, __LINE__), expr)
