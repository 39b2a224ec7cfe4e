#include "flywheel/curate/refusal.h"

#include <gtest/gtest.h>

#include <string>

namespace understudy {
namespace {

TEST(Refusal, KnowsTheUsualWords) {
  for (const std::string_view text :
       {"I'm sorry, but I can't assist with that.",
        "I\xE2\x80\x99m sorry, but I can\xE2\x80\x99t help with that request.",
        "I cannot help you with this.", "I'm unable to comply with that request.",
        "Sorry, I am not able to provide that.", "i won't be able to help with that.",
        "I must decline.", "As an AI language model, I don't have feelings.",
        "As an AI, I cannot book a table.", "That is against my guidelines.",
        "I cannot answer that question.", "I can't discuss that topic."}) {
    EXPECT_TRUE(IsRefusal(text)) << text;
  }
}

TEST(Refusal, LeavesAnswersThatHelp) {
  for (const std::string_view text :
       {"I'm sorry, I couldn't find any restaurants in San Jose.", "Your flight is booked.",
        "I can't find a table at 7 pm. Is 8 pm fine?", "Sorry, the reservation failed.", "",
        "I am unable to make a reservation for that time; would 8 pm suit you?",
        "Can I help with anything else?", "No, that can't be done before March.", "Decline"}) {
    EXPECT_FALSE(IsRefusal(text)) << text;
  }
  EXPECT_FALSE(IsRefusal("I can't help with that." + std::string(400, 'x')));
}

}  // namespace
}  // namespace understudy
