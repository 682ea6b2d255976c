#ifndef SLUICE_SERVER_JSON_TAPE_H_
#define SLUICE_SERVER_JSON_TAPE_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace sluice::json {

class Tape;

// A string together with what JSON can write and UTF-8 cannot. Half a surrogate pair at an edge of a string is
// usually one character that the provider cut in two; whoever joins such strings needs the halves.
struct Text {
  absl::string_view utf8;      // valid UTF-8; each lone surrogate escape stands as U+FFFD
  uint16_t leading_low = 0;    // the low surrogate that the first U+FFFD of `utf8` stands for, or 0
  uint16_t trailing_high = 0;  // the high surrogate that the last U+FFFD of `utf8` stands for, or 0
};

enum class Kind : uint8_t { kAbsent, kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

// One value on a tape: a handle of two words, good until the tape's next Parse. Asking a value for what it is not
// gives the empty answer, never a failure: upstreams send the wrong type all the time.
class Value {
 public:
  class Elements;
  class Members;

  Value() = default;  // absent

  Kind kind() const;
  bool is_object() const { return kind() == Kind::kObject; }
  bool is_array() const { return kind() == Kind::kArray; }
  bool is_string() const { return kind() == Kind::kString; }
  bool is_absent_or_null() const { return kind() <= Kind::kNull; }
  // An object or array with something in it, or a string that is not "".
  bool is_filled() const;

  // The member of that name; of duplicates the last. Absent if there is none, or this is no object.
  Value Find(absl::string_view key) const;
  // How many elements an array has; 0 for anything else.
  size_t size() const;
  // Empty unless this is an array, or an object.
  Elements elements() const;
  Members members() const;

  absl::string_view AsString() const;  // "" unless a string
  Text AsText() const;
  // The number if it is whole and fits; 9.0 is whole. Exact: no detour over double unless it has a point or exponent.
  std::optional<int64_t> AsInt64() const;
  // The number if double can hold it: 1e999 gives none.
  std::optional<double> AsDouble() const;
  // A string as it stood in the text between its quotes, escapes and all; "" unless a string.
  absl::string_view RawString() const;
  // The value as it stood in the text, blanks and escapes included; "" for strings and for absent.
  absl::string_view Raw() const;

 private:
  friend class Tape;
  Value(const Tape* tape, uint32_t index) : tape_(tape), index_(index) {}

  const Tape* tape_ = nullptr;
  uint32_t index_ = 0;
};

// A JSON text laid out flat: parsed without recursion, into buffers that the next Parse uses again. Reading chunk
// after chunk of a stream allocates nothing once the buffers have grown to the largest usual chunk; what one huge
// text made them grow to is given back. One thread at a time.
class Tape {
 public:
  enum class Result {
    kOk,
    kMalformed,  // not one JSON value (RFC 8259)
    kTooDeep,    // nested deeper than max_depth
    kTooLarge,   // longer than max_bytes
  };
  struct Limits {
    size_t max_bytes = size_t{8} << 20;  // at most 1 GiB. Memory: the text twice, and 16 bytes a value and key
    int max_depth = 512;
  };

  Tape();
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  // Reads `text`, which must be valid UTF-8 and outlive the use of the values. After anything but kOk, root() is
  // absent.
  Result Parse(absl::string_view text) { return Parse(text, Limits()); }
  Result Parse(absl::string_view text, const Limits& limits);
  Value root() const { return nodes_.empty() ? Value() : Value(this, 0); }

 private:
  friend class Value;
  class Builder;
  class Parser;

  struct Node {
    uint32_t begin;  // string: in buffer_; number, array, object: in text_
    uint32_t size;   // bytes there
    uint32_t next;   // the node after this value and all below it
    Kind kind;
    bool has_half_pair;  // string: surrogates_ has an entry
  };
  // Half a pair at an edge of the string that begins at `begin`.
  struct Surrogates {
    uint32_t begin;
    uint16_t leading_low;
    uint16_t trailing_high;
  };

  void ReleaseOutgrown(size_t wanted);
  // Rewrites in buffer_ what RapidJSON cannot read: lone surrogate escapes, and if asked, numbers beyond double.
  void Prepare(bool numbers);
  size_t PrepareString(size_t begin);
  size_t PrepareNumber(size_t begin);
  const Surrogates* FindSurrogates(uint32_t begin) const;
  absl::string_view StringAt(uint32_t index) const {
    return absl::string_view(buffer_.data() + nodes_[index].begin, nodes_[index].size);
  }

  Limits limits_;
  absl::string_view text_;
  std::string buffer_;  // a copy of the text, unescaped in place
  std::vector<Node> nodes_;
  std::vector<Surrogates> surrogates_;  // by begin
  std::vector<uint32_t> open_;          // the containers around the parser
  std::unique_ptr<Parser> parser_;
};

class Value::Elements {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Value;
    using difference_type = std::ptrdiff_t;
    using pointer = const Value*;
    using reference = Value;

    Iterator(const Tape* tape, uint32_t index) : tape_(tape), index_(index) {}
    Value operator*() const { return Value(tape_, index_); }
    Iterator& operator++() {
      index_ = tape_->nodes_[index_].next;
      return *this;
    }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const Tape* tape_;
    uint32_t index_;
  };

  Elements(const Tape* tape, uint32_t begin, uint32_t end) : tape_(tape), begin_(begin), end_(end) {}
  Iterator begin() const { return Iterator(tape_, begin_); }
  Iterator end() const { return Iterator(tape_, end_); }

 private:
  const Tape* tape_;
  uint32_t begin_;
  uint32_t end_;
};

// In the text's order, duplicates and all.
class Value::Members {
 public:
  struct Member {
    absl::string_view key;
    Value value;
  };
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Member;
    using difference_type = std::ptrdiff_t;
    using pointer = const Member*;
    using reference = Member;

    Iterator(const Tape* tape, uint32_t index) : tape_(tape), index_(index) {}
    Member operator*() const { return {tape_->StringAt(index_), Value(tape_, index_ + 1)}; }
    Iterator& operator++() {
      index_ = tape_->nodes_[index_ + 1].next;
      return *this;
    }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const Tape* tape_;
    uint32_t index_;  // the key's node; the value's is the one after it
  };

  Members(const Tape* tape, uint32_t begin, uint32_t end) : tape_(tape), begin_(begin), end_(end) {}
  Iterator begin() const { return Iterator(tape_, begin_); }
  Iterator end() const { return Iterator(tape_, end_); }

 private:
  const Tape* tape_;
  uint32_t begin_;
  uint32_t end_;
};

// Inline, for a chunk's reading asks a hundred times.

inline Kind Value::kind() const { return tape_ == nullptr ? Kind::kAbsent : tape_->nodes_[index_].kind; }

inline Value::Elements Value::elements() const {
  return is_array() ? Elements(tape_, index_ + 1, tape_->nodes_[index_].next) : Elements(tape_, 0, 0);
}

inline Value::Members Value::members() const {
  return is_object() ? Members(tape_, index_ + 1, tape_->nodes_[index_].next) : Members(tape_, 0, 0);
}

inline absl::string_view Value::AsString() const { return is_string() ? tape_->StringAt(index_) : absl::string_view(); }

// Appends a JSON text without the blanks between its tokens; numbers, escapes and member order stay as they are.
// `text` must be valid JSON, such as Value::Raw gives.
void AppendCompact(absl::string_view text, std::string& out);

}  // namespace sluice::json

#endif  // SLUICE_SERVER_JSON_TAPE_H_
