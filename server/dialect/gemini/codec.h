#ifndef SLUICE_SERVER_DIALECT_GEMINI_CODEC_H_
#define SLUICE_SERVER_DIALECT_GEMINI_CODEC_H_

#include "server/dialect/codec.h"

namespace sluice::dialect::gemini {

// Google's own form, streamGenerateContent (Gemini API v1beta; Vertex AI has the same under other paths). base_url ends
// in "/v1beta". Lives for the whole process.
const Codec& GeminiCodec();

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_CODEC_H_
