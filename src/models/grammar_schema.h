// A client's JSON schema as llama-server's grammar takes it.
//
// llama-server makes a grammar of response schemas and of every tool's parameters, and refuses the
// whole request (400) for a keyword that it cannot express: boolean schemas, unknown types, empty
// enums, references out of the document, broken patterns, counts in the thousands. A grammar only
// has to be wide enough: what it cannot say is left out here, and the answer is checked against the
// client's own schema afterwards (reason/verify.h).
#pragma once

#include "base/json.h"

namespace understudy {

// Every value that fits `schema` fits the result too, but for texts and lists longer than a grammar
// can count. Linear in its size; nested deeper than 32, anything fits.
json::value GrammarSchema(const json::value& schema);

// An object, whatever is in it: for a schema that is refused all the same.
json::value AnyObjectSchema();

}  // namespace understudy
