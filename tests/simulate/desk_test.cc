#include "simulate/desk.h"

#include <gtest/gtest.h>

#include <set>

#include "simulate/office_values.h"
#include "simulate/reference.h"

namespace understudy {
namespace {

TEST(Desks, HaveNamesPromptsAndToolsOfTheirOwn) {
  std::set<std::string_view> names, systems;
  int narrow = 0, calls = 0, json = 0;
  for (const Desk& desk : Desks()) {
    EXPECT_TRUE(names.insert(desk.name).second);
    EXPECT_TRUE(systems.insert(desk.system).second);
    EXPECT_EQ(FindDesk(desk.name), &desk);
    narrow += desk.open_ended ? 0 : 1;
    calls += desk.tools.empty() ? 0 : 1;
    json += desk.json ? 1 : 0;
    // About 350 tokens for a vocabulary of 4,096 pieces.
    EXPECT_LT(desk.system.size() + desk.tools.size(), 1300U) << desk.name;
    EXPECT_TRUE(desk.tools.empty() || ParseJson(desk.tools)) << desk.name;
  }
  EXPECT_GE(narrow, 6);
  EXPECT_GE(calls, 4);
  EXPECT_GE(json, 2);
  EXPECT_EQ(FindDesk("none"), nullptr);
}

TEST(Desks, EveryDetailOfAPhraseIsAValueAndStandsOnce) {
  for (const Desk& desk : Desks()) {
    for (const DeskForm& form : desk.forms) {
      for (const std::string_view phrase : form.phrases) {
        for (const std::string& reading : ReadingsOf(phrase)) {
          std::set<std::string_view> seen;
          for (const std::string_view name : NamesIn(reading)) {
            EXPECT_TRUE(IsValueName(name)) << name << " in " << phrase;
            EXPECT_TRUE(seen.insert(name).second) << name << " twice in " << phrase;
          }
        }
      }
    }
  }
}

TEST(Desks, HaveDozensOfPhrasingsInEachHalfAndShareNone) {
  for (const Desk& desk : Desks()) {
    std::set<std::string> first;
    size_t second = 0;
    for (const DeskForm& form : desk.forms) {
      const auto readings = PhrasesOf(form).Readings(Half::kFirst);
      EXPECT_FALSE(readings.empty()) << desk.name << " " << form.name;
      first.insert(readings.begin(), readings.end());
    }
    for (const DeskForm& form : desk.forms) {
      const auto readings = PhrasesOf(form).Readings(Half::kSecond);
      EXPECT_FALSE(readings.empty()) << desk.name << " " << form.name;
      second += readings.size();
      for (const std::string& reading : readings) EXPECT_FALSE(first.contains(reading)) << reading;
    }
    EXPECT_GE(first.size(), 24U) << desk.name;
    EXPECT_GE(second, 24U) << desk.name;
  }
}

// The parameters of the desk's tool of that name; null where it has none.
json::value ParametersOf(const Desk& desk, std::string_view tool) {
  const json::value tools = json::parse(desk.tools);
  for (const json::value& each : tools.as_array()) {
    const json::value& function = each.at("function");
    if (StringOr(function, "name") == tool) return function.at("parameters");
  }
  return nullptr;
}

void ExpectFits(const Desk& desk, const DeskReply& reply, std::string_view reading) {
  const json::value parameters = ParametersOf(desk, reply.tool);
  ASSERT_TRUE(parameters.is_object()) << reply.tool;
  const json::value arguments = json::parse(reply.arguments);
  for (const auto& member : arguments.as_object()) {
    EXPECT_TRUE(parameters.at("properties").as_object().contains(member.key())) << reply.tool;
  }
  for (const json::value& name : parameters.at("required").as_array()) {
    EXPECT_TRUE(arguments.as_object().contains(name.as_string())) << reply.tool << " " << reading;
  }
}

// A session of that reading, turn by turn.
void ExpectGoodTurns(Rng& rng, const Desk& desk, const DeskForm& form) {
  const std::string& reading = PhrasesOf(form).Pick(rng, Half::kFirst);
  Details known = DrawDetails(rng, reading, Half::kFirst);
  for (const DeskTurn& turn : form.turns) {
    const DeskReply reply = turn.reply(known);
    if (turn.result) Learn(turn.result(rng, Half::kFirst, known), known);
    if (reply.is_call()) {
      ExpectFits(desk, reply, reading);
    } else {
      EXPECT_FALSE(reply.text.empty());
    }
    EXPECT_EQ(turn.result != nullptr, &turn != &form.turns.back());
  }
}

TEST(Desks, CallsFitTheirToolsSchemas) {
  Rng rng(9);
  for (const Desk& desk : Desks()) {
    for (const DeskForm& form : desk.forms) {
      for (int i = 0; i < 60; ++i) ExpectGoodTurns(rng, desk, form);
    }
  }
}

TEST(Desks, OpenEndedOnesAnswerAtLength) {
  Rng rng(2);
  const DeskForm& form = kAdviserDesk.forms[0];
  const auto& reading = PhrasesOf(form).Pick(rng, Half::kFirst);
  const Details known = DrawDetails(rng, reading, Half::kFirst);
  EXPECT_GT(form.turns[0].reply(known).text.size(), 1200U);
  EXPECT_EQ(form.turns[0].reply(known), form.turns[0].reply(known));
}

}  // namespace
}  // namespace understudy
