#pragma once
#include <napi.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/thread_setup.hpp"
#include "net/classifier.hpp"
#include "net/port.hpp"

namespace psp::addon {

// Reads configuration objects. src/hw has checked what users wrote; an error here is a bug between the two languages.

[[noreturn]] inline void wrong(const char* name, const char* expected) {
  throw std::runtime_error(std::string("addon: ") + name + ": expected " + expected);
}

inline double number(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsNumber()) wrong(name, "a number");
  return value.As<Napi::Number>().DoubleValue();
}
inline bool boolean(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsBoolean()) wrong(name, "a boolean");
  return value.As<Napi::Boolean>().Value();
}
inline std::string text(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsString()) wrong(name, "a string");
  return value.As<Napi::String>().Utf8Value();
}
inline Napi::Object object(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsObject()) wrong(name, "an object");
  return value.As<Napi::Object>();
}
inline std::vector<std::string> texts(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsArray()) wrong(name, "an array of strings");
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> all;
  for (uint32_t i = 0; i < array.Length(); ++i) all.push_back(array.Get(i).ToString().Utf8Value());
  return all;
}
inline std::vector<int> integers(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsArray()) wrong(name, "an array of numbers");
  const auto array = value.As<Napi::Array>();
  std::vector<int> numbers;
  for (uint32_t i = 0; i < array.Length(); ++i) numbers.push_back(array.Get(i).ToNumber().Int32Value());
  return numbers;
}

/** The memory of a typed array over a SharedArrayBuffer. (N-API gives no pointer for the buffer itself.) */
template <typename T>
T* elements(const Napi::Value& value, const char* name, size_t* length = nullptr) {
  if (!value.IsTypedArray()) wrong(name, "a typed array");
  void* data = nullptr;
  size_t count = 0;
  napi_typedarray_type type;
  napi_get_typedarray_info(value.Env(), value, &type, &count, &data, nullptr, nullptr);
  if (length) *length = count;
  return static_cast<T*>(data);
}

inline Poll pollOf(const std::string& name) {
  if (name == "spin") return Poll::spin;
  if (name == "yield") return Poll::yield;
  if (name == "sleep") return Poll::sleep;
  wrong("poll", "spin, yield or sleep");
}

inline Payload payloadOf(const std::string& name) {
  if (name == "psp-mb" || name == "psp") return Payload::pspMb;
  if (name == "ix") return Payload::ix;
  if (name == "udp") return Payload::udp;
  wrong("frame", "psp, psp-mb, ix or udp");
}

/** An endpoint `{mac?, ip, port}`. A MAC that is not given is all zeros, and must be found out. */
inline Endpoint endpointOf(const Napi::Object& from) {
  Endpoint endpoint;
  if (from.Get("mac").IsString()) {
    const auto mac = parseMac(text(from, "mac"));
    if (!mac) {
      throw std::runtime_error("mac: expected six bytes such as 42:42:42:42:42:01, found '" + text(from, "mac") + "'");
    }
    endpoint.mac = *mac;
  }
  const auto ip = parseIpv4(text(from, "ip"));
  if (!ip) throw std::runtime_error("ip: expected an IPv4 address, found '" + text(from, "ip") + "'");
  endpoint.ip = *ip;
  endpoint.port = static_cast<uint16_t>(number(from, "port"));
  return endpoint;
}

inline PortConfig portOf(const Napi::Object& from) {
  return {.device = text(from, "device"),
          .queues = static_cast<uint16_t>(number(from, "queues")),
          .descriptors = static_cast<uint16_t>(number(from, "descriptors")),
          .frames = static_cast<uint32_t>(number(from, "frames")),
          .promiscuous = boolean(from, "promiscuous"),
          .mac = std::nullopt,
          .owned = boolean(from, "owned")};
}

inline Classifier classifierOf(const Napi::Object& from, uint32_t types) {
  std::vector<Classifier::Code> codes;
  const auto list = object(from, "codes").As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const auto entry = list.Get(i).As<Napi::Object>();
    codes.push_back({static_cast<uint64_t>(number(entry, "code")), static_cast<uint32_t>(number(entry, "type"))});
  }
  std::vector<Classifier::Pattern> patterns;
  const auto given = object(from, "patterns").As<Napi::Array>();
  for (uint32_t i = 0; i < given.Length(); ++i) {
    const auto entry = given.Get(i).As<Napi::Object>();
    size_t length = 0;
    const auto* bytes = elements<uint8_t>(entry.Get("bytes"), "bytes", &length);
    patterns.push_back({static_cast<size_t>(number(entry, "offset")),
                        {bytes, bytes + length},
                        static_cast<uint32_t>(number(entry, "type"))});
  }
  return Classifier(static_cast<size_t>(number(from, "offset")), static_cast<size_t>(number(from, "width")),
                    text(from, "endian") == "big", codes, types, patterns);
}

/** What is needed to compare this clock with that of another process on the same machine. */
inline Napi::Object clockOf(Napi::Env env, const Clock& clock) {
  auto result = Napi::Object::New(env);
  result.Set("epochTicks", clock.epochTicks());
  result.Set("nsPerTick", clock.nsPerTick());
  return result;
}

}  // namespace psp::addon
