#include "server/json/tape.h"

#include <rapidjson/reader.h>

#include <algorithm>

#include "absl/strings/match.h"

namespace sluice::json {
namespace {

// Buffers below this are kept whatever the next text needs.
constexpr size_t kKeptBytes = size_t{256} << 10;

// Iterative, for RapidJSON's recursive parser overflows the stack on deep input.
constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseInsituFlag;

bool IsNumberByte(char c) { return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'; }

}  // namespace

// RapidJSON's SAX handler: appends one node for each value and key.
class Tape::Builder {
 public:
  Builder(Tape& tape, const rapidjson::InsituStringStream& stream) : tape_(tape), stream_(stream) {}

  bool Null() { return AddLiteral(Kind::kNull, 4); }
  bool Bool(bool value) { return AddLiteral(value ? Kind::kTrue : Kind::kFalse, value ? 4 : 5); }
  // What RapidJSON made of a number is not looked at: its text is kept, and read as asked for.
  bool Int(int) { return AddNumber(); }
  bool Uint(unsigned) { return AddNumber(); }
  bool Int64(int64_t) { return AddNumber(); }
  bool Uint64(uint64_t) { return AddNumber(); }
  bool Double(double) { return AddNumber(); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return AddNumber(); }
  bool String(const char* data, rapidjson::SizeType size, bool) { return AddString(data, size); }
  bool Key(const char* data, rapidjson::SizeType size, bool) { return AddString(data, size); }
  bool StartObject() { return Open(Kind::kObject); }
  bool EndObject(rapidjson::SizeType) { return Close(); }
  bool StartArray() { return Open(Kind::kArray); }
  bool EndArray(rapidjson::SizeType) { return Close(); }

  bool too_deep() const { return too_deep_; }

 private:
  // Where the parser stands: at a container's bracket, or at a number's first byte (it reads numbers and strings
  // through a copy of the stream).
  uint32_t position() const { return static_cast<uint32_t>(stream_.src_ - stream_.head_); }

  bool Add(Kind kind, uint32_t begin, uint32_t size, bool has_half_pair = false) {
    const auto next = static_cast<uint32_t>(tape_.nodes_.size() + 1);
    tape_.nodes_.push_back({begin, size, next, kind, has_half_pair});
    return true;
  }

  // RapidJSON has read the literal already.
  bool AddLiteral(Kind kind, uint32_t size) { return Add(kind, position() - size, size); }

  bool AddNumber() {
    const size_t begin = position();
    size_t end = begin;
    while (end < tape_.text_.size() && IsNumberByte(tape_.text_[end])) ++end;
    return Add(Kind::kNumber, static_cast<uint32_t>(begin), static_cast<uint32_t>(end - begin));
  }

  bool AddString(const char* data, rapidjson::SizeType size) {
    // Unescaped in place, a string begins where its source did.
    const auto begin = static_cast<uint32_t>(data - tape_.buffer_.data());
    return Add(Kind::kString, begin, size, tape_.FindSurrogates(begin) != nullptr);
  }

  bool Open(Kind kind) {
    if (tape_.open_.size() >= static_cast<size_t>(tape_.limits_.max_depth)) {
      too_deep_ = true;
      return false;
    }
    tape_.open_.push_back(static_cast<uint32_t>(tape_.nodes_.size()));
    return Add(kind, position(), 0);
  }

  bool Close() {
    Node& node = tape_.nodes_[tape_.open_.back()];
    tape_.open_.pop_back();
    node.size = position() + 1 - node.begin;
    node.next = static_cast<uint32_t>(tape_.nodes_.size());
    return true;
  }

  Tape& tape_;
  const rapidjson::InsituStringStream& stream_;
  bool too_deep_ = false;
};

// Kept between texts for the sake of its stack.
class Tape::Parser {
 public:
  rapidjson::ParseErrorCode Run(Tape& tape, bool& too_deep) {
    tape.nodes_.clear();
    tape.open_.clear();
    rapidjson::InsituStringStream stream(tape.buffer_.data());
    Builder builder(tape, stream);
    const rapidjson::ParseErrorCode code = reader_.Parse<kFlags>(stream, builder).Code();
    too_deep = builder.too_deep();
    // A NUL ends the text for RapidJSON; to us it is a stray byte.
    if (code == rapidjson::kParseErrorNone && stream.Tell() != tape.text_.size()) {
      return rapidjson::kParseErrorDocumentRootNotSingular;
    }
    return code;
  }

 private:
  rapidjson::Reader reader_;
};

Tape::Tape() : parser_(std::make_unique<Parser>()) {}
Tape::~Tape() = default;

Tape::Result Tape::Parse(absl::string_view text, const Limits& limits) {
  limits_ = limits;
  nodes_.clear();
  surrogates_.clear();
  if (text.size() > std::min(limits_.max_bytes, size_t{1} << 30)) return Result::kTooLarge;
  ReleaseOutgrown(text.size());
  text_ = text;
  buffer_.assign(text.data(), text.size());
  // RapidJSON refuses a lone high surrogate and mangles a lone low one.
  const bool escapes = absl::StrContains(text, '\\');
  if (escapes && (absl::StrContains(text, "\\ud") || absl::StrContains(text, "\\uD"))) Prepare(/*numbers=*/false);

  bool too_deep = false;
  rapidjson::ParseErrorCode code = parser_->Run(*this, too_deep);
  if (code == rapidjson::kParseErrorNumberTooBig) {
    // JSON sets numbers no bounds (RFC 8259, 6), so 1e999 must not cost us the rest of the text.
    buffer_.assign(text.data(), text.size());
    Prepare(/*numbers=*/true);
    code = parser_->Run(*this, too_deep);
  }
  if (code == rapidjson::kParseErrorNone) return Result::kOk;
  nodes_.clear();
  return too_deep ? Result::kTooDeep : Result::kMalformed;
}

void Tape::ReleaseOutgrown(size_t wanted) {
  if (wanted > kKeptBytes) return;
  if (buffer_.capacity() > kKeptBytes) std::string().swap(buffer_);
  if (nodes_.capacity() * sizeof(Node) > kKeptBytes) std::vector<Node>().swap(nodes_);
  if (surrogates_.capacity() * sizeof(Surrogates) > kKeptBytes) std::vector<Surrogates>().swap(surrogates_);
}

const Tape::Surrogates* Tape::FindSurrogates(uint32_t begin) const {
  if (surrogates_.empty()) return nullptr;
  const auto at = std::lower_bound(surrogates_.begin(), surrogates_.end(), begin,
                                   [](const Surrogates& entry, uint32_t value) { return entry.begin < value; });
  return at != surrogates_.end() && at->begin == begin ? &*at : nullptr;
}

}  // namespace sluice::json
