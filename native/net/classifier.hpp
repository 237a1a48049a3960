#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/bytes.hpp"

namespace psp {

/**
 * Finds the type of a request in its payload. The first pattern whose bytes stand at its offset decides. If there is
 * none, a field (offset, width, byte order) holds a code, and a table has the scheduler's index for it. A code that is
 * not in the table, or a payload too short for the field, is UNKNOWN (index `types`).
 */
class Classifier {
 public:
  struct Code {
    uint64_t code;
    uint32_t type;
  };
  struct Pattern {
    size_t offset;
    std::vector<uint8_t> bytes;
    uint32_t type;
  };

  Classifier(size_t offset, size_t widthBytes, bool bigEndian, const std::vector<Code>& codes, uint32_t types,
             const std::vector<Pattern>& patterns = {})
      : offset_(offset), widthBytes_(widthBytes), bigEndian_(bigEndian), types_(types), small_(kSmallCodes, types) {
    if (widthBytes != 1 && widthBytes != 2 && widthBytes != 4 && widthBytes != 8) {
      throw std::runtime_error("classifier width: expected 1, 2, 4 or 8 bytes, found " + std::to_string(widthBytes));
    }
    for (const auto& [code, type] : codes) {
      if (type >= types) {
        throw std::runtime_error("classifier: code " + std::to_string(code) + " maps to a type that does not exist");
      }
      if (code < kSmallCodes) small_[code] = type;
      else large_.emplace(code, type);
    }
    for (const auto& [at, bytes, type] : patterns) {
      if (type >= types) throw std::runtime_error("classifier: a pattern maps to a type that does not exist");
      matches_.push_back({at, bytes.size(), matched_.size(), type});
      matched_.insert(matched_.end(), bytes.begin(), bytes.end());
    }
  }

  uint32_t unknown() const noexcept { return types_; }

  uint32_t classify(const uint8_t* payload, size_t bytes) const noexcept {
    for (const Match& match : matches_) {
      if (match.offset > bytes || match.length > bytes - match.offset) continue;
      if (std::memcmp(payload + match.offset, &matched_[match.begin], match.length) == 0) return match.type;
    }
    if (offset_ > bytes || widthBytes_ > bytes - offset_) return types_;
    const uint64_t code = field(payload + offset_);
    if (code < kSmallCodes) return small_[code];
    const auto found = large_.find(code);
    return found == large_.end() ? types_ : found->second;
  }

 private:
  /** Codes below this are in an array, so that a request costs one load. */
  static constexpr size_t kSmallCodes = 256;

  uint64_t field(const uint8_t* at) const noexcept {
    switch (widthBytes_) {
      case 1: return *at;
      case 2: return bigEndian_ ? loadBig16(at) : loadLittle<uint16_t>(at);
      case 4: return bigEndian_ ? loadBig32(at) : loadLittle<uint32_t>(at);
      default: return bigEndian_ ? __builtin_bswap64(loadLittle<uint64_t>(at)) : loadLittle<uint64_t>(at);
    }
  }

  /** A pattern, whose bytes begin at `begin` of `matched_`. */
  struct Match {
    size_t offset, length, begin;
    uint32_t type;
  };

  std::vector<Match> matches_;
  std::vector<uint8_t> matched_;
  size_t offset_;
  size_t widthBytes_;
  bool bigEndian_;
  uint32_t types_;
  std::vector<uint32_t> small_;
  std::unordered_map<uint64_t, uint32_t> large_;
};

}  // namespace psp
