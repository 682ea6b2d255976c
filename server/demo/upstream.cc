#include "server/demo/upstream.h"

#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/demo/certificate.h"
#include "server/demo/chat.h"
#include "server/demo/reply.h"

namespace sluice::demo {
namespace {

constexpr absl::string_view kJson = "application/json";

// One streamed answer. It keeps itself alive by its next delay; all of it runs on the server's thread.
class WordStream : public std::enable_shared_from_this<WordStream> {
 public:
  WordStream(std::shared_ptr<http::Responder> out, Answer answer, ReplyWriter writer, bool usage, absl::Duration pace)
      : out_(std::move(out)), answer_(std::move(answer)), writer_(std::move(writer)), usage_(usage), pace_(pace) {}

  void Start() {
    out_->OnClosed([weak = weak_from_this()] {
      if (const auto self = weak.lock(); self != nullptr) self->peer_left_ = true;
    });
    out_->Begin(200, "text/event-stream; charset=utf-8");
    out_->Write(writer_.RoleChunk());
    Wait();
  }

 private:
  void Wait() {
    out_->After(pace_, [self = shared_from_this()] { self->Step(); });
  }

  void Step() {
    if (peer_left_) return;  // nothing holds the stream any more
    if (next_ < answer_.words.size()) {
      out_->Write(writer_.TextChunk(answer_.words[next_++]));
      Wait();
      return;
    }
    out_->Write(writer_.FinishChunk());
    if (usage_) out_->Write(writer_.UsageChunk());
    out_->Write(std::string(kDoneEvent));
    out_->End();
  }

  const std::shared_ptr<http::Responder> out_;
  const Answer answer_;
  const ReplyWriter writer_;
  const bool usage_;
  const absl::Duration pace_;
  size_t next_ = 0;
  bool peer_left_ = false;
};

class Api {
 public:
  Api(const DemoUpstream::Options& options, std::string api_key) : options_(options), api_key_(std::move(api_key)) {}

  void Handle(const http::Request& request, const std::shared_ptr<http::Responder>& reply) const {
    reply->AddHeader("x-request-id", absl::StrCat("req_", options_.ids->NewRequestId()));
    if (!Authorized(request)) {
      reply->AddHeader("WWW-Authenticate", "Bearer");  // RFC 9110 15.5.2
      SendError(*reply,
                {401, "Incorrect API key provided: the demo makes a new one at each start.", "", "invalid_api_key"});
    } else if (request.path == "/v1/models") {
      if (MethodIs("GET", request, *reply)) reply->Send(200, kJson, ModelsBody(options_.clock->WallNow()));
    } else if (request.path == "/v1/chat/completions") {
      if (MethodIs("POST", request, *reply)) Chat(request, reply);
    } else {
      SendError(*reply,
                {404, absl::StrCat("Unknown request URL: ", request.method, " ", request.path), "", "unknown_url"});
    }
  }

 private:
  bool Authorized(const http::Request& request) const {
    absl::string_view given = request.Header("authorization");
    constexpr absl::string_view kScheme = "bearer ";
    if (!absl::StartsWithIgnoreCase(given, kScheme)) return false;
    given.remove_prefix(kScheme.size());
    return given == api_key_;
  }

  static void SendError(http::Responder& reply, const ApiError& error) {
    reply.Send(error.http_status, kJson, ErrorBody(error));
  }

  static bool MethodIs(absl::string_view method, const http::Request& request, http::Responder& reply) {
    if (request.method == method || (method == "GET" && request.method == "HEAD")) return true;
    reply.AddHeader("Allow", method);  // RFC 9110 15.5.6
    SendError(reply, {405, absl::StrCat("Not allowed to ", request.method, " on ", request.path, ": use ", method, "."),
                      "", "method_not_supported"});
    return false;
  }

  void Chat(const http::Request& http_request, const std::shared_ptr<http::Responder>& reply) const {
    const std::variant<ChatRequest, ApiError> parsed = ParseChatRequest(http_request.body);
    if (const auto* error = std::get_if<ApiError>(&parsed); error != nullptr) {
      SendError(*reply, *error);
      return;
    }
    const auto& request = std::get<ChatRequest>(parsed);
    Answer answer = MakeAnswer(request);
    ReplyWriter writer(request, answer, absl::StrCat("chatcmpl-demo-", options_.ids->NewRequestId()),
                       options_.clock->WallNow());
    if (!request.stream) {
      reply->Send(200, kJson, writer.Whole(answer));
      return;
    }
    std::make_shared<WordStream>(reply, std::move(answer), std::move(writer), request.include_usage, options_.pace)
        ->Start();
  }

  const DemoUpstream::Options options_;
  const std::string api_key_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<DemoUpstream>> DemoUpstream::Start(const Options& options) {
  absl::StatusOr<LoopbackCertificate> certificate = MakeLoopbackCertificate(options.clock->WallNow());
  if (!certificate.ok()) return certificate.status();
  std::unique_ptr<DemoUpstream> demo(new DemoUpstream());
  demo->ca_pem_ = certificate->ca;
  demo->api_key_ = absl::StrCat("demo-", options.ids->NewRequestId());

  http::Options listen;
  listen.setting = "--demo";
  listen.tls = std::make_unique<http::TlsFiles>(http::TlsFiles{certificate->certificate, certificate->private_key});
  auto server = http::Server::Start(std::move(listen),
                                    [api = std::make_shared<const Api>(options, demo->api_key_)](
                                        const http::Request& request, const std::shared_ptr<http::Responder>& reply) {
                                      api->Handle(request, reply);
                                    });
  if (!server.ok()) return server.status();
  demo->server_ = *std::move(server);
  demo->base_url_ = absl::StrCat("https://127.0.0.1:", demo->server_->port(), "/v1");
  return demo;
}

}  // namespace sluice::demo
