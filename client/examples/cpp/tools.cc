// A conversation with a tool: the model asks for the weather, this program looks it up, the model answers.
// SLUICE_ADDRESS names the gateway; arguments: [MODEL [PROMPT]].
#include <cstdlib>
#include <iostream>
#include <string>

#include "sluice/client.h"

namespace v1 = sluice::v1;

// What the tool answers: JSON text. Put in quotes as it came, whatever the model wrote.
static std::string GetWeather(const std::string& arguments) {
  std::string quoted;
  for (const char c : arguments) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) quoted += c;
  }
  return "{\"asked\":\"" + quoted + "\",\"degrees\":21,\"sky\":\"clear\"}";
}

// Streams one answer: prints its text, and makes it the message that carries it on in the conversation. False: it
// broke.
static bool Ask(const sluice::Client& client, const v1::ChatRequest& request, v1::Message* answer) {
  answer->set_role(v1::ROLE_ASSISTANT);
  std::string text;
  sluice::ChatStream stream = client.Chat(request);
  for (const v1::ChatResponse& event : stream) {
    const v1::Delta& delta = event.delta();
    if (delta.has_text()) {
      std::cout << delta.text() << std::flush;
      text += delta.text();
    } else if (delta.has_opaque()) {  // for the provider alone, which wants it back
      *answer->add_content()->mutable_opaque() = delta.opaque();
    } else if (delta.has_tool_call()) {
      const v1::ToolCallDelta& piece = delta.tool_call();
      if (piece.index() == answer->tool_calls_size()) {
        v1::ToolCall* call = answer->add_tool_calls();
        call->set_id(piece.id());
        call->mutable_function()->set_name(piece.name());
      }
      answer->mutable_tool_calls(piece.index())->mutable_function()->mutable_arguments()->append(piece.arguments());
    }
  }
  if (!text.empty()) answer->add_content()->set_text(text);
  const sluice::CallStatus& status = stream.status();
  if (!status.ok()) std::cerr << sluice::CodeName(status.code) << " " << status.message << "\n";
  return status.ok();
}

int main(int argc, char** argv) {
  sluice::ClientOptions options;
  if (const char* address = std::getenv("SLUICE_ADDRESS")) options.address = address;
  const sluice::Client client(options);

  v1::ChatRequest request;
  request.set_model(argc > 1 ? argv[1] : "gpt-4.1");
  v1::Message* question = request.add_messages();
  question->set_role(v1::ROLE_USER);
  question->add_content()->set_text(argc > 2 ? argv[2] : "What is the weather in Lisbon?");
  v1::FunctionTool* tool = request.add_tools()->mutable_function();
  tool->set_name("get_weather");
  tool->set_description("The weather in a city, now.");
  tool->set_parameters_json(R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]})");
  request.mutable_tool_choice()->set_mode(v1::TOOL_CHOICE_MODE_REQUIRED);  // in the first turn it has to ask

  v1::Message answer;
  if (!Ask(client, request, &answer)) return 1;
  *request.add_messages() = answer;
  for (const v1::ToolCall& call : answer.tool_calls()) {
    const std::string result = GetWeather(call.function().arguments());
    std::cout << "tool " << call.function().name() << "(" << call.function().arguments() << ") = " << result << "\n";
    v1::Message* message = request.add_messages();
    message->set_role(v1::ROLE_TOOL);
    message->set_tool_call_id(call.id());
    message->add_content()->set_text(result);
  }
  request.mutable_tool_choice()->set_mode(v1::TOOL_CHOICE_MODE_NONE);  // now it has to answer
  std::cout << "answer: ";
  v1::Message last;
  if (!Ask(client, request, &last)) return 1;
  std::cout << "\n";
  return answer.tool_calls().empty() ? 1 : 0;
}
