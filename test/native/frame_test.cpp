#include "net/frame.hpp"

#include <cstring>
#include <string>
#include <vector>

#include "check.hpp"
#include "endpoints.hpp"
#include "net/bytes.hpp"
#include "net/classifier.hpp"

using namespace psp;
using namespace psp::test;

namespace {

std::vector<uint8_t> request(Payload format, RequestFields fields = {.id = 7, .type = 2, .demandNs = 100000}) {
  std::vector<uint8_t> frame(kMaxReplyFrameBytes);
  frame.resize(writeRequest(frame.data(), format, kClient, kServer, fields, 123));
  return frame;
}

FrameKind kindOf(const std::vector<uint8_t>& frame) { return parseFrame(frame.data(), frame.size(), kServer).kind; }

void repairIpChecksum(std::vector<uint8_t>& frame) {
  storeBig16(&frame[24], 0);
  storeBig16(&frame[24], internetChecksum(&frame[14], 20));
}

}  // namespace

TEST("frame: a PSP_MB request is the original's 58 bytes, field by field") {
  const auto frame = request(Payload::pspMb);
  CHECK_EQUAL(frame.size(), 58u);
  CHECK_EQUAL(loadBig16(&frame[12]), 0x0800);
  CHECK_EQUAL(loadBig16(&frame[36]), 6789);
  CHECK_EQUAL(loadLittle<uint32_t>(&frame[42]), 7u);
  CHECK_EQUAL(loadLittle<uint32_t>(&frame[46]), 2u);
  CHECK_EQUAL(loadLittle<uint32_t>(&frame[50]), 4u);
  CHECK_EQUAL(loadLittle<uint32_t>(&frame[54]), 100000u);
}

TEST("frame: an IX request has type, id, demand and time where Shinjuku reads them") {
  const auto frame = request(Payload::ix);
  CHECK_EQUAL(frame.size(), kHeadersBytes + 42);
  CHECK_EQUAL(loadLittle<uint16_t>(&frame[42]), 2);
  CHECK_EQUAL(loadLittle<uint32_t>(&frame[42 + 18]), 7u);
  CHECK_EQUAL(loadLittle<uint64_t>(&frame[42 + 26]), 100000u);
  CHECK_EQUAL(loadLittle<uint64_t>(&frame[42 + 34]), 123u);
}

