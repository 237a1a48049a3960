#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace psp {

/** A station address. @see parseMac in frame.cpp for the text form. */
using Mac = std::array<uint8_t, 6>;

/** Parses `42:42:42:42:42:01`; nothing when the text is no such address. */
std::optional<Mac> parseMac(const std::string& text);
/** Parses `192.168.10.10` into host order; nothing when the text is no such address. */
std::optional<uint32_t> parseIpv4(const std::string& text);

/** The addresses of one end of the wire, in host order. */
struct Endpoint {
  Mac mac{};
  uint32_t ip = 0;
  uint16_t port = 0;
};

/**
 * The payloads psp speaks, all fields little-endian.
 *
 * - pspMb: id u32 @0, type u32 @4, size u32 @8 (4), service demand in ns u32 @12. The reply carries the first 12 bytes.
 * - ix: type u16 @0, …, request id u32 @18, length u32 @22, demand ns u64 @26, generation time ns u64 @34; 42 bytes
 *   both ways.
 * - psp: pspMb with the bit `kPspFlag` set in `size`; after the 12 bytes, the reply carries the number of its worker
 *   (u32) and four stamps of the server: receive, dispatch, start, end, each u64 ns since the server's own epoch.
 * - udp: no header of psp's; the whole payload belongs to the application, both ways.
 *
 * What follows the header of a request is for the application, and its reply follows the header of the reply.
 */
enum class Payload : uint8_t { pspMb, ix, udp };

inline constexpr uint32_t kPspFlag = 0x8000'0000u;
inline constexpr uint32_t kPspMbSize = 4;
inline constexpr size_t kHeadersBytes = 14 + 20 + 8;
inline constexpr size_t kPspMbRequestBytes = 16;
inline constexpr size_t kPspMbReplyBytes = 12;
inline constexpr size_t kPspReplyBytes = 16 + 4 * 8;
inline constexpr size_t kIxBytes = 42;
/** Longer frames are refused: Ethernet's ordinary limit is 1500 bytes of payload and 14 of header. */
inline constexpr size_t kMaxFrameBytes = 1514;

/** What a received frame is. */
enum class FrameKind : uint8_t {
  datagram,     ///< a UDP datagram for this endpoint
  arpRequest,   ///< somebody asks for this endpoint's MAC
  arpReply,     ///< somebody tells their own MAC
  foreign,      ///< well-formed, but not for this endpoint or not UDP over IPv4
  malformed,    ///< headers that contradict themselves
  truncated,    ///< ends before its own length says
  oversized,    ///< beyond kMaxFrameBytes
  badChecksum,  ///< IPv4 header checksum is wrong
};

/** The parts of a received frame. Offsets count from the start of the frame. */
struct ParsedFrame {
  FrameKind kind = FrameKind::malformed;
  uint16_t payloadOffset = 0;
  uint16_t payloadBytes = 0;
  uint32_t sourceIp = 0;
  uint16_t sourcePort = 0;
  /** Its IPv4 checksum is 0 and not right: the sender left it to a NIC that it does not have. */
  bool withoutChecksum = false;
};

/**
 * Parses a received frame; reads nothing beyond `bytes`. Does not verify the UDP checksum: kernels leave it to the NIC,
 * so frames from a host over a veth pair have no finished one, and a NIC that verifies it drops bad frames itself.
 *
 * @param mayLackChecksum take an IPv4 checksum of 0: no NIC is between the ends that would have made it
 */
ParsedFrame parseFrame(const uint8_t* frame, size_t bytes, const Endpoint& self,
                       bool mayLackChecksum = false) noexcept;

