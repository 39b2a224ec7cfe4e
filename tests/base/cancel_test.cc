#include "base/cancel.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace understudy {
namespace {

TEST(Cancellation, RunsCallbacksOnceInnermostFirst) {
  Cancellation cancellation;
  std::string order;
  Cancellation::Scope outer(cancellation, [&] { order += 'o'; });
  Cancellation::Scope inner(cancellation, [&] { order += 'i'; });
  cancellation.Cancel(CancelReason::kClientGone);
  cancellation.Cancel(CancelReason::kDeadline);
  EXPECT_EQ(order, "io");
  EXPECT_EQ(cancellation.reason(), CancelReason::kClientGone);
}

TEST(Cancellation, EndedScopesAreNotCalled) {
  Cancellation cancellation;
  int calls = 0;
  {
    Cancellation::Scope scope(cancellation, [&] { ++calls; });
  }
  cancellation.Cancel(CancelReason::kDeadline);
  EXPECT_EQ(calls, 0);
}

TEST(Cancellation, LateScopesAreCalledAtOnce) {
  Cancellation cancellation;
  cancellation.Cancel(CancelReason::kShutdown);
  int calls = 0;
  Cancellation::Scope scope(cancellation, [&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(Cancellation, NoReasonIsNoCancellation) {
  Cancellation cancellation;
  cancellation.Cancel(CancelReason::kNone);
  EXPECT_FALSE(cancellation.cancelled());
}

// The callback's own state must outlive the Scope that it ends.
TEST(Cancellation, ACallbackMayEndItsOwnScopeAndThoseWithin) {
  Cancellation cancellation;
  auto text = std::make_shared<std::string>("alive");
  std::optional<Cancellation::Scope> outer, inner;
  std::string seen;
  outer.emplace(cancellation, [&] { seen += "outer "; });
  inner.emplace(cancellation, [&, text] {
    inner.reset();
    outer.reset();
    seen += *text;
  });
  cancellation.Cancel(CancelReason::kClientGone);
  EXPECT_EQ(seen, "alive");
}

TEST(Cancellation, ACallbackMayEndAScopeFurtherOut) {
  Cancellation cancellation;
  std::optional<Cancellation::Scope> outer, middle, inner;
  std::string seen;
  outer.emplace(cancellation, [&] { seen += "outer"; });
  middle.emplace(cancellation, [&] { seen += "middle "; });
  inner.emplace(cancellation, [&] {
    seen += "inner ";
    middle.reset();
  });
  cancellation.Cancel(CancelReason::kClientGone);
  EXPECT_EQ(seen, "inner outer");
}

TEST(Cancellation, ErrorsTellWhoseFaultItIs) {
  const auto error = [](CancelReason reason) {
    Cancellation cancellation;
    cancellation.Cancel(reason);
    return cancellation.ToError();
  };
  EXPECT_EQ(error(CancelReason::kClientGone).kind, ErrorKind::kCancelled);
  EXPECT_EQ(error(CancelReason::kClientGone).source, ErrorSource::kClient);
  EXPECT_EQ(error(CancelReason::kShutdown).kind, ErrorKind::kCancelled);
  EXPECT_EQ(error(CancelReason::kShutdown).source, ErrorSource::kInternal);
  EXPECT_EQ(error(CancelReason::kDeadline).kind, ErrorKind::kTimeout);
}

TEST(Cancellation, Names) {
  EXPECT_EQ(Name(CancelReason::kNone), "none");
  EXPECT_EQ(Name(CancelReason::kClientGone), "client_gone");
  EXPECT_EQ(Name(CancelReason::kDeadline), "deadline");
  EXPECT_EQ(Name(CancelReason::kShutdown), "shutdown");
}

}  // namespace
}  // namespace understudy
