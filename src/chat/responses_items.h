// The input items of a Responses request, made into chat-completions messages as they are read. For
// responses_request.cc, whose header tells what becomes of what.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/json_reader.h"

namespace understudy {

class ResponsesInput {
 public:
  // A string or an array of items.
  bool Read(JsonReader& in, JsonReader::Value value, std::vector<std::string>* left_out);
  // The messages, comma between; the input is spent.
  std::string Take();

 private:
  struct Part {
    std::string type, text, image_url, detail, file_id, file_data, filename, file_url, audio;
  };
  struct Item {
    std::string type, role, call_id, name, arguments;
    std::vector<Part> parts;  // of content or output
  };

  static bool ReadPart(JsonReader& in, JsonReader::Value value, Part* part);
  static bool ReadParts(JsonReader& in, JsonReader::Value value, std::vector<Part>* parts);
  static bool CheckPart(JsonReader& in, const Part& part);
  static bool CheckParts(JsonReader& in, const std::vector<Part>& parts);
  static std::string PartJson(const Part& part);
  static std::string JoinedText(const std::vector<Part>& parts);

  bool ReadItem(JsonReader& in, JsonReader::Value value, size_t place,
                std::vector<std::string>* left_out);
  bool AddMessage(JsonReader& in, const Item& item);
  void AddAssistant(const Item& item);
  void AddCall(const Item& item);
  void AddOutput(const Item& item);
  void AddUser(const std::vector<Part>& parts);
  void Flush();

  std::string messages_;
  // The assistant's message that later items may still add to.
  bool assistant_ = false;
  bool assistant_said_ = false;
  std::string assistant_text_, assistant_refusal_, assistant_calls_;
  std::vector<std::string> from_outputs_;  // user parts that follow the tool messages
};

}  // namespace understudy