/** The fields of a request's payload the server and the client need. */
struct RequestFields {
  uint32_t id = 0;
  uint32_t type = 0;
  double demandNs = 0;
  bool wantsStamps = false;
};
/** The longest demand of any frame: the 32 bits of PSP_MB, 4.29 s. */
inline constexpr double kMaxDemandNs = 4294967295.0;
/** How long the header of a request is. */
constexpr size_t requestHeaderBytes(Payload format) noexcept {
  return format == Payload::udp ? 0 : format == Payload::ix ? kIxBytes : kPspMbRequestBytes;
}
/** How long the header of a reply is. */
constexpr size_t replyHeaderBytes(Payload format, bool stamped) noexcept {
  return format == Payload::udp ? 0 : format == Payload::ix ? kIxBytes : stamped ? kPspReplyBytes : kPspMbReplyBytes;
}
/** Reads a request's payload; nothing when it is too short for its format. */
std::optional<RequestFields> readRequest(Payload format, const uint8_t* payload, size_t bytes) noexcept;

/** Has a payload the length of an IX request, and says so itself? Another format has this only by chance. */
bool looksLikeIx(const uint8_t* payload, size_t bytes) noexcept;

/** The server's stamps, ns since its epoch, and the worker. */
struct Stamps {
  double receivedNs = 0;
  double dispatchedNs = 0;
  double startedNs = 0;
  double endedNs = 0;
  /** Number of the worker that ran it last. */
  uint32_t worker = 0;
};

/** What a client reads in a reply. */
struct ReplyFields {
  uint32_t id = 0;
  bool hasStamps = false;
  Stamps stamps;
};
std::optional<ReplyFields> readReply(Payload format, const uint8_t* payload, size_t bytes) noexcept;

/** Most bytes a reply frame without a body can need. */
inline constexpr size_t kMaxReplyFrameBytes = kHeadersBytes + 60 + kPspReplyBytes;

/** The application's part of a reply. */
struct ReplyBody {
  const uint8_t* data = nullptr;
  size_t bytes = 0;
};

/** How long the body of a reply may be in an Ethernet frame. */
inline size_t replyRoom(const ParsedFrame& parsed, Payload format, bool stamped) noexcept {
  return kMaxFrameBytes - parsed.payloadOffset - replyHeaderBytes(format, stamped);
}

/**
 * Turns a request frame into its reply, in place: swaps the ends, shortens or stamps the header of the payload, puts
 * the body after it, renews lengths and checksums. `capacity` is the room in the buffer, and the body is elsewhere.
 * Returns the reply's length, 0 when it does not fit.
 */
size_t makeReplyInPlace(uint8_t* frame, size_t capacity, const ParsedFrame& parsed, Payload format, bool stamped,
                        const Stamps& stamps, const ReplyBody& body = {}) noexcept;

/** Writes a request frame (at most kHeadersBytes + kIxBytes long) and returns its length. */
size_t writeRequest(uint8_t* frame, Payload format, const Endpoint& from, const Endpoint& to,
                    const RequestFields& fields, double nowNs) noexcept;

/** Turns an ARP request into its answer, in place. */
void makeArpReplyInPlace(uint8_t* frame, const Endpoint& self) noexcept;
/** Writes a broadcast ARP request for `targetIp`; 42 bytes. */
size_t writeArpRequest(uint8_t* frame, const Endpoint& self, uint32_t targetIp) noexcept;
/** Is the address (six bytes) that of a group of stations? The lowest bit of the first byte says so (IEEE 802). */
inline bool isGroup(const uint8_t* mac) noexcept { return (mac[0] & 1) != 0; }
/** The sender's address in an ARP reply that parseFrame has understood. */
Mac arpSenderMac(const uint8_t* frame) noexcept;

/** The one's complement checksum of IPv4 (RFC 1071). */
uint16_t internetChecksum(const uint8_t* data, size_t bytes, uint32_t sum = 0) noexcept;

/** A label of the connection, like a NIC's hash: equal for the same four numbers, and well spread. */
uint32_t flowLabel(uint32_t sourceIp, uint16_t sourcePort, uint32_t destinationIp, uint16_t destinationPort) noexcept;

}  // namespace psp
