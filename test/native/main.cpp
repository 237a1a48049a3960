#include "check.hpp"

int main() {
  for (const auto& test : psp::test::cases()) {
    std::printf("%s\n", test.name.c_str());
    std::fflush(stdout);
    test.run();
  }
  std::printf("%zu tests passed\n", psp::test::cases().size());
}
