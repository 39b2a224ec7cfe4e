// Every route with every role, over a store with planted secrets: who gets through, and what nobody
// but its readers must see. A route without a line in the table here fails.
#include <filesystem>
#include <map>

#include <gmock/gmock.h>

#include "access/audit_verify.h"
#include "access/key_book.h"
#include "base/file.h"
#include "base/ids.h"
#include "base/json.h"
#include "gateway/routes.h"
#include "support/gateway_fixture.h"

namespace understudy {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// What is in no list, count, metric, error or header, whoever asks.
constexpr std::string_view kPlanted[] = {
    "PLANTEDTEXT",      "ada.king@lovelace.org",
    "4012888888881881", "sk-proj-T3stT3stT3stT3stT3stT3stT3stT3stT3stT3st",
    "PLANTEDANSWER",    "PLANTEDTOOL",
    "PLANTEDSESSION"};
// Of those, what masking takes out: the rest of the text is a curator's to read.
constexpr std::string_view kPersonal[] = {"ada.king@lovelace.org", "4012888888881881",
                                          "sk-proj-T3stT3stT3stT3stT3stT3stT3stT3stT3stT3st"};

std::string PlantedRequest() {
  return R"({"model":"big","messages":[{"role":"user","content":"PLANTEDTEXT mail )"
         R"(ada.king@lovelace.org, card 4012 8888 8888 1881 or 4012888888881881, key )"
         R"(sk-proj-T3stT3stT3stT3stT3stT3stT3stT3stT3stT3st"}],"tools":[{"type":"function",)"
         R"("function":{"name":"send","description":"PLANTEDTOOL","parameters":{}}}]})";
}

std::string PlantedMessage() {
  return R"({"model":"big","max_tokens":9,"messages":[{"role":"user","content":"PLANTEDTEXT"}]})";
}

using Strings = std::span<const std::string_view>;

class RolesTest : public GatewayTest {
 protected:
  RolesTest() : upstream_(AlwaysAnswer("PLANTEDANSWER for ada.king@lovelace.org")) {
    options_.models = {Upstream("big", upstream_)};
    options_.auth.api_keys = {"old:" + Sha256Hex("us_of_config")};
    for (const char* role : {"agent", "viewer", "curator", "admin"}) MakeKey(role, role);
  }
  void MakeKey(const std::string& name, std::string_view role) {
    auto book = KeyBook::Open(options_);
    ASSERT_TRUE(book) << book.error().ToString();
    auto made = book->Create(name, ParseKeyRole(role).value(), Clock::System().WallMs(), 0);
    ASSERT_TRUE(made);
    ASSERT_TRUE(book->Save());
    keys_[name] = made->secret;
  }
  std::vector<std::string> As(const std::string& name) {
    if (name.empty()) return {};
    return {"Authorization: Bearer " + keys_.at(name)};
  }
  TestMessage Get(const std::string& path, const std::string& name) {
    return Ask({.body = "", .headers = As(name), .path = path, .method = "GET"});
  }
  // A call by the agent, recorded; its id.
  std::string CallOnce() {
    auto headers = As("agent");
    headers.emplace_back("x-understudy-session: PLANTEDSESSION");
    headers.emplace_back("x-understudy-agent: mailbox");
    const TestMessage answer = Ask({.body = PlantedRequest(), .headers = headers});
    EXPECT_EQ(answer.status(), 200) << answer.body;
    const std::string id(answer.Header("x-understudy-id"));
    EXPECT_TRUE(WaitFor([&] {
      return Get("/v1/understudy/exchanges", "admin").body.find(id) != std::string::npos;
    }));
    return id;
  }
  // Head and body, as the client sees them.
  static std::string All(const TestMessage& answer) {
    std::string all = answer.start_line + '\n';
    for (const auto& [name, value] : answer.headers) all += name + ": " + value + '\n';
    return all + answer.body;
  }
  void ExpectNoSecret(const std::string& text, Strings planted, const std::string& where) {
    for (const std::string_view secret : planted) {
      EXPECT_THAT(text, Not(HasSubstr(std::string(secret)))) << where;
    }
    for (const auto& [name, key] : keys_) {
      EXPECT_THAT(text, Not(HasSubstr(key))) << where;
      EXPECT_THAT(text, Not(HasSubstr(Sha256Hex(key)))) << where;
    }
  }
  TestServer upstream_;
  std::map<std::string, std::string> keys_;
};

