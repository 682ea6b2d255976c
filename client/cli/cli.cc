#include "client/cli/cli.h"

#include <google/protobuf/util/json_util.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/explain.h"
#include "client/cli/printer.h"
#include "sluice/client.h"

namespace sluice::cli {
namespace {

enum ExitStatus { kSuccess = 0, kFailure = 1, kUsage = 2, kFirstCode = 10 };

int Fail(const CallStatus& status, const Flags& flags, const std::string& request_id, const Io& io) {
  *io.err << Explain(status, flags, request_id);
  return kFirstCode + static_cast<int>(status.code);
}

std::string ToJsonLine(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = false;
  std::string line;
  // Fails only on Any and Struct, which the contract does not have.
  if (!google::protobuf::util::MessageToJsonString(message, &line, options).ok()) return "{}\n";
  return line + "\n";
}

// An empty path is an empty text.
absl::StatusOr<std::string> ReadFile(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file || text.empty()) return absl::NotFoundError(absl::StrCat("cannot read ", path, ", or it is empty"));
  return text;
}

absl::StatusOr<Client> Connect(const Flags& flags) {
  ClientOptions options;
  options.address = flags.address;
  if (flags.UsesTls()) {
    absl::StatusOr<std::string> ca = ReadFile(flags.ca_file);
    absl::StatusOr<std::string> certificate = ReadFile(flags.cert_file);
    absl::StatusOr<std::string> key = ReadFile(flags.key_file);
    for (const auto* file : {&ca, &certificate, &key}) {
      if (!file->ok()) return file->status();
    }
    options.tls = TlsOptions{*std::move(ca), *std::move(certificate), *std::move(key), ""};
  }
  return Client(options);
}

CallOptions MakeCallOptions(const Flags& flags) {
  CallOptions options;
  if (flags.timeout) options.timeout = absl::ToChronoNanoseconds(*flags.timeout);
  options.request_id = flags.request_id;
  return options;
}

void AddMessage(v1::Role role, const std::string& text, v1::ChatRequest* request) {
  v1::Message* message = request->add_messages();
  message->set_role(role);
  message->add_content()->set_text(text);
}

v1::ChatRequest MakeRequest(const Flags& flags, const std::string& prompt) {
  v1::ChatRequest request;
  request.set_model(flags.model);
  if (!flags.system.empty()) AddMessage(v1::ROLE_SYSTEM, flags.system, &request);
  AddMessage(v1::ROLE_USER, prompt, &request);
  if (flags.temperature) request.set_temperature(*flags.temperature);
  if (flags.max_tokens) request.set_max_tokens(*flags.max_tokens);
  return request;
}

std::string ReadPrompt(const Flags& flags, const Io& io) {
  if (flags.prompt) return *flags.prompt;
  if (io.in_is_terminal) *io.err << "Type the prompt; end it with Ctrl-D on a line of its own.\n" << std::flush;
  return {std::istreambuf_iterator<char>(*io.in), {}};
}

int Chat(const Client& client, const Flags& flags, const Io& io) {
  const std::string prompt = ReadPrompt(flags, io);
  if (prompt.empty()) {
    *io.err << "sluice: the prompt is empty\n";
    return kUsage;
  }
  ChatStream stream = client.Chat(MakeRequest(flags, prompt), MakeCallOptions(flags));
  io.interrupts->Start([&stream] { stream.Cancel(); });
  Printer printer(*io.out, *io.err, io.out_is_terminal);
  for (const v1::ChatResponse& event : stream) {
    if (flags.json) {
      *io.out << ToJsonLine(event) << std::flush;
    } else {
      printer.OnEvent(event);
    }
    if (!*io.out) stream.Cancel();  // nobody reads on: stop what costs money
  }
  io.interrupts->Stop();
  if (!flags.json) printer.OnEnd();
  if (!*io.out) {
    *io.err << "sluice: the answer could not be written\n";
    return kFailure;
  }
  return stream.status().ok() ? kSuccess : Fail(stream.status(), flags, stream.request_id(), io);
}

int Models(const Client& client, const Flags& flags, const Io& io) {
  const auto [status, list] = client.ListModels(MakeCallOptions(flags));
  if (!status.ok()) return Fail(status, flags, "", io);
  for (const v1::Model& model : list.models()) {
    *io.out << (flags.json ? ToJsonLine(model)
                           : Printable(absl::StrCat(model.id(), "\t", absl::StrJoin(model.upstreams(), ","), "\t",
                                                    model.owned_by(), "\n")));
  }
  for (const v1::UpstreamFailure& failure : list.failures()) {
    *io.err << Printable(absl::StrCat("sluice: the list is partial: upstream ", failure.upstream(), ": ",
                                      failure.reason(), ": ", failure.message(), "\n"));
  }
  return kSuccess;
}

int Health(const Client& client, const Flags& flags, const Io& io) {
  const auto [status, serving] = client.IsServing(MakeCallOptions(flags));
  if (!status.ok()) return Fail(status, flags, "", io);
  if (flags.json) {
    *io.out << "{\"serving\":" << (serving ? "true" : "false") << "}\n";
  } else {
    *io.out << (serving ? "serving\n" : "not serving\n");
  }
  return serving ? kSuccess : kFailure;
}

}  // namespace

int Run(const std::vector<std::string>& arguments, const Io& io) {
  const absl::StatusOr<Flags> flags = ParseFlags(arguments, io.environment);
  if (!flags.ok()) {
    *io.err << "sluice: " << flags.status().message() << "\n";
    return kUsage;
  }
  if (flags->command == Command::kHelp) {
    *io.out << Usage();
    return kSuccess;
  }
  if (flags->command == Command::kVersion) {
    *io.out << "sluice " SLUICE_VERSION "\n";
    return kSuccess;
  }
  const absl::StatusOr<Client> client = Connect(*flags);
  if (!client.ok()) {
    *io.err << "sluice: " << client.status().message() << "\n";
    return kFailure;
  }
  switch (flags->command) {
    case Command::kModels:
      return Models(*client, *flags, io);
    case Command::kHealth:
      return Health(*client, *flags, io);
    default:
      return Chat(*client, *flags, io);
  }
}

}  // namespace sluice::cli
