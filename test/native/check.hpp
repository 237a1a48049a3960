#pragma once
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

// A test framework of one page: cases register themselves, a failed check prints where and what and ends the program.

namespace psp::test {

struct Case {
  std::string name;
  std::function<void()> run;
};
inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}
struct Register {
  Register(const char* name, std::function<void()> run) { cases().push_back({name, std::move(run)}); }
};

[[noreturn]] inline void fail(const char* file, int line, const std::string& what) {
  std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
  std::exit(1);
}

}  // namespace psp::test

#define PSP_CONCAT2(a, b) a##b
#define PSP_CONCAT(a, b) PSP_CONCAT2(a, b)
#define PSP_TEST(name, number) \
  static void PSP_CONCAT(test_, number)(); \
  static const psp::test::Register PSP_CONCAT(register_, number)(name, PSP_CONCAT(test_, number)); \
  static void PSP_CONCAT(test_, number)()
// Not by line: files are compiled together.
#define TEST(name) PSP_TEST(name, __COUNTER__)
#define CHECK(condition) \
  do { \
    if (!(condition)) psp::test::fail(__FILE__, __LINE__, "expected " #condition); \
  } while (false)
#define CHECK_EQUAL(actual, expected) \
  do { \
    const auto actual_ = (actual); \
    const auto expected_ = (expected); \
    if (!(actual_ == static_cast<decltype(actual_)>(expected_))) \
      psp::test::fail(__FILE__, __LINE__, \
                      std::string("expected " #actual " to be ") + std::to_string(expected_) + \
                          ", found " + std::to_string(actual_)); \
  } while (false)
