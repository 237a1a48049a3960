#include "net/frame.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "net/bytes.hpp"

namespace psp {
namespace {

// Offsets of header fields (IEEE 802.3, RFC 826, RFC 791, RFC 768).
constexpr size_t kEthernetBytes = 14;
constexpr size_t kEtherType = 12;
constexpr uint16_t kTypeIpv4 = 0x0800;
constexpr uint16_t kTypeArp = 0x0806;
constexpr size_t kArpFrameBytes = 42;
constexpr size_t kIp = kEthernetBytes;
constexpr uint8_t kProtocolUdp = 17;
constexpr size_t kUdpHeaderBytes = 8;

void writeEthernet(uint8_t* frame, const Mac& to, const Mac& from, uint16_t type) {
  std::copy(to.begin(), to.end(), frame);
  std::copy(from.begin(), from.end(), frame + 6);
  storeBig16(frame + kEtherType, type);
}

/** UDP's checksum covers a pseudo header of addresses, protocol and length (RFC 768). */
void finishUdp(uint8_t* ip, uint8_t* udp, size_t udpBytes) {
  storeBig16(udp + 4, static_cast<uint16_t>(udpBytes));
  storeBig16(udp + 6, 0);
  uint32_t sum = kProtocolUdp + static_cast<uint32_t>(udpBytes);
  for (size_t i = 12; i < 20; i += 2) sum += loadBig16(ip + i);
  const uint16_t checksum = internetChecksum(udp, udpBytes, sum);
  storeBig16(udp + 6, checksum == 0 ? 0xffff : checksum);
}

void finishIp(uint8_t* ip, size_t headerBytes, size_t totalBytes) {
  storeBig16(ip + 2, static_cast<uint16_t>(totalBytes));
  storeBig16(ip + 10, 0);
  storeBig16(ip + 10, internetChecksum(ip, headerBytes));
}

ParsedFrame parseArp(const uint8_t* frame, size_t bytes, const Endpoint& self) {
  if (bytes < kArpFrameBytes) return {.kind = FrameKind::truncated};
  const uint8_t* arp = frame + kEthernetBytes;
  const bool ethernetAndIpv4 = loadBig16(arp) == 1 && loadBig16(arp + 2) == kTypeIpv4 && arp[4] == 6 && arp[5] == 4;
  if (!ethernetAndIpv4) return {.kind = FrameKind::foreign};
  if (loadBig32(arp + 24) != self.ip) return {.kind = FrameKind::foreign};
  const uint16_t operation = loadBig16(arp + 6);
  if (operation != 1 && operation != 2) return {.kind = FrameKind::malformed};
  return {.kind = operation == 1 ? FrameKind::arpRequest : FrameKind::arpReply, .sourceIp = loadBig32(arp + 14)};
}

}  // namespace

std::optional<Mac> parseMac(const std::string& text) {
  unsigned part[6];
  int read = 0;
  const int found = std::sscanf(text.c_str(), "%2x:%2x:%2x:%2x:%2x:%2x%n", &part[0], &part[1], &part[2], &part[3],
                                &part[4], &part[5], &read);
  if (found != 6 || static_cast<size_t>(read) != text.size()) {
    return std::nullopt;
  }
  Mac mac;
  std::copy(std::begin(part), std::end(part), mac.begin());
  return mac;
}

std::optional<uint32_t> parseIpv4(const std::string& text) {
  in_addr address;
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

uint16_t internetChecksum(const uint8_t* data, size_t bytes, uint32_t sum) noexcept {
  for (; bytes >= 2; data += 2, bytes -= 2) sum += loadBig16(data);
  if (bytes == 1) sum += static_cast<uint32_t>(data[0]) << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

ParsedFrame parseFrame(const uint8_t* frame, size_t bytes, const Endpoint& self, bool mayLackChecksum) noexcept {
  if (bytes > kMaxFrameBytes) return {.kind = FrameKind::oversized};
  if (bytes < kEthernetBytes) return {.kind = FrameKind::truncated};
  const uint16_t etherType = loadBig16(frame + kEtherType);
  if (etherType == kTypeArp) return parseArp(frame, bytes, self);
  if (etherType != kTypeIpv4) return {.kind = FrameKind::foreign};

  const uint8_t* ip = frame + kIp;
  const size_t ipBytes = bytes - kEthernetBytes;
  if (ipBytes < 20) return {.kind = FrameKind::truncated};
  const size_t headerBytes = static_cast<size_t>(ip[0] & 0x0f) * 4;
  if (ip[0] >> 4 != 4 || headerBytes < 20) return {.kind = FrameKind::malformed};
  const size_t totalBytes = loadBig16(ip + 2);
  if (totalBytes < headerBytes) return {.kind = FrameKind::malformed};
  if (totalBytes > ipBytes) return {.kind = FrameKind::truncated};
  const bool isWrong = internetChecksum(ip, headerBytes) != 0;
  const bool withoutChecksum = isWrong && loadBig16(ip + 10) == 0;
  if (isWrong && !(withoutChecksum && mayLackChecksum)) return {.kind = FrameKind::badChecksum};
  if (loadBig32(ip + 16) != self.ip || ip[9] != kProtocolUdp) return {.kind = FrameKind::foreign};
  // A fragment (offset, or more to come) has no whole UDP datagram in it.
  if ((loadBig16(ip + 6) & 0x3fff) != 0) return {.kind = FrameKind::foreign};

  const uint8_t* udp = ip + headerBytes;
  const size_t room = totalBytes - headerBytes;
  if (room < kUdpHeaderBytes) return {.kind = FrameKind::truncated};
  const size_t udpBytes = loadBig16(udp + 4);
  if (udpBytes < kUdpHeaderBytes) return {.kind = FrameKind::malformed};
  if (udpBytes > room) return {.kind = FrameKind::truncated};
  // Port 0 takes datagrams for every port: a client that sends from many.
  if (self.port != 0 && loadBig16(udp + 2) != self.port) return {.kind = FrameKind::foreign};
  return {.kind = FrameKind::datagram,
          .payloadOffset = static_cast<uint16_t>(kEthernetBytes + headerBytes + kUdpHeaderBytes),
          .payloadBytes = static_cast<uint16_t>(udpBytes - kUdpHeaderBytes),
          .sourceIp = loadBig32(ip + 12),
          .sourcePort = loadBig16(udp),
          .withoutChecksum = withoutChecksum};
}

bool looksLikeIx(const uint8_t* payload, size_t bytes) noexcept {
  return bytes == kIxBytes && loadLittle<uint32_t>(payload + 22) == kIxBytes;
}

std::optional<RequestFields> readRequest(Payload format, const uint8_t* payload, size_t bytes) noexcept {
  if (format == Payload::udp) return RequestFields{};
  if (format == Payload::ix) {
    if (bytes < kIxBytes) return std::nullopt;
    return RequestFields{.id = loadLittle<uint32_t>(payload + 18),
                         .type = loadLittle<uint16_t>(payload),
                         .demandNs = static_cast<double>(loadLittle<uint64_t>(payload + 26))};
  }
  if (bytes < kPspMbRequestBytes) return std::nullopt;
  return RequestFields{.id = loadLittle<uint32_t>(payload),
                       .type = loadLittle<uint32_t>(payload + 4),
                       .demandNs = static_cast<double>(loadLittle<uint32_t>(payload + 12)),
                       .wantsStamps = (loadLittle<uint32_t>(payload + 8) & kPspFlag) != 0};
}

std::optional<ReplyFields> readReply(Payload format, const uint8_t* payload, size_t bytes) noexcept {
  if (format == Payload::ix) {
    if (bytes < 22) return std::nullopt;
    return ReplyFields{.id = loadLittle<uint32_t>(payload + 18)};
  }
  if (bytes < kPspMbReplyBytes) return std::nullopt;
  ReplyFields reply{.id = loadLittle<uint32_t>(payload)};
  if (bytes >= kPspReplyBytes && (loadLittle<uint32_t>(payload + 8) & kPspFlag) != 0) {
    const auto stamp = [&](size_t i) { return static_cast<double>(loadLittle<uint64_t>(payload + 16 + 8 * i)); };
    reply.hasStamps = true;
    reply.stamps = {stamp(0), stamp(1), stamp(2), stamp(3), loadLittle<uint32_t>(payload + 12)};
  }
  return reply;
}

size_t makeReplyInPlace(uint8_t* frame, size_t capacity, const ParsedFrame& parsed, Payload format, bool stamped,
                        const Stamps& stamps, const ReplyBody& body) noexcept {
  const size_t headerBytes = replyHeaderBytes(format, stamped);
  const size_t payloadBytes = headerBytes + body.bytes;
  const size_t frameBytes = parsed.payloadOffset + payloadBytes;
  if (frameBytes > capacity) return 0;
  uint8_t* ip = frame + kIp;
  uint8_t* udp = frame + parsed.payloadOffset - kUdpHeaderBytes;
  uint8_t* payload = frame + parsed.payloadOffset;

  std::swap_ranges(frame, frame + 6, frame + 6);
  std::swap_ranges(ip + 12, ip + 16, ip + 16);
  std::swap_ranges(udp, udp + 2, udp + 2);
  ip[8] = 64;
  if (stamped) {
    storeLittle<uint32_t>(payload + 12, stamps.worker);
    const double times[] = {stamps.receivedNs, stamps.dispatchedNs, stamps.startedNs, stamps.endedNs};
    for (size_t i = 0; i < 4; ++i) storeLittle(payload + 16 + 8 * i, static_cast<uint64_t>(std::max(0.0, times[i])));
  }
  std::copy_n(body.data, body.bytes, payload + headerBytes);
  finishIp(ip, static_cast<size_t>(udp - ip), frameBytes - kEthernetBytes);
  finishUdp(ip, udp, kUdpHeaderBytes + payloadBytes);
  return frameBytes;
}

size_t writeRequest(uint8_t* frame, Payload format, const Endpoint& from, const Endpoint& to,
                    const RequestFields& fields, double nowNs) noexcept {
  const size_t payloadBytes = requestHeaderBytes(format);
  std::fill_n(frame, kHeadersBytes + payloadBytes, uint8_t{0});
  writeEthernet(frame, to.mac, from.mac, kTypeIpv4);
  uint8_t* ip = frame + kIp;
  ip[0] = 0x45;
  ip[6] = 0x40;  // don't fragment
  ip[8] = 64;
  ip[9] = kProtocolUdp;
  storeBig32(ip + 12, from.ip);
  storeBig32(ip + 16, to.ip);
  uint8_t* udp = ip + 20;
  storeBig16(udp, from.port);
  storeBig16(udp + 2, to.port);
  uint8_t* payload = udp + kUdpHeaderBytes;
  if (format == Payload::ix) {
    storeLittle(payload, static_cast<uint16_t>(fields.type));
    storeLittle(payload + 18, fields.id);
    storeLittle<uint32_t>(payload + 22, kIxBytes);
    storeLittle(payload + 26, static_cast<uint64_t>(fields.demandNs));
    storeLittle(payload + 34, static_cast<uint64_t>(nowNs));
  } else {
    storeLittle(payload, fields.id);
    storeLittle(payload + 4, fields.type);
    storeLittle(payload + 8, kPspMbSize | (fields.wantsStamps ? kPspFlag : 0));
    storeLittle(payload + 12, static_cast<uint32_t>(std::min(fields.demandNs, kMaxDemandNs)));
  }
  finishIp(ip, 20, 20 + kUdpHeaderBytes + payloadBytes);
  finishUdp(ip, udp, kUdpHeaderBytes + payloadBytes);
  return kHeadersBytes + payloadBytes;
}

void makeArpReplyInPlace(uint8_t* frame, const Endpoint& self) noexcept {
  uint8_t* arp = frame + kEthernetBytes;
  Mac asker;
  std::copy_n(arp + 8, 6, asker.begin());
  const uint32_t askerIp = loadBig32(arp + 14);
  writeEthernet(frame, asker, self.mac, kTypeArp);
  storeBig16(arp + 6, 2);
  std::copy(self.mac.begin(), self.mac.end(), arp + 8);
  storeBig32(arp + 14, self.ip);
  std::copy(asker.begin(), asker.end(), arp + 18);
  storeBig32(arp + 24, askerIp);
}

size_t writeArpRequest(uint8_t* frame, const Endpoint& self, uint32_t targetIp) noexcept {
  Mac broadcast;
  broadcast.fill(0xff);
  writeEthernet(frame, broadcast, self.mac, kTypeArp);
  uint8_t* arp = frame + kEthernetBytes;
  storeBig16(arp, 1);
  storeBig16(arp + 2, kTypeIpv4);
  arp[4] = 6;
  arp[5] = 4;
  storeBig16(arp + 6, 1);
  std::copy(self.mac.begin(), self.mac.end(), arp + 8);
  storeBig32(arp + 14, self.ip);
  std::fill_n(arp + 18, 6, uint8_t{0});
  storeBig32(arp + 24, targetIp);
  return kArpFrameBytes;
}

Mac arpSenderMac(const uint8_t* frame) noexcept {
  Mac mac;
  std::copy_n(frame + kEthernetBytes + 8, 6, mac.begin());
  return mac;
}

uint32_t flowLabel(uint32_t sourceIp, uint16_t sourcePort, uint32_t destinationIp, uint16_t destinationPort) noexcept {
  // The finaliser of MurmurHash3 over both ends.
  uint64_t x = (static_cast<uint64_t>(sourceIp) << 32 | destinationIp) ^
               (static_cast<uint64_t>(sourcePort) << 16 | destinationPort) * 0x9e3779b97f4a7c15ull;
  x = (x ^ x >> 33) * 0xff51afd7ed558ccdull;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ull;
  return static_cast<uint32_t>(x ^ x >> 33);
}

}  // namespace psp