// Status by role, where it is allowed 200 or what the request earns; none: without a key.
struct RouteRow {
  std::string_view method, path;  // as in Endpoints()
  std::string ask;                // a path of that pattern; {id}: of a recorded exchange
  std::string body;
  int none, agent, viewer, curator, admin;
};

std::vector<RouteRow> Table() {
  return {
      {"POST", "/v1/chat/completions", "/v1/chat/completions", PlantedRequest(), 401, 200, 403, 403,
       200},
      {"POST", "/v1/responses", "/v1/responses", R"({"model":"big","input":"PLANTEDTEXT"})", 401,
       200, 403, 403, 200},
      {"POST", "/v1/messages", "/v1/messages", PlantedMessage(), 401, 200, 403, 403, 200},
      {"POST", "/v1/messages/count_tokens", "/v1/messages/count_tokens", PlantedMessage(), 401, 200,
       403, 403, 200},
      {"POST", "/v1/embeddings", "/v1/embeddings", R"({"model":"e"})", 401, 400, 403, 403, 400},
      {"GET", "/v1/models", "/v1/models", "", 200, 200, 200, 200, 200},
      {"GET", "/v1/models/*", "/v1/models/big", "", 200, 200, 200, 200, 200},
      {"POST", "/v1/understudy/feedback", "/v1/understudy/feedback", R"({"id":"{id}","rating":1})",
       401, 200, 403, 200, 200},
      {"GET", "/v1/understudy/usage", "/v1/understudy/usage", "", 401, 403, 200, 200, 200},
      {"GET", "/v1/understudy/exchanges", "/v1/understudy/exchanges", "", 401, 403, 200, 200, 200},
      {"GET", "/v1/understudy/exchanges/*", "/v1/understudy/exchanges/{id}", "", 401, 403, 403, 200,
       200},
      {"GET", "/v1/understudy/keys", "/v1/understudy/keys", "", 401, 403, 403, 403, 200},
      {"GET", "/v1/understudy/audit", "/v1/understudy/audit", "", 401, 403, 403, 403, 200},
      {"GET", "/healthz", "/healthz", "", 200, 200, 200, 200, 200},
      {"GET", "/readyz", "/readyz", "", 200, 200, 200, 200, 200},
      {"GET", "/metrics", "/metrics", "", 200, 200, 200, 200, 200},
  };
}

TEST_F(RolesTest, EveryRouteHasARowHereAndARight) {
  const auto table = Table();
  for (const Endpoint& endpoint : Endpoints()) {
    EXPECT_NE(endpoint.right, Right::kUnstated) << endpoint.path;
    EXPECT_TRUE(std::ranges::any_of(table,
                                    [&](const RouteRow& row) {
                                      return row.method == endpoint.method &&
                                             row.path == endpoint.path;
                                    }))
        << "say here who may do what at " << endpoint.method << ' ' << endpoint.path;
  }
}

TEST_F(RolesTest, EveryRouteAnswersEveryRoleAsStatedAndTellsOnlyItsReaders) {
  Start();
  const std::string id = CallOnce();
  for (const RouteRow& row : Table()) {
    const std::pair<std::string, int> roles[] = {{"", row.none},
                                                 {"agent", row.agent},
                                                 {"viewer", row.viewer},
                                                 {"curator", row.curator},
                                                 {"admin", row.admin}};
    std::string path = row.ask, body = row.body;
    for (std::string* text : {&path, &body}) {
      if (const size_t at = text->find("{id}"); at != std::string::npos) text->replace(at, 4, id);
    }
    for (const auto& [role, status] : roles) {
      const std::string where = fmt::format("{} {} as {}", row.method, path, role);
      const TestMessage answer =
          Ask({.body = body, .headers = As(role), .path = path, .method = std::string(row.method)});
      EXPECT_EQ(answer.status(), status) << where << answer.body;
      const bool is_call =
          answer.status() == 200 && (row.path == "/v1/chat/completions" ||
                                     row.path == "/v1/responses" || row.path == "/v1/messages");
      const bool is_body = row.path == "/v1/understudy/exchanges/*";
      if (is_call) continue;  // the caller's own answer
      if (is_body && role == "admin") continue;
      ExpectNoSecret(All(answer),
                     is_body && role == "curator" ? Strings(kPersonal) : Strings(kPlanted), where);
    }
  }
}

