#ifndef SLUICE_SERVER_CHAT_VALIDATE_TOOLS_H_
#define SLUICE_SERVER_CHAT_VALIDATE_TOOLS_H_

#include "server/chat/checker.h"
#include "server/chat/request.h"

namespace sluice::chat {

// tools, tool_choice and response_format.
void CheckTools(const Request& request, Checker& check);

}  // namespace sluice::chat

#endif  // SLUICE_SERVER_CHAT_VALIDATE_TOOLS_H_
