#include "server/dialect/anthropic/codec.h"

#include "server/base/id.h"
#include "server/dialect/anthropic/encoder.h"
#include "server/dialect/anthropic/failure.h"
#include "server/dialect/anthropic/fit.h"
#include "server/dialect/anthropic/models.h"
#include "server/dialect/anthropic/opaque_parts.h"
#include "server/dialect/anthropic/stream_decoder.h"

namespace sluice::dialect::anthropic {
namespace {

class TheCodec final : public Codec {
 public:
  absl::string_view name() const override { return kDialectName; }
  void Fit(const Target& target, chat::Request* request, std::vector<Misfit>* misfits) const override {
    anthropic::Fit(target, request, misfits);
  }
  HttpRequest EncodeChat(const chat::Request& request, const Target& target) const override {
    return anthropic::EncodeChat(request, target);
  }
  Generation GenerationOf(const chat::Request& request, const Target& target) const override {
    return anthropic::GenerationOf(request, target);
  }
  HttpRequest EncodeListModels(const Target& target) const override { return anthropic::EncodeListModels(target); }
  std::unique_ptr<StreamDecoder> NewDecoder(const Target&, const DecodeLimits& limits) const override {
    return std::make_unique<AnthropicDecoder>(limits, IdSource::Real());
  }
  chat::Error DecodeFailure(const HttpFailure& failure) const override { return anthropic::DecodeFailure(failure); }
  absl::StatusOr<std::vector<Model>> DecodeModels(absl::string_view body) const override {
    return anthropic::DecodeModels(body);
  }
};

}  // namespace

const Codec& AnthropicCodec() {
  static const TheCodec codec;
  return codec;
}

}  // namespace sluice::dialect::anthropic