// Methods and paths that are nobody's must not be a way around.
TEST_F(RolesTest, AViewerReachesNoBodyByAnyDetour) {
  Start();
  const std::string id = CallOnce();
  const std::string detours[] = {"/v1/understudy/exchanges/" + id + "?role=admin",
                                 "/v1/understudy/exchanges//" + id,
                                 "/v1/understudy/exchanges/./" + id,
                                 "//v1/understudy/exchanges/" + id,
                                 "/v1/understudy/exchanges/" + id + "/",
                                 "/v1/understudy/exchanges/" + id + "%00",
                                 "/V1/understudy/exchanges/" + id,
                                 "/v1/understudy/exchanges?limit=1000&with_bodies=true",
                                 "/v1/understudy/exchanges?session=PLANTEDSESSION",
                                 "/v1/understudy/usage?agent=mailbox",
                                 "/v1/understudy/exchanges?since=PLANTEDTEXT",
                                 "/v1/understudy/exchanges?outcome=PLANTEDTEXT",
                                 "/v1/models/" + id};
  for (const std::string& path : detours) {
    for (const char* method : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
      TestSocket socket = Connect();
      socket.Send(
          fmt::format("{} {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n"
                      "x-api-key: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                      method, path, keys_["viewer"], keys_["admin"]));
      std::string all = socket.ReceiveAll();
      // An error names the outcome that it did not know, which is the asker's own word.
      if (path.ends_with("outcome=PLANTEDTEXT")) continue;
      ExpectNoSecret(all, kPlanted, fmt::format("{} {}", method, path));
    }
  }
}

TEST_F(RolesTest, ASessionIsFoundByItsNameAndByTheHashThatIsShown) {
  Start();
  const std::string id = CallOnce();
  const std::string path = "/v1/understudy/exchanges?session=";
  const TestMessage named = Get(path + "PLANTEDSESSION", "viewer");
  EXPECT_THAT(named.body, HasSubstr(id));
  const auto list = ParseJson(named.body).value();
  const std::string shown(StringOr(Find(list, "data")->get_array().at(0), "session"));
  EXPECT_EQ(shown.size(), 32U);
  EXPECT_THAT(Get(path + shown, "viewer").body, HasSubstr(id));
  EXPECT_THAT(Get(path + "another", "viewer").body, Not(HasSubstr(id)));
}

TEST_F(RolesTest, ACuratorReadsMaskedAndAnAdminAsRecordedAndBothAreLogged) {
  Start();
  const std::string id = CallOnce();
  const std::string path = "/v1/understudy/exchanges/" + id;
  const TestMessage curator = Get(path, "curator");
  EXPECT_THAT(curator.body, AllOf(HasSubstr("PLANTEDTEXT"), HasSubstr("PLANTEDANSWER"),
                                  HasSubstr("example.com")));
  const TestMessage admin = Get(path, "admin");
  EXPECT_THAT(admin.body, AllOf(HasSubstr("ada.king@lovelace.org"), HasSubstr(id)));
  EXPECT_EQ(Get("/v1/understudy/exchanges/ex_none", "admin").status(), 404);
  const auto entries = ReadAudit(options_.workspace, 10);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ(entries->at(0).actor, "curator");
  EXPECT_EQ(entries->at(0).detail, "masked");
  EXPECT_EQ(entries->at(0).object, id);
  EXPECT_EQ(entries->at(1).role, "admin");
  EXPECT_EQ(entries->at(1).detail, "as recorded");
  EXPECT_TRUE(VerifyAudit(options_.workspace)->findings.empty());
  const TestMessage log = Get("/v1/understudy/audit?limit=1", "admin");
  EXPECT_THAT(log.body, AllOf(HasSubstr(id), HasSubstr("as recorded"), Not(HasSubstr("masked"))));
}

TEST_F(RolesTest, ABodyThatCannotBeLoggedIsNotShownAndCallsGoOn) {
  Start();
  const std::string id = CallOnce();
  std::filesystem::create_directories(std::filesystem::path(options_.workspace) / "audit");
  const TestMessage answer = Get("/v1/understudy/exchanges/" + id, "admin");
  EXPECT_EQ(answer.status(), 500);
  EXPECT_THAT(answer.body, Not(HasSubstr("PLANTED")));
  EXPECT_EQ(Ask({.body = PlantedRequest(), .headers = As("agent")}).status(), 200);
}

json::array FeedbackOn(const std::vector<Exchange>& exchanges, std::string_view id) {
  for (const Exchange& exchange : exchanges) {
    if (exchange.id == id && !exchange.extra.empty()) {
      return ParseJson(exchange.extra)->at("feedback").as_array();
    }
  }
  return {};
}

TEST_F(RolesTest, FeedbackGoesIntoTheExchangeByItsCallerOrACurator) {
  MakeKey("other", "agent");
  Start();
  const std::string id = CallOnce();
  const auto give = [&](const std::string& name, const std::string& more) {
    return Ask({.body = fmt::format(R"({{"id":"{}",{}}})", id, more),
                .headers = As(name),
                .path = "/v1/understudy/feedback"});
  };
  EXPECT_EQ(give("agent", R"("rating":-1,"corrected":"PLANTEDCORRECTION")").status(), 200);
  EXPECT_EQ(give("other", R"("rating":1)").status(), 404) << "not its call";
  EXPECT_EQ(give("viewer", R"("rating":1)").status(), 403);
  EXPECT_EQ(give("curator", R"("label":"wrong recipient")").status(), 200);
  EXPECT_EQ(give("agent", R"("rating":7)").status(), 400);
  EXPECT_EQ(Ask({.body = R"({"id":"ex_none","rating":1})",
                 .headers = As("admin"),
                 .path = "/v1/understudy/feedback"})
                .status(),
            404);
  EXPECT_THAT(Get("/v1/understudy/exchanges", "viewer").body, Not(HasSubstr("PLANTED")));
  const auto entries = ReadAudit(options_.workspace, 10);
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_EQ(entries->at(0).action, "exchange.feedback");
  json::array feedback = FeedbackOn(Recorded(), id);
  ASSERT_EQ(feedback.size(), 2U);
  if (StringOr(feedback[0], "by") != "agent") std::swap(feedback[0], feedback[1]);
  EXPECT_EQ(StringOr(feedback[0], "by"), "agent");  // two threads may bring them in either order
  EXPECT_EQ(NumberOr(feedback[0], "rating", 0), -1);
  EXPECT_EQ(StringOr(feedback[0], "corrected"), "PLANTEDCORRECTION");
  EXPECT_EQ(StringOr(feedback[1], "by"), "curator");
  EXPECT_EQ(StringOr(feedback[1], "label"), "wrong recipient");
}

// The record is committed a moment after the client has its answer.
TEST_F(RolesTest, FeedbackMayComeAtOnceAndFromAnyThread) {
  options_.record.commit_ms = 50;
  Start();
  for (int i = 0; i < 8; ++i) {
    const TestMessage answer = Ask({.body = PlantedRequest(), .headers = As("agent")});
    const TestMessage taken =
        Ask({.body = fmt::format(R"({{"id":"{}","rating":1}})", answer.Header("x-understudy-id")),
             .headers = As("agent"),
             .path = "/v1/understudy/feedback"});
    EXPECT_EQ(taken.status(), 200) << taken.body;
  }
  int64_t with_feedback = 0;
  for (const Exchange& exchange : Recorded()) {
    with_feedback += exchange.extra.find("rating") != std::string::npos;
  }
  EXPECT_EQ(with_feedback, 8);
}

TEST_F(RolesTest, UsageCountsCallsTokensAndCost) {
  Start();
  CallOnce();
  CallOnce();
  const auto usage = ParseJson(Get("/v1/understudy/usage", "viewer").body);
  ASSERT_TRUE(usage);
  const json::value& total = usage->at("total");
  EXPECT_EQ(IntOr(total, "calls", 0), 2);
  EXPECT_EQ(IntOr(total, "prompt_tokens", 0), 20);
  EXPECT_EQ(IntOr(total, "completion_tokens", 0), 10);
  EXPECT_NEAR(NumberOr(total, "cost_usd", 0), 0.00014, 1e-9);
  EXPECT_EQ(StringOr(usage->at("by_agent").at(0), "name"), "mailbox");
  EXPECT_EQ(StringOr(usage->at("by_model").at(0), "name"), "big");
  EXPECT_EQ(IntOr(usage->at("by_outcome").at(0), "calls", 0), 2);
  const auto none = ParseJson(Get("/v1/understudy/usage?agent=other", "viewer").body);
  EXPECT_EQ(IntOr(none->at("total"), "calls", -1), 0);
  const auto later = ParseJson(Get("/v1/understudy/usage?since=2999-01-01", "viewer").body);
  EXPECT_EQ(IntOr(later->at("total"), "calls", -1), 0);
  const auto list = ParseJson(Get("/v1/understudy/exchanges?limit=1", "viewer").body);
  EXPECT_EQ(list->at("data").as_array().size(), 1U);
  EXPECT_EQ(Get("/v1/understudy/usage?sinse=1", "viewer").status(), 400);
}

TEST_F(RolesTest, BeforeAnythingIsRecordedThereIsNothingToRead) {
  options_.record.enabled = false;
  Start();
  EXPECT_EQ(Get("/v1/understudy/usage", "viewer").status(), 404);
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(options_.workspace) / "store.db"));
}

