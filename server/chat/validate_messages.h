#ifndef SLUICE_SERVER_CHAT_VALIDATE_MESSAGES_H_
#define SLUICE_SERVER_CHAT_VALIDATE_MESSAGES_H_

#include <vector>

#include "server/chat/checker.h"
#include "server/chat/message.h"

namespace sluice::chat {

// Which parts and members each role takes, and that each part is whole (OpenAI API reference 2.3.0).
void CheckMessages(const std::vector<Message>& messages, Checker& check);

}  // namespace sluice::chat

#endif  // SLUICE_SERVER_CHAT_VALIDATE_MESSAGES_H_