TEST("frame: the checksum is the one of RFC 1071's example") {
  const uint8_t words[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  CHECK_EQUAL(internetChecksum(words, sizeof words), static_cast<uint16_t>(~0xddf2));
}

TEST("frame: a request is understood and answered in place, both formats") {
  for (const Payload format : {Payload::pspMb, Payload::ix}) {
    auto frame = request(format);
    const ParsedFrame parsed = parseFrame(frame.data(), frame.size(), kServer);
    CHECK(parsed.kind == FrameKind::datagram);
    const auto fields = readRequest(format, &frame[parsed.payloadOffset], parsed.payloadBytes);
    CHECK(fields.has_value());
    CHECK_EQUAL(fields->id, 7u);
    CHECK_EQUAL(fields->type, 2u);
    CHECK_EQUAL(fields->demandNs, 100000.0);
    CHECK(!fields->wantsStamps);

    frame.resize(kMaxReplyFrameBytes);
    const size_t bytes = makeReplyInPlace(frame.data(), frame.size(), parsed, format, false, {});
    CHECK_EQUAL(bytes, kHeadersBytes + (format == Payload::ix ? 42 : 12));
    frame.resize(bytes);
    const ParsedFrame reply = parseFrame(frame.data(), frame.size(), kClient);
    CHECK(reply.kind == FrameKind::datagram);
    CHECK_EQUAL(reply.sourceIp, kServer.ip);
    CHECK_EQUAL(reply.sourcePort, 6789);
    CHECK(std::equal(kClient.mac.begin(), kClient.mac.end(), frame.begin()));
    const auto answer = readReply(format, &frame[reply.payloadOffset], reply.payloadBytes);
    CHECK(answer.has_value());
    CHECK_EQUAL(answer->id, 7u);
    CHECK(!answer->hasStamps);
  }
}

TEST("frame: the UDP checksum of a reply is right") {
  auto frame = request(Payload::pspMb);
  const ParsedFrame parsed = parseFrame(frame.data(), frame.size(), kServer);
  frame.resize(kMaxReplyFrameBytes);
  frame.resize(makeReplyInPlace(frame.data(), frame.size(), parsed, Payload::pspMb, false, {}));
  // Summed over everything, the checksum's own field included, a right datagram gives zero (RFC 768, RFC 1071).
  uint32_t sum = 17 + 8 + 12;
  for (size_t i = 26; i < 34; i += 2) sum += loadBig16(&frame[i]);
  CHECK_EQUAL(internetChecksum(&frame[34], 8 + 12, sum), 0);
}

TEST("frame: stamps travel in the reply when the psp flag asks for them") {
  auto frame = request(Payload::pspMb, {.id = 9, .type = 1, .demandNs = 500, .wantsStamps = true});
  const ParsedFrame parsed = parseFrame(frame.data(), frame.size(), kServer);
  const auto fields = readRequest(Payload::pspMb, &frame[parsed.payloadOffset], parsed.payloadBytes);
  CHECK(fields && fields->wantsStamps);
  frame.resize(kMaxReplyFrameBytes);
  frame.resize(makeReplyInPlace(frame.data(), frame.size(), parsed, Payload::pspMb, true, {10, 20, 30, 40, 7}));
  const ParsedFrame reply = parseFrame(frame.data(), frame.size(), kClient);
  const auto answer = readReply(Payload::pspMb, &frame[reply.payloadOffset], reply.payloadBytes);
  CHECK(answer && answer->hasStamps);
  CHECK_EQUAL(answer->stamps.receivedNs, 10.0);
  CHECK_EQUAL(answer->stamps.endedNs, 40.0);
  CHECK_EQUAL(answer->stamps.worker, 7u);
}

TEST("frame: what is not a request for this server is told apart") {
  CHECK(kindOf({}) == FrameKind::truncated);
  auto frame = request(Payload::pspMb);
  for (size_t bytes = 0; bytes < frame.size(); ++bytes) {
    CHECK(kindOf({frame.begin(), frame.begin() + static_cast<long>(bytes)}) == FrameKind::truncated);
  }
  CHECK(kindOf(std::vector<uint8_t>(1515)) == FrameKind::oversized);

  auto broken = frame;
  broken[25] ^= 1;
  CHECK(kindOf(broken) == FrameKind::badChecksum);
  broken = frame;
  broken[14] = 0x65;  // IPv6 under IPv4's ethertype
  CHECK(kindOf(broken) == FrameKind::malformed);
  broken = frame;
  broken[14] = 0x44;  // header of 16 bytes
  CHECK(kindOf(broken) == FrameKind::malformed);
  broken = frame;
  storeBig16(&broken[16], 10);  // total length below the header's
  CHECK(kindOf(broken) == FrameKind::malformed);
  broken = frame;
  storeBig16(&broken[38], 4);  // UDP length below its header's
  CHECK(kindOf(broken) == FrameKind::malformed);

  auto foreign = frame;
  foreign[12] = 0x86;
  foreign[13] = 0xdd;  // IPv6
  CHECK(kindOf(foreign) == FrameKind::foreign);
  foreign = frame;
  foreign[23] = 6;  // TCP
  repairIpChecksum(foreign);
  CHECK(kindOf(foreign) == FrameKind::foreign);
  foreign = frame;
  foreign[33] ^= 1;  // another host
  repairIpChecksum(foreign);
  CHECK(kindOf(foreign) == FrameKind::foreign);
  foreign = frame;
  foreign[37] ^= 1;  // another port
  CHECK(kindOf(foreign) == FrameKind::foreign);
  foreign = frame;
  foreign[20] = 0x20;  // more fragments
  repairIpChecksum(foreign);
  CHECK(kindOf(foreign) == FrameKind::foreign);
}

TEST("frame: an IPv4 checksum that was left to a NIC is taken where there is none, a wrong one nowhere") {
  uint8_t frame[kMaxReplyFrameBytes];
  const size_t bytes = writeRequest(frame, Payload::pspMb, kClient, kServer, {.id = 1, .type = 1}, 0);
  storeBig16(frame + 24, 0);
  CHECK(parseFrame(frame, bytes, kServer).kind == FrameKind::badChecksum);
  const ParsedFrame taken = parseFrame(frame, bytes, kServer, true);
  CHECK(taken.kind == FrameKind::datagram && taken.withoutChecksum);
  storeBig16(frame + 24, 1);
  CHECK(parseFrame(frame, bytes, kServer, true).kind == FrameKind::badChecksum);
}

TEST("frame: a request in the form of IX is recognised where another is expected") {
  uint8_t frame[kMaxReplyFrameBytes];
  size_t bytes = writeRequest(frame, Payload::ix, kClient, kServer, {.id = 1, .type = 1}, 0);
  CHECK(looksLikeIx(frame + kHeadersBytes, bytes - kHeadersBytes));
  bytes = writeRequest(frame, Payload::pspMb, kClient, kServer, {.id = 1, .type = 1}, 0);
  CHECK(!looksLikeIx(frame + kHeadersBytes, bytes - kHeadersBytes));
}

TEST("frame: Ethernet padding is not payload, IP options are stepped over") {
  auto frame = request(Payload::pspMb);
  frame.resize(60, 0xee);
  const ParsedFrame padded = parseFrame(frame.data(), frame.size(), kServer);
  CHECK_EQUAL(padded.payloadBytes, 16);

  auto options = request(Payload::pspMb);
  options.insert(options.begin() + 34, 4, 1);  // four no-operation options
  options[14] = 0x46;
  storeBig16(&options[16], static_cast<uint16_t>(options.size() - 14));
  storeBig16(&options[24], 0);
  storeBig16(&options[24], internetChecksum(&options[14], 24));
  const ParsedFrame parsed = parseFrame(options.data(), options.size(), kServer);
  CHECK(parsed.kind == FrameKind::datagram);
  CHECK_EQUAL(parsed.payloadOffset, 46);
  options.resize(kMaxReplyFrameBytes);
  options.resize(makeReplyInPlace(options.data(), options.size(), parsed, Payload::pspMb, false, {}));
  CHECK(parseFrame(options.data(), options.size(), kClient).kind == FrameKind::datagram);
}

TEST("frame: a payload too short for its format is no request") {
  const uint8_t bytes[64] = {};
  CHECK(!readRequest(Payload::pspMb, bytes, 15));
  CHECK(readRequest(Payload::pspMb, bytes, 16));
  CHECK(!readRequest(Payload::ix, bytes, 41));
  CHECK(readRequest(Payload::ix, bytes, 42));
  CHECK(!readReply(Payload::pspMb, bytes, 11));
  CHECK(!readReply(Payload::ix, bytes, 21));
}

TEST("frame: ARP is asked, answered and understood") {
  std::vector<uint8_t> frame(64);
  frame.resize(writeArpRequest(frame.data(), kClient, kServer.ip));
  CHECK(kindOf(frame) == FrameKind::arpRequest);
  CHECK(parseFrame(frame.data(), frame.size(), kClient).kind == FrameKind::foreign);
  makeArpReplyInPlace(frame.data(), kServer);
  const ParsedFrame reply = parseFrame(frame.data(), frame.size(), kClient);
  CHECK(reply.kind == FrameKind::arpReply);
  CHECK_EQUAL(reply.sourceIp, kServer.ip);
  CHECK(arpSenderMac(frame.data()) == kServer.mac);
}

TEST("frame: addresses are read strictly") {
  CHECK(!parseMac("42:42:42:42:42"));
  CHECK(!parseMac("42:42:42:42:42:4g"));
  CHECK(!parseMac("42:42:42:42:42:01 "));
  CHECK(!parseIpv4("192.168.10"));
  CHECK(!parseIpv4("192.168.10.256"));
  CHECK_EQUAL(*parseIpv4("192.168.10.10"), 0xc0a80a0au);
}

TEST("classifier: offset, width and byte order; what is not in the table is UNKNOWN") {
  const uint8_t payload[] = {0, 0, 0, 0, 1, 0, 0, 0, 0x12, 0x34};
  const Classifier little(4, 4, false, {{1, 0}, {2, 1}}, 2);
  CHECK_EQUAL(little.classify(payload, sizeof payload), 0u);
  const Classifier big(8, 2, true, {{0x1234, 1}}, 2);
  CHECK_EQUAL(big.classify(payload, sizeof payload), 1u);
  const Classifier wrongOrder(8, 2, false, {{0x1234, 1}}, 2);
  CHECK_EQUAL(wrongOrder.classify(payload, sizeof payload), 2u);
  CHECK_EQUAL(little.classify(payload, 7), 2u);
  CHECK_EQUAL(Classifier(SIZE_MAX, 4, false, {}, 2).classify(payload, sizeof payload), 2u);
  CHECK_EQUAL(Classifier(9, 1, false, {{0x34, 0}}, 1).classify(payload, sizeof payload), 0u);
}

TEST("classifier: the first pattern that is there decides, then the field, then nobody knows") {
  const auto bytesOf = [](const std::string& text) { return std::vector<uint8_t>(text.begin(), text.end()); };
  const auto classify = [](const Classifier& classifier, const std::string& text) {
    return classifier.classify(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  };
  const std::vector<Classifier::Pattern> patterns = {
      {2, bytesOf("get "), 0}, {2, bytesOf("gets "), 0}, {2, bytesOf("set "), 1}, {0, bytesOf("xxs"), 2}};
  const Classifier alone(0, 1, false, {}, 3, patterns);
  CHECK_EQUAL(classify(alone, "..get key"), 0u);
  CHECK_EQUAL(classify(alone, "..gets key"), 0u);
  CHECK_EQUAL(classify(alone, "xxset key"), 1u);
  CHECK_EQUAL(classify(alone, "xxse"), 2u);
  CHECK_EQUAL(classify(alone, "..get"), 3u);
  CHECK_EQUAL(classify(alone, "get "), 3u);
  CHECK_EQUAL(classify(alone, ""), 3u);
  const Classifier both(0, 1, false, {{'.', 2}}, 3, patterns);
  CHECK_EQUAL(classify(both, "..set "), 1u);
  CHECK_EQUAL(classify(both, "..delete"), 2u);
  CHECK_EQUAL(Classifier(0, 1, false, {}, 3, {{SIZE_MAX, {1}, 0}}).classify(nullptr, 0), 3u);
}