TEST_F(RolesTest, KeysOfTheConfigAreAgentsAndEndedKeysAreRefused) {
  Start();
  keys_["config"] = "us_of_config";
  EXPECT_EQ(Ask({.body = PlantedRequest(), .headers = As("config")}).status(), 200);
  EXPECT_EQ(Get("/v1/understudy/usage", "config").status(), 403);
  {
    auto book = KeyBook::Open(options_);
    ASSERT_TRUE(book->Revoke("viewer", Clock::System().WallMs()));
    ASSERT_TRUE(book->Save());
  }
  EXPECT_EQ(Get("/v1/understudy/usage", "viewer").status(), 200) << "not yet reloaded";
  ASSERT_TRUE(gateway_->ReloadKeys());
  EXPECT_TRUE(WaitFor([&] { return Get("/v1/understudy/usage", "viewer").status() == 401; }));
  EXPECT_EQ(Get("/v1/understudy/usage", "curator").status(), 200);
}

TEST_F(RolesTest, AKeyFileThatIsWrongChangesNothing) {
  Start();
  ASSERT_TRUE(WriteFileAtomically(ApiKeysPath(options_.workspace), "{"));
  EXPECT_FALSE(gateway_->ReloadKeys());
  EXPECT_EQ(Get("/v1/understudy/usage", "viewer").status(), 200);
}

