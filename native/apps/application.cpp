#include "apps/application.hpp"

#include <stdexcept>

#include "apps/rocksdb_app.hpp"
#include "apps/sleep_app.hpp"
#include "apps/spin_app.hpp"

namespace psp {

ApplicationFactory makeApplicationFactory(const ApplicationConfig& config) {
  if (config.name == "spin") return [](const Clock& clock, Doorbell) { return std::make_unique<SpinApp>(clock); };
  if (config.name == "sleep") {
    return [](const Clock& clock, Doorbell bell) { return std::make_unique<SleepApp>(clock, bell); };
  }
  if (config.name == "rocksdb") return makeRocksdbFactory(config);
  throw std::runtime_error("application '" + config.name + "': expected spin, sleep or rocksdb");
}

}  // namespace psp
