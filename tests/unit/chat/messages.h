#ifndef SLUICE_TESTS_UNIT_CHAT_MESSAGES_H_
#define SLUICE_TESTS_UNIT_CHAT_MESSAGES_H_

#include <string>
#include <utility>
#include <vector>

#include "server/chat/message.h"

namespace sluice::chat {

// A message of text parts.
inline Message Say(Role role, std::vector<std::string> texts, std::string name = "") {
  Message message;
  message.role = role;
  for (std::string& text : texts) message.content.push_back(TextPart(std::move(text)));
  message.name = std::move(name);
  return message;
}

}  // namespace sluice::chat

#endif  // SLUICE_TESTS_UNIT_CHAT_MESSAGES_H_