TEST_F(RolesTest, TheReadingRoutesTakeAKeyWhereCallsDoNot) {
  options_.auth.api_keys.clear();
  std::filesystem::remove(ApiKeysPath(options_.workspace));
  keys_.clear();
  MakeKey("dash", "viewer");
  Start();
  EXPECT_EQ(Ask({.body = PlantedRequest()}).status(), 200);
  EXPECT_EQ(
      Ask({.body = PlantedRequest(), .headers = {"Authorization: Bearer sk-theirs"}}).status(),
      200);
  EXPECT_EQ(upstream_.requests().at(1).Header("authorization"), "Bearer sk-theirs");
  EXPECT_EQ(Ask({.body = PlantedRequest(), .headers = As("dash")}).status(), 403);
  EXPECT_EQ(upstream_.request_count(), 2U) << "our key must not go upstream";
  EXPECT_EQ(Get("/v1/understudy/usage", "").status(), 401);
  EXPECT_EQ(Get("/v1/understudy/usage", "dash").status(), 200);
}

TEST_F(RolesTest, BeyondLoopbackItDoesNotStartWithoutAKeyThatMayCall) {
  options_.auth.api_keys.clear();
  std::filesystem::remove(ApiKeysPath(options_.workspace));
  MakeKey("dash", "viewer");
  options_.server.listen = "0.0.0.0:0";
  Runtime runtime(1);
  const auto gateway = Gateway::Make(options_, runtime);
  ASSERT_FALSE(gateway);
  EXPECT_THAT(gateway.error().ToString(), HasSubstr("keys create"));
}

TEST(CallerMark, AnIdTellsItsCallerAndNobodyElse) {
  const std::string key(32, 'k');
  const std::string id = MarkedId(NewId("ex_", 1'700'000'000'000), key, "ci");
  EXPECT_EQ(id.size(), 29U);
  EXPECT_TRUE(IsCallOf(id, key, "ci"));
  EXPECT_FALSE(IsCallOf(id, key, "other"));
  EXPECT_FALSE(IsCallOf(id, std::string(32, 'j'), "ci"));
  EXPECT_FALSE(IsCallOf(NewId("ex_", 1'700'000'000'000), key, "ci"));
  EXPECT_FALSE(IsCallOf("", key, "ci"));
  EXPECT_FALSE(IsCallOf(id, key, ""));
}

}  // namespace
}  // namespace understudy
