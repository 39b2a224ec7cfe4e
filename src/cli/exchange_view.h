// How recorded exchanges look on a terminal.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "chat/exchange.h"
#include "cli/table.h"

namespace understudy {

// The answer whose bytes went out; else the last attempt; null where there was none.
const AnswerRecord* ServedAnswer(const Exchange& exchange);
double CostOf(const Exchange& exchange);  // of all its answers, US dollars

// One row an exchange, in the columns of ExchangeTable().
Table ExchangeTable();
void AddRow(Table& table, const Exchange& exchange);
// The same facts, without bodies.
json::object Summary(const Exchange& exchange);

// Everything about one: facts, decision, answers, messages, the answer's text.
std::string DescribeExchange(const Exchange& exchange);

}  // namespace understudy
