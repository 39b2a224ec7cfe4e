#include "base/config_fixture.h"

namespace understudy {
namespace {

using testing::HasSubstr;

constexpr std::string_view kHex =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

std::string Listening(std::string_view listen, std::string_view keys = "") {
  return fmt::format("[server]\nlisten = \"{}\"\n[auth]\napi_keys = [{}]\n", listen, keys);
}

TEST(ConfigCheck, LoopbackNeedsNoKeys) {
  for (const auto listen : {"127.0.0.1:8700", "127.9.9.9:0", "localhost:1", "[::1]:65535",
                            "unix:/run/understudy.sock"}) {
    EXPECT_EQ(Parsed(Listening(listen)).server.listen, listen);
  }
}

TEST(ConfigCheck, BeyondLoopbackNeedsKeys) {
  const std::string key = fmt::format("\"alice:{}\"", kHex);
  for (const auto listen : {"0.0.0.0:8700", ":8700", "[::]:8700", "10.0.0.1:80", "myhost:80",
                            "127.evil.example:80", "[::ffff:127.0.0.1]:80"}) {
    EXPECT_THAT(Refused(Listening(listen)), HasSubstr("understudy init --api-key")) << listen;
    EXPECT_EQ(Parsed(Listening(listen, key)).server.listen, listen);
  }
}

TEST(ConfigCheck, MalformedListenIsRefused) {
  for (const auto listen :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:80", "[127.0.0.1]:80",
        "unix:", "unix:run.sock", "a b:80", "http://x:80", "[host]:80", "127.0.0.1:-1"}) {
    EXPECT_THAT(Refused(Listening(listen)), HasSubstr("config.toml:2: server.listen")) << listen;
  }
}

TEST(ConfigCheck, ApiKeysAreNamedHashes) {
  for (const std::string& bad : {std::string("alice"), fmt::format(":{}", kHex),
                                 std::string("alice:abc"), fmt::format("alice:{:a<63}G", "")}) {
    EXPECT_THAT(Refused(Listening("127.0.0.1:1", fmt::format("\"{}\"", bad))),
                HasSubstr("auth.api_keys[0]: expected NAME:HEX"));
  }
  const std::string twice = fmt::format("\"a:{}\", \"a:{}\"", kHex, kHex);
  EXPECT_THAT(Refused(Listening("127.0.0.1:1", twice)),
              HasSubstr("auth.api_keys[1]: the name \"a\" is taken"));
}

std::string Model(std::string_view lines) {
  return fmt::format("[[models]]\n{}\n", lines);
}

TEST(ConfigCheck, ModelNamesAreUniqueAndWellFormed) {
  const std::string fine = Model("name='a'\nkind='replay'\nfile='f'");
  EXPECT_THAT(Refused(fine + fine), HasSubstr("models[1].name: the name \"a\" is taken"));
  for (const auto bad : {"A", "a/b", "task:x", "a b", "ä"}) {
    EXPECT_THAT(Refused(Model(fmt::format("name='{}'\nkind='replay'\nfile='f'", bad))),
                HasSubstr("models[0].name: expected a-z"));
  }
  for (const auto reserved : {"auto", "local", "reference", "none"}) {
    EXPECT_THAT(Refused(Model(fmt::format("name='{}'\nkind='replay'\nfile='f'", reserved))),
                HasSubstr("has a meaning of its own"));
  }
}

TEST(ConfigCheck, EachKindHasItsRequiredKeys) {
  EXPECT_EQ(Refused(Model("")),
            "config.toml:1: models[0].name: required\nconfig.toml:1: models[0].kind: required");
  EXPECT_THAT(Refused(Model("name='a'\nkind='openai'")), HasSubstr("models[0].url: required"));
  EXPECT_THAT(Refused(Model("name='a'\nkind='replay'")), HasSubstr("models[0].file: required"));
  EXPECT_THAT(Refused(Model("name='a'\nkind='local'")), HasSubstr("models[0].gguf: required"));
  EXPECT_THAT(Refused(Model("name='a'\nkind='opnai'")), HasSubstr("did you mean \"openai\"?"));
}

TEST(ConfigCheck, UrlsAreHttp) {
  for (const auto bad :
       {"host/v1", "ftp://host", "https://", "https://:80", "http://a b", "http:/host"}) {
    EXPECT_THAT(Refused(Model(fmt::format("name='a'\nkind='openai'\nurl='{}'", bad))),
                HasSubstr("models[0].url: expected a URL"))
        << bad;
  }
  EXPECT_EQ(Parsed(Model("name='a'\nkind='openai'\nurl='http://[::1]:80/v1?a=b@c'")).models.size(),
            1u);
}

TEST(ConfigCheck, HeadersAreWellFormedAndKeepSecretsOut) {
  const auto with = [](std::string_view header) {
    return Model(fmt::format("name='a'\nkind='openai'\nurl='http://h'\nheaders=[\"{}\"]", header));
  };
  for (const auto bad : {"", "novalue", ": x", "a b: c", "a: b\\nc: d", "a: b\\u0000"}) {
    EXPECT_THAT(Refused(with(bad)), HasSubstr("expected \"Name: value\"")) << bad;
  }
  EXPECT_THAT(Refused(with("Authorization: Bearer x")), HasSubstr("Authorization: env:NAME"));
  EXPECT_THAT(Refused(with("X-Team: env:not a name")), HasSubstr("env:NAME"));
  EXPECT_EQ(Parsed(with("Authorization: env:KEY")).models[0].headers.size(), 1u);
  EXPECT_EQ(Parsed(with("X-Team: blue")).models[0].headers.size(), 1u);
}

std::string Routing(std::string_view lines) {
  return fmt::format("{}{}", kTwoModels, lines);
}

TEST(ConfigCheck, RoutingNamesExist) {
  EXPECT_THAT(Refused(Routing("[routing]\nreference='gtp'\n")),
              HasSubstr("routing.reference: no model \"gtp\"; did you mean \"gpt\"?"));
  EXPECT_THAT(Refused(Routing("[routing]\nlocal='something'\n")),
              HasSubstr("no model \"something\"; there are: gpt, tiny"));
  EXPECT_THAT(Refused("[routing]\nfallback='x'\n"), HasSubstr("no model \"x\"; there is none"));
  for (const auto fallback : {"auto", "none", "gpt"}) {
    EXPECT_EQ(Parsed(Routing(fmt::format("[routing]\nfallback='{}'\n", fallback))).routing.fallback,
              fallback);
  }
}

TEST(ConfigCheck, RulesNameWhatExists) {
  const auto rule = [](std::string_view lines) {
    return Routing(fmt::format("[[routing.rules]]\nname='r'\n{}\n", lines));
  };
  EXPECT_THAT(Refused(rule("")), HasSubstr("routing.rules[0].to: required"));
  EXPECT_THAT(Refused(rule("to='tinny'")), HasSubstr("did you mean \"tiny\"?"));
  EXPECT_THAT(Refused(rule("to='task:x'")), HasSubstr("no task \"x\"; there is none"));
  EXPECT_THAT(Refused(rule("to='local'\nmin_bytes=9\nmax_bytes=8")), HasSubstr("never match"));
  EXPECT_THAT(Refused(rule("to='local'\n[[routing.rules]]\nname='s'\nto='reference'")),
              HasSubstr("routing.rules[0]: has no condition"));
  EXPECT_THAT(Refused("[[routing.rules]]\nname='r'\nto='local'\n"),
              HasSubstr("there is no local model"));
}

TEST(ConfigCheck, TasksNameWhatExists) {
  const auto task = [](std::string_view lines) {
    return Routing(fmt::format("[[routing.tasks]]\nname='t'\n{}\n", lines));
  };
  EXPECT_THAT(Refused(task("")), HasSubstr("routing.tasks[0].model: required"));
  EXPECT_THAT(Refused(task("model='tiny'\nadapter='labls'")),
              HasSubstr("model \"tiny\" has no adapter \"labls\"; did you mean \"labels\"?"));
  EXPECT_THAT(Refused(task("model='gpt'\nadapter='labels'")), HasSubstr("has no adapter"));
  EXPECT_THAT(Refused(task("model='tiny'\n[[routing.tasks]]\nname='t'\nmodel='tiny'")),
              HasSubstr("routing.tasks[1].name: the name \"t\" is taken"));
}

TEST(ConfigCheck, AdaptersAreNamedOnce) {
  EXPECT_THAT(Refused(fmt::format("{}[[models.adapters]]\nname='labels'\npath='x'\n", kTwoModels)),
              HasSubstr("models[1].adapters[1].name: the name \"labels\" is taken"));
  EXPECT_THAT(Refused(fmt::format("{}[[models.adapters]]\nname='b'\n", kTwoModels)),
              HasSubstr("models[1].adapters[1].path: required"));
}

}  // namespace
}  // namespace understudy
