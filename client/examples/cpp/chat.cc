// Streams one answer from a Sluice gateway. SLUICE_ADDRESS names the gateway; arguments: [MODEL [PROMPT]].
#include <cstdlib>
#include <iostream>

#include "sluice/client.h"

int main(int argc, char** argv) {
  sluice::ClientOptions options;
  if (const char* address = std::getenv("SLUICE_ADDRESS")) options.address = address;
  const sluice::Client client(options);

  sluice::v1::ChatRequest request;
  request.set_model(argc > 1 ? argv[1] : "gpt-4.1");
  sluice::v1::Message* message = request.add_messages();
  message->set_role(sluice::v1::ROLE_USER);
  message->add_content()->set_text(argc > 2 ? argv[2] : "Say hello.");

  sluice::ChatStream stream = client.Chat(request);
  for (const sluice::v1::ChatResponse& event : stream) std::cout << event.delta().text() << std::flush;
  std::cout << "\n";

  const sluice::CallStatus& status = stream.status();
  if (status.ok()) return 0;
  std::cerr << sluice::CodeName(status.code) << " reason=" << status.reason << " " << status.message << "\n";
  for (const auto& [key, value] : status.metadata) std::cerr << "  " << key << "=" << value << "\n";
  return 1;
}
