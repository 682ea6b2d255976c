#ifndef SLUICE_SERVER_DIALECT_GEMINI_CONTENTS_H_
#define SLUICE_SERVER_DIALECT_GEMINI_CONTENTS_H_

#include <vector>

#include "server/chat/message.h"
#include "server/json/writer.h"

namespace sluice::dialect::gemini {

// Writes systemInstruction and contents.
//
// Instructions are the system and developer messages at the beginning. The other messages become contents of the roles
// user and model, neighbours of one role one content. Results of tools are the user's too, but stand in a content of
// their own: Gemini counts them against the calls of the turn before. A message of which nothing is left is left out.
void PutContents(json::Writer& json, const std::vector<chat::Message>& messages);

// Whether a message is one of instructions.
bool IsInstruction(const chat::Message& message);

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_CONTENTS_H_
