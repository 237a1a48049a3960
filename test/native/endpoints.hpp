#pragma once
#include "net/frame.hpp"

namespace psp::test {

inline const Endpoint kServer{*parseMac("42:42:42:42:42:01"), *parseIpv4("192.168.10.10"), 6789};
inline const Endpoint kClient{*parseMac("42:42:42:42:42:02"), *parseIpv4("192.168.10.11"), 32768};

}  // namespace psp::test
