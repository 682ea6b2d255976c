#include "server/dialect/gemini/codec.h"

#include "server/base/id.h"
#include "server/dialect/gemini/encoder.h"
#include "server/dialect/gemini/failure.h"
#include "server/dialect/gemini/fit.h"
#include "server/dialect/gemini/models.h"
#include "server/dialect/gemini/opaque_parts.h"
#include "server/dialect/gemini/stream_decoder.h"

namespace sluice::dialect::gemini {
namespace {

class TheCodec final : public Codec {
 public:
  absl::string_view name() const override { return kDialectName; }
  void Fit(const Target& target, chat::Request* request, std::vector<Misfit>* misfits) const override {
    gemini::Fit(target, request, misfits);
  }
  HttpRequest EncodeChat(const chat::Request& request, const Target& target) const override {
    return gemini::EncodeChat(request, target);
  }
  HttpRequest EncodeListModels(const Target& target) const override { return gemini::EncodeListModels(target); }
  std::unique_ptr<StreamDecoder> NewDecoder(const Target&, const DecodeLimits& limits) const override {
    return std::make_unique<GeminiDecoder>(limits, IdSource::Real());
  }
  chat::Error DecodeFailure(const HttpFailure& failure) const override { return gemini::DecodeFailure(failure); }
  absl::StatusOr<std::vector<Model>> DecodeModels(absl::string_view body) const override {
    return gemini::DecodeModels(body);
  }
};

}  // namespace

const Codec& GeminiCodec() {
  static const TheCodec codec;
  return codec;
}

}  // namespace sluice::dialect::gemini
